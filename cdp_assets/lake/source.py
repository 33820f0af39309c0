"""A readable input of a step: rows of a declared schema, from Parquet files, from anything DuckDB can select, or from memory."""

import functools
import glob
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlglot import exp

from cdp_assets.lake.table import Table, columns


@functools.lru_cache(4096)
def literal(value: str) -> str:
    """A text as a SQL literal."""
    return exp.Literal.string(value).sql(dialect="duckdb")


@functools.lru_cache(4096)
def name(value: str) -> str:
    """A name as a quoted SQL identifier."""
    return exp.to_identifier(value, quoted=True).sql(dialect="duckdb")


def enum(values: Iterable[str]) -> str:
    """The type of texts that are one of these."""
    return f"enum({', '.join(map(literal, values))})"


def casts(table: Table, enums: Collection[str] = ()) -> str:
    """The select list that casts to the declared schema, in declared order, all but `enums`: these are text in a file."""
    return ", ".join(name(c.name) if c.name in enums else f"cast({name(c.name)} as {c.type}) as {name(c.name)}" for c in table.columns)


def parquet_rows(table: Table, files: Sequence[str]) -> str:
    """SQL that selects the rows of these files as `table` declares them.

    No file: a typed empty relation. A column that no file has (the schema grew since): null. The value of the partition
    column is the name of the file's own folder (`day=2026-11-20`), and never that of a folder further up.
    """
    empty = "select " + ", ".join(f"cast(null as {c.type}) as {name(c.name)}" for c in table.columns) + " where false"
    if not files:
        return empty
    listing = ", ".join(literal(glob.escape(file)) for file in files)
    read = f"read_parquet([{listing}], union_by_name = true, hive_partitioning = false"
    if table.partition is None:
        rows = f"select * from {read})"
    else:
        folder = literal(f"/{table.partition}=([^/]*)/[^/]*$")
        value = f"regexp_extract(filename, {folder}, 1) as {name(table.partition)}"
        rows = f"select * exclude (filename), {value} from {read}, filename = true)"
    return f"select {casts(table)} from ({empty} union all by name {rows})"


@dataclass(frozen=True)
class Source:
    """Rows to read: `sql` selects them with the declared schema; `bytes` is their size on disk (0: unknown, small).

    `version` is the lake's version, `digest` stands for the content: equal digests, equal rows. `prepare` is called
    before the first row is read, and not at all where the step turns out to be unchanged.
    """

    table: Table
    sql: str
    bytes: int = 0
    digest: str = ""
    version: int | None = None
    partitions: dict[str, str] = field(default_factory=dict)  # partition value -> digest of its rows
    prepare: Callable[[], None] | None = field(default=None, compare=False)


AS_OF = Table("_as_of", "the day that a run is for: one row", (), columns("day | date | the day, UTC", required=["day"]))
"""What the stages and checks of a step that `uses_as_of` may read beside its inputs; no source can have this name."""


def as_of_row(day: date) -> Source:
    """The one row of AS_OF."""
    return Source(AS_OF, f"select cast({literal(day.isoformat())} as date) as day", digest=day.isoformat())
