"""The stages of this station, for the test that runs every stage in several buckets."""

from cdp_assets.governance import consents
from cdp_assets.lake import Stage
from cdp_assets_tests.governance.consent_world import config


def examples() -> list[list[Stage]]:
    """Whose statements are, and what follows from them."""
    return [consents.statement_stages(config()), consents.consent_stages()]
