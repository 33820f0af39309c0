"""The state of every table as `cdp status` shows it, why one was skipped, what a stopped run leaves, and the history of runs."""

import dataclasses
import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import pytest
from typer.testing import CliRunner

from cdp_assets.cli.main import app
from cdp_assets.config import Project, load_project
from cdp_assets.lake import Holder, Place, Run, Step, StepResult, project_lock
from cdp_assets.orchestration import build
from cdp_assets.orchestration.history import history
from cdp_assets.orchestration.in_process import QUIET
from cdp_assets.orchestration.instance import home
from cdp_assets.orchestration.jobs import REFRESH, REFRESH_ISOLATED
from cdp_assets.orchestration.refresh import Summary, refresh
from cdp_assets.orchestration.run_resource import AS_OF_TAG, USER_TAG
from cdp_assets.orchestration.run_steps import Steps
from cdp_assets.orchestration.skipped import SKIPPED
from cdp_assets.orchestration.statuses import TableStatus, _state, statuses
from cdp_assets_tests.orchestration.test_over_time import CONFIG, CRM, DAY_1, SHOP
from cdp_assets_tests.projects import AS_OF, USER, run_steps, small_project, versions

pytestmark = pytest.mark.pipeline
FILES = {"crm.csv": CRM, "shop.csv": SHOP, "web/1.csv": DAY_1 + "e9,2026-11-18T12:00:00,,,view\n"}
BROKEN_SHOP = "account,label,mail\ns1,Ann Lee,ann@x.example\n"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return small_project(tmp_path / "project", CONFIG, FILES)


@contextmanager
def instance_of(project: Project) -> Iterator[dg.DagsterInstance]:
    home(project)
    instance = dg.DagsterInstance.get()
    try:
        yield instance
    finally:
        instance.dispose()


def states(project: Project, instance: dg.DagsterInstance | None = None) -> dict[str, TableStatus]:
    return {each.table: each for each in statuses(project, instance)}


def cdp(project: Project, *arguments: str) -> str:
    ended = CliRunner().invoke(app, ["--project", str(project.folder), "--as", USER, *arguments], catch_exceptions=False)
    assert ended.exit_code == 0, ended.output
    return ended.output


def test_before_the_first_run_nothing_has_started(project: Project) -> None:
    assert {each.state for each in states(project).values()} == {"Not started"}
    assert json.loads(cdp(project, "status", "--history", "--json"))["runs"] == []


def test_what_was_made_without_dagster_is_known_from_the_ledger(project: Project) -> None:
    run_steps(project)
    assert {each.state for each in states(project).values()} == {"Successful"}


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, Summary, Summary]:
    """A refresh that went well with a row in quarantine, and one with a broken source."""
    project = small_project(tmp_path_factory.mktemp("broken"), CONFIG, FILES)
    with pytest.MonkeyPatch.context() as patch:
        for variable in ("CDP_PROJECT", "CDP_USER", "DAGSTER_HOME"):
            patch.delenv(variable, raising=False)
        well = refresh(project, USER, as_of=AS_OF)
        (project.folder / "shop.csv").write_text(BROKEN_SHOP)
        return project, well, refresh(project, USER, as_of=AS_OF)


def test_after_a_failure_each_table_has_its_state_and_the_skipped_say_because_of_what(broken: tuple[Project, Summary, Summary]) -> None:
    project, well, bad = broken
    assert (well.ok, bad.ok) == (True, False)
    with instance_of(project) as instance:
        found = states(project, instance)
    assert (found["shop"].state, found["shop"].run) == ("Failed", bad.run)
    assert "shop.csv" in str(found["shop"].why)
    assert (found["unified_profiles"].state, found["unified_profiles"].why) == ("Skipped", "because shop failed")
    assert (found["web"].state, found["web"].why) == ("Completed with warnings", "1 row in quarantine")
    assert found["crm"].state == found["events"].state == "Successful"
    assert bad.skipped_because["published_snapshot"] == ["shop"]


