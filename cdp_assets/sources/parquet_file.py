"""The rows of Parquet files and Delta tables, read where they are: SQL that selects them, and which file is to blame when that fails."""

from collections.abc import Mapping, Sequence

import duckdb
from sqlglot import exp

from cdp_assets.lake import session
from cdp_assets.lake.source import literal, name
from cdp_assets.sources.convert import FLOATING_TEXT, node
from cdp_assets.sources.files import SourceError
from cdp_assets.sources.layout import Layout, Part
from cdp_assets.sources.parquet_layout import read_as

Places = Mapping[str, tuple[str, str]]

# DuckDB's type in a Parquet file -> the type of the raw rows and how it becomes that. All others are read as text.
_NATIVE = {
    **dict.fromkeys(["TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"], ("bigint", "cast(:raw as bigint)")),
    # By way of text 0.1 stays 0.1 and does not become 0.10000000149.
    "FLOAT": ("double", "cast(cast(:raw as varchar) as double)"),
    "DOUBLE": ("double", ":raw"),
    "DECIMAL(18,2)": ("decimal(18,2)", ":raw"),
    "BOOLEAN": ("boolean", ":raw"),
    "DATE": ("date", ":raw"),
    **dict.fromkeys(
        ["TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ_NS"],
        ("timestamp", "cast(:raw as timestamp)"),
    ),
}
_AS_TEXT = {"FLOAT": FLOATING_TEXT, "DOUBLE": FLOATING_TEXT}
_TEXT = "cast(:raw as varchar)"


def common_type(column: str, found: Sequence[Layout]) -> str:
    """The type that the raw rows have in this column of the files: theirs when they agree, else text."""
    types = {_NATIVE.get(layout.types[column], ("varchar",))[0] for layout in found}
    return types.pop() if len(types) == 1 else "varchar"


def rows_sql(found: Sequence[Layout], places: Places) -> str:
    """SQL for the raw rows of all files: one select for those of the same types, so that a thousand files are still a short statement."""
    alike: dict[tuple[str, ...], list[Layout]] = {}
    for layout in found:
        alike.setdefault(tuple(layout.types[column] for column in places), []).append(layout)
    return " union all ".join(_alike_sql(group, places) for group in alike.values())


def _alike_sql(group: Sequence[Layout], places: Places) -> str:
    types = {column: group[0].types[column] for column in places}
    values = ", ".join(_value(column, types[column], *place) for column, place in places.items())
    parts = [part for layout in group for part in layout.parts]
    rows = f"select * from {_files_sql(parts, types)}" if parts else _nothing_sql(types)
    if group[0].file.format == "delta":  # files from before a column was added lack it
        rows = f"{_nothing_sql(types)} union all by name {rows}" if parts else rows
    return f"select _name as source_file, file_row_number + 1 as source_line, cast(null as varchar) as problem, {values} from ({rows})"


def _files_sql(parts: Sequence[Part], types: Mapping[str, str]) -> str:
    """The rows of Parquet files with their columns, `_name` and the number of the row; values that stand in no file are joined to them."""
    outside = list(parts[0].constants)
    paths = ", ".join(literal(read_as(part)) for part in parts)
    listed = ", ".join(f"({', '.join(map(_text, [str(part.path), part.name, *part.constants.values()]))})" for part in parts)
    columns = ", ".join(f"_c{number}" for number in range(len(outside)))
    read = f"read_parquet([{paths}], filename = '_path', file_row_number = true, hive_partitioning = false, union_by_name = true)"
    if not outside:
        return f"{read} join (values {listed}) as _files(_full, _name) on _path = _full"
    casts = ", ".join(f"cast(_c{n} as {types.get(column, 'varchar')}) as {name(column)}" for n, column in enumerate(outside))
    named = f"(select _full, _name, {casts} from (values {listed}) as _files(_full, _name, {columns}))"
    return f"{read} join {named} on _path = _full"


def _nothing_sql(types: Mapping[str, str]) -> str:
    columns = ", ".join(f"cast(null as {kind}) as {name(column)}" for column, kind in types.items())
    return f"select {columns}, cast(null as varchar) as _name, cast(null as bigint) as file_row_number where false"


def _text(value: str | None) -> str:
    return "cast(null as varchar)" if value is None else literal(value)


def _value(column: str, found: str, ours: str, kind: str) -> str:
    template = _AS_TEXT.get(found, _TEXT) if kind == "varchar" else _NATIVE[found][1]
    return node(template, raw=exp.column(column, quoted=True)).as_(ours, quoted=True).sql(dialect="duckdb")


def check_unchanged(source: str, found: Sequence[Layout]) -> None:
    """Raises SourceError when a file was written to, replaced or removed since its layout was found."""
    problems = [f"{layout.file.name} {fate}" for layout in found if (fate := layout.file.fate())]
    problems += [f"{part.name} vanished while it was read. Refresh again." for each in found for part in each.parts if _lost(each, part)]
    if problems:
        raise SourceError(source, problems)


def _lost(layout: Layout, part: Part) -> bool:
    return layout.file.format == "delta" and not part.path.exists()


def check_readable(source: str, found: Sequence[Layout], places: Places, memory: int) -> None:
    """Read each file by itself, after reading them all has failed; `memory` in bytes. Raises SourceError with those at fault."""
    check_unchanged(source, found)
    problems = [f"{layout.file.name} {wrong}." for layout in found if (wrong := _wrong(layout, places, memory))]
    if problems:
        raise SourceError(source, problems)


def _wrong(layout: Layout, places: Places, memory: int) -> str | None:
    """What is wrong inside the file; None when all its rows can be read."""
    values = ", ".join(name(ours) for ours, _ in places.values())
    try:
        with session(memory=memory) as connection:  # a new one for each file: after some damage it is of no more use
            connection.execute(f"select bit_xor(hash({values})) from ({rows_sql([layout], places)})").fetchall()
    except duckdb.OutOfMemoryException:
        return None
    except duckdb.ConversionException:
        return "holds a time that is too far from today to be read. Correct it, and write the file again"
    except duckdb.Error:  # its text holds values
        return "is damaged or holds text that is not UTF-8. Write it again"
    return None
