"""What each day knows of a visitor: partial sums, so that a late event costs its own day and nothing else."""

import pyarrow as pa

from cdp_assets.events.tables import VISITOR_LINKS
from cdp_assets.lake import Check, Stage, by

# At the same instant the known id decides the order, so that the result does not depend on how rows were read.
_LINKS = """
with given as (
    select day, source, visitor_id, event_id, time,
        unnest(known_sources) as known_source, unnest(known_fields) as known_field, unnest(known_values) as known_value
    from events
), changes as (
    select *,
        case when known_value is distinct from lag(known_value) over (
            partition by day, source, visitor_id, known_source, known_field order by time, known_value, event_id
        ) then 1 else 0 end as changed
    from given
), runs as (
    select *,
        sum(changed) over (
            partition by day, source, visitor_id, known_source, known_field order by time, known_value, event_id
            rows unbounded preceding
        ) as run
    from changes
), links as (
    select day, source, visitor_id, known_source, known_field, known_value,
        min(time) as first_at, max(time) as last_at, count(distinct event_id) as events
    from runs
    group by day, source, visitor_id, known_source, known_field, known_value, run
    union all
    select day, source, visitor_id, '' as known_source, '' as known_field, '' as known_value,
        min(time) as first_at, max(time) as last_at, count(*) as events
    from events
    group by day, source, visitor_id
)
select day, source, visitor_id, known_source, known_field, known_value, first_at, last_at, events from links
"""

_EVENTS_LOST = """
select abs((select count(*) from events) - (select coalesce(sum(events), 0) from visitor_links where known_source = ''))
"""
_IDS_LOST = """
select count(*) from (
    select day, source, known_source, known_field, known_value, count(*) as events
    from (
        select distinct day, source, event_id, unnest(known_sources) as known_source, unnest(known_fields) as known_field,
            unnest(known_values) as known_value
        from events
    ) group by all
) as given full join (
    select day, source, known_source, known_field, known_value, sum(events) as events
    from visitor_links where known_source <> '' group by all
) as kept using (day, source, known_source, known_field, known_value)
where given.events is distinct from kept.events
"""


def stages() -> list[Stage]:
    """Reads events by day; one row a visitor and day for all its events, and one a run of events with one known id.

    A run ends where another id of the same source and field is given; events without one do not end it. Writes
    VISITOR_LINKS.
    """
    return [Stage("visitor_links", {"events": by("day", "source", "visitor_id")}, _LINKS, VISITOR_LINKS, nasty=_nasty)]


def checks() -> list[Check]:
    """Every event is counted once for its visitor, and once for each known id that it carries."""
    return [
        Check("conservation", "events = events of the visitors", _EVENTS_LOST),
        Check("known_ids", "each known id counts as many events as carry it", _IDS_LOST),
    ]


def _nasty() -> dict[str, pa.Table]:
    """Two people on one device on one day, two ids in one event, two ids of one field at one instant, none at all."""
    given: list[tuple[int, str, str, int, list[str]]] = [
        (1, "v", "e1", 10, []),
        (1, "v", "e2", 11, ["a"]),
        (1, "v", "e3", 12, []),
        (1, "v", "e4", 13, ["b"]),
        (1, "v", "e5", 13, ["a"]),
        (1, "v", "e6", 14, ["a", "b"]),
        (1, "w", "e7", 9, ["a"]),
        (2, "v", "e8", 30, ["a"]),
        (2, "w", "e9", 31, []),
        (2, "u", "e10", 32, []),
    ]
    hour = 3_600_000_000
    return {
        "events": pa.table(
            {
                "day": pa.array([day for day, *_ in given], pa.int32()).cast(pa.date32()),
                "source": ["web"] * len(given),
                "event_id": [event for _, _, event, _, _ in given],
                "visitor_id": [visitor for _, visitor, _, _, _ in given],
                "time": pa.array([at * hour for _, _, _, at, _ in given], pa.timestamp("us")),
                "event": pa.array(["view"] * len(given)),
                "known_sources": pa.array([["crm"] * len(ids) for *_, ids in given], pa.list_(pa.string())),
                "known_fields": pa.array([["id"] * len(ids) for *_, ids in given], pa.list_(pa.string())),
                "known_values": pa.array([ids for *_, ids in given], pa.list_(pa.string())),
            }
        )
    }
