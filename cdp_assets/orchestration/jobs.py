"""Jobs: what a run covers and in which processes."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import dagster as dg

from cdp_assets.orchestration.keys import Prefix, asset_key, named
from cdp_assets.orchestration.modes import JOBS, Mode

if TYPE_CHECKING:
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

REFRESH = "refresh"
REFRESH_ISOLATED = "refresh_isolated"
EVENT_DAYS = "event_days"
MAINTAIN = "maintain"
RUN_EXPORT = "run_export_"  # and the name of the export
_PARTS = tuple(job.partition("{")[0] for job in JOBS.values())


def is_refresh(job: str) -> bool:
    """Whether a job (before the prefix) is a refresh or a part of one: it does all that is due, whatever days its form asks for."""
    return job in (REFRESH, REFRESH_ISOLATED) or job.startswith(_PARTS)


def selected(tables: Sequence[str], prefix: Prefix) -> dg.AssetSelection:
    """The assets of these tables, by their keys: beside ours there may be those of others."""
    return dg.AssetSelection.assets(*(asset_key(table, prefix) for table in tables))


def everything(tables: Sequence[str], prefix: Prefix) -> dg.AssetSelection:
    """What a refresh covers. The check is named because no step of its own makes the table that it belongs to."""
    return selected(tables, prefix) | dg.AssetSelection.checks(dg.AssetCheckKey(asset_key("quarantine", prefix), "rows_in_quarantine"))


def jobs(
    tables: Sequence[str], daily: Sequence[str], exports: Sequence[str] = (), prefix: Prefix = (), modes: Sequence[Mode] = ()
) -> "list[UnresolvedAssetJobDefinition]":
    """All jobs. `tables` are those of a refresh, `daily` those divided by day, `exports` those that send: each has a job run_<table>.

    `modes` are parts of a refresh. What goes out is never part of one: saving an export does not run it. The executor is each job's
    own, so that it is not that of somebody else's jobs in the same code location.
    """
    made = [
        dg.define_asset_job(
            named(REFRESH, prefix),
            selection=everything(tables, prefix),
            executor_def=dg.in_process_executor,
            description="Sources to the published snapshot, in one run. The form asks for days: choose Latest; all that are due are done.",
        ),
        dg.define_asset_job(
            named(REFRESH_ISOLATED, prefix),
            selection=everything(tables, prefix),
            executor_def=dg.multiprocess_executor.configured({"max_concurrent": 1, "start_method": {"forkserver": {}}}),
            description="The same, each step in a process of its own: for data near the memory's limit. One step at a time.",
        ),
    ]
    made += [
        dg.define_asset_job(
            named(mode.job, prefix),
            selection=selected(mode.tables, prefix),
            executor_def=dg.in_process_executor,
            description=mode.description,
        )
        for mode in modes
    ]
    if daily:
        made.append(
            dg.define_asset_job(
                named(EVENT_DAYS, prefix),
                selection=selected(daily, prefix),
                executor_def=dg.in_process_executor,
                description="Event days only: choose any range, it is one run.",
            )
        )
    made += [
        dg.define_asset_job(
            named(f"run_{name}", prefix),
            selection=selected([name], prefix),
            executor_def=dg.in_process_executor,
            description="Sends what the export describes, once.",
        )
        for name in exports
    ]
    return made
