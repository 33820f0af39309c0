"""Rows on which a wrongly split stage gives another result: ties, nulls, duplicates, equal words in another order."""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa

from cdp_assets.lake.table import Column, arrow_type

_NOON = datetime.fromisoformat("2024-05-06T12:00:00")
_VALUES: dict[str, list[Any]] = {
    "varchar": ["ann lee", None, "lee ann", "anne lee", "bob", "", "bob", "José Núñez", "jose nunez", "x", "Ann  Lee", "bo b"],
    "varchar[]": [["ann lee", "lee ann"], ["bob"], None, ["lee ann", "ann lee"], ["anne lee", "lee anne"], ["bob"]],
    "bigint": [1, None, 2, 2, 3],
    "integer": [0, 1, None, 1],
    "double": [0.9, 1.0, None, 0.9],
    "boolean": [True, None, False, True],
    "date": [date(2001, 2, 3), None, date(2001, 2, 4), date(2001, 2, 3)],
    "timestamp": [_NOON, None, _NOON + timedelta(hours=1), _NOON],
}
_DECIMALS = [Decimal("1.50"), None, Decimal("2.00"), Decimal("1.50")]


def nasty_rows(
    columns: Iterable[Column], values: Mapping[str, Sequence[Any]] | None = None, /, *, rows: int = 60, **more: Sequence[Any]
) -> pa.Table:
    """A table of these columns. Values repeat with another step in each column.

    The values of a column may be given, in the mapping or by the column's name; they are taken in turn.
    """
    given = {**(values or {}), **more}
    arrays: dict[str, pa.Array] = {}
    for step, column in enumerate(columns, start=1):
        if column.name in given:
            taken = list(itertools.islice(itertools.cycle(given[column.name]), rows))
        else:
            pool = values_of(column)
            taken = [pool[(n + n // (len(pool) * step)) % len(pool)] for n in range(rows)]
        arrays[column.name] = pa.array(taken, arrow_type(column.type))
    return pa.table(arrays)


def values_of(column: Column) -> list[Any]:
    """The values that a column's rows repeat, nulls among them; the first is not null."""
    return _VALUES.get(column.type, _DECIMALS)


def keys(rows: int = 60) -> list[str]:
    """Keys that occur once."""
    return [f"k{n:02}" for n in range(rows)]
