"""The schedules: of the section `schedule` in cdp.yaml, and of each export that has one."""

from collections.abc import Sequence

import dagster as dg

from cdp_assets.config import ProjectConfig
from cdp_assets.orchestration.jobs import REFRESH
from cdp_assets.orchestration.keys import Prefix, named


def schedules(config: ProjectConfig, prefix: Prefix = ()) -> list[dg.ScheduleDefinition]:
    """One that refreshes everything that is due (none where `schedule` is off), and those of exports.

    The refresh is on from the start where cdp.yaml says when, as that is what the section is for; what sends data out waits until
    somebody switches it on. A tick whose refresh meets one that is still at work waits in the queue.
    """
    made = []
    when = config.schedule
    if when.crons:
        why = "Refreshes everything at the times of `schedule` in cdp.yaml. Event days that are due are found by the run."
        made.append(_schedule(config, named(REFRESH, prefix), when.crons, why, on=when.stated))
    for name, export in config.exports.items():
        if export.schedule is not None:
            why = f"Runs the export {name} at the times of its `schedule` in cdp.yaml."
            made.append(_schedule(config, named(f"run_export_{name}", prefix), [export.schedule], why, on=False))
    return made


def _schedule(config: ProjectConfig, job: str, crons: Sequence[str], why: str, *, on: bool) -> dg.ScheduleDefinition:
    return dg.ScheduleDefinition(
        name=f"{job}_schedule",
        job_name=job,
        cron_schedule=crons[0] if len(crons) == 1 else list(crons),
        execution_timezone=config.schedule.time_zone,
        description=why,
        default_status=dg.DefaultScheduleStatus.RUNNING if on else dg.DefaultScheduleStatus.STOPPED,
    )
