"""Jobs: what a run covers and in which processes."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import dagster as dg

if TYPE_CHECKING:
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

REFRESH = "refresh"
REFRESH_ISOLATED = "refresh_isolated"
EVENT_DAYS = "event_days"
RUN_EXPORT = "run_export_"  # and the name of the export
# What goes out is never part of a refresh: saving an export does not run it. The check is named because no step of its
# own makes the table that it belongs to.
EVERYTHING = (dg.AssetSelection.all() - dg.AssetSelection.groups("exports")) | dg.AssetSelection.checks(
    dg.AssetCheckKey(dg.AssetKey("quarantine"), "rows_in_quarantine")
)


def jobs(daily: Sequence[str], exports: Sequence[str] = ()) -> "list[UnresolvedAssetJobDefinition]":
    """All jobs. `daily` names the assets that are divided by day, `exports` those that send: each has a job run_<asset>."""
    made = [
        dg.define_asset_job(
            REFRESH,
            selection=EVERYTHING,
            description="Sources to the published snapshot, in one run. The form asks for days: choose Latest; all that are due are done.",
        ),
        dg.define_asset_job(
            REFRESH_ISOLATED,
            selection=EVERYTHING,
            executor_def=dg.multiprocess_executor.configured({"max_concurrent": 1, "start_method": {"forkserver": {}}}),
            description="The same, each step in a process of its own: for data near the memory's limit. One step at a time.",
        ),
    ]
    if daily:
        made.append(
            dg.define_asset_job(
                EVENT_DAYS,
                selection=dg.AssetSelection.assets(*daily),
                description="Event days only: choose any range, it is one run.",
            )
        )
    made += [
        dg.define_asset_job(f"run_{name}", selection=dg.AssetSelection.assets(name), description="Sends what the export describes, once.")
        for name in exports
    ]
    return made
