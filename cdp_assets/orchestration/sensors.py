"""The sensor on source files: asks for a refresh of exactly what new, changed and vanished files touch."""

import time
from collections.abc import Sequence

import dagster as dg

from cdp_assets.config import Project
from cdp_assets.lake import Step
from cdp_assets.orchestration.jobs import REFRESH
from cdp_assets.orchestration.keys import Prefix, asset_key, named
from cdp_assets.orchestration.modes import reachable
from cdp_assets.orchestration.shown import assets_among
from cdp_assets.orchestration.watch import Look, look, remembered

MINIMUM_SECONDS = 30
WAITING = [dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.STARTING]
DESCRIPTION = """Asks for one refresh when files of sources are new, changed or gone: these sources and what depends on them, but no export.

A file that was only touched, or that is still being written, asks for nothing. Sources that read a database are not seen: the schedule
refreshes them. While a refresh that it asked for waits to begin, it asks for no other."""


def source_files_sensor(project: Project, steps: Sequence[Step], prefix: Prefix = ()) -> dg.SensorDefinition:
    """The sensor, off until it is switched on. Its cursor is what it last asked for, by source: a changed cdp.yaml loses nothing.

    Its requests have no key: Dagster refuses a key for ever, and files may come back to what they once were.
    """
    name = named("source_files_sensor", prefix)
    below = _below(steps)

    @dg.sensor(
        name=name,
        job_name=named(REFRESH, prefix),
        minimum_interval_seconds=MINIMUM_SECONDS,
        default_status=dg.DefaultSensorStatus.STOPPED,
        description=DESCRIPTION,
    )
    def _sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        found = look(project, remembered(context.cursor), time.time_ns())
        cursor = found.memory.text()
        if not found.touched:
            context.update_cursor(cursor)
            return dg.SkipReason(_nothing(found))
        if waiting := context.instance.get_runs(dg.RunsFilter(tags={"dagster/sensor_name": name}, statuses=WAITING), limit=1):
            return dg.SkipReason(f"Run {waiting[0].run_id[:8]} that this sensor asked for still waits to begin. Then: {found.why}")
        tables = assets_among(reachable(found.touched, below), steps)
        context.log.info("source files: %s", found.why)
        request = dg.RunRequest(
            tags={"cdp/why": str(found.why)[:200]},
            asset_selection=[asset_key(table, prefix) for table in tables],
        )
        return dg.SensorResult(run_requests=[request], cursor=cursor)

    return _sensor


def _below(steps: Sequence[Step]) -> dict[str, list[str]]:
    """Table -> the tables that are made from it."""
    below: dict[str, list[str]] = {step.table.name: [] for step in steps}
    for step in steps:
        for table in step.reads.values():
            if table.name in below and table.name != step.table.name:
                below[table.name].append(step.table.name)
    return below


def _nothing(found: Look) -> str:
    waits = f" Still being written, so looked at again at the next tick: {', '.join(found.waiting)}." if found.waiting else ""
    return f"{found.files} source files, none new, changed or gone since the last request.{waits}"
