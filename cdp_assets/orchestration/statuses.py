"""The state of every table, as its last run left it or is making it: from Dagster's log of events, the ledger and the project's lock."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal

import dagster as dg

from cdp_assets.config import Project
from cdp_assets.lake import Holder, Place
from cdp_assets.lake.lock import current_holder
from cdp_assets.orchestration.catalogue import exports_of, steps_of
from cdp_assets.orchestration.failures import STOPPED
from cdp_assets.orchestration.jobs import REFRESH_ISOLATED
from cdp_assets.orchestration.run_resource import USER_TAG
from cdp_assets.orchestration.run_steps import Steps, steps_in
from cdp_assets.orchestration.shown import shown
from cdp_assets.publish import read_pointer

State = Literal[
    "Not started",
    "Queued",
    "Refreshing",
    "Successful",
    "Completed with warnings",
    "Failed",
    "Failure (retrying)",
    "Skipped",
    "Canceled",
]
PUBLISHED = "published_snapshot"
MOST_RUNS = 50
"""Runs that are looked through for a table's last one; what is older is known from the ledger."""
_WAITING = (dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.MANAGED)
_AT_WORK = (dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING)
WILL_RETRY_TAG = "dagster/will_retry"
AGAIN = "its process ended; Dagster starts the run again by itself"


@dataclass(frozen=True)
class TableStatus:
    """The state of a table. `why`: what people should know of it; `run` and `ended` (UTC) are of the run that it comes from."""

    table: str
    station: str
    state: State
    why: str | None = None
    run: str | None = None
    ended: str | None = None
    seconds: float | None = None


def statuses(project: Project, instance: dg.DagsterInstance | None) -> list[TableStatus]:
    """The state of every table that a step makes, exports too, in the order of the lineage. `instance`: None where no run ever was."""
    stations = {each.step.table.name: each.step.station for each in shown([*steps_of(project), *exports_of(project)])}
    place = Place(project.store)
    holder = current_holder(place.lock)
    found: dict[str, TableStatus] = {}
    stopped: dict[str, TableStatus] = {}
    runs = instance.get_run_records(limit=MOST_RUNS) if instance is not None else []
    for record in runs:
        if instance is None or found.keys() >= stations.keys():
            break
        steps = steps_in(instance, record.dagster_run.run_id)
        for table in steps.planned & stations.keys() - found.keys():
            state, why = _state(table, steps, record.dagster_run, holder)
            ended = steps.ended.get(table)
            at = datetime.fromtimestamp(ended, UTC).isoformat(timespec="seconds") if ended is not None else None
            seen = TableStatus(table, stations[table], state, why, record.dagster_run.run_id, at, steps.seconds(table))
            if state == "Canceled":
                stopped.setdefault(table, seen)  # what it was before is still to be found
            else:
                found[table] = _after(stopped.get(table), seen)
    for table in stations.keys() - found.keys():
        entry = place.ledger.read(table)
        made = entry is not None or (table == PUBLISHED and read_pointer(project.store / "published") is not None)
        before = TableStatus(table, stations[table], "Successful" if made else "Not started", run=entry.run if entry else None)
        found[table] = _after(stopped.get(table), before)
    return [found[table] for table in stations]


def _after(stopped: TableStatus | None, before: TableStatus) -> TableStatus:
    """The state before a run that was stopped, which is what the table is in; shown as canceled."""
    if stopped is None:
        return before
    was = before.state if before.why is None else f"{before.state} ({before.why})"
    return replace(stopped, why=f"{stopped.why}; before it: {was}")


def _state(table: str, steps: Steps, run: dg.DagsterRun, holder: Holder | None) -> tuple[State, str | None]:
    """The state of a table in the last run that was to make it."""
    if table in steps.done:
        warned = steps.warned.get(table)
        return ("Completed with warnings", "; ".join(warned)) if warned else ("Successful", None)
    alive = at_work(run, holder)
    again = run.tags.get(WILL_RETRY_TAG) == "true"
    if table in steps.failed and not _stopped(run, steps):
        return ("Failure (retrying)", AGAIN) if again else ("Failed", steps.failed[table])
    if table in steps.skipped:
        return "Skipped", f"because {', '.join(steps.skipped[table])} failed"
    return _under_way(table, steps, alive) if alive != "ended" else _left(run, steps, again=again)


def _under_way(table: str, steps: Steps, alive: str) -> tuple[State, str | None]:
    if alive == "waits":
        return "Queued", None
    if table in steps.retrying:
        return "Failure (retrying)", steps.retrying[table]
    return ("Refreshing", None) if table in steps.started else ("Queued", None)


def _left(run: dg.DagsterRun, steps: Steps, *, again: bool) -> tuple[State, str | None]:
    """Of a table that a run which is over has not come to."""
    if run.status == dg.DagsterRunStatus.FAILURE and not _stopped(run, steps):
        return ("Failure (retrying)", AGAIN) if again else ("Skipped", "the run failed before it came to this table")
    if run.status == dg.DagsterRunStatus.CANCELED:
        return "Canceled", "the run was stopped"
    return "Canceled", "the process of the run ended before it came to its end"


def _stopped(run: dg.DagsterRun, steps: Steps) -> bool:
    """Whether somebody stopped the run: then a step that ends in an error has not failed."""
    return run.status == dg.DagsterRunStatus.CANCELED or any(each.startswith(STOPPED) for each in steps.failed.values())


def at_work(run: dg.DagsterRun, holder: Holder | None) -> Literal["waits", "works", "ended"]:
    """Whether a run is under way. Dagster believes so of a killed one too; whoever is at work holds the project's lock."""
    if run.status not in (*_WAITING, *_AT_WORK):
        return "ended"
    if holder is not None and holder.run == run.run_id and run.status in _AT_WORK:
        return "works"
    if USER_TAG in run.tags and run.remote_job_origin is None and (holder is None or holder.run != run.run_id):
        return "ended"  # one from the command line holds the lock from its first moment on
    if run.status in _WAITING:
        return "waits"
    if run.job_name == REFRESH_ISOLATED:
        return "works"  # its processes hold the lock step by step
    return "ended" if holder is None else "waits"
