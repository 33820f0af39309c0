"""How the files of a source are laid out: their columns, the delimiter, the types. Only the beginning of a file is read."""

import csv
import io
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import duckdb

from cdp_assets.config.problems import nearest
from cdp_assets.lake import session
from cdp_assets.lake.source import literal
from cdp_assets.sources.files import SourceError, SourceFile

DELIMITERS = (",", ";", "\t")
_HEADER_BYTES = 1 << 20
_DIGITS = 3  # more of them are a telephone number, a date or an id
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
    or nested. Names from a file are shown only where they surely are names: without a line of column names, the first
    line is somebody's record.
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
    path = literal(read_as(file))
    try:
        rows = connection.execute(f"describe select * from read_parquet({path}, hive_partitioning = false)").fetchall()
        nodes = connection.execute(f"select name, coalesce(num_children, 0) from parquet_schema({path})").fetchall()
    except (duckdb.Error, UnicodeDecodeError):
        rows = nodes = []
    if not rows:
        raise SourceError(source, [f"{file.name} cannot be read as Parquet: it is damaged, cut off or something else. Write it again."])
    # DuckDB gives the second of two columns of one name another one, by which it is not meant.
    columns = _outermost(nodes)
    return Layout(file, columns, types={row[0]: row[1] for row, column in zip(rows, columns, strict=True) if row[0] == column})


def _outermost(nodes: Sequence[tuple[str, int]]) -> tuple[str, ...]:
    """The names of the columns, from all nodes of the file's schema (name, nodes right below it), from the top down."""
    names: list[str] = []
    inside = 0
    for name, children in nodes[1:]:
        if inside:
            inside -= 1
        else:
            names.append(name)
        inside += children
    return tuple(names)


def _missing(layout: Layout, wanted: Mapping[str, str]) -> Iterator[str]:
    file = layout.file.name
    for column, place in wanted.items():
        times = _times(layout, column)
        kind = layout.types.get(column, "")
        if times == 0:
            yield f'{file} has no column "{column}", which {place} asks for.{_hint(column, layout, wanted)}'
        elif times > 1:
            case = "" if layout.columns.count(column) == times else " (capital letters do not count)"
            yield f'{file} has {times} columns "{column}"{case}, and {place} asks for one. Give them names of their own.'
        elif layout.types and not kind:
            yield f'{file}: column "{column}" cannot be told from others of nearly that name. Give them names of their own.'
        elif kind == "BLOB" or kind.endswith("]") or kind.startswith(("STRUCT", "MAP", "UNION", "VARIANT")):
            what = "bytes" if kind == "BLOB" else "lists or nested values"
            yield f'{file}: column "{column}" holds {what}, and {place} needs plain ones.'


def _times(layout: Layout, column: str) -> int:
    """How often the column is there; DuckDB, which reads Parquet, does not tell capital letters apart."""
    exact = layout.columns.count(column)
    return exact and len([name for name in layout.columns if name.lower() == column.lower()]) if layout.types else exact


def _hint(column: str, layout: Layout, wanted: Mapping[str, str]) -> str:
    safe = [name for name in layout.columns if _showable(name)]
    same = sorted(name for name in safe if _folded(name) and _folded(name) == _folded(column))
    has_names = any(name in wanted for name in layout.columns)
    near = same[0] if same else nearest(column, safe) if has_names else None
    if near:
        return f' Did you mean "{near}"?'
    if has_names:
        return f" None of its columns ({len(layout.columns)}) has a name like it that may be shown."
    return f" None of its columns ({len(layout.columns)}) has a name that cdp.yaml asks for: does it have a line of column names?"


def _showable(name: str) -> bool:
    """Whether a name may be shown at all: an address, a number of a person or a character nobody sees is no name."""
    unseen = any(unicodedata.category(letter).startswith("C") for letter in name)
    return not unseen and "@" not in name and sum(letter.isdigit() for letter in name) <= _DIGITS


def _folded(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())
