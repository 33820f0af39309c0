"""The schedule of the section `schedule` in cdp.yaml."""

import dagster as dg

from cdp_assets.config import ProjectConfig
from cdp_assets.orchestration.jobs import REFRESH


def schedules(config: ProjectConfig) -> list[dg.ScheduleDefinition]:
    """One schedule that refreshes everything that is due; none where `schedule.cron` is empty. Off until switched on."""
    if config.schedule.cron is None:
        return []
    return [
        dg.ScheduleDefinition(
            name="refresh_schedule",
            job_name=REFRESH,
            cron_schedule=config.schedule.cron,
            execution_timezone=config.schedule.time_zone,
            description="Refreshes everything at the times of `schedule` in cdp.yaml. Event days that are due are found by the run.",
            default_status=dg.DefaultScheduleStatus.STOPPED,
        )
    ]
