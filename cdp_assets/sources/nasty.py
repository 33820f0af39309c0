"""Raw rows on which a wrong split, or a wrong reading, shows: for the test that runs every stage in 1, 2 and 7 buckets."""

import datetime as dt
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import pyarrow as pa

from cdp_assets.config import AnySource, EventsSource, Field
from cdp_assets.lake.table import arrow_type

_NOON = dt.datetime(2024, 2, 29, 12, tzinfo=dt.UTC)
_GOOD_TEXT = {
    "bigint": "12", "decimal(18,2)": "12.50", "double": "1e3", "boolean": "yes",
    "date": "%Y-%m-%d", "timestamp": "%Y-%m-%dT%H:%M:%SZ",
}  # fmt: skip
_TEXTS = ["a", "a", "a", "b", "b", "c", "", "  ", None, "12.5", "2024-02-30", "2024-02-29T12:00:00+02:00", "n\0l", "yes", "a"]
_GOOD = 6  # the first rows are right in every column
_NATIVE: Mapping[str, list[Any]] = {
    "bigint": [1, 1, 1, 2, None, 0, -1],
    "double": [1.0, 1.0, 0.5, float("nan"), float("inf"), None, -0.0],
    "decimal(18,2)": [Decimal("1.00"), Decimal("1.00"), None, Decimal("-0.01")],
    "boolean": [True, True, False, None],
    "date": [_NOON.date(), _NOON.date(), None],
    "timestamp": [_NOON.replace(tzinfo=None), _NOON.replace(tzinfo=None), None],
}


def nasty_rows(source: AnySource, places: Mapping[str, tuple[str, str]]) -> pa.Table:
    """Raw rows of the source: repeated ids in two files, nulls, empty text, values of the wrong type, an unreadable row."""
    count = len(_TEXTS)
    columns: dict[str, pa.Array] = {
        "source_file": pa.array(["b.csv"] * 5 + ["a.csv"] * (count - 5)),
        "source_line": pa.array(range(2, count + 2), pa.int64()),
        "problem": pa.array([None] * (count - 1) + ["more columns than the header"], pa.string()),
    }
    good = dict(_good_texts(source))
    for column, (ours, kind) in places.items():
        values = [good.get(column, text) for text in _TEXTS[:_GOOD]] + _TEXTS[_GOOD:] if kind == "varchar" else _NATIVE[kind] * count
        columns[ours] = pa.array(values[:count], arrow_type(kind))
    return pa.table(columns)


def _good_texts(source: AnySource) -> Iterator[tuple[str, str]]:
    """Column of the files -> a text that can be read, for the columns that not every text will do for."""
    fields = {its.column or name: its for name, its in source.fields.items()}
    if isinstance(source, EventsSource):
        fields[source.time] = Field(type="timestamp", format=source.time_format)
    for column, field in fields.items():
        if field.data_type in ("date", "timestamp"):
            yield column, _NOON.strftime(field.format or _GOOD_TEXT[field.data_type])
        elif field.data_type in _GOOD_TEXT:
            yield column, _GOOD_TEXT[field.data_type]
