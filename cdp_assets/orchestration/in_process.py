"""Running a job in this process, recorded in the project's instance as runs from Dagster's UI are, and why one failed."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date

import dagster as dg
from dagster_shared.error import SerializableErrorInfo

from cdp_assets.config import Project
from cdp_assets.lake import BusyError, Holder
from cdp_assets.orchestration.build import build_defs
from cdp_assets.orchestration.jobs import REFRESH_ISOLATED
from cdp_assets.orchestration.keys import RUN
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
    if any(_interrupted(event) for event in result.filter_events(lambda e: e.is_step_failure)):
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


def _interrupted(event: dg.DagsterEvent) -> bool:
    error = event.step_failure_data.error
    return error is not None and error.cls_name == "DagsterExecutionInterruptedError"


def message(event: dg.DagsterEvent) -> str:
    """Why a step failed, for people."""
    data = event.step_failure_data
    if data.user_failure_data and data.user_failure_data.description:
        return str(data.user_failure_data.description)
    return _of_error(data.error)


def start_failure(result: dg.ExecuteInProcessResult) -> str:
    """Why no step was started: what the run needs first (the lock, the versions to read) could not be opened."""
    events = result.filter_events(lambda e: e.is_engine_event or e.is_resource_init_failure)
    errors = [e.engine_event_data.error for e in events if e.engine_event_data.error is not None]
    return _of_error(errors[0] if errors else None)


def _of_error(error: SerializableErrorInfo | None) -> str:
    """The message of our own errors; of others the kind only, as their texts can hold values."""
    while error is not None and error.cause is not None:
        error = error.cause
    if error is None:
        return "failed: see the run in Dagster's UI"
    if error.cls_name == "Failure":
        return error.message.partition(": ")[2].strip()
    if "disk is full" in error.message:
        return "the disk is full. Free some space and refresh again; nothing was written in part."
    return f"{error.cls_name}: see the run in Dagster's UI"
