"""A refresh launched through us (the command line), whole or a part of it: its job in this process, recorded in the project's instance."""

import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any

import dagster as dg

from cdp_assets.config import Project, Role, load_project
from cdp_assets.errors import UserError
from cdp_assets.governance import record, require
from cdp_assets.lake import Holder, Place, project_lock
from cdp_assets.orchestration import clock
from cdp_assets.orchestration.catalogue import steps_of
from cdp_assets.orchestration.failures import run_message, step_message
from cdp_assets.orchestration.in_process import execute, tell_of_failure, wait_for_isolated_runs
from cdp_assets.orchestration.instance import home
from cdp_assets.orchestration.jobs import REFRESH
from cdp_assets.orchestration.modes import mode_of
from cdp_assets.orchestration.run_resource import FULL_TAG, LEARN_TAG, process, reasonable
from cdp_assets.sources.tables import QUARANTINE


@dataclass(frozen=True)
class Summary:
    """How a refresh ended.

    `rows`: table -> rows now; `quarantined`: source -> rows of it that could not be read; `failed`: asset -> message;
    `skipped`: what depended on those, and `skipped_because` the failed assets above each; `notices`: asset -> what people must be
    told although it went well; `not_told`: who of `alerts` could not be told of the failure, and why.
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
    skipped_because: dict[str, list[str]] = field(default_factory=dict)
    notices: dict[str, str] = field(default_factory=dict)
    not_told: tuple[str, ...] = ()
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
    part: tuple[str, str] | None = None,
    full: Sequence[str] = (),
    learn: bool = False,
) -> Summary:
    """Run everything that is due, or a `part` of it: (matching, profiles or dependents; customers, accounts or contacts).

    `full`: sources that are read incrementally otherwise, and in full this once. `learn`: what is frozen is learnt anew. The
    configuration is the one of `project` for the whole run, or, where waiting was asked for, the one of the file when its turn has
    come; its digest is recorded. Raises BusyError when another run holds the project and waiting was not asked for, UserError for
    a day, part or source that cannot be.
    """
    if as_of is not None:
        reasonable(as_of)
    job, tags = _allowed(project, user, part, full, learn=learn)
    home(project)
    place, run_id = Place(project.store), str(uuid.uuid4())
    place.prepare()
    started, worked = time.monotonic(), time.process_time()
    holder = Holder(run_id, user, process(), datetime.now(UTC).isoformat(timespec="seconds"))
    wait_for_isolated_runs(time.monotonic() + wait_seconds)
    with project_lock(place.lock, holder, wait_seconds=wait_seconds):
        if wait_seconds:  # what was changed meanwhile counts, a role too
            project = load_project(project.folder)
            job, tags = _allowed(project, user, part, full, learn=learn)
        clock.day_goes_on(place, as_of or datetime.now(UTC).date(), asked=as_of is not None)
        record(place, user=user, action="refresh", subject=run_id, outcome="allowed")
        try:
            result = execute(project, job, user, run_id, as_of, progress, on_count, tags)
        except BaseException as error:
            record(place, user=user, action="refresh", subject=run_id, outcome="failed", detail=type(error).__name__)
            raise
        summary = _summary(result, run_id, as_of, time.monotonic() - started, time.process_time() - worked)
        if not summary.ok:
            alert, not_told = tell_of_failure(project, result, user, as_of)
            because = {table: list(alert.skipped.get(table, sorted(summary.failed))) for table in summary.skipped}
            summary = replace(summary, skipped_because=because, not_told=not_told)
        place.sweep(keep=None)
        record(place, user=user, action="refresh", subject=run_id, outcome="done" if summary.ok else "failed", detail=_detail(summary))
    return summary


def _allowed(project: Project, user: str, part: tuple[str, str] | None, full: Sequence[str], *, learn: bool) -> tuple[str, dict[str, str]]:
    """The job that is asked for, and the tags of its run; an error where the user may not run it, or where it cannot be."""
    require(project, user, Role.contributor, "refresh")
    job = mode_of(project.config, steps_of(project), *part).job if part else REFRESH
    if unknown := sorted(set(full) - set(project.config.sources)):
        raise UserError(f"No such source in cdp.yaml: {', '.join(unknown)}. Its sources are {', '.join(project.config.sources)}.")
    tags = {FULL_TAG: ",".join(sorted(set(full)))} if full else {}
    if learn:
        tags[LEARN_TAG] = ",".join(step.table.name for step in steps_of(project) if step.frozen)
    return job, tags


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
        elif name == QUARANTINE.name and "rows_of_this_source" in values:
            quarantined[str(values["source"])] = int(values["rows_of_this_source"])
    failed = {e.step_key or "": step_message(e) for e in result.filter_events(lambda e: e.is_step_failure)}
    if not result.success and not failed:
        failed["run"] = run_message(result.all_events)
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
        notices=notices,
        seconds=round(seconds, 1),
        processor_seconds=round(worked, 1),
    )


def _detail(summary: Summary) -> str | None:
    if summary.ok:
        return None
    return f"failed: {', '.join(sorted(summary.failed)) or '-'}; skipped: {len(summary.skipped)}"
