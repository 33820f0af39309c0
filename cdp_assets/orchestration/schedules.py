"""The schedules: of the section `schedule` in cdp.yaml, and of each export that has one."""

import dagster as dg

from cdp_assets.config import ProjectConfig
from cdp_assets.orchestration.jobs import REFRESH


def schedules(config: ProjectConfig) -> list[dg.ScheduleDefinition]:
    """One that refreshes everything that is due (none where `schedule.cron` is empty), and those of exports. Off until switched on."""
    made = []
    if config.schedule.cron is not None:
        why = "Refreshes everything at the times of `schedule` in cdp.yaml. Event days that are due are found by the run."
        made.append(_schedule(config, REFRESH, config.schedule.cron, why))
    for name, export in config.exports.items():
        if export.schedule is not None:
            why = f"Runs the export {name} at the times of its `schedule` in cdp.yaml."
            made.append(_schedule(config, f"run_export_{name}", export.schedule, why))
    return made


def _schedule(config: ProjectConfig, job: str, cron: str, why: str) -> dg.ScheduleDefinition:
    return dg.ScheduleDefinition(
        name=f"{job}_schedule",
        job_name=job,
        cron_schedule=cron,
        execution_timezone=config.schedule.time_zone,
        description=why,
        default_status=dg.DefaultScheduleStatus.STOPPED,
    )
