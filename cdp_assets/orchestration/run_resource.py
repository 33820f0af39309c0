"""The resource `run`: the lake as one Dagster run sees it, held under the project's lock."""

import os
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta

import dagster as dg

from cdp_assets.config import Project, Role
from cdp_assets.errors import UserError
from cdp_assets.governance import record, require
from cdp_assets.lake import BusyError, Holder, Place, Run, project_lock
from cdp_assets.orchestration import clock, last_good, run_record
from cdp_assets.orchestration.jobs import MAINTAIN, REFRESH_ISOLATED, RUN_EXPORT
from cdp_assets.orchestration.keys import Prefix, own_name

AS_OF_TAG = "cdp/as_of"
USER_TAG = "cdp/user"
FULL_TAG = "cdp/full"  # names of sources, with commas between: those to be read in full although they are incremental
LEARN_TAG = "cdp/learn"  # names of frozen tables, with commas between: those that are learnt anew
UI_USER = "dagster"
# Runs from Dagster's UI are queued one at a time; one that meets a refresh from the command line waits for it.
WAIT_SECONDS = 3600
MOST_DAYS_AHEAD = 366
Progress = Callable[[str, str], None]  # (table, "started" | "done" | "unchanged" | "failed")


def as_of_of(tags: dict[str, str]) -> date:
    """The date that a run's tags ask for; the present day, UTC, without a tag."""
    text = tags.get(AS_OF_TAG)
    if text is None:
        return datetime.now(UTC).date()
    try:
        return reasonable(date.fromisoformat(text))
    except ValueError:
        raise UserError(f"tag {AS_OF_TAG}: {text!r} is not a date; write it as 2026-11-20") from None


def reasonable(day: date) -> date:
    """The day of a run as asked for; UserError where it is so late that it can only be a slip.

    What a run remembers (who entered a segment when, when a model was trained) is of its day, and time never runs backwards.
    """
    latest = datetime.now(UTC).date() + timedelta(days=MOST_DAYS_AHEAD)
    if day > latest:
        raise UserError(f"A run cannot be for {day}: the latest day allowed is {latest}, a year from today. Nothing was changed.")
    return day


def listed(text: str) -> frozenset[str]:
    """The names in the text of a tag."""
    return frozenset(name for each in text.split(",") if (name := each.strip()))


def run_resource(project: Project, progress: Progress | None = None, prefix: Prefix = ()) -> dg.ResourceDefinition:
    """Opens the run in its lock, and removes its intermediate files at the end."""

    @dg.resource(description="The lake as this run sees it; one writer a project")
    def run(context: dg.InitResourceContext) -> Iterator[Run]:
        dagster_run = context.run
        run_id = dagster_run.run_id if dagster_run else "direct"
        tags = dict(dagster_run.tags) if dagster_run else {}
        place = Place(project.store)
        user = tags.get(USER_TAG)
        try:
            if user is not None:
                require(project, user, Role.contributor, "refresh", run_id)
            place.prepare()
            holder = Holder(run_id, user or UI_USER, process(), datetime.now(UTC).isoformat(timespec="seconds"))
            with project_lock(place.lock, holder, wait_seconds=WAIT_SECONDS if user is None else 0):
                as_of = as_of_of(tags)
                refreshes = dagster_run is None or _refreshes(own_name(dagster_run.job_name, prefix))
                if refreshes:
                    clock.day_goes_on(place, as_of, asked=AS_OF_TAG in tags)
                place.sweep(keep=run_id)
                begins = user is None and not (place.store / "work" / run_id).exists()
                if begins:
                    record(place, user=UI_USER, action="refresh", subject=run_id, outcome="allowed")
                engine = project.config.engine
                opened = Run(place, run_id, as_of, user=user or UI_USER, memory=engine.memory_bytes, threads=engine.threads)
                opened.progress = progress or opened.progress
                opened.full, opened.learn = (listed(tags.get(tag, "")) for tag in (FULL_TAG, LEARN_TAG))
                run_record.begin(context.instance, opened, project.digest)
                if refreshes:
                    clock.remember(place, as_of)
                    last_good.remember(project)
                try:
                    yield opened
                finally:
                    opened.clean()
                    run_record.end(context.instance, opened)
                    if begins and not (dagster_run and own_name(dagster_run.job_name, prefix) == REFRESH_ISOLATED):
                        failed = f"failed: {', '.join(opened.failed)}" if opened.failed else None
                        record(place, user=UI_USER, action="refresh", subject=run_id, outcome="failed" if failed else "done", detail=failed)
        except (BusyError, UserError) as error:
            raise dg.Failure(error.message, allow_retries=False) from None

    return run


def _refreshes(job: str) -> bool:
    """Whether a job makes tables of the lake; exports and the upkeep only look at them."""
    return not job.startswith(RUN_EXPORT) and job != MAINTAIN


def process() -> int:
    """The number of this process."""
    return os.getpid()
