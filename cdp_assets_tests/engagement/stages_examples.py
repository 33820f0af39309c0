"""The stages of this station, for the test that runs every stage in several buckets."""

from cdp_assets.engagement import score
from cdp_assets.lake import Stage


def examples() -> list[list[Stage]]:
    return [score.stages()]
