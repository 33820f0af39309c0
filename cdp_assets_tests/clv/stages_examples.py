"""The stages of this station, for the test that runs every stage in several buckets."""

from cdp_assets.clv import factors, features, results, scores, train, usability
from cdp_assets.clv.purchases import plans
from cdp_assets.lake import Stage
from cdp_assets_tests.clv.small import config


def examples() -> list[list[Stage]]:
    """Two predictions, of which one has its window and its share set by hand."""
    found = plans(config("year: {months: 12}\n  quarter: {months: 3, active: {days: 90}, high_value: {percent: 25}, activities: [orders]}"))
    modules = (usability, features, train, scores, results, factors)
    return [*(module.stages(found) for module in modules), scores.percentile_stages(found)]
