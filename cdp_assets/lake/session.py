"""A private in-memory DuckDB for one step: its share of memory and threads, a spill folder, no downloads, UTC."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa
from duckdb.func import PythonUDFType

from cdp_assets.lake.stage import Function


def to_ascii(values: pa.ChunkedArray) -> pa.Array:
    """Text with every character that is not ASCII written in ASCII letters (anyascii); nulls stay."""
    from anyascii import anyascii

    return pa.array([None if v is None else anyascii(v) for v in values.to_pylist()], pa.string())


def provide(connection: duckdb.DuckDBPyConnection, functions: Iterable[Function]) -> None:
    """Make functions of ours known to a session; one that it knows already stays."""
    for function in functions:
        known = connection.execute("select count(*) from duckdb_functions() where function_name = $1", [function.name]).fetchall()
        if not known[0][0]:
            connection.create_function(function.name, function.body, list(function.takes), function.gives, type=PythonUDFType.ARROW)


@contextmanager
def session(spill: Path | None = None, *, memory: int = 2 << 30, threads: int | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the connection of one step; `memory` in bytes. Functions of ours: `to_ascii(text)`."""
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": f"{memory}B",
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
    }
    if threads:
        config["threads"] = threads
    if spill is not None:
        config["temp_directory"] = str(spill)
    connection = duckdb.connect(config=config)
    try:
        connection.execute("set TimeZone = 'UTC'")
        connection.create_function("to_ascii", to_ascii, ["VARCHAR"], "VARCHAR", type=PythonUDFType.ARROW)
        yield connection
    finally:
        connection.close()
