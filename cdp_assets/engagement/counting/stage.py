"""The stage that makes days of INTERACTIONS: it is told which days are due, has them read, and counts."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import pyarrow as pa

from cdp_assets.engagement.tables import INTERACTIONS
from cdp_assets.lake import Source, Stage, Table, columns, whole
from cdp_assets.lake.source import literal

CALENDAR = Table(
    "days of interactions",
    grain="a day that the window holds",
    key=("day",),
    columns=columns("day | date | the day, UTC"),
    partition="day",
)


def calendar(first: date, end: date, state: str) -> Source:
    """The days from `first` on and before `end`; `state` stands for all that their contents depend on."""
    days = [first + timedelta(days=number) for number in range((end - first).days)]
    values = f"select cast(d as date) as day from range(date {literal(str(first))}, date {literal(str(end))}, interval 1 day) t(d)"
    return Source(CALENDAR, values, digest=state, partitions={str(day): state for day in days})


def no_days() -> Source:
    """No day at all: what was there is taken out."""
    return Source(CALENDAR, "select cast(null as date) as day where false", digest="none")


def stage(read: Callable[[list[date]], pa.Table]) -> Stage:
    """Reads the due days as `calendar` and writes the rows that `read` counts for them."""

    def body(tables: Mapping[str, pa.Table], _params: Mapping[str, Any]) -> pa.Table:
        days = sorted(tables["calendar"]["day"].to_pylist())
        return read(days) if days else INTERACTIONS.arrow_schema().empty_table()

    return Stage("interactions", {"calendar": whole()}, body, INTERACTIONS)


def spans(days: Sequence[date], longest: int) -> list[tuple[date, date]]:
    """Days (sorted) as spans (first, last + 1) without gaps, none longer than `longest` days."""
    found: list[tuple[date, date]] = []
    for day in days:
        if found and found[-1][1] == day and (day - found[-1][0]).days < longest:
            found[-1] = (found[-1][0], day + timedelta(days=1))
        else:
            found.append((day, day + timedelta(days=1)))
    return found
