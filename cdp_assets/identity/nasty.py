"""Rows on which a wrongly split stage gives another result: ties, nulls, duplicates, equal words in another order."""

import itertools
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa

from cdp_assets.lake import Column
from cdp_assets.lake.table import arrow_type

_VALUES: dict[str, list[Any]] = {
    "varchar": ["ann lee", None, "lee ann", "anne lee", "bob", "", "bob", "José Núñez", "jose nunez", "x", "Ann  Lee", "bo b"],
    "varchar[]": [["ann lee", "lee ann"], ["bob"], None, ["lee ann", "ann lee"], ["anne lee", "lee anne"], ["bob"]],
    "bigint": [1, None, 2, 2, 3],
    "integer": [0, 1, None, 1],
    "double": [0.9, 1.0, None, 0.9],
    "boolean": [True, None, False, True],
    "date": [date(2001, 2, 3), None, date(2001, 2, 4), date(2001, 2, 3)],
    "timestamp": [datetime(2024, 5, 6, 7), None, datetime(2024, 5, 6, 8), datetime(2024, 5, 6, 7)],
}
_DECIMALS = [Decimal("1.50"), None, Decimal("2.00"), Decimal("1.50")]


def nasty_rows(columns: Iterable[Column], rows: int = 60, **given: Sequence[Any]) -> pa.Table:
    """A table of these columns. Values repeat with another step in each column; `given` ones are taken in turn."""
    arrays: dict[str, pa.Array] = {}
    for step, column in enumerate(columns, start=1):
        if column.name in given:
            values = list(itertools.islice(itertools.cycle(given[column.name]), rows)) if given[column.name] else []
        else:
            pool = _VALUES.get(column.type, _DECIMALS)
            values = [pool[(n + n // (len(pool) * step)) % len(pool)] for n in range(rows)]
        arrays[column.name] = pa.array(values, arrow_type(column.type))
    return pa.table(arrays)


def keys(rows: int = 60) -> list[str]:
    """Keys that occur once."""
    return [f"k{n:02}" for n in range(rows)]
