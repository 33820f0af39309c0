"""What a user does from Dagster's UI: materialise, days by range, checks, the schedule, the sensor; and who may."""

import dataclasses
import os
from datetime import date
from pathlib import Path

import dagster as dg
import pytest

from cdp_assets.config import Project, load_project
from cdp_assets.lake import Check, ChecksFailedError, Place, Run, Step
from cdp_assets.orchestration import build
from cdp_assets.orchestration.in_process import QUIET
from cdp_assets.orchestration.jobs import EVENT_DAYS, REFRESH, REFRESH_ISOLATED
from cdp_assets.orchestration.run_resource import AS_OF_TAG, USER_TAG
from cdp_assets_tests.orchestration.test_over_time import CONFIG, CRM, DAY_1, DAY_2, SHOP
from cdp_assets_tests.projects import contents, query, run_steps, small_project, versions

pytestmark = pytest.mark.pipeline
RANGE = ("dagster/asset_partition_range_start", "dagster/asset_partition_range_end")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return small_project(tmp_path / "project", CONFIG, {"crm.csv": CRM, "shop.csv": SHOP, "web/1.csv": DAY_1, "web/2.csv": DAY_2})


def execute(project: Project, job: str = REFRESH, instance: dg.DagsterInstance | None = None, **tags: str) -> dg.ExecuteInProcessResult:
    defs = build.build_defs(load_project(project.folder))
    given = {AS_OF_TAG: "2026-11-20", **tags}
    instance = instance or dg.DagsterInstance.ephemeral()
    return defs.resolve_job_def(job).execute_in_process(run_config=QUIET, instance=instance, tags=given, raise_on_error=False)


def test_a_range_of_days_is_one_run_and_equals_single_days(project: Project, tmp_path: Path) -> None:
    ranged = execute(project, **dict(zip(RANGE, ("2026-11-17", "2026-11-19"), strict=True)))
    assert ranged.success
    partitions = {e.partition for e in ranged.get_asset_materialization_events() if e.asset_key == dg.AssetKey("events")}
    assert partitions == {"2026-11-17", "2026-11-18", "2026-11-19"}
    other = small_project(tmp_path / "other", CONFIG, {"crm.csv": CRM, "shop.csv": SHOP, "web/1.csv": DAY_1, "web/2.csv": DAY_2})
    run_steps(other)
    assert contents(project) == contents(other)


def test_a_backfill_of_some_days_only_leaves_the_rest_due_and_nothing_stale_is_published(project: Project) -> None:
    assert execute(project).success
    header = DAY_1.splitlines()[0]
    late = [f"n{number},2026-11-{day}T09:00:00,v2,,view" for number, day in enumerate((18, 18, 19))]
    (project.folder / "web/3.csv").write_text("\n".join([header, *late]) + "\n")
    run_one(project, "web")
    assert execute(project, EVENT_DAYS, **days("2026-11-18", "2026-11-18")).success
    counts = "select day::varchar, count(*) from events group by 1 order by 1"
    assert query(project, counts) == [("2026-11-18", 4), ("2026-11-19", 1)]
    stale = run_one(project, "published_snapshot", fails=True)
    assert "events: has days that were never computed" in stale
    assert execute(project, EVENT_DAYS, **days("2026-11-19", "2026-11-19")).success
    assert query(project, counts) == [("2026-11-18", 4), ("2026-11-19", 2)]
    assert execute(project).success


def test_a_refresh_started_for_one_day_does_all_that_is_due(project: Project) -> None:
    """The form of the UI asks for days; whatever one chooses there, a refresh leaves nothing behind."""
    result = execute(project, **days("2026-11-20", "2026-11-20"))
    assert result.success
    made = {e.partition for e in result.get_asset_materialization_events() if e.asset_key == dg.AssetKey("events")}
    assert made == {"2026-11-18", "2026-11-19", "2026-11-20"}


def days(first: str, last: str) -> dict[str, str]:
    return dict(zip(RANGE, (first, last), strict=True))


