"""The rows of a source that is a query or a table of a database: PostgreSQL, through ADBC, as a stream of Arrow batches.

The session only reads, has a time limit and the name cdp_assets. What comes is staged as Parquet, sorted by the source's key
and then by all columns, so that equal content gives equal rows; a line is the number of the row in that order.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlglot

from cdp_assets.config import AnySource, EventsSource, RecordsSource
from cdp_assets.config.problems import nearest
from cdp_assets.lake import Source, digest, session
from cdp_assets.lake.source import literal, name
from cdp_assets.lake.stage import intermediate
from cdp_assets.sources.database_errors import QueryError, not_an_address, of_query, without_texts
from cdp_assets.sources.files import SourceError
from cdp_assets.sources.raw import Raw, wanted_columns

SCHEMES = ("postgresql://", "postgres://")
CONNECT_SECONDS = 15
BATCH_BYTES = 8 << 20
_MOST_NAMES = 2000
# PostgreSQL's type of a column -> the type of the raw rows. All others are asked for as text, which for numeric is exact.
_NATIVE = {
    **dict.fromkeys(["int2", "int4", "int8"], "bigint"), **dict.fromkeys(["float4", "float8"], "double"), "bool": "boolean",
    "date": "date", "timestamp": "timestamp", "timestamptz": "timestamp", **dict.fromkeys(["text", "varchar", "bpchar", "name"], "varchar"),
}  # fmt: skip
_NOT_PLAIN = ("list", "struct", "binary", "large_list", "map")


def database_rows(source_name: str, source: AnySource, work: Path, memory: int, since: datetime | None = None) -> Raw:
    """The rows of a source that reads a database, staged below `work`.

    `since`: only rows whose `updated` is not before it, or missing. `memory` in bytes is for sorting. Raises SourceError; where
    the database may answer later that is an OutsideError too. A database has no fingerprint: the content of the rows is it.
    """
    wanted = wanted_columns(source_name, source)
    staged = work / "files" / f"{source_name}.parquet"
    places = stage_query(source_name, source, wanted, staged, memory, since)
    listing = "\n".join(f"{ours} | {kind} | a column of the query" for ours, kind in places.values())
    fixed = "source_file | varchar | file\nsource_line | bigint | line\nproblem | varchar | why the whole row cannot be read\n"
    table = intermediate("files", fixed + listing)
    origin = literal(read_name(source, since))
    values = "".join(f", {ours}" for ours, _ in places.values())
    sql = (
        f"select {origin} as source_file, file_row_number + 1 as source_line, cast(null as varchar) as problem{values} "
        f"from read_parquet({literal(str(staged))}, file_row_number = true)"
    )
    rows = Source(table, sql, staged.stat().st_size)
    with session(work / "spill", memory=memory) as connection:
        content = digest.of([digest.of_rows(connection, rows), places])
    return Raw(replace(rows, digest=content), places, staged)


def read_name(source: AnySource, since: datetime | None) -> str:
    """What stands for the file of rows of a database: variable and table or `query`, and since when where not everything was read."""
    return source.read_from + (f" since {since.isoformat(sep=' ', timespec='seconds')}" if since is not None else "")


def stage_query(
    source_name: str, source: AnySource, wanted: Mapping[str, str], into: Path, memory: int, since: datetime | None = None
) -> dict[str, tuple[str, str]]:
    """Read what the source asks its database for into the Parquet file `into`; `wanted` is column -> the place in cdp.yaml that asks.

    Gives column of the query -> (column of the file, its type).
    """
    assert source.database is not None
    asked = _Asked(source_name, source, int(source.timeout.total_seconds()))
    aside = into.with_suffix(".part")
    into.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        with asked.connected() as cursor:
            types = asked.types(cursor, wanted)
            places = {column: (f"c{number}", types[column][0]) for number, column in enumerate(wanted)}
            asked.stream(cursor, asked.select(places, types, since), aside)
        _sort(source, places, aside, into, memory)
    finally:
        aside.unlink(missing_ok=True)
    return places


def address(source_name: str, variable: str) -> str:
    """The address in an environment variable, with a time limit for connecting. SourceError where there is none."""
    value = os.environ.get(variable, "").strip()
    if not value:
        raise SourceError(
            source_name,
            [f"the environment variable {variable}, which holds the address of its database, is not set. Set it where the refresh runs."],
        )
    if not value.startswith(SCHEMES) or any(letter.isspace() for letter in value):
        raise SourceError(source_name, [not_an_address(variable)])
    limit = "" if "connect_timeout=" in value else f"{'&' if '?' in value else '?'}connect_timeout={CONNECT_SECONDS}"
    return value + limit


class _Asked:
    """What one source asks its database for."""

    def __init__(self, source_name: str, source: AnySource, seconds: int) -> None:
        assert source.database is not None
        self.name, self.source, self.variable, self.seconds = source_name, source, source.database, seconds
        if source.table is not None:
            self.rows = "select * from " + ".".join(name(part) for part in source.table.split("."))
        else:
            self.rows = one_statement(source.query or "")

    @contextmanager
    def connected(self) -> Iterator[Any]:
        """A cursor of a session that only reads."""
        try:
            from adbc_driver_postgresql import StatementOptions, dbapi  # type: ignore[import-untyped]
        except ImportError:
            message = "reading a database needs the driver: pip install adbc-driver-manager adbc-driver-postgresql."
            raise SourceError(self.name, [message]) from None
        where = address(self.name, self.variable)
        with self._guarded(), dbapi.connect(where, autocommit=True) as connection, connection.cursor() as cursor:
            for setting, value in (
                ("default_transaction_read_only", "on"), ("application_name", "cdp_assets"), ("client_encoding", "UTF8"),
                ("statement_timeout", str(self.seconds * 1000)), ("TimeZone", "UTC"),
            ):  # fmt: skip
                cursor.execute(f"set {setting} = {literal(value)}")
            cursor.adbc_statement.set_options(**{StatementOptions.BATCH_SIZE_HINT_BYTES.value: str(BATCH_BYTES)})
            yield cursor

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            with without_texts(self.name, self.variable, self.seconds, self.rows):
                yield
        except QueryError as error:
            raise SourceError(self.name, [f"{self.source.read_from}: {of_query(error.code)}."]) from None

    def types(self, cursor: Any, wanted: Mapping[str, str]) -> dict[str, tuple[str, str]]:
        """Column -> (type of the raw rows, PostgreSQL's type). SourceError where one is missing, twice there or not plain."""
        try:
            with without_texts(self.name, self.variable, self.seconds, self.rows):
                schema = cursor.adbc_execute_schema(f"select * from (\n{self.rows}\n) as q")
        except QueryError as error:
            raise SourceError(self.name, [self._unknown(cursor, error)]) from None
        problems = [problem for column, place in wanted.items() if (problem := _problem(schema, column, place))]
        if problems:
            raise SourceError(self.name, [f"{self.source.read_from}: {problem}" for problem in problems])
        kinds = {column: (schema.field(column).metadata or {}).get(b"POSTGRESQL:type", b"").decode() for column in wanted}
        return {column: (_NATIVE.get(kind, "varchar"), kind) for column, kind in kinds.items()}

    def select(self, places: Mapping[str, tuple[str, str]], types: Mapping[str, tuple[str, str]], since: datetime | None) -> str:
        """The statement: the wanted columns under our names, in types that are read without loss, and only what is new."""
        values = ", ".join(f"{_value(column, types[column][1])} as {ours}" for column, (ours, _) in places.items())
        statement = f"select {values or '1 as nothing'} from (\n{self.rows}\n) as q"
        if since is None:
            return statement
        assert isinstance(self.source, RecordsSource)
        assert self.source.incremental is not None
        field = self.source.incremental.updated or ""
        column = self.source.fields[field].column or field
        if types[column][0] not in ("date", "timestamp"):
            held = f'column "{column}" tells what is new, and the database holds it as {types[column][1]}'
            raise SourceError(self.name, [f"{self.source.read_from}: {held}. Convert it to a timestamp in a query."])
        return f"{statement} where {name(column)} >= {literal(since.isoformat(sep=' '))} or {name(column)} is null"

    def stream(self, cursor: Any, statement: str, into: Path) -> None:
        """Write all rows, batch by batch, so that memory is bounded."""
        from pyarrow import parquet

        with self._guarded():
            cursor.execute(statement)
            reader = cursor._results.reader  # noqa: SLF001 - the errors of what fetch_record_batch gives have no codes
            schema = _storage(reader.schema)
            with parquet.ParquetWriter(into, schema, compression="zstd", compression_level=1) as writer:
                for batch in reader:
                    writer.write_batch(_plain(batch, schema, self.name, self.source.read_from))

    def _unknown(self, cursor: Any, error: QueryError) -> str:
        """What is said of a query that the server does not understand, with the nearest table or column that is there."""
        what = {"42P01": "table", "42703": "column", "3F000": "schema"}.get(error.code)
        if what is None or error.name is None:
            return f"{self.source.read_from}: {of_query(error.code)}."
        if what == "column":
            known = self._names(cursor, "select distinct column_name from information_schema.columns")
        else:
            known = self._names(cursor, "select table_schema || '.' || table_name from information_schema.tables")
            known += [each.removeprefix("public.") for each in known if each.startswith("public.")]
        near = nearest(error.name, known)
        hint = f' Did you mean "{near}"?' if near and near != error.name else " Check its name, and that the user may see it."
        return f'{self.source.read_from}: there is no {what} "{error.name}".{hint}'

    def _names(self, cursor: Any, statement: str) -> list[str]:
        ours = "table_schema not in ('pg_catalog', 'information_schema')"
        with self._guarded():
            cursor.execute(f"{statement} where {ours} limit {_MOST_NAMES}")
            return [row[0] for row in cursor.fetchall()]


def _problem(schema: Any, column: str, place: str) -> str | None:
    """Why the column cannot be read; None where it can."""
    times = schema.names.count(column)
    if times == 0:
        near = nearest(column, schema.names)
        hint = f' Did you mean "{near}"?' if near else f" It has {', '.join(schema.names[:30])}."
        return f'there is no column "{column}", which {place} asks for.{hint}'
    if times > 1:
        return f'there are {times} columns "{column}", and {place} asks for one. Give them names of their own.'
    kind = str(schema.field(column).type)
    if kind.startswith(_NOT_PLAIN):
        what = "bytes" if kind.endswith("binary") else "lists or nested values"
        return f'column "{column}" holds {what}, and {place} needs plain ones.'
    return None


def _value(column: str, kind: str) -> str:
    its = name(column)
    if kind == "float4":  # by way of text 0.1 stays 0.1 and does not become 0.10000000149
        return f"{its}::text::double precision"
    return its if kind in _NATIVE else f"{its}::text"


def one_statement(query: str) -> str:
    """The query without the semicolon at its end and what follows: it becomes a part of another statement."""
    tokens = sqlglot.tokenize(query, dialect="postgres")
    last = tokens[-1] if tokens else None
    return query[: last.start].rstrip() if last is not None and last.text == ";" else query


def _storage(schema: Any) -> Any:
    import pyarrow as pa

    return pa.schema([pa.field(field.name, getattr(field.type, "storage_type", field.type)) for field in schema])


def _plain(batch: Any, schema: Any, source: str, read_from: str) -> Any:
    """The batch without the driver's own types. SourceError where its text is not UTF-8 (a database without an encoding)."""
    import pyarrow as pa

    plain = pa.record_batch([getattr(column, "storage", column) for column in batch.columns], schema=schema)
    try:
        plain.validate(full=True)
    except pa.ArrowInvalid:  # its text can hold a value, so nothing is raised from in here
        wrong = True
    else:
        wrong = False
    if wrong:
        raise SourceError(
            source, [f"{read_from}: it holds text that is not UTF-8. Convert it in a query, or give the database an encoding."]
        )
    return plain


def _sort(source: AnySource, places: Mapping[str, tuple[str, str]], rows: Path, into: Path, memory: int) -> None:
    """Write the rows in the order of the key and then of all columns, whatever the collation of the server."""
    keys = []
    if isinstance(source, RecordsSource):
        keys = [source.fields[source.primary_key].column or source.primary_key]
    elif isinstance(source, EventsSource):
        keys = [source.event_id]
    order = ", ".join(dict.fromkeys(places[column][0] for column in [*keys, *places]))
    values = ", ".join(f"cast({ours} as {kind}) as {ours}" for ours, kind in places.values())
    spill = into.parent / "spill"
    with session(spill, memory=memory) as connection:
        connection.execute(
            f"copy (select {values} from read_parquet({literal(str(rows))}) order by {order}) to {literal(str(into))} (format parquet)"
        )