def test_dagsters_page_of_a_skipped_asset_says_why(broken: tuple[Project, Summary, Summary]) -> None:
    project, _, bad = broken
    with instance_of(project) as instance:
        [latest] = instance.fetch_observations(dg.AssetKey("unified_profiles"), limit=1).records
    seen = latest.asset_observation
    assert latest.run_id == bad.run
    assert seen is not None
    assert seen.metadata[SKIPPED].value == "shop"
    assert seen.description == (
        "Skipped: it depends on shop, which failed. It keeps its last version. Mend what shop says, then refresh."
    )  # fmt: skip


def test_cdp_status_shows_states_for_people_and_programs(broken: tuple[Project, Summary, Summary]) -> None:
    project, _, bad = broken
    shown = cdp(project, "status")
    assert "because shop failed" in shown
    assert "Completed with warnings" in shown
    given = json.loads(cdp(project, "status", "--json"))
    tables = {each["table"]: each for each in given["tables"]}
    assert tables["shop"]["state"] == "Failed"
    assert (tables["shop"]["rows"], tables["shop"]["as_of"]) == (2, "2026-11-20")  # its last version stays
    assert tables["shop"]["run"] == bad.run
    assert (given["published"], given["at_work"]) == ("2026-11-20", None)


def test_the_history_has_each_run_with_who_what_how_long_and_how_much(broken: tuple[Project, Summary, Summary]) -> None:
    project, well, bad = broken
    with instance_of(project) as instance:
        found = history(project, instance, days=7)
    last, first = found.runs
    assert (last.run, last.job, last.by, last.as_of, last.status) == (bad.run, REFRESH, USER, "2026-11-20", "Failed")
    assert (last.failed, last.skipped) == (("shop",), len(bad.skipped))
    assert (first.run, first.status, first.failed, first.skipped) == (well.run, "Completed with warnings", (), 0)
    assert first.tables == len(well.rows)
    assert first.changed == len(well.rows) - len(well.unchanged)
    assert first.rows == sum(rows for table, rows in well.rows.items() if table not in well.unchanged)
    assert (last.changed, last.tables) == (0, len(bad.rows) + 1)
    assert first.seconds is not None
    assert first.seconds > 0
    assert last.configuration_changed is False
    assert found.last == bad.run
    assert set(found.stations) == {"sources", "events", "identity"}
    assert {"crm", "shop", "web"} <= {table for table, _ in found.slowest}
    assert [seconds for _, seconds in found.slowest] == sorted((seconds for _, seconds in found.slowest), reverse=True)


def test_the_history_is_shown_for_people_too(broken: tuple[Project, Summary, Summary]) -> None:
    project, _, bad = broken
    shown = cdp(project, "status", "--history")
    assert bad.run[:8] in shown
    assert "Slowest: " in shown


def recorded(project: Project, instance: dg.DagsterInstance, status: dg.DagsterRunStatus, job: str = REFRESH, **tags: str) -> dg.DagsterRun:
    """A run as Dagster knows it, whose process is somewhere else or nowhere."""
    return instance.create_run_for_job(build.build_defs(project).resolve_job_def(job), status=status, tags=tags)


def holder(run: dg.DagsterRun) -> Holder:
    return Holder(run.run_id, "dagster", 1, "2026-11-20T04:00:00")


def test_a_run_that_waits_is_queued_and_one_at_work_holds_the_lock(project: Project) -> None:
    instance = dg.DagsterInstance.ephemeral()
    waiting = recorded(project, instance, dg.DagsterRunStatus.NOT_STARTED)
    assert {each.state for each in states(project, instance).values()} == {"Queued"}
    instance.report_run_canceled(waiting)
    at_work = recorded(project, instance, dg.DagsterRunStatus.STARTED)
    place = Place(project.store)
    with project_lock(place.lock, holder(at_work)):
        assert {each.state for each in states(project, instance).values()} == {"Queued"}
        now = Steps(planned={"crm", "shop", "web"}, started={"crm": 1.0, "shop": 1.0}, retrying={"shop": "the database did not answer"})
        found = {table: _state(table, now, at_work, holder(at_work))[0] for table in now.planned}
    assert found == {"crm": "Refreshing", "shop": "Failure (retrying)", "web": "Queued"}
    with project_lock(place.lock, Holder("another", "ann", 1, "2026-11-20T04:00:00")):
        assert {each.state for each in states(project, instance).values()} == {"Queued"}


