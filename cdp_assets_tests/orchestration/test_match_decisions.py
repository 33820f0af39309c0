"""Decisions on two records, from the question what would follow to the refresh after which it has."""

import random
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from cdp_assets.config import Project, load_project
from cdp_assets.errors import UserError
from cdp_assets.governance.tables import DECISIONS
from cdp_assets.identity.outlook import Outlook, Record, Verdict
from cdp_assets.identity.registry_tables import CUSTOMER_IDS
from cdp_assets.identity.tables import CLUSTERS, MATCH_EDGES
from cdp_assets.lake import Place, Run, Table
from cdp_assets.orchestration import match_decisions
from cdp_assets.orchestration.match_decisions import decide_pair, foresee, standing_decisions
from cdp_assets_tests.cli.test_commands import cdp
from cdp_assets_tests.projects import ordered_steps, run_steps, run_up_to, small_project

pytestmark = pytest.mark.pipeline
CONFIG = """
version: 1
engine: {memory: 512MiB, threads: 1}
sources:
  crm: {files: crm.csv, primary_key: id, fields: {name: person.full_name, mail: identity.email, phone: identity.phone}}
  shop: {files: shop.csv, primary_key: id, fields: {name: person.full_name, mail: identity.email, phone: identity.phone}}
  web: {kind: events, files: web/, visitor: visitor, time: ts, known_as: {user: crm.id}, include_all_records: true}
customers:
  match_order: [crm, shop, web]
  dedupe: {crm: {rules: [{name: same mail, all: [{field: mail}]}]}, shop: {rules: []}}
  match:
    - {name: mail, left: crm, right: shop, all: [{field: mail}]}
    - {name: phone, left: crm, right: shop, all: [{field: phone}]}
"""
CRM = (
    "id,name,mail,phone\nc1,Ann Lee,ann@x.example,1\nc2,Anne Lee,ann@x.example,2\nc3,Bob Kent,bob@x.example,3\nc4,Cy Dorn,cy@x.example,1\n"
)
SHOP = "id,name,mail,phone\ns1,Ann Lee,ann@x.example,3\ns2,Bob Kent,,3\ns3,Dee Foe,dee@x.example,9\n"
WEB = "event_id,event,visitor,user,ts\ne1,view,v1,c3,2026-11-19T10:00:00\ne2,view,v2,,2026-11-19T11:00:00\n"
RECORDS = [*(("crm", f"c{n}") for n in range(1, 5)), *(("shop", f"s{n}") for n in range(1, 4)), ("web", "v1"), ("web", "v2")]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = small_project(tmp_path / "project", CONFIG, {"crm.csv": CRM, "shop.csv": SHOP, "web/1.csv": WEB})
    run_steps(made)
    return made


def ids(project: Project) -> dict[Record, str]:
    """Record -> the customer id that it holds."""
    rows = duckdb.execute(f"select source, record_key, customer_id from ({Place(project.store).newest(CUSTOMER_IDS).sql}) where held")
    return {(source, key): customer_id for source, key, customer_id in rows.fetchall()}


def rows(project: Project, table: Table) -> list[tuple[object, ...]]:
    return sorted(duckdb.execute(Place(project.store).newest(table).sql).fetchall(), key=repr)


def people(project: Project) -> list[set[Record]]:
    """Who is one, whatever the ids."""
    groups: dict[str, set[Record]] = {}
    for record, customer_id in ids(project).items():
        groups.setdefault(customer_id, set()).add(record)
    return sorted(groups.values(), key=sorted)


def test_a_wrong_merge_is_undone_by_one_decision_and_stays_undone(project: Project) -> None:
    assert {("crm", "c1"), ("crm", "c2"), ("shop", "s1")} in people(project)
    decide_pair(project, "ann", "customers", (("crm", "c2"), ("shop", "s1")), "reject")
    for _ in range(2):
        run_steps(project)
        assert ids(project)["crm", "c2"] != ids(project)["shop", "s1"]


def test_two_records_that_no_rule_joins_are_one_by_decision(project: Project) -> None:
    decide_pair(project, "ann", "customers", (("shop", "s3"), ("crm", "c4")), "accept")
    run_steps(project)
    assert ids(project)["crm", "c4"] == ids(project)["shop", "s3"]


def test_what_was_foreseen_is_what_the_refresh_makes(project: Project) -> None:
    chance = random.Random(5)
    for _ in range(6):
        one, other = chance.sample(RECORDS, 2)
        verdict: Verdict = chance.choice(("accept", "reject", "undo"))
        foreseen = foresee(project, "customers", (one, other), verdict)
        before = ids(project)
        decide_pair(project, "ann", "customers", (one, other), verdict)
        run_steps(project)
        after = ids(project)
        expected = {record: customer_id for record, customer_id in foreseen.outlook.after.items() if customer_id}
        assert {record: after[record] for record in expected} == expected
        assert {r: (before[r], after[r]) for r in before if before[r] != after[r]} == foreseen.moved


