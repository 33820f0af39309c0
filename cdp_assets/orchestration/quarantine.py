"""The asset `quarantine`: written by the sources' own steps, shown as an asset of its own below them."""

import dagster as dg

from cdp_assets.config import Project
from cdp_assets.orchestration.steps import OWNERS, column_schema
from cdp_assets.sources.tables import QUARANTINE


def quarantine_asset(project: Project) -> dg.AssetSpec:
    """A source's step commits its partition of the table and reports it here; so the asset cannot be run by itself."""
    return dg.AssetSpec(
        QUARANTINE.name,
        deps=sorted(project.config.sources),
        description=(
            "Rows of the sources that could not be read, with the reason by field. Written by the sources' own steps: "
            f"materialise a source to renew its part.\n\nA row is {QUARANTINE.grain}."
        ),
        group_name="sources",
        kinds={"duckdb", "deltalake"},
        owners=OWNERS,
        metadata={
            "dagster/column_schema": column_schema(QUARANTINE),
            "key": ", ".join(QUARANTINE.key),
            "retention": QUARANTINE.retention,
        },
        tags={"personal": "no"},
    )
