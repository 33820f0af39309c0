"""Checks that stand alone, of customers and of accounts: each is asked with the tables that it is about, and with no other."""

from pathlib import Path

import dagster as dg
import pytest

from cdp_assets.config import Project
from cdp_assets.orchestration.build import build_defs
from cdp_assets.orchestration.instance import home
from cdp_assets.orchestration.jobs import REFRESH
from cdp_assets.orchestration.refresh import refresh
from cdp_assets.orchestration.run_resource import AS_OF_TAG
from cdp_assets.orchestration.statuses import statuses
from cdp_assets_tests.projects import AS_OF, USER, small_project

pytestmark = pytest.mark.pipeline
CONFIG = """
version: 1
sources:
  crm: {files: crm.csv, primary_key: id, fields: {name: person.full_name, mail: identity.email}}
  shop: {files: shop.csv, primary_key: id, fields: {name: person.full_name, mail: identity.email}}
  firms: {files: firms.csv, primary_key: id, fields: {firm: organization.name, mail: identity.email}}
  erp: {files: erp.csv, primary_key: id, fields: {firm: organization.name, mail: identity.email}}
customers:
  match_order: [crm, shop]
  guards: {largest_cluster: 3}
  match: [{name: mail, left: crm, right: shop, all: [{field: mail}]}]
accounts:
  match_order: [firms, erp]
  match: [{name: mail, left: firms, right: erp, all: [{field: mail}]}]
"""
PEOPLE = "id,name,mail\n" + "".join(f"{n},Ann Lee,ann@x.example\n" for n in range(5))
FILES = {
    "crm.csv": PEOPLE,
    "shop.csv": PEOPLE,
    "firms.csv": "id,firm,mail\n1,X,x@x.example\n",
    "erp.csv": "id,firm,mail\n1,X,x@x.example\n",
}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return small_project(tmp_path, CONFIG, FILES)


def asked(project: Project, job: str) -> dict[tuple[str, str], bool]:
    """The checks of a job that ran: asset and name -> whether it passed."""
    with dg.DagsterInstance.ephemeral() as instance:
        ended = build_defs(project).resolve_job_def(job).execute_in_process(instance=instance, tags={AS_OF_TAG: str(AS_OF)})
    assert ended.success
    return {(each.asset_key.to_user_string(), each.check_name): each.passed for each in ended.get_asset_check_evaluations()}


def test_groups_that_were_cut_because_they_grew_too_large_are_warned_of(project: Project) -> None:
    found = asked(project, REFRESH)
    assert (found["match_edges", "records_cut_off"], found["account_match_edges", "records_cut_off"]) == (False, True)


def test_a_refresh_and_the_status_say_how_many_records_were_cut_off_and_what_to_do(project: Project) -> None:
    summary = refresh(project, USER, as_of=AS_OF)
    said = (
        "10 records are not joined with others that a rule found for them, because together they would be more than 3 records "
        "(guards.largest_cluster of customers). A value that many share may be behind it, or a rule that is too wide: "
        "`cdp review customers` shows what each rule joined. Name such a value in guards.junk, lower guards.shared_by, or raise "
        "guards.largest_cluster."
    )
    assert summary.ok
    assert summary.notices == {"match_edges": said}
    home(project)
    instance = dg.DagsterInstance.get()
    try:
        found = {each.table: each for each in statuses(project, instance)}
    finally:
        instance.dispose()
    assert found["match_edges"].state == "Completed with warnings"
    assert found["match_edges"].why == (
        f"{said}; the check records_cut_off did not pass: not so: at most 0.1% of the records have an edge that was refused because its "
        "group would be larger than guards.largest_cluster (found 1, at most 0.001)"
    )


def test_a_part_asks_the_checks_of_its_own_entity_only(project: Project) -> None:
    found = asked(project, "unify_accounts")
    assert {asset for asset, name in found if name in ("records_cut_off", "learnt_from_as_many")} == {
        "account_match_edges",
        "account_term_frequencies",
    }
