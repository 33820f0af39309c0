"""Stages: a computation is a list of them, and each says how its rows must meet - and nothing about where it runs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import pyarrow as pa
from sqlglot import exp

from cdp_assets.lake.table import Table

Body = Callable[[Mapping[str, pa.Table], Mapping[str, Any]], pa.Table]


@dataclass(frozen=True)
class Meet:
    """How the rows of one input meet in a stage; made by `by`, `everywhere`, `anyhow` and `whole`."""

    kind: Literal["by", "everywhere", "anyhow", "whole"]
    columns: tuple[str, ...] = ()
    nulls: Literal["together", "drop"] = "together"
    max_rows: int = 0


def by(*columns: str, nulls: Literal["together", "drop"] = "together") -> Meet:
    """Rows with equal values of these columns are in one bucket; `nulls="drop"` leaves out rows with a null there."""
    return Meet("by", columns, nulls)


def everywhere() -> Meet:
    """A small table, whole in every bucket."""
    return Meet("everywhere")


def anyhow() -> Meet:
    """Rows may be split at will: typing, normalising, filters - never DISTINCT, aggregates or outer joins' kept side."""
    return Meet("anyhow")


def whole(max_rows: int = 200_000_000) -> Meet:
    """All rows in one bucket; refused above `max_rows`, because then one machine must hold them."""
    return Meet("whole", max_rows=max_rows)


@dataclass(frozen=True)
class Function:
    """A function of ours that a stage's SQL calls by its name: from Arrow arrays to one, row by row; a null gives a null.

    `libraries` are the packages whose data its result depends on: another version of one is another function.
    """

    name: str
    takes: tuple[str, ...]
    gives: str
    body: Callable[..., pa.Array]
    libraries: tuple[str, ...] = ()


@dataclass(frozen=True)
class Stage:
    """One step of a computation.

    `reads` names outer inputs or earlier stages; `body` is DuckDB SQL over these names (values as `$name` from
    `params`) or a function from Arrow tables to an Arrow table; `writes` declares the rows that come out (an
    intermediate's declaration needs no key). `nasty` supplies rows on which a wrong split shows. `lineage` is for
    Python bodies: output column -> the "input.column" values it comes from. `functions` are those that its SQL calls.
    `enums`: text columns that the SQL gives as DuckDB's enums, which are written far faster where millions of rows hold a few values.
    `in_order`: the SQL gives its rows in runs that are in the order of the table's key, and they are written as they come.
    """

    name: str
    reads: Mapping[str, Meet]
    body: str | exp.Query | Body
    writes: Table
    params: Mapping[str, Any] = field(default_factory=dict)
    nasty: Callable[[], Mapping[str, pa.Table]] | None = None
    lineage: Mapping[str, tuple[str, ...]] | None = None
    functions: tuple[Function, ...] = ()
    in_order: bool = False
    enums: tuple[str, ...] = ()

    def sql(self) -> str | None:
        """The body as DuckDB SQL, None when it is a Python function."""
        if isinstance(self.body, str):
            return self.body
        return self.body.sql(dialect="duckdb") if isinstance(self.body, exp.Query) else None


def intermediate(name: str, columns_: str, key: tuple[str, ...] = ()) -> Table:
    """The declaration of rows that only pass between two stages."""
    from cdp_assets.lake.table import columns

    return Table(name, grain=f"intermediate rows of {name}", key=key, columns=columns(columns_))
