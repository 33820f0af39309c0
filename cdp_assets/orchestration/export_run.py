"""An export launched through us (the command line): its job in this process, recorded in the project's instance."""

import time
import uuid
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

import dagster as dg

from cdp_assets.config import Project, load_project
from cdp_assets.exports import require_run, run_of
from cdp_assets.exports.tables import STATES, export_table
from cdp_assets.governance import record
from cdp_assets.lake import Holder, Place, no_values_in_errors, project_lock, session
from cdp_assets.orchestration.failures import run_message, step_message
from cdp_assets.orchestration.in_process import execute, tell_of_failure, wait_for_isolated_runs
from cdp_assets.orchestration.instance import home
from cdp_assets.orchestration.run_resource import process

ACTION = "run export"
WELL = ("done", "dry_run")


@dataclass(frozen=True)
class SegmentSummary:
    """What became of the members of a segment; `states`: state -> members."""

    segment: str
    state: str
    selected: int
    states: dict[str, int]
    reason: str | None
    file: str | None


@dataclass(frozen=True)
class ExportSummary:
    """How a run of an export ended. `state` is none of export_runs where it did not get so far as to be written down: not_run."""

    run: str
    export: str
    connection: str
    state: str
    ok: bool
    message: str
    selected: int = 0
    delivered: int = 0
    segments: tuple[SegmentSummary, ...] = field(default_factory=tuple)

    @property
    def states(self) -> dict[str, int]:
        """State -> members, over all segments."""
        return {state: sum(each.states[state] for each in self.segments) for state in STATES}

    @property
    def files(self) -> list[str]:
        """The files that were written, relative to the project."""
        return [each.file for each in self.segments if each.file is not None]


def job_name(export: str) -> str:
    """The job that runs an export."""
    return f"run_export_{export}"


def export(project: Project, user: str, name: str, *, as_of: date | None = None, wait_seconds: float = 0) -> ExportSummary:
    """Run one export over what the last refresh made.

    Raises AccessDeniedError where the user may not use its connection, and BusyError when another run holds the project
    and waiting was not asked for; who waits goes by cdp.yaml as it is then. A refused or failed run is an answer, not an error.
    """
    require_run(project, user, name)
    home(project)
    place, run_id = Place(project.store), str(uuid.uuid4())
    place.prepare()
    holder = Holder(run_id, user, process(), datetime.now(UTC).isoformat(timespec="seconds"))
    wait_for_isolated_runs(time.monotonic() + wait_seconds)
    with project_lock(place.lock, holder, wait_seconds=wait_seconds):
        if wait_seconds:  # what was changed meanwhile counts
            project = load_project(project.folder)
            require_run(project, user, name)
        record(place, user=user, action=ACTION, subject=name, outcome="allowed", detail=run_id)
        try:
            result = execute(project, job_name(name), user, run_id, as_of)
        except BaseException as error:
            record(place, user=user, action=ACTION, subject=name, outcome="failed", detail=type(error).__name__)
            raise
        summary = _summary(project, result, run_id, name)
        place.sweep(keep=None)
        if not summary.ok:
            tell_of_failure(project, result, user, as_of)
        record(
            place, user=user, action=ACTION, subject=name, outcome="done" if summary.ok else "failed", detail=f"{run_id}: {summary.state}"
        )
    return summary


def _summary(project: Project, result: dg.ExecuteInProcessResult, run_id: str, name: str) -> ExportSummary:
    place = Place(project.store)
    connection = project.config.exports[name].connection
    run = run_of(place, run_id, name)
    failures = [step_message(event) for event in result.filter_events(lambda e: e.is_step_failure)]
    failure = None if result.success else failures[0] if failures else run_message(result.all_events)
    if run is None:
        return ExportSummary(run_id, name, connection, "not_run", ok=False, message=failure or "The export was not run.")
    segments = _segments(place, name)
    ok = run.state in WELL and failure is None
    said = run.message if ok or failure in (None, run.message) else f"{run.message} The run then failed: {failure}"
    return ExportSummary(run_id, name, connection, run.state, ok, said, run.selected, run.delivered, tuple(segments))


def _segments(place: Place, name: str) -> list[SegmentSummary]:
    table = export_table(name)
    sql = f"select segment, state, selected, reason, file, {', '.join(STATES)} from ({place.newest(table).sql}) order by segment"
    with no_values_in_errors(table.name), session() as connection:
        rows = connection.execute(sql).fetchall()
    return [SegmentSummary(row[0], row[1], row[2], dict(zip(STATES, row[5:], strict=True)), row[3], row[4]) for row in rows]
