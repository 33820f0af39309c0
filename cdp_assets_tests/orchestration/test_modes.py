"""Parts of a refresh: what each covers, that it equals the refresh where it covers, and that backfills equal daily runs."""

from datetime import date, timedelta
from pathlib import Path

import dagster as dg
import pytest
from typer.testing import CliRunner

from cdp_assets.cli.main import app
from cdp_assets.config import Project, load_project
from cdp_assets.errors import UserError
from cdp_assets.lake import Place
from cdp_assets.orchestration.build import build_defs
from cdp_assets.orchestration.catalogue import steps_of
from cdp_assets.orchestration.in_process import QUIET
from cdp_assets.orchestration.jobs import EVENT_DAYS, REFRESH
from cdp_assets.orchestration.modes import Mode, mode_of, modes_of
from cdp_assets.orchestration.refresh import Summary, refresh
from cdp_assets.orchestration.run_record import CONFIGURATION_TAG
from cdp_assets.orchestration.run_resource import AS_OF_TAG
from cdp_assets_tests.orchestration.test_over_time import CONFIG, CRM, DAY_1, SHOP
from cdp_assets_tests.projects import AS_OF, DEMO, USER, contents, run_steps, small_project, versions

pytestmark = pytest.mark.pipeline
FILES = {"crm.csv": CRM, "shop.csv": SHOP, "web/1.csv": DAY_1}
ONE_SOURCE = "version: 1\nsources:\n  crm: {files: crm.csv, primary_key: contact_id, fields: {full_name: person.full_name}}\n"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return small_project(tmp_path / "project", CONFIG, FILES)


def only(project: Project, what: str, of: str = "customers") -> Summary:
    return refresh(load_project(project.folder), USER, as_of=AS_OF, part=(what, of))


def demo_modes() -> dict[str, Mode]:
    project = load_project(DEMO)
    return {mode.job: mode for mode in modes_of(project.config, steps_of(project))}


def test_every_entity_has_its_three_parts() -> None:
    parts = {"match_{}", "unify_{}", "unify_{}_and_dependents"}
    assert set(demo_modes()) == {part.format(entity) for part in parts for entity in ("customers", "accounts", "contacts")}


def test_where_there_is_one_source_there_is_no_matching(tmp_path: Path) -> None:
    single = small_project(tmp_path, ONE_SOURCE, {"crm.csv": CRM})
    assert [mode.job for mode in modes_of(single.config, steps_of(single))] == ["unify_customers", "unify_customers_and_dependents"]


def test_matching_is_dedupe_and_match_and_what_they_are_made_from() -> None:
    tables = set(demo_modes()["match_customers"].tables)
    assert {"crm", "deduplicated_crm", "visitor_identities", "match_edges", "clusters"} <= tables
    assert "duplicate_pairs_crm" not in tables, "it is made by the asset of deduplicated_crm"
    assert not tables & {"customer_ids", "unified_profiles", "orders", "crm_accounts", "segments", "published_snapshot"}


def test_profiles_end_with_the_profiles() -> None:
    tables = set(demo_modes()["unify_customers"].tables)
    assert {"clusters", "customer_ids", "unified_profiles", "profile_lineage", "alternate_keys"} <= tables
    assert not tables & {"unified_activities", "customer_measures", "clv_scores", "segments", "published_snapshot", "account_profiles"}


def test_dependents_are_all_that_stands_below_but_no_export() -> None:
    tables = set(demo_modes()["unify_customers_and_dependents"].tables)
    assert {"unified_profiles", "unified_activities", "customer_measures", "clv_scores", "segments", "published_snapshot"} <= tables
    assert not [table for table in tables if table.startswith("export_")]


@pytest.mark.parametrize("of", ["accounts", "contacts"])
def test_with_their_dependents_accounts_and_contacts_are_unified_together(of: str) -> None:
    tables = set(demo_modes()[f"unify_{of}_and_dependents"].tables)
    assert {"account_profiles", "contacts", "contact_account_links", "contact_profiles", "account_engagement"} <= tables


def test_a_part_that_a_project_does_not_have_is_refused_with_what_to_do(tmp_path: Path, project: Project) -> None:
    single = small_project(tmp_path / "single", ONE_SOURCE, {"crm.csv": CRM})
    with pytest.raises(UserError, match="one source, so there is nothing to match"):
        mode_of(single.config, steps_of(single), "matching", "customers")
    with pytest.raises(UserError, match="has no section accounts"):
        mode_of(project.config, steps_of(project), "profiles", "accounts")
    with pytest.raises(UserError, match="Parts: matching, profiles, dependents"):
        mode_of(project.config, steps_of(project), "everything", "customers")


def test_a_source_to_be_read_in_full_must_be_one(project: Project) -> None:
    with pytest.raises(UserError, match=r"No such source in cdp.yaml: nobody\. Its sources are crm, shop, web\."):
        refresh(project, USER, as_of=AS_OF, full=["nobody"])


def test_the_command_refreshes_a_part(project: Project) -> None:
    arguments = ["--project", str(project.folder), "--as", USER, "refresh", "--as-of", "2026-11-20", "--only", "matching"]
    ended = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert ended.exit_code == 0, ended.output
    assert {"match_edges", "clusters"} <= set(Place(project.store).tables())
    assert "unified_profiles" not in Place(project.store).tables()
    with pytest.raises(UserError, match="has no section contacts"):
        CliRunner().invoke(app, [*arguments, "--of", "contacts"], catch_exceptions=False)