def run_one(project: Project, table: str, *, fails: bool = False) -> str:
    """One step without Dagster; the message when it is to fail."""
    run = Run(Place(project.store), f"only {table}", date(2026, 11, 20))
    step = next(step for step in build.steps_of(load_project(project.folder)) if step.table.name == table)
    if not fails:
        step.run(run)
        return ""
    with pytest.raises(ChecksFailedError) as caught:
        step.run(run)
    return caught.value.message


def test_without_days_those_that_are_due_are_computed_and_dagster_is_told_which(project: Project) -> None:
    result = execute(project)
    events = [e for e in result.get_asset_materialization_events() if e.asset_key == dg.AssetKey("events")]
    assert {e.partition for e in events} == {None, "2026-11-18", "2026-11-19"}


def test_every_materialisation_shows_rows_lineage_and_a_data_version(project: Project) -> None:
    result = execute(project)
    for event in result.get_asset_materialization_events():
        made = event.materialization
        if made.partition or made.asset_key == dg.AssetKey("quarantine"):
            continue
        assert "dagster/row_count" in made.metadata, made.asset_key
        assert made.tags is not None
        assert made.tags["dagster/data_version"], made.asset_key
    profile = next(e.materialization for e in result.get_asset_materialization_events() if e.asset_key == dg.AssetKey("unified_profiles"))
    origins = {row.data["column"]: row.data["comes_from"] for row in profile.metadata["column_origins"].records}
    assert "deduplicated_shop.mail" in str(origins["email"])
    lineage = profile.metadata["dagster/column_lineage"].value.deps_by_column
    assert dg.TableColumnDep(dg.AssetKey("deduplicated_crm"), "email") in lineage["email"]
    assert dg.TableColumnDep(dg.AssetKey("deduplicated_shop"), "mail") in lineage["email"]


def test_every_check_is_recorded(project: Project) -> None:
    result = execute(project)
    names = {(e.asset_key.to_user_string(), e.check_name) for e in result.get_asset_check_evaluations()}
    assert {("crm", "conservation"), ("events", "conservation"), ("clusters", "key"), ("published_snapshot", "closed_state")} <= names
    assert {("clusters", "largest_cluster"), ("visitor_identities", "ids_without_record"), ("quarantine", "rows_in_quarantine")} <= names
    assert all(e.passed for e in result.get_asset_check_evaluations())


