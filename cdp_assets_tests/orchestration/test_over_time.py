"""What happens to ids, profiles and events from one refresh to the next."""

from pathlib import Path

import pytest

from cdp_assets.config import Project, load_project
from cdp_assets_tests.projects import contents, query, run_steps, small_project, table_of, versions

pytestmark = pytest.mark.pipeline

CONFIG = """
version: 1
sources:
  crm: {files: crm.csv, primary_key: contact_id, fields: {full_name: person.full_name, email: identity.email}}
  shop: {files: shop.csv, primary_key: account, fields: {name: person.full_name, mail: identity.email}}
  web: {files: web, kind: events, visitor: visitor, time: ts, known_as: {user: crm.contact_id}, include_all_records: true}
customers:
  match_order: [crm, shop, web]
  match:
    - {name: same e-mail, left: crm, right: shop, all: [{field: email, normalise: [lower, whitespace]}]}
"""
CRM = "contact_id,full_name,email\nc1,Ann Lee,ann@x.example\nc2,Bob Ray,bob@x.example\n"
SHOP = "account,name,mail\ns1,Ann Lee,ANN@x.example\ns2,Cid Fox,cid@x.example\n"
DAY_1 = "event_id,ts,visitor,user,event\ne1,2026-11-18T10:00:00,v1,,view\ne2,2026-11-18T11:00:00,v2,,view\n"
DAY_2 = "event_id,ts,visitor,user,event\ne3,2026-11-19T10:00:00,v1,c1,sign_in\n"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return small_project(tmp_path, CONFIG, {"crm.csv": CRM, "shop.csv": SHOP, "web/1.csv": DAY_1})


def ids(project: Project) -> dict[str, str]:
    return {str(row[0]): str(row[1]) for row in query(project, "select source || '|' || record_key, customer_id from alternate_keys")}


def test_matched_records_are_one_customer_and_others_keep_profiles_of_their_own(project: Project) -> None:
    run_steps(project)
    found = ids(project)
    assert found["crm|c1"] == found["shop|s1"]
    assert len({found["crm|c1"], found["crm|c2"], found["shop|s2"], found["web|v1"], found["web|v2"]}) == 5
    assert all(len(each) == 32 and int(each, 16) >= 0 for each in found.values())


def test_a_field_that_is_excluded_is_gone_with_its_lineage_and_comes_back_when_it_is_taken_in_again(project: Project) -> None:
    run_steps(project)
    before, file = contents(project), project.folder / "cdp.yaml"
    profile, lineage = "select full_name from unified_profiles", "select attribute from profile_lineage where attribute = 'full_name'"
    file.write_text(CONFIG + "  exclude: [full_name]\n")
    run_steps(project)
    seen = load_project(project.folder)
    assert "full_name" not in table_of(seen, "unified_profiles").column_names
    assert query(seen, lineage) == []
    file.write_text(CONFIG)
    run_steps(project)
    assert len(query(project, profile)) == 5
    assert contents(project) == before


def test_an_unknown_visitor_who_signs_in_is_taken_over_and_the_old_id_leads_there(project: Project) -> None:
    run_steps(project)
    before, events = ids(project), query(project, "select * from events where day = '2026-11-18' order by all")
    assert query(project, f"select known from unified_profiles where customer_id = '{before['web|v1']}'") == [(False,)]
    (project.folder / "web/2.csv").write_text(DAY_2)
    run_steps(project)
    after = ids(project)
    assert after["web|v1"] == after["crm|c1"] == before["crm|c1"]
    assert after["web|v2"] == before["web|v2"]
    assert query(project, "select customer_id, surviving_customer_id from customer_id_redirects") == [(before["web|v1"], before["crm|c1"])]
    of_v1 = f"where customer_id = '{after['web|v1']}'"
    profile = query(project, f"select full_name, visitors, previous_customer_ids from unified_profiles {of_v1}")
    assert profile == [("Ann Lee", 1, [before["web|v1"]])]
    # who a visitor is, is a join: the events of the day before are what they were
    assert query(project, "select * from events where day = '2026-11-18' order by all") == events


