"""The steps of the station `events`."""

from functools import partial

from cdp_assets.config import Project
from cdp_assets.events import events, visitor_identities, visitor_links
from cdp_assets.events.tables import EVENTS, VISITOR_IDENTITIES, VISITOR_LINKS
from cdp_assets.lake import Step
from cdp_assets.sources.tables import table_of


def steps(project: Project) -> list[Step]:
    """Events by day, what they say of their visitors, and who the visitors were."""
    config = project.config
    sources = events.event_sources(config)
    return [
        Step(
            EVENTS,
            "events",
            "The web events of all sources in one shape, by day. Never rewritten when somebody becomes known.",
            {name: table_of(name, source) for name, source in sources.items()},
            stages=partial(events.stages, config),
            checks=partial(events.checks, config),
            day_of=dict.fromkeys(sources, "day"),
            by_request=True,
            numbers={"visitors": "count(distinct (source, visitor_id))", "with_known_id": "count(*) filter (len(known_values) > 0)"},
        ),
        Step(
            VISITOR_LINKS,
            "events",
            "Which known ids each visitor gave on a day: partial sums, added up on read.",
            {"events": EVENTS},
            stages=visitor_links.stages,
            checks=visitor_links.checks,
            day_of={"events": "day"},
            numbers={"links_to_known_ids": "count(*) filter (known_source <> '')"},
        ),
        Step(
            VISITOR_IDENTITIES,
            "events",
            "Who a visitor id was, from when to when, by which source and since when it is known.",
            {"visitor_links": VISITOR_LINKS},
            stages=visitor_identities.stages,
            checks=visitor_identities.checks,
            numbers={
                "known_visitors": "count(distinct (source, visitor_id)) filter (known_value is not null)",
                "unknown_visitors": "count(distinct (source, visitor_id)) filter (known_value is null)",
            },
        ),
    ]
