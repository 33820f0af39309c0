"""A refresh launched through us (the command line): the job `refresh` in this process, recorded in the project's instance."""

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import dagster as dg

from cdp_assets.config import Project, Role
from cdp_assets.governance import record, require
from cdp_assets.lake import Holder, Place, project_lock
from cdp_assets.orchestration.in_process import execute, message, start_failure, wait_for_isolated_runs
from cdp_assets.orchestration.instance import home
from cdp_assets.orchestration.jobs import REFRESH
from cdp_assets.orchestration.run_resource import process, reasonable


@dataclass(frozen=True)
class Summary:
    """How a refresh ended.

    `rows`: table -> rows now; `quarantined`: source -> rows of it that could not be read; `failed`: asset -> message;
    `skipped`: what depended on those; `notices`: asset -> what people must be told although it went well.
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
    notices: dict[str, str] = field(default_factory=dict)
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
    if as_of is not None:
        reasonable(as_of)
    home(project)
    place, run_id = Place(project.store), str(uuid.uuid4())
    place.prepare()
    started, worked = time.monotonic(), time.process_time()
    holder = Holder(run_id, user, process(), datetime.now(UTC).isoformat(timespec="seconds"))
    wait_for_isolated_runs(time.monotonic() + wait_seconds)
    with project_lock(place.lock, holder, wait_seconds=wait_seconds):
        record(place, user=user, action="refresh", subject=run_id, outcome="allowed")
        try:
            result = execute(project, REFRESH, user, run_id, as_of, progress, on_count)
        except BaseException as error:
            record(place, user=user, action="refresh", subject=run_id, outcome="failed", detail=type(error).__name__)
            raise
        summary = _summary(result, run_id, as_of, time.monotonic() - started, time.process_time() - worked)
        place.sweep(keep=None)
        record(place, user=user, action="refresh", subject=run_id, outcome="done" if summary.ok else "failed", detail=_detail(summary))
    return summary


def _summary(result: dg.ExecuteInProcessResult, run_id: str, as_of: date | None, seconds: float, worked: float) -> Summary:
    rows: dict[str, int] = {}
    numbers: dict[str, dict[str, float | int]] = {}
    quarantined: dict[str, int] = {}
    unchanged: list[str] = []
    notices: dict[str, str] = {}
    for event in result.get_asset_materialization_events():
        made = event.materialization
        values: dict[str, Any] = {key: value.value for key, value in made.metadata.items()}
        name = made.asset_key.to_user_string()
        if made.partition is None and "rows" in values:
            rows[name] = int(values["rows"])
            numbers[name] = {k: int(v) if v.is_integer() else round(v, 4) for k, v in values.items() if isinstance(v, float)}
            if "notice" in values:
                notices[name] = str(values["notice"])
            if values.get("unchanged"):
                unchanged.append(name)
        elif "rows_of_this_source" in values:
            quarantined[str(values["source"])] = int(values["rows_of_this_source"])
    failed = {e.step_key or "": message(e) for e in result.filter_events(lambda e: e.is_step_failure)}
    if not result.success and not failed:
        failed["run"] = start_failure(result)
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
        notices,
        seconds=round(seconds, 1),
        processor_seconds=round(worked, 1),
    )


def _detail(summary: Summary) -> str | None:
    if summary.ok:
        return None
    return f"failed: {', '.join(sorted(summary.failed)) or '-'}; skipped: {len(summary.skipped)}"
