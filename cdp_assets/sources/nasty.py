"""Raw rows on which a wrong split, or a wrong reading, shows: for the test that runs every stage in 1, 2 and 7 buckets."""

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pyarrow as pa

from cdp_assets.config import EventsSource, RecordsSource
from cdp_assets.lake.table import arrow_type

_NOON = dt.datetime(2024, 2, 29, 12)  # noqa: DTZ001 - the lake's times are UTC and carry no zone
_VALUES: Mapping[str, list[Any]] = {
    "varchar": [
        "a", "a", "a", "b", "b", "", "  ", None, "12", "12.5", "2024-02-29", "2024-02-30", "2024-02-29T12:00:00+02:00", "n\0l", "yes",
    ],
    "bigint": [1, 1, 1, 2, None, 0, -1],
    "double": [1.0, 1.0, 0.5, float("nan"), float("inf"), None, -0.0],
    "decimal(18,2)": [Decimal("1.00"), Decimal("1.00"), None, Decimal("-0.01")],
    "boolean": [True, True, False, None],
    "date": [_NOON.date(), _NOON.date(), None],
    "timestamp": [_NOON, _NOON, None],
}
_ROWS = 15


def nasty_rows(source: RecordsSource | EventsSource, places: Mapping[str, tuple[str, str]]) -> pa.Table:
    """Raw rows of the source: repeated ids in two files, nulls, empty text, values of the wrong type, an unreadable row."""
    columns: dict[str, pa.Array] = {
        "source_file": pa.array(["b.csv"] * 5 + ["a.csv"] * (_ROWS - 5)),
        "source_line": pa.array(range(2, _ROWS + 2), pa.int64()),
        "problem": pa.array([None] * (_ROWS - 1) + ["more columns than the header"], pa.string()),
    }
    for ours, kind in places.values():
        columns[ours] = _repeated(_VALUES[kind], kind)
    if isinstance(source, EventsSource):
        when, kind = places[source.time]
        good = _NOON.strftime(source.time_format) if source.time_format else _NOON.isoformat()
        columns[when] = _repeated([good] * 6 + ["never"], kind) if kind == "varchar" else columns[when]
        visitor, kind = places[source.visitor]
        columns[visitor] = _repeated(["v"] * 7 + [None], kind) if kind == "varchar" else columns[visitor]
    return pa.table(columns)


def _repeated(values: list[Any], kind: str) -> pa.Array:
    return pa.array((values * _ROWS)[:_ROWS], arrow_type(kind))
