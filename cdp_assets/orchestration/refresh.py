"""A refresh launched through us (the command line): the job `refresh` in this process, recorded in the project's instance."""

import time
import uuid
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import dagster as dg
from dagster_shared.error import SerializableErrorInfo

from cdp_assets.config import Project, Role
from cdp_assets.governance import record, require
from cdp_assets.lake import BusyError, Holder, Place, project_lock
from cdp_assets.orchestration.build import build_defs
from cdp_assets.orchestration.instance import home
from cdp_assets.orchestration.jobs import REFRESH, REFRESH_ISOLATED
from cdp_assets.orchestration.run_resource import AS_OF_TAG, UI_USER, USER_TAG, Progress, process, run_resource

# As runs launched from Dagster's UI have them, so that its timeline and the job's page show this run too.
OF_THE_LOCATION = {"dagster/code_location": "cdp", ".dagster/repository": "__repository__@cdp"}
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@dataclass(frozen=True)
class Summary:
    """How a refresh ended.

    `rows`: table -> rows now; `quarantined`: source -> rows of it that could not be read; `failed`: asset -> message;
    `skipped`: what depended on those.
    """

    run: str
    as_of: str
    ok: bool
    rows: dict[str, int] = field(default_factory=dict)
    unchanged: tuple[str, ...] = ()
    quarantined: dict[str, int] = field(default_factory=dict)
    numbers: dict[str, dict[str, float | int]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    skipped: tuple[str, ...] = ()
    seconds: float = 0.0
    processor_seconds: float = 0.0


def refresh(
    project: Project,
    user: str,
    *,
    as_of: date | None = None,
    wait_seconds: float = 0,
    progress: Callable[[str, str], None] | None = None,
    on_count: Callable[[int], None] | None = None,
) -> Summary:
    """Run everything that is due. Raises BusyError when another run holds the project and waiting was not asked for."""
    require(project, user, Role.contributor, "refresh")
    home(project)
    place, run_id = Place(project.store), str(uuid.uuid4())
    place.prepare()
    started, worked = time.monotonic(), time.process_time()
    holder = Holder(run_id, user, process(), datetime.now(UTC).isoformat(timespec="seconds"))
    _wait_for_isolated_runs(time.monotonic() + wait_seconds)
    with project_lock(place.lock, holder, wait_seconds=wait_seconds):
        record(place, user=user, action="refresh", subject=run_id, outcome="allowed")
        try:
            result = _execute(project, user, run_id, as_of, progress, on_count)
            if any(_interrupted(event) for event in result.filter_events(lambda e: e.is_step_failure)):
                raise KeyboardInterrupt
        except BaseException as error:
            record(place, user=user, action="refresh", subject=run_id, outcome="failed", detail=type(error).__name__)
            raise
        summary = _summary(result, run_id, as_of, time.monotonic() - started, time.process_time() - worked)
        place.sweep(keep=None)
        record(place, user=user, action="refresh", subject=run_id, outcome="done" if summary.ok else "failed", detail=_detail(summary))
    return summary


def _wait_for_isolated_runs(deadline: float) -> None:
    """Processes of `refresh_isolated` hold the lock step by step: between two of them only Dagster knows that it goes on."""
    with closing(_Instance(dg.DagsterInstance.get())) as held:
        going_on = dg.RunsFilter(job_name=REFRESH_ISOLATED, statuses=[dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING])
        while runs := held.instance.get_runs(going_on, limit=1):
            if time.monotonic() >= deadline:
                raise BusyError(Holder(runs[0].run_id, UI_USER, 0, "its start, in processes of its own"))
            time.sleep(1)


def _execute(
    project: Project, user: str, run_id: str, as_of: date | None, progress: Progress | None, on_count: Callable[[int], None] | None
) -> dg.ExecuteInProcessResult:
    defs = build_defs(project, resources={"run": run_resource(project, progress)})
    job = defs.resolve_job_def(REFRESH)
    if on_count:
        on_count(len(list(job.asset_layer.executable_asset_keys)))
    tags = {**OF_THE_LOCATION, USER_TAG: user, **({AS_OF_TAG: as_of.isoformat()} if as_of else {})}
    with closing(_Instance(dg.DagsterInstance.get())) as held:
        return job.execute_in_process(run_config=QUIET, instance=held.instance, raise_on_error=False, run_id=run_id, tags=tags)


@dataclass(frozen=True)
class _Instance:
    """Dagster's instance is disposed of, not closed."""

    instance: dg.DagsterInstance

    def close(self) -> None:
        self.instance.dispose()


def _summary(result: dg.ExecuteInProcessResult, run_id: str, as_of: date | None, seconds: float, worked: float) -> Summary:
    rows: dict[str, int] = {}
    numbers: dict[str, dict[str, float | int]] = {}
    quarantined: dict[str, int] = {}
    unchanged: list[str] = []
    for event in result.get_asset_materialization_events():
        made = event.materialization
        values: dict[str, Any] = {key: value.value for key, value in made.metadata.items()}
        name = made.asset_key.to_user_string()
        if made.partition is None and "rows" in values:
            rows[name] = int(values["rows"])
            numbers[name] = {k: int(v) if v.is_integer() else round(v, 4) for k, v in values.items() if isinstance(v, float)}
            if values.get("unchanged"):
                unchanged.append(name)
        elif "rows_of_this_source" in values:
            quarantined[str(values["source"])] = int(values["rows_of_this_source"])
    failed = {e.step_key or "": _message(e) for e in result.filter_events(lambda e: e.is_step_failure)}
    if not result.success and not failed:
        failed["run"] = _start_failure(result)
    # Dagster says nothing of steps that it does not start because something above them failed.
    planned = {key.to_user_string() for key in result.job_def.asset_layer.executable_asset_keys}
    skipped = sorted(planned - rows.keys() - failed.keys())
    seen = as_of or datetime.now(UTC).date()
    return Summary(
        run_id,
        seen.isoformat(),
        result.success,
        rows,
        tuple(unchanged),
        quarantined,
        numbers,
        failed,
        tuple(skipped),
        seconds=round(seconds, 1),
        processor_seconds=round(worked, 1),
    )


def _interrupted(event: dg.DagsterEvent) -> bool:
    error = event.step_failure_data.error
    return error is not None and error.cls_name == "DagsterExecutionInterruptedError"


def _message(event: dg.DagsterEvent) -> str:
    data = event.step_failure_data
    if data.user_failure_data and data.user_failure_data.description:
        return str(data.user_failure_data.description)
    return _of_error(data.error)


def _start_failure(result: dg.ExecuteInProcessResult) -> str:
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


def _detail(summary: Summary) -> str | None:
    if summary.ok:
        return None
    return f"failed: {', '.join(sorted(summary.failed)) or '-'}; skipped: {len(summary.skipped)}"
