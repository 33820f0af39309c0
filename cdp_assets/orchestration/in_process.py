"""Running a job in this process, recorded in the project's instance as runs from Dagster's UI are."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime

import dagster as dg

from cdp_assets.config import Project
from cdp_assets.lake import BusyError, Holder
from cdp_assets.orchestration.alert import KINDS, Alert, alert_of
from cdp_assets.orchestration.build import build_defs
from cdp_assets.orchestration.failures import was_interrupted
from cdp_assets.orchestration.jobs import REFRESH_ISOLATED
from cdp_assets.orchestration.keys import RUN
from cdp_assets.orchestration.notify import tell
from cdp_assets.orchestration.run_resource import AS_OF_TAG, UI_USER, USER_TAG, Progress, run_resource

# As runs launched from Dagster's UI have them, so that its timeline and the job's page show this run too.
OF_THE_LOCATION = {"dagster/code_location": "cdp", ".dagster/repository": "__repository__@cdp"}
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def execute(
    project: Project,
    job_name: str,
    user: str,
    run_id: str,
    as_of: date | None,
    progress: Progress | None = None,
    on_count: Callable[[int], None] | None = None,
    tags: Mapping[str, str] | None = None,
) -> dg.ExecuteInProcessResult:
    """Run the job. `on_count` is told how many steps there are; `tags` are further ones of the run.

    Raises KeyboardInterrupt where a step was interrupted.
    """
    job = build_defs(project, resources={RUN: run_resource(project, progress)}).resolve_job_def(job_name)
    if on_count:
        on_count(len(list(job.asset_layer.executable_asset_keys)))
    all_tags = {**OF_THE_LOCATION, USER_TAG: user, **({AS_OF_TAG: as_of.isoformat()} if as_of else {}), **(tags or {})}
    with _instance() as instance:
        result = job.execute_in_process(run_config=QUIET, instance=instance, raise_on_error=False, run_id=run_id, tags=all_tags)
        if not result.success and was_interrupted(result.all_events):
            instance.report_run_canceled(result.dagster_run, "Stopped from the command line. Tables keep their last whole versions.")
            raise KeyboardInterrupt
    return result


@contextmanager
def _instance() -> Iterator[dg.DagsterInstance]:
    """Dagster's instance is disposed of, not closed."""
    instance = dg.DagsterInstance.get()
    try:
        yield instance
    finally:
        instance.dispose()


def wait_for_isolated_runs(deadline: float) -> None:
    """Processes of `refresh_isolated` hold the lock step by step: between two of them only Dagster knows that it goes on."""
    with _instance() as instance:
        going_on = dg.RunsFilter(job_name=REFRESH_ISOLATED, statuses=[dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING])
        while runs := instance.get_runs(going_on, limit=1):
            if time.monotonic() >= deadline:
                raise BusyError(Holder(runs[0].run_id, UI_USER, 0, "its start, in processes of its own"))
            time.sleep(1)


def tell_of_failure(project: Project, result: dg.ExecuteInProcessResult, user: str, as_of: date | None) -> tuple[Alert, tuple[str, ...]]:
    """Tell those whom cdp.yaml names that a run of the command line has failed; the alert, and what could not be done, in words.

    No daemon is needed. Its sensor tells of the runs that the daemon started, so that nobody is told twice.
    """
    run = result.dagster_run
    day = (as_of or datetime.now(UTC).date()).isoformat()
    with _instance() as instance:  # a step that fails takes what it has logged itself out of the result, but not out of the log
        events = [entry.dagster_event for entry in instance.all_logs(run.run_id, of_type=set(KINDS)) if entry.dagster_event is not None]
    alert = alert_of(project, run.job_name, run.run_id, user, day, events)
    return alert, tuple(tell(project, alert))