@pytest.mark.parametrize("tags", [{}, {USER_TAG: USER}], ids=["from Dagster", "from the command line"])
def test_a_killed_run_that_dagster_still_believes_in_is_canceled(project: Project, tags: dict[str, str]) -> None:
    instance = dg.DagsterInstance.ephemeral()
    recorded(project, instance, dg.DagsterRunStatus.STARTED, **tags)
    found = states(project, instance)["crm"]
    assert (found.state, found.why) == ("Canceled", "the process of the run ended before it came to its end; before it: Not started")


def test_a_run_in_processes_of_its_own_holds_no_lock_between_its_steps_and_is_at_work(project: Project) -> None:
    instance = dg.DagsterInstance.ephemeral()
    recorded(project, instance, dg.DagsterRunStatus.STARTED, REFRESH_ISOLATED)
    assert states(project, instance)["crm"].state == "Queued"


def test_a_run_whose_process_died_and_that_dagster_starts_again_has_not_failed_for_good(project: Project) -> None:
    instance = dg.DagsterInstance.ephemeral()
    run = recorded(project, instance, dg.DagsterRunStatus.FAILURE, **{"dagster/will_retry": "true"})
    assert run.status == dg.DagsterRunStatus.FAILURE
    assert states(project, instance)["crm"].state == "Failure (retrying)"


def stops_at(table: str, step: Step) -> Step:
    """The step, in the middle of which somebody presses Ctrl-C."""

    def compute(run: Run) -> StepResult:
        os.kill(os.getpid(), signal.SIGINT)
        return step.run(run)

    return dataclasses.replace(step, compute=compute) if step.table.name == table else step


def test_a_run_that_is_stopped_is_canceled_and_every_table_keeps_its_last_version(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert refresh(project, USER, as_of=AS_OF).ok
    before = versions(project)
    published = (project.store / "published" / "CURRENT").read_bytes()
    (project.folder / "shop.csv").write_text(SHOP + "s3,Eve Poe,eve@x.example\n")
    real = build.steps_of
    monkeypatch.setattr(build, "steps_of", lambda given: [stops_at("match_edges", step) for step in real(given)])
    with pytest.raises(KeyboardInterrupt):
        refresh(load_project(project.folder), USER, as_of=AS_OF)
    after = versions(project)
    assert (project.store / "published" / "CURRENT").read_bytes() == published
    with instance_of(project) as instance:
        [run] = instance.get_runs(limit=1)
        found = states(project, instance)
        assert history(project, instance, days=1).runs[0].status == "Canceled"
    assert run.status == dg.DagsterRunStatus.CANCELED
    changed = {name for name in before if before[name] != after[name]}
    assert "shop" in changed  # whole, from before the stop
    assert not changed & {table for table, each in found.items() if each.state == "Canceled"}
    assert found["match_edges"].state == found["unified_profiles"].state == "Canceled"
    assert found["unified_profiles"].why == "the run was stopped; before it: Successful"
    assert found["shop"].state == "Successful"


def test_a_run_in_dagster_that_fails_shows_the_same(project: Project) -> None:
    (project.folder / "shop.csv").write_text(BROKEN_SHOP)
    instance = dg.DagsterInstance.ephemeral()
    job = build.build_defs(project).resolve_job_def(REFRESH)
    job.execute_in_process(run_config=QUIET, instance=instance, tags={AS_OF_TAG: "2026-11-20"}, raise_on_error=False)
    found = states(project, instance)
    assert (found["shop"].state, found["clusters"].state) == ("Failed", "Skipped")
    [run] = history(project, instance, days=1).runs
    assert (run.by, run.failed) == ("dagster", ("shop",))
