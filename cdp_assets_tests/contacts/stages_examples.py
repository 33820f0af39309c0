"""The stages of this station, for the test that runs every stage in several buckets."""

from cdp_assets.contacts import links, profiles
from cdp_assets.contacts.assets import steps
from cdp_assets.lake import Stage
from cdp_assets_tests.contacts.world import alone, config, project, without_customers


def examples() -> list[list[Stage]]:
    """Accounts and contacts of several sources and of one, with and without customers."""
    return [
        *(list(step.stages()) for step in steps(project())),
        links.link_stages(alone().config),
        links.quarantine_stages(config()),
        profiles.stages(without_customers()),
    ]
