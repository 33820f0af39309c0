"""The stages of this station, for the test that runs every stage in several buckets."""

from cdp_assets.lake import Stage
from cdp_assets.measures import customer_measures
from cdp_assets_tests.measures.world import config


def examples() -> list[list[Stage]]:
    """A measure of each function."""
    return [customer_measures.stages(config())]
