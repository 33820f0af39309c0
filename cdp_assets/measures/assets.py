"""The step of the station `measures`."""

from functools import partial

from cdp_assets.activities.tables import UNIFIED_ACTIVITIES
from cdp_assets.config import Project
from cdp_assets.lake import Step
from cdp_assets.lake.source import name
from cdp_assets.measures import customer_measures
from cdp_assets.measures.tables import customer_measures as declared
from cdp_assets.measures.tables import data_type
from cdp_assets.unify.tables import unified_profiles


def steps(project: Project) -> list[Step]:
    """The measures of all customers; nothing where the configuration has none."""
    config = project.config
    if not config.measures:
        return []
    figures = {n: f"avg({name(n)})" for n, measure in config.measures.items() if data_type(measure) != "timestamp"}
    numbers = {"customers": "count(*)", **{f"average_{n}": sql for n, sql in figures.items()}}
    return [
        Step(
            declared(config),
            "measures",
            "Figures of each customer, such as what they spent: one column a measure.",
            {"unified_activities": UNIFIED_ACTIVITIES, "unified_profiles": unified_profiles(config)},
            stages=partial(customer_measures.stages, config),
            checks=partial(customer_measures.checks, config),
            numbers=numbers,
        )
    ]