def test_the_former_id_of_a_part_that_splits_off_is_foreseen_as_such(project: Project) -> None:
    pair, before = (("crm", "c3"), ("crm", "c4")), ids(project)
    decide_pair(project, "ann", "customers", pair, "accept")
    run_steps(project)
    merged = ids(project)
    [gone] = set(before.values()) - set(merged.values())
    foreseen = foresee(project, "customers", pair, "undo")
    assert {after for _, after in foreseen.moved.values()} == {gone} == foreseen.outlook.former
    assert foreseen.new_ids == set()
    decide_pair(project, "ann", "customers", pair, "undo")
    run_steps(project)
    assert ids(project) == before


def test_what_is_foreseen_is_about_the_last_whole_state_while_a_refresh_is_half_done(project: Project) -> None:
    pair, shop = (("shop", "s3"), ("crm", "c4")), project.folder / "shop.csv"
    foreseen = foresee(project, "customers", pair, "accept")
    shop.write_text(shop.read_text().replace("s3,Dee Foe,dee@x.example,9", "s3,Dee Foe,dee@x.example,2"))
    for _ in run_up_to(project, MATCH_EDGES.name):
        pass
    assert foresee(project, "customers", pair, "accept").outlook == foreseen.outlook


def test_a_pair_for_a_review_joins_nobody_until_it_is_accepted_and_again_when_that_is_undone(tmp_path: Path) -> None:
    rules = "    - {name: alike, left: crm, right: shop, all: [{field: phone}, {field: name, as: name, precision: high}], review: low}\n"
    config = (
        CONFIG[: CONFIG.index("    - {name: mail")].replace("{rules: [{name: same mail, all: [{field: mail}]}]}", "{rules: []}") + rules
    )
    shop = "id,name,mail,phone\ns1,Ann Lehmann,,1\ns2,Bob Kent,,3\n"
    made = small_project(tmp_path / "nearly", config, {"crm.csv": CRM, "shop.csv": shop, "web/1.csv": WEB})
    run_steps(made)
    pair, before = (("crm", "c1"), ("shop", "s1")), ids(made)
    found = {(row[1], row[3]): row[8] for row in rows(made, MATCH_EDGES) if row[4] == "match"}
    assert found == {("c1", "s1"): "review", ("c3", "s2"): "joined"}
    assert before[pair[0]] != before[pair[1]]
    assert "for a review, alike enough only for people to decide" in cdp(made.folder, "why-not", "crm:c1", "shop:s1").stdout
    assert "review: 1 pair, for people to decide: --rule NAME lists" in cdp(made.folder, "review", "customers").stdout
    waiting = cdp(made.folder, "review", "customers", "--rule", "alike").stdout
    assert "waiting for people to decide" in waiting
    assert "   crm:c1 and shop:s1, " in waiting
    assert "`cdp match accept crm:c1 shop:s1` (they are one) or `cdp match reject crm:c1 shop:s1`" in " ".join(waiting.split())
    for verdict, together in (("accept", True), ("reject", False), ("undo", False)):
        foreseen = foresee(made, "customers", pair, verdict)  # type: ignore[arg-type]
        decide_pair(made, "ann", "customers", pair, verdict)  # type: ignore[arg-type]
        waits = "crm:c1 and shop:s1" in cdp(made.folder, "review", "customers", "--rule", "alike").stdout
        assert not waits or verdict == "undo", verdict
        run_steps(made)
        after = ids(made)
        assert (after[pair[0]] == after[pair[1]]) == together, verdict
        assert {record: after[record] for record in foreseen.outlook.after} == foreseen.outlook.after
    assert ids(made) == before


def test_ids_that_are_made_from_fields_are_foreseen_as_such(tmp_path: Path) -> None:
    made = small_project(tmp_path / "own", CONFIG + "  id: [mail]\n", {"crm.csv": CRM, "shop.csv": SHOP, "web/1.csv": WEB})
    run_steps(made)
    pair = (("crm", "c2"), ("crm", "c4"))
    foreseen = foresee(made, "customers", pair, "accept")
    decide_pair(made, "ann", "customers", pair, "accept")
    run_steps(made)
    after = ids(made)
    assert foreseen.moved
    assert {record: after[record] for record in foreseen.outlook.after} == foreseen.outlook.after


