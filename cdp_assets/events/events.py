"""The events of all sources in one shape. What an event says of its visitor is kept beside it; who that is, is a join."""

from collections.abc import Mapping, Sequence

import pyarrow as pa
import sqlglot
from sqlglot import exp

from cdp_assets.config import EventsSource, ProjectConfig
from cdp_assets.events.tables import EVENTS
from cdp_assets.lake import Check, Stage, anyhow
from cdp_assets.lake.source import name as quoted
from cdp_assets.lake.source import parquet_rows


def event_sources(config: ProjectConfig) -> dict[str, EventsSource]:
    """The sources of events by name, in the order of the configuration."""
    return {name: source for name, source in config.sources.items() if isinstance(source, EventsSource)}


def stages(config: ProjectConfig) -> list[Stage]:
    """Reads the tables of all sources of events, each divided by its column `day`; one row an event. Writes EVENTS."""
    sources = event_sources(config)
    selects = [_select(name, source) for name, source in sources.items()]
    query: exp.Query | str = parquet_rows(EVENTS, [])  # no source of events, no rows
    if selects:
        query = exp.union(*selects, distinct=False) if len(selects) > 1 else selects[0]
    return [Stage("events", {name: anyhow() for name in sources}, query, EVENTS, nasty=lambda: _nasty(sources))]


def checks(config: ProjectConfig) -> list[Check]:
    """No event is lost and none is made up."""
    rows = " + ".join(f"(select count(*) from {quoted(name)})" for name in event_sources(config)) or "0"
    sql = f"select abs({rows} - (select count(*) from events))"
    return [Check("conservation", "events of the sources = events", sql)]


def _select(name: str, source: EventsSource) -> exp.Select:
    values = [exp.column(column, quoted=True) for column in source.known_as]
    targets = [target.partition(".") for target in source.known_as.values()]
    return exp.select(
        "day", exp.Literal.string(name).as_("source"), "event_id", "visitor_id", "time", "event",
        _where_given([exp.Literal.string(its_source) for its_source, _, _ in targets], values).as_("known_sources"),
        _where_given([exp.Literal.string(field) for _, _, field in targets], values).as_("known_fields"),
        _where_given(values, values).as_("known_values"),
    ).from_(exp.to_table(name, quoted=True))  # fmt: skip


def _where_given(items: Sequence[exp.Expr], values: Sequence[exp.Expr]) -> exp.Expr:
    """The list of the items whose value is not null."""
    cases = [exp.case().when(value.copy().is_(exp.null()).not_(), item.copy()) for item, value in zip(items, values, strict=True)]
    kept = sqlglot.parse_one("list_filter(cast(:cases as varchar[]), lambda x: x is not null)", dialect="duckdb")
    tree: exp.Expr = exp.replace_placeholders(kept, cases=exp.array(*cases, dialect="duckdb"))
    return tree


def _nasty(sources: Mapping[str, EventsSource]) -> dict[str, pa.Table]:
    """The same event id in every source, a known id that is null, and no event at all in the last of several sources."""
    tables: dict[str, pa.Table] = {}
    for number, (name, source) in enumerate(sources.items()):
        rows = 0 if number and number == len(sources) - 1 else 9
        time = pa.array([1_700_000_000_000_000 + (row // 2) * 43_200_000_000 for row in range(rows)], pa.timestamp("us"))
        tables[name] = pa.table(
            {
                "event_id": pa.array([f"e{row}" for row in range(rows)], pa.string()),
                "visitor_id": pa.array([f"v{row % 3}" for row in range(rows)], pa.string()),
                "time": time,
                "day": time.cast(pa.date32(), safe=False),
                "event": pa.array([None if row % 4 else "view" for row in range(rows)], pa.string()),
                **{column: pa.array([None if row % 2 else f"{row % 3}" for row in range(rows)], pa.string()) for column in source.known_as},
            }
        )
    return tables
