"""Our definitions in somebody else's Dagster project, beside its own assets (`embedding/definitions.py`)."""

import importlib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import dagster as dg
import pytest

from cdp_assets.config import load_project
from cdp_assets.errors import UserError
from cdp_assets.orchestration.build import build_defs
from cdp_assets.orchestration.in_process import QUIET
from cdp_assets.orchestration.keys import asset_key, named, own_name, prefix_of
from cdp_assets.orchestration.run_resource import AS_OF_TAG
from cdp_assets_tests.orchestration.test_over_time import CONFIG, CRM, DAY_1, DAY_2, SHOP
from cdp_assets_tests.projects import contents, query, run_steps, small_project

pytestmark = pytest.mark.pipeline
OF_THE_DAY = {AS_OF_TAG: "2026-11-20"}
PARTNERS = "version: 1\nsources: {shop: {files: shop.csv, primary_key: account, fields: {name: person.full_name, mail: identity.email}}}\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Both projects, without the files that the assets of others write."""
    small_project(tmp_path / "customers", CONFIG, {"shop.csv": SHOP, "web/1.csv": DAY_1, "web/2.csv": DAY_2})
    small_project(tmp_path / "partners", PARTNERS, {})
    monkeypatch.setenv("SHOP_FOLDER", str(tmp_path))
    return tmp_path


@pytest.fixture
def shop(folder: Path) -> ModuleType:
    """The other project's module, loaded for this folder."""
    assert folder.is_dir()
    return loaded()


def loaded() -> ModuleType:
    """The module read again, as each process of Dagster reads it."""
    return importlib.reload(importlib.import_module("cdp_assets_tests.orchestration.embedding.definitions"))


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    """The other project's own instance, as its processes find it."""
    home = tmp_path / "their_home"
    home.mkdir()
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    with dg.DagsterInstance.get() as found:
        yield found


def names(defs: dg.Definitions) -> dict[str, set[str]]:
    repository = defs.get_repository_def()
    return {
        "jobs": {job.name for job in repository.get_all_jobs()} - {"__ASSET_JOB"},
        "schedules": {schedule.name for schedule in repository.schedule_defs},
        "sensors": {sensor.name for sensor in repository.sensor_defs},
        "groups": {spec.group_name or "" for spec in defs.resolve_all_asset_specs()},
        "resources": set(repository.get_top_level_resources()),
    }


def test_everything_of_ours_carries_the_prefix_and_nothing_else_changes(folder: Path) -> None:
    plain = build_defs(load_project(folder / "customers"))
    ours = build_defs(load_project(folder / "customers"), key_prefix=["trade", "customers"])
    prefix = ("trade", "customers")
    for kind, found in names(plain).items():
        assert names(ours)[kind] == {named(name, prefix) for name in found}, kind
    before, after = plain.resolve_asset_graph(), ours.resolve_asset_graph()
    assert after.get_all_asset_keys() == {key.with_prefix(prefix) for key in before.get_all_asset_keys()}
    for key in before.get_all_asset_keys():
        assert after.get(key.with_prefix(prefix)).parent_keys == {each.with_prefix(prefix) for each in before.get(key).parent_keys}
    checks = {dg.AssetCheckKey(check.asset_key.with_prefix(prefix), check.name) for check in before.asset_check_keys}
    assert set(after.asset_check_keys) == checks


def test_two_projects_and_somebodys_own_assets_fit_into_one_code_location(shop: ModuleType) -> None:
    dg.Definitions.validate_loadable(shop.defs)
    found = names(shop.defs)
    assert {"refresh", "customers__refresh", "trade__partners__refresh"} <= found["jobs"]
    assert {"customers__source_files_sensor", "trade__partners__source_files_sensor"} <= found["sensors"]
    assert {"customers__refresh_schedule", "trade__partners__refresh_schedule"} <= found["schedules"]
    assert {"sources", "events", "customers__sources", "trade__partners__sources"} <= found["groups"]
    assert found["resources"] == {"run", "customers__cdp_run", "trade__partners__cdp_run"}
    graph = shop.defs.resolve_asset_graph()
    assert graph.get(asset_key("crm", ("customers",))).parent_keys == {dg.AssetKey("crm")}
    assert graph.get(dg.AssetKey("report")).parent_keys == {asset_key("unified_profiles", ("customers",))}


