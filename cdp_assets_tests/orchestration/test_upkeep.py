"""The upkeep as an asset with a job and a schedule of its own, as a command, and what it does to Dagster's old runs."""

from pathlib import Path

import dagster as dg
import pytest

from cdp_assets.config import load_project
from cdp_assets.governance import AccessDeniedError
from cdp_assets.lake import Place
from cdp_assets.orchestration.build import build_defs
from cdp_assets.orchestration.old_runs import delete_old_runs
from cdp_assets.orchestration.upkeep import ASSET, MAINTAIN
from cdp_assets.orchestration.upkeep_run import maintain
from cdp_assets_tests.projects import run, small_project

CONFIG = """
version: 1
sources:
  crm: {files: crm.csv, primary_key: id, fields: {name: person.full_name}}
  shop: {files: shop.csv, primary_key: id, fields: {name: person.full_name}}
customers:
  match: [{name: same name, left: crm, right: shop, all: [{field: name}]}]
"""
WITHOUT_SHOP = "version: 1\nsources:\n  crm: {files: crm.csv, primary_key: id, fields: {name: person.full_name}}\n"


def test_it_is_an_asset_with_a_job_and_a_schedule_that_is_on_and_no_refresh_runs_it(tmp_path: Path) -> None:
    defs = build_defs(small_project(tmp_path, CONFIG, {}))
    assert [key.to_user_string() for key in defs.resolve_job_def(MAINTAIN).asset_layer.executable_asset_keys] == [ASSET]
    assert dg.AssetKey(ASSET) not in defs.resolve_job_def("refresh").asset_layer.executable_asset_keys
    schedule = defs.resolve_schedule_def("maintain_schedule")
    assert (schedule.cron_schedule, schedule.default_status) == ("0 3 * * 0", dg.DefaultScheduleStatus.RUNNING)


def test_no_cron_no_schedule(tmp_path: Path) -> None:
    defs = build_defs(small_project(tmp_path, f"{CONFIG}upkeep: {{cron: null}}\n", {}))
    assert "maintain_schedule" not in [schedule.name for schedule in defs.schedules or ()]


@pytest.mark.pipeline
def test_tables_of_a_source_that_was_removed_are_named_and_go_when_asked_for(tmp_path: Path) -> None:
    project = small_project(tmp_path, CONFIG, {"crm.csv": "id,name\n1,Ann\n", "shop.csv": "id,name\n1,Ann\n,Nobody\n"})
    assert run(project).ok
    (tmp_path / "cdp.yaml").write_text(WITHOUT_SHOP)
    project = load_project(tmp_path)
    assert run(project).ok
    said = maintain(project, "tester")
    assert "No longer in cdp.yaml, and kept until they are old: deduplicated_shop, duplicate_pairs_crm, duplicate_pairs_shop, shop" in said
    assert {"shop", "deduplicated_shop"} <= set(Place(project.store).tables())
    assert "removed: deduplicated_shop, duplicate_pairs_crm, duplicate_pairs_shop, shop" in maintain(project, "tester", drop_removed=True)
    assert not {"shop", "deduplicated_shop"} & set(Place(project.store).tables())
    after = run(project)
    assert after.ok
    assert set(after.unchanged) >= {"crm", "unified_profiles"}


def test_it_is_for_administrators(tmp_path: Path) -> None:
    project = small_project(tmp_path, f"{CONFIG}roles: {{contributor: [cleo], administrator: [ann]}}\n", {})
    with pytest.raises(AccessDeniedError):
        maintain(project, "cleo")


def test_a_run_goes_when_newer_ones_have_made_all_that_it_made() -> None:
    partitions = dg.StaticPartitionsDefinition(["a", "b"])

    @dg.asset
    def plain() -> None: ...

    @dg.asset(partitions_def=partitions)
    def divided() -> None: ...

    with dg.DagsterInstance.ephemeral() as instance:
        superseded = dg.materialize([plain], instance=instance).run_id
        only_one_of_a = dg.materialize([divided], instance=instance, partition_key="a").run_id
        newest = dg.materialize([plain], instance=instance).run_id
        newest_of_b = dg.materialize([divided], instance=instance, partition_key="b").run_id
        assert delete_old_runs(instance, 1) == 0
        assert delete_old_runs(instance, 0) == 1
        left = {record.run_id for record in instance.get_runs()}
    assert left == {only_one_of_a, newest, newest_of_b}
    assert superseded not in left