def test_only_the_day_of_the_new_events_is_computed(project: Project) -> None:
    run_steps(project)
    (project.folder / "web/2.csv").write_text(DAY_2)
    run_steps(project)
    import json

    log = max((project.store / "lake" / "events" / "_delta_log").glob("*.json")).read_text().splitlines()
    paths = [entry["add"]["path"] for entry in map(json.loads, log) if "add" in entry]
    assert [path.split("/")[0] for path in paths] == ["day=2026-11-19"]


def test_without_include_all_records_unknown_visitors_have_no_profile_and_known_ones_carry_their_ids(tmp_path: Path) -> None:
    config = CONFIG.replace(", include_all_records: true", "")
    project = small_project(tmp_path, config, {"crm.csv": CRM, "shop.csv": SHOP, "web/1.csv": DAY_1, "web/2.csv": DAY_2})
    run_steps(project)
    found = ids(project)
    assert found["web|v1"] == found["crm|c1"]
    assert "web|v2" not in found
    assert query(project, "select has_profile from clusters where record_key = 'v2'") == [(False,)]
    assert query(project, "select count(*) from unified_profiles where not known") == [(0,)]


def test_ids_stay_when_rows_are_reordered_and_tables_are_identical(project: Project) -> None:
    run_steps(project)
    before = contents(project)
    lines = CRM.splitlines()
    (project.folder / "crm.csv").write_text("\n".join([lines[0], *reversed(lines[1:])]) + "\n")
    run_steps(project)
    after = contents(project)
    # the tables that show line numbers change, and only those
    assert {n for n in before if before[n] != after[n]} <= {"crm", "deduplicated_crm", "alternate_keys", "profile_lineage"}
    assert before["customer_ids"] == after["customer_ids"]


def test_a_merge_keeps_the_older_id_and_a_split_lets_the_larger_part_keep_it(project: Project) -> None:
    run_steps(project)
    before = ids(project)
    (project.folder / "shop.csv").write_text(SHOP.replace("cid@x.example", "bob@x.example"))
    run_steps(project)
    merged = ids(project)
    assert merged["shop|s2"] == merged["crm|c2"]
    assert merged["crm|c2"] in (before["crm|c2"], before["shop|s2"])
    (project.folder / "shop.csv").write_text(SHOP)
    run_steps(project)
    split = ids(project)
    assert split["crm|c2"] != split["shop|s2"]
    assert merged["crm|c2"] in (split["crm|c2"], split["shop|s2"])
    assert before["crm|c1"] == split["crm|c1"]


def test_a_record_that_comes_back_gets_its_id_back(project: Project) -> None:
    run_steps(project)
    before = ids(project)
    (project.folder / "crm.csv").write_text(CRM.replace("c2,Bob Ray,bob@x.example\n", ""))
    run_steps(project)
    assert query(project, "select surviving_customer_id from customer_id_redirects") == [(None,)]
    (project.folder / "crm.csv").write_text(CRM)
    run_steps(project)
    assert ids(project) == before
    assert query(project, "select count(*) from customer_id_redirects") == [(0,)]


def test_content_that_comes_out_equal_makes_no_new_version_downstream(project: Project) -> None:
    run_steps(project)
    before = versions(project)
    (project.folder / "crm.csv").write_text(CRM.replace("\n", "\r\n"))
    run_steps(project)
    assert versions(project) == before


def test_a_late_event_changes_its_own_day_only(project: Project) -> None:
    run_steps(project)
    (project.folder / "web/9.csv").write_text("event_id,ts,visitor,user,event\ne9,2026-11-18T23:59:59,v2,,view\n")
    run_steps(project)
    assert query(project, "select day::varchar, count(*) from events group by 1") == [("2026-11-18", 3)]
