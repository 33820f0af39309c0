"""Digests: of rows (sum and xor of DuckDB's hash), of code, and of everything a step depends on."""

import functools
import hashlib
import inspect
import json
from collections.abc import Callable, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import duckdb

from cdp_assets.lake.source import Source, name
from cdp_assets.lake.stage import Stage
from cdp_assets.lake.table import Table


def of(value: Any) -> str:
    """A short digest of anything JSON can write (dates and paths as text); dictionaries in any order."""
    text = json.dumps(value, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


@functools.cache
def of_folder(folder: Path) -> str:
    """The code version of a station: a digest of its Python files."""
    digest = hashlib.sha256()
    for file in sorted(folder.glob("*.py")):
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:16]


def of_function(function: Callable[..., Any]) -> str:
    """The code version of the folder in which a function is written."""
    file = inspect.getsourcefile(function)
    return of_folder(Path(file).parent) if file else ""


def of_stage(stage: Stage) -> str:
    """What a stage does: its statement or its code, its parameters, how rows meet, what it writes."""
    sql = stage.sql()
    body = sql if sql is not None else of_function(stage.body) + getattr(stage.body, "__name__", "")  # type: ignore[arg-type]
    meets = {n: (m.kind, m.columns, m.nulls) for n, m in stage.reads.items()}
    functions = [(f.name, of_function(f.body), [(library, metadata.version(library)) for library in f.libraries]) for f in stage.functions]
    what = [stage.name, body, dict(stage.params), meets, of_schema(stage.writes)]
    return of([*what, functions] if functions else what)


def of_schema(table: Table) -> str:
    """Names, types and key of a table."""
    return of([table.name, [(c.name, c.type) for c in table.columns], table.key, table.partition])


def of_rows(connection: duckdb.DuckDBPyConnection, source: Source, by: str | None = None) -> dict[str, str]:
    """Content digest of rows: value of column `by` as text -> "rows-sum-xor"; without `by` one entry under "".

    Rows in another order give the same digest. DuckDB's hash changes between its releases, so its version is part.
    """
    values = ", ".join(name(column) for column in source.table.column_names)
    group = f"coalesce(cast({name(by)} as varchar), '')" if by else "''"
    rows = connection.execute(
        f"select p, count(*), sum(cast(h as hugeint)), bit_xor(h) "
        f"from (select {group} as p, hash({values}) as h from ({source.sql})) group by p"
    ).fetchall()
    tail = f"{duckdb.__version__}-{of_schema(source.table)[:8]}"
    return {row[0]: f"{row[1]}-{row[2]}-{row[3]}-{tail}" for row in rows}


def rows_in(content: str) -> int:
    """The number of rows that a content digest stands for."""
    return int(content.split("-", 1)[0])


def combined(parts: dict[str, str]) -> str:
    """One content digest of a partitioned table from those of its partitions."""
    return f"{sum(rows_in(part) for part in parts.values())}-{of(sorted(parts.items()))}"


def of_stages(stages: Sequence[Stage]) -> list[str]:
    """What each stage does: part of the digest of a step, and the same for all of its days."""
    return [of_stage(stage) for stage in stages]


def of_step(stages: Sequence[str], inputs: dict[str, str], settings: Any, as_of: Any, code: str) -> str:
    """What a step's result depends on, the digests of its stages first; equal digests, equal result."""
    return of([stages, inputs, settings, as_of, code, duckdb.__version__])
