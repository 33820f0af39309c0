"""The steps of the station `activities`."""

from functools import partial

from cdp_assets.activities import balance, owners, unified
from cdp_assets.activities.tables import ACTIVITY_QUARANTINE, ACTIVITY_TOTALS, UNIFIED_ACTIVITIES
from cdp_assets.config import Project
from cdp_assets.lake import Step
from cdp_assets.sources.tables import table_of
from cdp_assets.unify.tables import ALTERNATE_KEYS


def steps(project: Project) -> list[Step]:
    """Rows that are left out, activities, and the balance of both; nothing where the configuration has no activities."""
    config = project.config
    if not config.activities:
        return []
    found = unified.kinds(config)
    used = dict.fromkeys(activity.source for activity in config.activities.values())
    sources = {name: table_of(name, config.sources[name]) for name in used}
    keys = owners.reads(config, [owners.way_of(config, activity) for activity in config.activities])
    keys_of_records = owners.reads(config, [owners.way_of(config, activity) for activity in found.records])
    return [
        Step(
            ACTIVITY_QUARANTINE,
            "activities",
            "Rows of the sources that are no activity of anybody, with the reason.",
            {**sources, **keys_of_records},
            stages=partial(unified.quarantine_stages, config),
            uses_as_of=True,
            numbers={
                "quarantined": "count(*)",
                "of_nobody_known": "count(*) filter (reason in ('no_customer_key', 'customer_unknown'))",
                "money_quarantined": "sum(amount)",
            },
        ),
        Step(
            UNIFIED_ACTIVITIES,
            "activities",
            "What customers and accounts did: orders, visits and the like of all sources in one shape.",
            {**sources, **keys, "activity_quarantine": ACTIVITY_QUARANTINE},
            stages=partial(unified.stages, config),
            checks=partial(balance.checks, config),
            uses_as_of=True,
            numbers={
                "activities": "count(*)",
                "customers_with_activities": "count(distinct customer_id)",
                "returned": "count(*) filter (returned)",
                "money": "sum(amount)",
            },
        ),
        Step(
            ACTIVITY_TOTALS,
            "activities",
            "The balance of each activity: rows and money of its source, of the activities, and of what was left out.",
            {
                **sources,
                "unified_activities": UNIFIED_ACTIVITIES,
                "activity_quarantine": ACTIVITY_QUARANTINE,
                **({"alternate_keys": ALTERNATE_KEYS} if found.events else {}),
            },
            stages=partial(balance.stages, config),
            uses_as_of=bool(found.events),
            numbers={"events_without_profile": "sum(without_profile)", "money_in": "sum(money_in)"},
        ),
    ]
