"""Jobs: what a run covers and in which processes."""

from collections.abc import Sequence

import dagster as dg

REFRESH = "refresh"
REFRESH_ISOLATED = "refresh_isolated"
EVENT_DAYS = "event_days"


def jobs(daily: Sequence[str]) -> list[dg.UnresolvedAssetJobDefinition]:
    """All jobs. `daily` names the assets that are divided by day."""
    made = [
        dg.define_asset_job(
            REFRESH,
            selection=dg.AssetSelection.all(),
            description="Sources to the published snapshot, in one run. Without days: the event days that are due.",
        ),
        dg.define_asset_job(
            REFRESH_ISOLATED,
            selection=dg.AssetSelection.all(),
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
    return made
