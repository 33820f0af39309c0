"""Rows on which a wrong split of a merge shows: the inputs of the stages of incremental_stages.py."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import pyarrow as pa

from cdp_assets.config import RecordsSource
from cdp_assets.lake import Column, columns
from cdp_assets.lake.nasty import keys, nasty_rows
from cdp_assets.sources.incremental_tables import KEYS_REMOVED, ROWS_REJECTED
from cdp_assets.sources.nasty import nasty_rows as raw_rows
from cdp_assets.sources.tables import QUARANTINE, table_of

_NOON = datetime.fromisoformat("2024-05-06T12:00:00")
_KEYS = ["a", "b", "c", "a", "d", "e", "a", "b", "f", "g", "h", "a", "i", "j", "k", "l", "m"]
_FILES = ["crm/2026/11/20/03/Upserts/x.csv", "crm/2026/11/20/04/Upserts/x.csv", "crm/full.csv"]
_AT = [_NOON, None, _NOON, _NOON.replace(hour=13), _NOON]
_ROWS = 60


def nasty(
    name: str, source: RecordsSource, inputs: Sequence[str], places: Mapping[str, tuple[str, str]] | None = None
) -> Callable[[], Mapping[str, pa.Table]]:
    """What a stage with these inputs is tried on."""
    return partial(_rows, name, source, tuple(inputs), places or {})


def _rows(name: str, source: RecordsSource, inputs: Sequence[str], places: Mapping[str, tuple[str, str]]) -> dict[str, pa.Table]:
    return {each: _of(each, name, source, places) for each in inputs}


def _of(each: str, name: str, source: RecordsSource, places: Mapping[str, tuple[str, str]]) -> pa.Table:
    lines: dict[str, Sequence[Any]] = {"source_file": _FILES, "source_line": range(2, _ROWS + 2)}
    if each in ("_raw", "_faults"):
        return _raw(each, name, source, places)
    if each in ("_removed", "_removed_before"):
        said: dict[str, Sequence[Any]] = {
            "record_key": keys(20) + _KEYS,
            "removed_at": [_NOON],
            "by_list": [True, False],
            "why": ["deleted"],
        }
        return _distinct(nasty_rows(KEYS_REMOVED.columns, {"source": [name], **said, **lines}, rows=_ROWS))
    if each in ("_rejected", "_rejected_before", "_rejected_now"):
        said = {"record_key": [*_KEYS, None], "field": ["name", ""], "reason": ["not a date"], "updated_at": _AT}
        return nasty_rows(ROWS_REJECTED.columns, {"source": [name], **said, **lines}, rows=_ROWS)
    return _rows_of(each, name, source, lines)


def _raw(each: str, name: str, source: RecordsSource, places: Mapping[str, tuple[str, str]]) -> pa.Table:
    """Raw rows, or a fault of each of them."""
    raw = raw_rows(source, places)
    if each == "_raw":
        return raw
    where = {column: raw[column].to_pylist() for column in ("source_file", "source_line")}
    return nasty_rows(QUARANTINE.columns, {"source": [name], "reason": ["not a date"], **where}, rows=raw.num_rows)


def _rows_of(each: str, name: str, source: RecordsSource, lines: Mapping[str, Sequence[Any]]) -> pa.Table:
    """Rows of the source or of a list of deleted records."""
    typed = table_of(name, source).columns
    if each == "_deletes":
        its = columns("record_key | varchar | key\nsource_file | varchar | file\nsource_line | bigint | line\n_at | timestamp | time")
        return nasty_rows(its, {"record_key": _KEYS, "_at": [_NOON], **lines}, rows=7)
    if each == "_arrived":
        statement = columns("_at | timestamp | time\n_gone | varchar | why")
        gone: dict[str, Sequence[Any]] = {"_gone": [None, None, "deleted", None, "filtered"], "_at": _AT}
        return nasty_rows((*typed, *statement), {"record_key": _KEYS, **gone, **lines}, rows=_ROWS)
    if each == "_before":
        return _distinct(_typed(typed, {**lines, "source_line": range(100, 160), "record_key": [*_KEYS, "n", "o", "p"]}))
    table = _typed(typed, lines)
    if each == "_kept":
        return table.slice(0, 30)
    return _distinct(table) if each == name else table


def _typed(typed: Sequence[Column], values: Mapping[str, Sequence[Any]]) -> pa.Table:
    return nasty_rows(typed, {"record_key": _KEYS, **values}, rows=_ROWS)


def _distinct(table: pa.Table) -> pa.Table:
    """The first row of each key."""
    first: dict[Any, int] = {}
    for number, key in enumerate(table["record_key"].to_pylist()):
        first.setdefault(key, number)
    return table.take(list(first.values()))
