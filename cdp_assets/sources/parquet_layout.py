"""The columns of Parquet files and Delta tables, with their types in DuckDB. No row is read."""

from collections.abc import Sequence

import duckdb

from cdp_assets.lake.source import literal
from cdp_assets.sources.delta_log import DeltaProblemError, newest
from cdp_assets.sources.files import SourceError, SourceFile
from cdp_assets.sources.layout import Layout, Part


def read_as(part: Part) -> str:
    """The path of a Parquet file as read_parquet takes it: characters of patterns stand for themselves."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in str(part.path))


def parquet_layout(connection: duckdb.DuckDBPyConnection, source: str, file: SourceFile) -> Layout:
    """The layout of a Parquet file, from its footer. Raises SourceError where that cannot be read."""
    part = Part(file.path, file.name)
    path = literal(read_as(part))
    try:
        rows = connection.execute(f"describe select * from read_parquet({path}, hive_partitioning = false)").fetchall()
        nodes = connection.execute(f"select name, coalesce(num_children, 0) from parquet_schema({path})").fetchall()
    except (duckdb.Error, UnicodeDecodeError):
        rows = nodes = []
    if not rows and file.fate():
        raise SourceError(source, [f"{file.name} {file.fate()}"])
    if not rows:
        raise SourceError(source, [f"{file.name} cannot be read as Parquet: it is damaged, cut off or something else. Write it again."])
    # DuckDB gives the second of two columns of one name another one, by which it is not meant.
    columns = _outermost(nodes)
    types = {row[0]: row[1] for row, column in zip(rows, columns, strict=True) if row[0] == column}
    return Layout(file, columns, types=types, parts=(part,))


def delta_layout(source: str, file: SourceFile) -> Layout:
    """The layout of the version of a Delta table that `file` is. Raises SourceError where another one is the newest by now."""
    problem = None
    try:
        version = newest(file.path)
    except DeltaProblemError as error:
        problem = str(error)
    if problem is not None:
        raise SourceError(source, [f"{file.name} {problem}"])
    if version.identity != file.identity:
        raise SourceError(source, [f"{file.name} changed while it was read. Refresh again when it is complete."])
    parts = tuple(Part(each.path, f"{file.name}/{each.name}", each.constants) for each in version.files)
    return Layout(file, tuple(version.types), types=version.types, parts=parts)


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
