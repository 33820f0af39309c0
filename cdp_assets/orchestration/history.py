"""The runs of the last days with their durations, and where the time of the last one went."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import dagster as dg

from cdp_assets.config import Project
from cdp_assets.lake import Place
from cdp_assets.lake.lock import current_holder
from cdp_assets.orchestration.catalogue import exports_of, steps_of
from cdp_assets.orchestration.run_record import CONFIGURATION_TAG, changed_of, warnings_of
from cdp_assets.orchestration.run_resource import AS_OF_TAG, UI_USER, USER_TAG
from cdp_assets.orchestration.run_steps import steps_in
from cdp_assets.orchestration.statuses import WILL_RETRY_TAG, at_work

MOST_RUNS = 500
SLOWEST = 10


@dataclass(frozen=True)
class PastRun:
    """A run. `by`: the user, schedule or sensor; `changed` of `tables` have a new version by it, of `rows` rows; times are UTC.

    `configuration_changed`: whether cdp.yaml was another one than in the run before (None: not known).
    """

    run: str
    job: str
    by: str
    as_of: str
    started: str | None
    seconds: float | None
    status: str
    changed: int | None = None
    tables: int | None = None
    rows: int | None = None
    configuration_changed: bool | None = None
    failed: tuple[str, ...] = ()
    skipped: int = 0


@dataclass(frozen=True)
class History:
    """The runs, the newest first; `last`: the last one that ended, its seconds by station, and its slowest steps."""

    runs: tuple[PastRun, ...] = ()
    last: str | None = None
    stations: Mapping[str, float] = field(default_factory=dict)
    slowest: tuple[tuple[str, float], ...] = ()


def history(project: Project, instance: dg.DagsterInstance | None, days: int) -> History:
    """The runs that were created in the last `days` days (at most 500). `instance`: None where no run ever was."""
    if instance is None:
        return History()
    after = datetime.now(UTC) - timedelta(days=days)
    records = instance.get_run_records(dg.RunsFilter(created_after=after), limit=MOST_RUNS)
    holder = current_holder(Place(project.store).lock)
    runs = [_past(instance, record, at_work(record.dagster_run, holder)) for record in records]
    marks = [record.dagster_run.tags.get(CONFIGURATION_TAG) for record in records]
    runs = [_with_configuration(run, mark, marks[number + 1 :]) for number, (run, mark) in enumerate(zip(runs, marks, strict=True))]
    last = next((run.run for run in runs if run.status not in ("Queued", "Refreshing")), None)
    stations, slowest = _durations(project, instance, last) if last else ({}, [])
    return History(tuple(runs), last, stations, tuple(slowest))


def _past(instance: dg.DagsterInstance, record: dg.RunRecord, state: str) -> PastRun:
    run = record.dagster_run
    status = _status(run, state)
    begin, end = record.start_time, record.end_time
    started = datetime.fromtimestamp(begin, UTC) if begin else None
    seconds = round(end - begin, 1) if begin and end else None
    changed = changed_of(run.tags)
    steps = steps_in(instance, run.run_id) if status.startswith("Fail") else None
    return PastRun(
        run.run_id,
        run.job_name,
        _by(run.tags),
        run.tags.get(AS_OF_TAG) or (started.date().isoformat() if started else "-"),
        started.isoformat(timespec="seconds") if started else None,
        seconds,
        status,
        changed=changed[0] if changed else None,
        tables=changed[1] if changed else None,
        rows=changed[2] if changed else None,
        failed=tuple(sorted(steps.failed)) if steps else (),
        skipped=len(steps.skipped) if steps else 0,
    )


def _with_configuration(run: PastRun, mark: str | None, earlier: Sequence[str | None]) -> PastRun:
    """The run, with whether it had another cdp.yaml than the one before."""
    before = next((each for each in earlier if each is not None), None)
    return run if mark is None or before is None else replace(run, configuration_changed=mark != before)


def _status(run: dg.DagsterRun, state: str) -> str:
    if state == "waits":
        return "Queued"
    if state == "works":
        return "Refreshing"
    if run.status == dg.DagsterRunStatus.SUCCESS:
        return "Completed with warnings" if warnings_of(run.tags) else "Successful"
    if run.status == dg.DagsterRunStatus.FAILURE:
        return "Failure (retrying)" if run.tags.get(WILL_RETRY_TAG) == "true" else "Failed"
    return "Canceled"


def _by(tags: Mapping[str, str]) -> str:
    if USER_TAG in tags:
        return tags[USER_TAG]
    for tag, word in (("dagster/schedule_name", "schedule"), ("dagster/sensor_name", "sensor"), ("dagster/backfill", "backfill")):
        if tag in tags:
            return f"{word} {tags[tag]}"
    return UI_USER


def _durations(project: Project, instance: dg.DagsterInstance, run: str) -> tuple[dict[str, float], list[tuple[str, float]]]:
    """Seconds by station in the order of the lineage, and the slowest steps."""
    steps = steps_in(instance, run)
    stations: dict[str, float] = {}
    times: list[tuple[str, float]] = []
    for step in [*steps_of(project), *exports_of(project)]:
        seconds = steps.seconds(step.table.name)
        if seconds is not None:
            stations[step.station] = round(stations.get(step.station, 0.0) + seconds, 2)
            times.append((step.table.name, seconds))
    return stations, sorted(times, key=lambda each: (-each[1], each[0]))[:SLOWEST]
