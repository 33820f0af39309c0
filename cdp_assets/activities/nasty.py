"""Rows on which a wrongly split stage of this station shows."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

import pyarrow as pa

from cdp_assets.activities import given, owners
from cdp_assets.activities.tables import ACTIVITY_QUARANTINE, UNIFIED_ACTIVITIES
from cdp_assets.config import ProjectConfig
from cdp_assets.lake import AS_OF, Column
from cdp_assets.lake.nasty import keys, nasty_rows
from cdp_assets.sources.tables import table_of

_LINES = list(range(2, 62))
_Values = dict[str, list[Any]]
_COMMON: _Values = {
    "source_file": ["1.csv"],
    "source_line": _LINES,
    "time": [datetime.fromisoformat(f"2024-05-0{day}T12:00:00") for day in (5, 6, 7)],
    "returned": [False],
    "title": ["t"],
}


def activities(config: ProjectConfig, names: Collection[str]) -> dict[str, pa.Table]:
    """Every activity has rows with and without an owner, before and after the day of the run, and keys that repeat."""
    ways = {name: owners.way_of(config, name) for name in config.activities}
    tables: dict[str, pa.Table] = {AS_OF.name: _day()}
    for activity, way in ways.items():
        source, rows = config.activities[activity].source, given.rows_of(activity)
        if way.kind == "visitor":
            tables[source] = _source(config, source)
        elif rows in names:
            values: _Values = {"target": [way.target], "who": [*keys(7), None], "source_key": keys(), "nth": [1, 1, 2]}
            tables[rows] = nasty_rows(given.shape(activity).columns, {**values, **_COMMON})
    targets = list(dict.fromkeys(way.target for way in ways.values()))
    if owners.WAYS.name in names:
        found: _Values = {
            "target": targets,
            "who": [key for key in keys(7) for _ in targets],
            "customer_id": ["c1", "c2"],
            "account_id": [None],
        }
        tables[owners.WAYS.name] = nasty_rows(owners.WAYS.columns, found, rows=7 * len(targets))
    return tables


def totals(config: ProjectConfig, names: Collection[str]) -> dict[str, pa.Table]:
    """Activities and quarantined rows of every kind, and visitors of whom some have a profile."""
    listed: _Values = {"activity": list(config.activities), "activity_id": keys(), "source_line": _LINES}
    visitors: _Values = {"kind": ["visitor"], "source": [its.source for its in config.activities.values()], "record_key": keys(5)}
    own = {
        "unified_activities": nasty_rows(UNIFIED_ACTIVITIES.columns, listed),
        "activity_quarantine": nasty_rows(ACTIVITY_QUARANTINE.columns, listed),
        "alternate_keys": nasty_rows([Column(each, "varchar", each) for each in visitors], visitors, rows=10),
        AS_OF.name: _day(),
    }
    return {name: own[name] if name in own else _source(config, name) for name in names}


def _day() -> pa.Table:
    return nasty_rows(AS_OF.columns, {"day": [date(2024, 5, 6)]}, rows=1)


def _source(config: ProjectConfig, source: str) -> pa.Table:
    more: _Values = {"event_id": keys(), "visitor_id": keys(9), "record_key": keys()}
    return nasty_rows(table_of(source, config.sources[source]).columns, {**more, **_COMMON})
