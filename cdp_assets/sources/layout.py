"""How the files of a source are laid out: their columns, the delimiter, the types. Only the beginning of a file is read."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import duckdb

from cdp_assets.config.problems import nearest
from cdp_assets.lake import session
from cdp_assets.lake.source import literal
from cdp_assets.sources.files import SourceError, SourceFile

DELIMITERS = (",", ";", "\t")
_HEADER_BYTES = 1 << 20
_OTHER_ENCODINGS = (b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff")


@dataclass(frozen=True)
class Layout:
    """A file and its columns in order. `delimiter` is that of a CSV file; `types` are DuckDB's in a Parquet file."""

    file: SourceFile
    columns: tuple[str, ...]
    delimiter: str = ""
    types: Mapping[str, str] = field(default_factory=dict)


def layouts(source: str, files: Sequence[SourceFile], wanted: Mapping[str, str]) -> tuple[Layout, ...]:
    """The layout of each file. `wanted` is column -> the place in cdp.yaml that asks for it.

    Raises SourceError with all that is wrong: a file that cannot be read, a wanted column that is missing, there twice
    or nested. Names from a file are shown only where they resemble a wanted one: without a line of column names, the
    first line is somebody's record.
    """
    found: list[Layout] = []
    problems: list[str] = []
    with session() as connection:
        for file in files:
            try:
                layout = _parquet(connection, source, file) if file.format == "parquet" else _csv(source, file)
            except SourceError as error:
                problems += error.problems
                continue
            problems += _missing(layout, wanted)
            found.append(layout)
    if problems:
        raise SourceError(source, problems)
    return tuple(found)


def read_as(path: SourceFile) -> str:
    """The path of a Parquet file as read_parquet takes it: characters of patterns stand for themselves."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in str(path.path))


def _csv(source: str, file: SourceFile) -> Layout:
    with file.path.open("rb") as content:
        beginning = content.read(_HEADER_BYTES)
    if beginning.startswith(_OTHER_ENCODINGS):
        raise SourceError(source, [f"{file.name} is written in UTF-16 or UTF-32. Save it as UTF-8."])
    text = beginning.decode("utf-8-sig", errors="replace")
    headers = {delimiter: _first_row(text, delimiter) for delimiter in DELIMITERS}
    delimiter = max(DELIMITERS, key=lambda each: len(headers[each]))
    header = tuple(column.strip() for column in headers[delimiter])
    if not any(header):
        raise SourceError(source, [f"{file.name} has no line of column names."])
    if any("�" in column for column in header):
        raise SourceError(source, [f"{file.name}, line of column names: not UTF-8. Save the file as UTF-8."])
    return Layout(file, header, delimiter)


def _first_row(text: str, delimiter: str) -> list[str]:
    try:
        return next((row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if row), [])
    except csv.Error:
        return []


def _parquet(connection: duckdb.DuckDBPyConnection, source: str, file: SourceFile) -> Layout:
    try:
        rows = connection.execute(f"describe select * from read_parquet({literal(read_as(file))}, hive_partitioning = false)").fetchall()
    except duckdb.Error:
        rows = []
    if not rows:
        raise SourceError(source, [f"{file.name} cannot be read as Parquet: it is damaged, cut off or something else. Write it again."])
    return Layout(file, tuple(row[0] for row in rows), types={row[0]: row[1] for row in rows})


def _missing(layout: Layout, wanted: Mapping[str, str]) -> Iterator[str]:
    file = layout.file.name
    for column, place in wanted.items():
        times = layout.columns.count(column)
        kind = layout.types.get(column, "")
        if times == 0:
            near = nearest(column, layout.columns)
            hint = f' Did you mean "{near}"?' if near else f" Its columns ({len(layout.columns)}) have no name like it."
            yield f'{file} has no column "{column}", which {place} asks for.{hint}'
        elif times > 1:
            yield f'{file} has {times} columns "{column}", and {place} asks for one. Give them names of their own.'
        elif kind == "BLOB" or kind.endswith("]") or kind.startswith(("STRUCT", "MAP", "UNION", "VARIANT")):
            what = "bytes" if kind == "BLOB" else "lists or nested values"
            yield f'{file}: column "{column}" holds {what}, and {place} needs plain ones.'
