"""Who a visitor id was, and when: the days put together. An event is given its person by joining with this table."""

import pyarrow as pa

from cdp_assets.events.tables import VISITOR_IDENTITIES
from cdp_assets.lake import Check, Stage, by

_IDENTITIES = """
with visitors as (
    select source, visitor_id, min(first_at) as first_seen, max(last_at) as last_seen, sum(events) as events
    from visitor_links
    where known_source = ''
    group by source, visitor_id
), given as (
    select source, visitor_id, known_source, known_field, known_value, first_at,
        lag(known_value) over (
            partition by source, visitor_id, known_source, known_field order by first_at, known_value
        ) as value_before
    from visitor_links
    where known_source <> ''
), identified as (
    select source, visitor_id, known_source, known_field, known_value, first_at as identified_at,
        value_before is null as is_first,
        lead(first_at) over (partition by source, visitor_id, known_source, known_field order by first_at, known_value) as valid_to,
        row_number() over (
            partition by source, visitor_id order by first_at, known_source, known_field, known_value
        ) as nth
    from given
    where value_before is distinct from known_value
)
select visitors.source, visitors.visitor_id, coalesce(identified.nth, 1) as nth,
    identified.known_source, identified.known_field, identified.known_value,
    case when identified.is_first is false then identified.identified_at else visitors.first_seen end as valid_from,
    identified.valid_to, identified.identified_at, visitors.first_seen, visitors.last_seen, visitors.events
from visitors
left join identified on visitors.source = identified.source and visitors.visitor_id = identified.visitor_id
"""

_VISITORS_LOST = """
select (select count(*) from (select source, visitor_id from visitor_links except select source, visitor_id from visitor_identities))
    + (select count(*) from (select source, visitor_id from visitor_identities except select source, visitor_id from visitor_links))
"""
_EVENTS_LOST = """
select abs(
    (select coalesce(sum(events), 0) from visitor_links where known_source = '')
    - (select coalesce(sum(events), 0) from visitor_identities where nth = 1)
)
"""


def stages() -> list[Stage]:
    """Reads visitor_links of all days; one row a visitor and identity, at least one a visitor.

    The first identity of a field reaches back to the visitor's first event; each ends where the next of the same field
    begins. Writes VISITOR_IDENTITIES.
    """
    reads = {"visitor_links": by("source", "visitor_id")}
    return [Stage("visitor_identities", reads, _IDENTITIES, VISITOR_IDENTITIES, nasty=_nasty)]


def checks() -> list[Check]:
    """Every visitor is in, and so are all its events."""
    return [
        Check("visitors", "the visitors of the days are those with an identity, known or not", _VISITORS_LOST),
        Check("conservation", "events of the days = events of the visitors", _EVENTS_LOST),
    ]


def _nasty() -> dict[str, pa.Table]:
    """One id on two days, another in between, two at one instant, ids of two fields, a visitor in two sources, an unknown one."""
    given: list[tuple[int, str, str, str, str, int]] = [
        (1, "web", "v", "", "", 1),
        (1, "web", "v", "id", "a", 2),
        (2, "web", "v", "", "", 30),
        (2, "web", "v", "id", "a", 30),
        (2, "web", "v", "id", "b", 31),
        (2, "web", "v", "id", "a", 32),
        (2, "web", "v", "id", "c", 32),
        (2, "web", "v", "mail", "a@b", 32),
        (3, "app", "v", "", "", 50),
        (3, "app", "v", "id", "a", 50),
        (3, "web", "w", "", "", 51),
    ]
    hour = 3_600_000_000
    at = pa.array([row[5] * hour for row in given], pa.timestamp("us"))
    return {
        "visitor_links": pa.table(
            {
                "day": pa.array([row[0] for row in given], pa.int32()).cast(pa.date32()),
                "source": [row[1] for row in given],
                "visitor_id": [row[2] for row in given],
                "known_source": ["crm" if row[3] else "" for row in given],
                "known_field": [row[3] for row in given],
                "known_value": [row[4] for row in given],
                "first_at": at,
                "last_at": at,
                "events": pa.array([1] * len(given), pa.int64()),
            }
        )
    }
