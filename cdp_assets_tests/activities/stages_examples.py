"""The stages of this station, for the test that runs every stage in several buckets."""

from cdp_assets.activities import balance, unified
from cdp_assets.lake import Stage
from cdp_assets_tests.activities.world import config, only


def examples() -> list[list[Stage]]:
    """All kinds of activities together, orders alone, and web events alone."""
    projects = [config(), only("purchases"), only("visits")]
    return [stages(each) for each in projects for stages in (unified.stages, unified.quarantine_stages, balance.stages)]