def test_matching_only_changes_edges_and_clusters_and_no_profile(project: Project) -> None:
    run_steps(project)
    before = versions(project)
    (project.folder / "shop.csv").write_text(SHOP.replace("cid@x.example", "bob@x.example"))
    summary = only(project, "matching")
    after = versions(project)
    changed = {name for name in before if before[name] != after[name]}
    assert summary.ok
    assert {"shop", "match_edges", "clusters"} <= changed
    assert not changed & {"customer_ids", "unified_profiles", "published_snapshot"}


def test_parts_one_after_the_other_equal_a_refresh(project: Project, tmp_path: Path) -> None:
    assert [only(project, part).ok for part in ("matching", "profiles", "dependents")] == [True] * 3
    whole = small_project(tmp_path / "whole", CONFIG, FILES)
    run_steps(whole)
    expected, found = contents(whole), contents(project)
    covered = set(mode_of(project.config, steps_of(project), "dependents", "customers").tables)
    assert {name: found[name] for name in covered} == {name: expected[name] for name in covered}


def test_a_part_is_a_job_in_dagster_too_and_leaves_no_day_that_is_due(project: Project, tmp_path: Path) -> None:
    job = build_defs(project).resolve_job_def("unify_customers")
    days = {"dagster/asset_partition_range_start": "2026-11-20", "dagster/asset_partition_range_end": "2026-11-20"}
    assert job.execute_in_process(run_config=QUIET, tags={AS_OF_TAG: "2026-11-20", **days}).success
    whole = small_project(tmp_path / "whole", CONFIG, FILES)
    run_steps(whole)
    assert contents(project)["unified_profiles"] == contents(whole)["unified_profiles"]


def test_a_run_records_the_configuration_that_it_was_begun_with(project: Project) -> None:
    instance = dg.DagsterInstance.ephemeral()
    job = build_defs(project).resolve_job_def(REFRESH)
    result = job.execute_in_process(run_config=QUIET, instance=instance, tags={AS_OF_TAG: "2026-11-20"})
    run = instance.get_run_by_id(result.run_id)
    assert run is not None
    assert run.tags[CONFIGURATION_TAG] == project.digest[:12]


def test_a_run_in_several_processes_stops_when_the_configuration_is_changed_under_it(project: Project) -> None:
    from cdp_assets.lake import Run
    from cdp_assets.orchestration import run_record

    run = Run(Place(project.store), "run", AS_OF)
    run_record.begin(None, run, project.digest)
    run.clean()  # as each process does at its end
    run_record.begin(None, run, project.digest)  # the process of the next step
    with pytest.raises(UserError, match="was changed while this run is at work"):
        run_record.begin(None, run, "another digest")


DAYS = [date(2026, 11, 1) + timedelta(days=number) for number in range(6)]


def events_of(day: date) -> str:
    rows = [f"{day}-{number},{day}T{8 + number:02}:00:00,v{number % 3},{'c1' if number == 1 else ''},view" for number in range(5)]
    return "\n".join(["event_id,ts,visitor,user,event", *rows]) + "\n"


def job(project: Project, name: str, **tags: str) -> bool:
    found = build_defs(load_project(project.folder)).resolve_job_def(name)
    return found.execute_in_process(run_config=QUIET, tags={AS_OF_TAG: "2026-11-20", **tags}, raise_on_error=False).success


def test_a_backfill_of_a_range_as_one_run_equals_a_run_a_day(tmp_path: Path) -> None:
    """All days lie there from the start; one project computes them in one run of a range, the other in one run each."""
    files = {**FILES, **{f"web/{day}.csv": events_of(day) for day in DAYS}}
    ranged, daily = (small_project(tmp_path / name, CONFIG, files) for name in ("ranged", "daily"))
    for project in (ranged, daily):
        assert only(project, "matching").ok  # the source is read; days that were due are computed too
        (project.folder / "web/late.csv").write_text(events_of(DAYS[0] - timedelta(days=1)).replace("-0,", "-9,"))
        (project.folder / f"web/{DAYS[2]}.csv").write_text(events_of(DAYS[2]).replace("view", "checkout"))
        (project.folder / f"web/{DAYS[4]}.csv").unlink()
        run_source(project)
    start, end = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"
    first, last = DAYS[0] - timedelta(days=1), DAYS[-1]
    assert job(ranged, EVENT_DAYS, **{start: str(first), end: str(last)})
    for day in [first, *DAYS]:
        assert job(daily, EVENT_DAYS, **{start: str(day), end: str(day)})
    assert contents(ranged)["events"] == contents(daily)["events"]
    assert job(ranged, REFRESH)
    assert job(daily, REFRESH)
    assert contents(ranged) == contents(daily)


def test_a_refresh_a_day_equals_one_refresh_of_all_days(tmp_path: Path) -> None:
    """Ids and memberships apart, which are of the day on which they began."""
    daily, once = (small_project(tmp_path / name, CONFIG, FILES) for name in ("daily", "once"))
    for day in DAYS:
        for project in (daily, once):
            (project.folder / f"web/{day}.csv").write_text(events_of(day))
        assert job(daily, REFRESH)
    assert job(once, REFRESH)
    expected, found = contents(once), contents(daily)
    same = {"crm", "shop", "web", "events", "visitor_links", "visitor_identities", "deduplicated_crm", "deduplicated_shop"}
    assert {name: found[name] for name in same} == {name: expected[name] for name in same}


def run_source(project: Project) -> None:
    """Read the source of events again, and nothing else."""
    from cdp_assets.lake import Run

    loaded = load_project(project.folder)
    step = next(step for step in steps_of(loaded) if step.table.name == "web")
    step.run(Run(Place(project.store), "only the source", AS_OF))