def test_a_decision_against_a_list_that_says_never_is_refused_before_it_is_taken(tmp_path: Path) -> None:
    lists = (
        "  apart: {files: apart.csv, primary_key: nr, fields: {left_source: text, left_key: text, right_source: text, right_key: text}}\n"
    )
    config = CONFIG.replace("customers:\n", f"{lists}customers:\n  never_match: [apart]\n")
    files = {
        "crm.csv": CRM,
        "shop.csv": SHOP,
        "web/1.csv": WEB,
        "apart.csv": "nr,left_source,left_key,right_source,right_key\n1,crm,c1,crm,c4\n",
    }
    made = small_project(tmp_path / "listed", config, files)
    run_steps(made)
    ended = cdp(made.folder, "match", "accept", "crm:c1", "crm:c4", "--yes")
    assert ended.returncode == 1
    assert "never wins. Nothing was changed." in ended.stderr
    assert "It would not count: apart.csv line 2 says" in " ".join(ended.stderr.split())
    assert standing_decisions(made, "customers") == []


def test_a_decision_that_a_list_contradicts_later_is_listed_with_the_line(project: Project) -> None:
    decide_pair(project, "ann", "customers", (("crm", "c1"), ("crm", "c4")), "accept")
    config = (project.folder / "cdp.yaml").read_text()
    lists = (
        "  apart: {files: apart.csv, primary_key: nr, fields: {left_source: text, left_key: text, right_source: text, right_key: text}}\n"
    )
    (project.folder / "cdp.yaml").write_text(config.replace("customers:\n", f"{lists}customers:\n  never_match: [apart]\n"))
    (project.folder / "apart.csv").write_text("nr,left_source,left_key,right_source,right_key\n1,crm,c4,crm,c1\n")
    changed = load_project(project.folder)
    run_steps(changed)
    assert standing_decisions(changed, "customers")[0].state == "contradicted by apart.csv line 2"


def test_a_decision_that_is_taken_back_leaves_no_trace_in_edges_and_clusters(project: Project) -> None:
    before = [rows(project, table) for table in (MATCH_EDGES, CLUSTERS)]
    for verdict in ("accept", "undo"):
        decide_pair(project, "ann", "customers", (("crm", "c3"), ("crm", "c4")), verdict)  # type: ignore[arg-type]
        run_steps(project)
    assert [rows(project, table) for table in (MATCH_EDGES, CLUSTERS)] == before


def test_decisions_survive_a_rebuild_from_nothing(project: Project) -> None:
    decide_pair(project, "ann", "customers", (("crm", "c1"), ("crm", "c2")), "reject")
    run_steps(project)
    before = people(project)
    for table in Place(project.store).lake.iterdir():
        if table.name not in ("decisions", "customer_ids"):
            for file in sorted(table.rglob("*"), reverse=True):
                file.unlink() if file.is_file() else file.rmdir()
            table.rmdir()
    run_steps(project, date(2026, 11, 20))
    assert people(project) == before


def test_the_decisions_that_stand_are_listed_with_what_became_of_them(project: Project) -> None:
    decide_pair(project, "ann", "customers", (("crm", "c1"), ("crm", "c2")), "reject")
    [standing] = standing_decisions(project, "customers")
    assert (standing.user, standing.pair, standing.verdict, standing.state) == (
        "ann",
        (("crm", "c1"), ("crm", "c2")),
        "reject",
        "not yet seen",
    )
    run_steps(project)
    assert standing_decisions(project, "customers")[0].state == "used"
    decide_pair(project, "ann", "customers", (("crm", "c2"), ("crm", "c1")), "undo")  # the other way round it is the same pair
    assert standing_decisions(project, "customers") == []


@pytest.mark.parametrize("verdict", ["undo", "reject"])
def test_a_decision_on_a_record_that_has_vanished_is_listed_as_such_and_can_be_taken_back(project: Project, verdict: Verdict) -> None:
    pair = (("crm", "c4"), ("shop", "s3"))
    decide_pair(project, "ann", "customers", pair, "accept")
    (project.folder / "crm.csv").write_text(CRM.replace("c4,Cy Dorn,cy@x.example,1\n", ""))
    made = run_steps(project)
    assert MATCH_EDGES.name in made
    assert standing_decisions(project, "customers")[0].state == "no effect: a record that does not exist"
    with pytest.raises(UserError, match="There is no record of crm with that key"):
        foresee(project, "customers", pair, "accept")
    ended = cdp(project.folder, "match", verdict, "crm:c4", "shop:s3", "--yes")
    assert ended.returncode == 0, ended.stderr
    without = "No profile changes." if verdict == "undo" else "No profile changes: as things are it has no effect (a record that does not"
    assert ended.stdout.startswith(without)
    assert "keep it so" not in ended.stdout
    assert [each.verdict for each in standing_decisions(project, "customers")] == ([] if verdict == "undo" else ["reject"])


