"""The sensor that tells people of failed runs, of those that Dagster's daemon has started. `cdp` tells of its own runs itself."""

from collections.abc import Collection

import dagster as dg

from cdp_assets.config import Project
from cdp_assets.orchestration.alert import KINDS, alert_of
from cdp_assets.orchestration.keys import Prefix, asset_key, named
from cdp_assets.orchestration.notify import OnFailure, tell
from cdp_assets.orchestration.run_resource import AS_OF_TAG, UI_USER, USER_TAG
from cdp_assets.orchestration.statuses import WILL_RETRY_TAG

SECONDS = 30


def alert_sensors(
    project: Project, jobs: Collection[str], tables: Collection[str], prefix: Prefix = (), on_failure: OnFailure | None = None
) -> list[dg.SensorDefinition]:
    """The sensor on failed runs of these jobs (as Dagster calls them) and of assets of these tables; none where nobody is to be told.

    It is on from the start. A run that Dagster starts again by itself has not failed for good: nobody is told of it.
    """
    if project.config.alerts is None and on_failure is None:
        return []
    ours = {asset_key(table, prefix) for table in tables}

    @dg.run_failure_sensor(
        name=named("alerts", prefix),
        minimum_interval_seconds=SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Tells those whom the section `alerts` of cdp.yaml names when a run has failed for good.",
    )
    def _sensor(context: dg.RunFailureSensorContext) -> None:
        run = context.dagster_run
        if run.job_name not in jobs and not ours & set(run.asset_selection or ()):
            return
        if run.tags.get(WILL_RETRY_TAG) == "true":
            context.log.info("nobody was told: Dagster starts the run again by itself")
            return
        entries = context.instance.all_logs(run.run_id, of_type=set(KINDS))
        events = [entry.dagster_event for entry in entries if entry.dagster_event is not None]
        user, as_of = run.tags.get(USER_TAG, UI_USER), run.tags.get(AS_OF_TAG) or "the day of the run"
        for problem in tell(project, alert_of(project, run.job_name, run.run_id, user, as_of, events, prefix), on_failure):
            context.log.warning(problem)

    return [_sensor]