def test_a_failed_blocking_check_is_recorded_and_stops_what_follows(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    real = build.steps_of
    never = Check("never", "this check never passes", "select 3")

    def spoilt(given: Project) -> list[Step]:
        return [dataclasses.replace(s, checks=lambda: [never]) if s.table.name == "clusters" else s for s in real(given)]

    assert execute(project).success
    before = versions(project)
    (project.folder / "crm.csv").write_text(CRM + "c3,Eve Poe,eve@x.example\n")
    monkeypatch.setattr(build, "steps_of", spoilt)
    result = execute(project)
    assert not result.success
    failed = [e for e in result.get_asset_check_evaluations() if not e.passed]
    assert [(e.asset_key.to_user_string(), e.check_name, e.metadata["violations"].value) for e in failed] == [("clusters", "never", 3)]
    made = {e.asset_key.to_user_string() for e in result.get_asset_materialization_events()}
    assert "match_edges" in made
    assert not made & {"clusters", "customer_ids", "unified_profiles", "published_snapshot"}
    after = versions(project)
    changed = {n for n in before if before[n] != after[n]}
    assert {"crm", "deduplicated_crm"} <= changed
    assert not changed & {"clusters", "customer_ids", "customer_id_redirects", "alternate_keys", "unified_profiles", "published_snapshot"}


def test_steps_in_processes_of_their_own_give_the_same(project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A few assets, as each process costs seconds: they share the run's pinned versions and its lock."""
    from cdp_assets.orchestration.instance import home

    home(project)
    monkeypatch.setenv("CDP_PROJECT", str(project.folder))
    some = [dg.AssetKey(name) for name in ("crm", "deduplicated_crm", "web", "events", "visitor_links")]
    job, tags = dg.reconstructable(build_isolated), {AS_OF_TAG: "2026-11-20"}
    with dg.DagsterInstance.get() as instance, dg.execute_job(job, instance=instance, tags=tags, asset_selection=some) as result:
        assert result.success
    other = small_project(tmp_path / "other", CONFIG, {"crm.csv": CRM, "shop.csv": SHOP, "web/1.csv": DAY_1, "web/2.csv": DAY_2})
    run_steps(other)
    expected, found = contents(other), contents(project)
    assert {key.to_user_string(): found[key.to_user_string()] for key in some} == {
        key.to_user_string(): expected[key.to_user_string()] for key in some
    }


def build_isolated() -> dg.JobDefinition:
    """The job `refresh_isolated` of the project in CDP_PROJECT, for processes that build it again."""
    return build.build_defs(load_project(Path(os.environ["CDP_PROJECT"]))).resolve_job_def(REFRESH_ISOLATED)


def test_a_run_launched_for_a_viewer_is_refused(project: Project) -> None:
    (project.folder / "cdp.yaml").write_text(CONFIG + "roles: {viewer: [vic], contributor: [cora]}\n")
    result = execute(project, **{USER_TAG: "vic"})
    assert not result.success
    assert not Place(project.store).tables() or Place(project.store).tables() == ["audit_log"]
    assert execute(project, **{USER_TAG: "cora"}).success


def test_a_changed_configuration_is_a_warning_of_the_run(project: Project) -> None:
    defs = build.build_defs(project)
    (project.folder / "cdp.yaml").write_text(CONFIG + "# changed\n")
    result = defs.resolve_job_def(REFRESH).execute_in_process(run_config=QUIET, tags={AS_OF_TAG: "2026-11-20"})
    assert result.success
    check = next(e for e in result.get_asset_check_evaluations() if e.check_name == "configuration_current")
    assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.WARN)


def test_a_broken_configuration_is_the_readable_load_error(project: Project) -> None:
    import subprocess
    import sys

    (project.folder / "cdp.yaml").write_text("version: 1\nsauces: {}\n")
    environment = {**os.environ, "CDP_PROJECT": str(project.folder)}
    command = [sys.executable, "-c", "from cdp_assets.definitions import defs; defs()"]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert 'cdp.yaml:2: sauces: unknown key. Did you mean "sources"?' in ended.stderr


def test_definitions_are_usable_from_another_dagster_project(project: Project) -> None:
    @dg.asset(deps=["unified_profiles"])
    def report() -> None:
        """An asset of somebody else."""

    merged = dg.Definitions.merge(build.build_defs(project), dg.Definitions(assets=[report]))
    dg.Definitions.validate_loadable(merged)


def test_as_of_defaults_to_the_day_of_the_run_in_utc() -> None:
    from datetime import UTC, datetime

    from cdp_assets.orchestration.run_resource import as_of_of

    assert as_of_of({}) == datetime.now(UTC).date()
    assert as_of_of({AS_OF_TAG: "2026-11-20"}) == date(2026, 11, 20)


def test_rows_in_quarantine_are_counted(project: Project) -> None:
    (project.folder / "cdp.yaml").write_text(CONFIG)
    (project.folder / "web/1.csv").write_text(DAY_1 + "e9,2026-11-18T12:00:00,,,view\n")
    result = execute(project)
    check = next(e for e in result.get_asset_check_evaluations() if e.check_name == "rows_in_quarantine")
    assert check.metadata["value"].value == 1
    made = [e.materialization for e in result.get_asset_materialization_events() if e.asset_key.to_user_string() == "quarantine"]
    assert {m.metadata["source"].value: m.metadata["rows_of_this_source"].value for m in made} == {"crm": 0, "shop": 0, "web": 1}


def test_a_run_from_the_ui_is_in_the_audit_log(project: Project) -> None:
    execute(project)
    rows = query(project, 'select user_name, action, outcome from audit_log order by "at"')
    assert rows == [("dagster", "refresh", "allowed"), ("dagster", "publish", "done"), ("dagster", "refresh", "done")]