def test_a_decision_is_foreseen_with_a_word_on_rules_that_have_changed_or_not_at_all(project: Project) -> None:
    pair = (("crm", "c3"), ("crm", "c4"))
    assert not foresee(project, "customers", pair, "accept").outdated
    one, other = CONFIG.replace("{field: phone}", "{field: name}"), CONFIG.replace("phone: identity.phone", "phone: date")
    (project.folder / "cdp.yaml").write_text(one)
    assert foresee(load_project(project.folder), "customers", pair, "accept").outdated
    (project.folder / "cdp.yaml").write_text(other)
    with pytest.raises(UserError, match="Run `cdp refresh`, then ask again"):
        foresee(load_project(project.folder), "customers", pair, "accept")


def test_a_refresh_that_begins_takes_nothing_from_a_question_under_way(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = match_decisions.outlook

    def swept(*given: Any, **more: Any) -> Outlook:
        (given[2] / "found").write_text("rows")
        Place(project.store).sweep(keep=None)
        assert (given[2] / "found").exists()
        return asked(*given, **more)

    monkeypatch.setattr(match_decisions, "outlook", swept)
    assert foresee(project, "customers", (("crm", "c3"), ("crm", "c4")), "accept").moved


def test_keys_are_listed_letter_by_letter(project: Project) -> None:
    for key in ("[/b]k", "[red]x[/red]", "a:b:"):
        decide_pair(project, "ann", "customers", (("crm", key), ("shop", "s3")), "accept")
    listed = cdp(project.folder, "match", "list")
    assert listed.returncode == 0, listed.stderr
    assert all(f"crm:{key} " in listed.stdout for key in ("[/b]k", "[red]x[/red]", "a:b:"))


def test_a_decision_on_a_source_that_takes_no_part_any_more_can_be_taken_back(project: Project) -> None:
    decide_pair(project, "ann", "customers", (("crm", "c4"), ("web", "v2")), "accept")
    changed = CONFIG.replace("match_order: [crm, shop, web]", "match_order: [crm, shop]")
    (project.folder / "cdp.yaml").write_text(changed)
    run_steps(project)
    assert foresee(load_project(project.folder), "customers", (("crm", "c4"), ("web", "v2")), "undo").why_not is None


def test_what_nobody_decided_on_cannot_be_taken_back(project: Project) -> None:
    ended = cdp(project.folder, "match", "undo", "crm:c1", "crm:c4", "--yes")
    assert ended.returncode == 1
    assert ended.stderr.startswith("Nobody has decided on these two, so there is nothing to take back: `cdp match list` shows")
    rows_of_decisions = duckdb.execute(f"select count(*) from ({Place(project.store).newest(DECISIONS).sql})").fetchall()
    assert rows_of_decisions == [(0,)]


def test_people_are_told_of_pairs_with_records_that_do_not_exist_by_line_and_without_any_key(tmp_path: Path) -> None:
    lists = (
        "  links: {files: links.csv, primary_key: nr, fields: {left_source: text, left_key: text, right_source: text, right_key: text}}\n"
    )
    config = CONFIG.replace("customers:\n", f"{lists}customers:\n  always_match: [links]\n")
    head = "nr,left_source,left_key,right_source,right_key\n1,crm,c1,shop,s3\n"
    files = {"crm.csv": CRM, "shop.csv": SHOP, "web/1.csv": WEB, "links.csv": head}
    made = small_project(tmp_path / "listed", config, files)
    decide_pair(made, "ann", "customers", (("crm", "zzgone"), ("shop", "s3")), "accept")

    def said() -> str | None:
        run = Run(Place(made.store), f"run {len(list((made.store / 'work').glob('*')))}", date(2026, 11, 20), memory=1 << 30)
        [step] = [each for each in ordered_steps(made) if each.table.name == MATCH_EDGES.name]
        return step.says(run)

    list(run_up_to(made, MATCH_EDGES.name))
    see = "see `cdp match list` and the lists of pairs."
    assert said() == f"1 pair that people say is one names a record that does not exist (first: a decision); {see}"
    (made.folder / "links.csv").write_text(head + "2,crm,zzgone,shop,s2\n" + "3,crm,zzgone,shop,s1\n")
    list(run_up_to(made, MATCH_EDGES.name))
    assert said() == f"3 pairs that people say are one name a record that does not exist (first: links.csv line 3); {see}"


def test_records_and_sources_that_do_not_exist_are_said(project: Project) -> None:
    with pytest.raises(UserError, match=r"crn is no source of customers\. There are: crm, shop, web"):
        foresee(project, "customers", (("crn", "c1"), ("crm", "c2")), "accept")
    with pytest.raises(UserError, match="There is no record of crm with that key"):
        foresee(project, "customers", (("crm", "c99"), ("crm", "c2")), "accept")
    with pytest.raises(UserError, match="Both are the same record"):
        foresee(project, "customers", (("crm", "c2"), ("crm", "c2")), "accept")
    with pytest.raises(UserError, match="There are no accounts"):
        foresee(project, "accounts", (("crm", "c1"), ("crm", "c2")), "accept")