def test_a_job_of_ours_takes_no_asset_of_theirs_and_no_job_takes_the_executor_of_another(shop: ModuleType) -> None:
    job = shop.defs.resolve_job_def("customers__refresh")
    assert {key.path[0] for key in job.asset_layer.executable_asset_keys} == {"customers"}
    assert job.executor_def is dg.in_process_executor
    assert shop.defs.executor is shop.theirs.executor
    assert shop.defs.resolve_job_def("refresh").executor_def.name == "multiprocess"
    assert shop.defs.resolve_implicit_global_asset_job_def().executor_def.name == "multiprocess"


def test_a_refresh_of_ours_between_their_assets_gives_what_it_gives_alone(shop: ModuleType, folder: Path, tmp_path: Path) -> None:
    instance, tags = dg.DagsterInstance.ephemeral(), OF_THE_DAY
    given = {"run_config": QUIET, "instance": instance, "tags": tags}
    assert shop.defs.resolve_job_def("refresh").execute_in_process(asset_selection=[dg.AssetKey("crm")], **given).success
    refreshed = shop.defs.resolve_job_def("customers__refresh").execute_in_process(**given)
    assert refreshed.success
    checks = {e.check_name for e in refreshed.get_asset_check_evaluations()}
    assert {"closed_state", "conservation", "rows_in_quarantine", "configuration_current", "has_profiles"} <= checks
    made = shop.defs.resolve_job_def("refresh").execute_in_process(asset_selection=[dg.AssetKey("report")], **given)
    profiles = next(e.materialization.metadata["profiles"].value for e in made.get_asset_materialization_events())
    alone = small_project(tmp_path / "alone", CONFIG, {"crm.csv": CRM, "shop.csv": SHOP, "web/1.csv": DAY_1, "web/2.csv": DAY_2})
    run_steps(alone)
    assert contents(load_project(folder / "customers")) == contents(alone)
    assert query(alone, "select count(*) from unified_profiles") == [(profiles,)]
    lineage = instance.get_latest_materialization_event(asset_key("unified_profiles", ("customers",)))
    assert lineage is not None
    assert lineage.asset_materialization is not None
    columns = lineage.asset_materialization.metadata["dagster/column_lineage"].value.deps_by_column
    assert dg.TableColumnDep(asset_key("deduplicated_crm", ("customers",)), "email") in columns["email"]


def their_morning() -> dg.JobDefinition:
    """A job of theirs over assets of all three, for the processes that build it again."""
    return loaded().defs.resolve_job_def("morning")


def test_steps_that_their_executor_starts_at_the_same_time_do_not_collide(folder: Path, instance: dg.DagsterInstance) -> None:
    """Three sources of ours, which all write to `quarantine`, and one of the second project, in processes side by side."""
    with (folder / "customers/shop.csv").open("a") as file:
        file.write(",No Key,nobody@x.example\n")
    (folder / "customers/web/1.csv").write_text(DAY_1 + "e9,2026-11-18T12:00:00,,,view\n")
    with dg.execute_job(dg.reconstructable(their_morning), instance=instance, tags=OF_THE_DAY) as result:
        assert result.success
    customers = load_project(folder / "customers")
    assert query(customers, "select source, count(*) from quarantine group by 1 order by 1") == [("shop", 1), ("web", 1)]
    assert query(customers, "select (select count(*) from crm), (select count(*) from shop), (select count(*) from web)") == [(2, 2, 3)]
    assert query(load_project(folder / "partners"), "select record_key from shop") == [("p1",)]


def test_the_prefix_is_refused_where_it_could_not_be_part_of_a_job() -> None:
    assert prefix_of("shop") == prefix_of(["shop"]) == ("shop",)
    for wrong in ("web shop", "", "a__b", "shop_", "1st", "a/b"):
        with pytest.raises(UserError, match="key_prefix"):
            prefix_of(wrong)


def test_a_name_is_ours_only_with_our_prefix() -> None:
    assert own_name(named("refresh", ("a", "b")), ("a", "b")) == "refresh"
    assert own_name("refresh", ("a",)) == own_name("b__refresh", ("a",)) == ""
    assert own_name("refresh") == named("refresh") == "refresh"


def test_an_upstream_of_a_source_that_is_not_there_is_refused(folder: Path) -> None:
    with pytest.raises(UserError, match=r"upstream: crms: no such source.*crm, shop, web"):
        build_defs(load_project(folder / "customers"), upstream={"crms": ["their_asset"]})
