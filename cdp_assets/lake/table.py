"""The declaration of a table: what a row is, its key, its columns. Nothing here reads or writes."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

import pyarrow as pa

# Types that DuckDB, Parquet, Delta and Spark store and read back alike (docs/decisions/002).
SCALAR_TYPES: dict[str, pa.DataType] = {
    "varchar": pa.string(),
    "boolean": pa.bool_(),
    "integer": pa.int32(),
    "bigint": pa.int64(),
    "double": pa.float64(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
}
_DECIMAL = re.compile(r"decimal\((\d+),(\d+)\)")


def arrow_type(name: str) -> pa.DataType:
    """The Arrow type of a declared type; ValueError when it is not one of the portable types."""
    if name.endswith("[]"):
        return pa.list_(arrow_type(name.removesuffix("[]")))
    if name in SCALAR_TYPES:
        return SCALAR_TYPES[name]
    if match := _DECIMAL.fullmatch(name):
        return pa.decimal128(int(match[1]), int(match[2]))
    allowed = ", ".join([*SCALAR_TYPES, "decimal(p,s)", "and lists of these, such as varchar[]"])
    raise ValueError(f"{name!r} is not a type of the lake; allowed: {allowed}")


@dataclass(frozen=True)
class Column:
    """One column of a table; `personal` says that erasure and masking must reach it."""

    name: str
    type: str
    description: str
    personal: bool = False
    nullable: bool = True

    def __post_init__(self) -> None:
        arrow_type(self.type)


@dataclass(frozen=True)
class Table:
    """A table declared once: schema at write time, blocking checks and documentation follow from it.

    `partition` names the column whose values are replaced one by one (a day, a source);
    `retention` says in words how long rows are kept. `looked_up`: people ask for single rows by the key, so files are
    written in small parts, of which one has to be read.
    """

    name: str
    grain: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    partition: str | None = None
    retention: str = "as long as the sources hold the rows it is made from"
    looked_up: bool = False

    def __post_init__(self) -> None:
        names = [column.name for column in self.columns]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"table {self.name}: column declared twice: {', '.join(twice)}")
        for name in (*self.key, *([self.partition] if self.partition else [])):
            if name not in names:
                raise ValueError(f"table {self.name}: {name!r} is in the key or partition but is no column")

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names in declared order."""
        return tuple(column.name for column in self.columns)

    @property
    def sort_key(self) -> tuple[str, ...]:
        """The order of rows in files: the key, and for a table without one all columns."""
        return self.key or self.column_names

    def arrow_schema(self) -> pa.Schema:
        """The declared schema as Arrow sees it."""
        return pa.schema([pa.field(column.name, arrow_type(column.type)) for column in self.columns])


def columns(text: str, *, personal: Iterable[str] = (), required: Iterable[str] = ()) -> tuple[Column, ...]:
    """Columns from lines of `name | type | description`, which read like the documentation they become."""
    personal, required = set(personal), set(required)
    rows = [[part.strip() for part in line.split("|", 2)] for line in text.strip().splitlines()]
    names = {row[0] for row in rows}
    if unknown := (personal | required) - names:
        raise ValueError(f"not among the columns: {', '.join(sorted(unknown))}")
    return tuple(Column(n, t, d, personal=n in personal, nullable=n not in required) for n, t, d in rows)
