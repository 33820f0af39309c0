"""`cdp review customers --rule NAME` of a rule that is switched off: what it would find, before it counts."""

import json
from pathlib import Path
from typing import Any

import pytest

from cdp_assets.cli.main import app
from cdp_assets.config import Project, load_project
from cdp_assets.errors import UserError
from cdp_assets.identity import budget
from cdp_assets.identity.budget import BudgetError
from cdp_assets.orchestration.match_decisions import decide_pair
from cdp_assets_tests.cli.test_why import PERSONAL, ROLES
from cdp_assets_tests.identity.explain.world import CONFIG, FILES, unified
from cdp_assets_tests.projects import contents, query, run_up_to, small_project

BORN = "{name: birth date, active: false, left: crm, right: loyalty, all: [{field: born}]}"
SHOPS = "{name: mail of the shop, active: false, left: shop, right: stall, all: [{field: mail, precision: low}], review: 0.2}"
INSIDE = "{name: born alike, active: false, all: [{field: born}]}"
OFF = CONFIG.replace("rules: [{", f"rules: [{INSIDE}, {{").replace("  match:\n", f"  match:\n    - {BORN}\n    - {SHOPS}\n")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return unified(tmp_path_factory.mktemp("project"), OFF + ROLES)


def said(project: Project, capsys: pytest.CaptureFixture[str], *arguments: str, of: str = "customers", user: str = "cora") -> list[str]:
    app(["--project", str(project.folder), "--as", user, "review", of, "--rule", *arguments], standalone_mode=False)
    return [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]


def sides(project: Project, capsys: pytest.CaptureFixture[str], rule: str, of: str = "customers") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(said(project, capsys, rule, "--json", of=of)[0])["sides"]
    return found


def test_a_match_rule_that_is_off_says_what_is_one_already_and_what_it_would_join(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = said(project, capsys, "birth date")
    assert lines[:5] == [
        'Rule "birth date", crm and loyalty: switched off, and tried alone on the records of the last refresh',
        "It would find 3 pairs:",
        "1 pair in one cluster already (nothing new)",  # c2 and l1
        "1 pair that would join two clusters",  # c3 and l3
        "1 pair refused: a better hit",  # c1 and l1: c2 is as alike, and has the greater key
    ]
    assert "crm:c3 and loyalty:l3, 100 % alike: would join two clusters" in lines
    assert "crm:c2 and loyalty:l1, 100 % alike: in one cluster already" in lines
    assert "born 1981-01-02 1981-01-02 equal equal holds" in lines
    # loyalty has no rules of its own: it would have this one too
    assert 'Rule "as match rule "birth date"", inside loyalty: switched off, and tried alone on the records of the last refresh' in lines
    assert any(line.startswith("Nothing was changed.") for line in lines)


def test_a_dedupe_rule_that_is_off_is_tried_on_the_records_of_its_source(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    [side] = sides(project, capsys, "born alike")
    assert (side["tried"], side["left"], side["right"], side["pairs"]) == (True, "crm", "crm", [["redundant", None, 1]])
    assert [(pair["from"], pair["to"], pair["score"]) for pair in side["weakest"]] == [("crm:c1", "crm:c2", 1.0)]


def test_pairs_that_would_wait_for_people_are_listed_apart(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    shops = sides(project, capsys, "mail of the shop")
    assert [(side["left"], side["right"]) for side in shops] == [("shop", "stall"), ("shop", "shop"), ("stall", "stall")]
    assert shops[0]["pairs"] == [["refused", "a better hit", 2], ["joined", None, 1]]
    lines = said(project, capsys, "mail of the shop")
    assert "It would find 3 pairs:" in lines
    assert not [line for line in lines if "cdp match accept" in line]  # nothing waits for anybody yet


def test_a_viewer_sees_forms_of_what_a_tried_rule_finds(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    text = "\n".join(said(project, capsys, "birth date", user="vic"))
    assert not [value for value in PERSONAL if value in text]
    assert "crm:a9 and loyalty:a9, 100 % alike: would join two clusters" in text


def test_what_a_tried_rule_finds_is_written_to_a_file_in_other_words_than_what_was_done(
    project: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "pairs.csv"
    said(project, capsys, "birth date", "--out", str(file))
    rows = [line.split(",") for line in file.read_text().splitlines()]
    found = [(row[2], row[6], *row[-3:]) for row in rows[1:]]
    assert found == [
        ("c1", "l1", "1.0", "refused", "a better hit"),
        ("c2", "l1", "1.0", "in one cluster already", ""),
        ("c3", "l3", "1.0", "would join two clusters", ""),
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["pairs.csv"]


def test_a_name_of_an_active_rule_and_of_one_that_is_off_gives_both_in_one_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = unified(tmp_path, OFF.replace("born alike", "name and birth date") + ROLES)
    told = sides(project, capsys, "name and birth date")
    assert [(side["left"], side["right"], side["tried"]) for side in told] == [("crm", "loyalty", False), ("crm", "crm", True)]
    said(project, capsys, "name and birth date", "--out", str(tmp_path / "pairs.csv"))
    head, *rows = (tmp_path / "pairs.csv").read_text().splitlines()
    assert head.startswith("rule,")
    assert [row.split(",")[-2] for row in rows] == ["refused", "joined", "in one cluster already"]


def test_trying_a_rule_commits_nothing_and_leaves_no_file(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    before = contents(project)
    said(project, capsys, "birth date")
    said(project, capsys, "born alike")
    assert contents(project) == before
    assert [path.name for path in (project.store / "aside").iterdir()] == ["lock"]


def test_what_is_tried_is_what_the_rule_finds_once_it_is_active(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Weights of words are learnt for it: no active rule has asked for any before."""
    config = """
version: 1
sources:
  a: {files: a.csv, primary_key: id, fields: {company: organization.name, mail: identity.email}}
  b: {files: b.csv, primary_key: id, fields: {company: organization.name, mail: identity.email}}
  people: {files: p.csv, primary_key: id, fields: {name: person.full_name}}
customers: {match_order: [people]}
accounts:
  match_order: [a, b]
  dedupe: {a: {rules: []}, b: {rules: []}}
  match:
    - {name: equal, left: a, right: b, all: [{field: company}]}
    - {name: company, active: false, left: a, right: b, all: [{field: company, precision: low}, {field: mail}]}
"""
    rows = {
        "a.csv": "id,company,mail\na1,Lenviworth Glass Inc,x@x\na2,Kenuhart Metals Inc,y@x\na3,Calkaov Glass Inc,z@x\n",
        "b.csv": "id,company,mail\nb1,Lenviworth Glas,x@x\nb2,Kenuhart Ltd,y@x\nb3,Osemore,z@x\n",
        "p.csv": "id,name\np1,Ann Lee\n",
    }
    project = small_project(tmp_path, config, rows)
    list(run_up_to(project, "account_keys"))
    assert query(project, "select * from account_term_frequencies where kind = 'word'") == []
    [side] = sides(project, capsys, "company", of="accounts")
    tried = [(pair["from"], pair["to"], pair["score"], pair["changed"]) for pair in side["weakest"]]
    (tmp_path / "cdp.yaml").write_text(config.replace("active: false, ", ""))
    project = load_project(tmp_path)
    list(run_up_to(project, "account_keys"))
    edges = query(
        project,
        "select 'a:' || left_key, 'b:' || right_key, weight, false from account_match_edges where rule = 'company' order by weight",
    )
    assert tried == edges
    assert {score for _, _, score, _ in tried} - {1.0}


def test_what_people_say_counts_against_a_tried_rule(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = unified(tmp_path, OFF)
    decide_pair(project, "cora", "customers", (("crm", "c3"), ("loyalty", "l3")), "reject")
    list(run_up_to(project, "alternate_keys"))
    [side, _] = sides(project, capsys, "birth date")
    assert ["refused", "never-match", 1] in side["pairs"]


def test_a_tried_rule_that_would_compare_too_many_pairs_says_what_to_do(
    project: Project, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(budget, "MAX_COMPARISONS", 1)
    with pytest.raises(BudgetError, match=r'rule "mail of the shop".*No condition of the rule is exact: add one'):
        said(project, capsys, "mail of the shop")


def test_a_field_that_the_last_refresh_has_not_read_is_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    unified(tmp_path, OFF)
    config = OFF.replace("id: text, name", "id: text, town: {type: text, column: mail}, name").replace(
        "field: born}]}, {", "field: town}]}, {"
    )
    (tmp_path / "cdp.yaml").write_text(config)
    with pytest.raises(UserError, match=r"crm\.town was not read in the last refresh: run `cdp refresh` first"):
        said(load_project(tmp_path), capsys, "born alike")


def test_a_source_that_the_last_refresh_has_not_read_is_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    unified(tmp_path, OFF)
    late = "{name: late, left: crm, right: late, all: [{field: mail, normalise: [lower]}]}"
    off = "{name: tried, active: false, left: crm, right: late, all: [{field: mail, precision: high}]}"
    config = OFF.replace("stall, web]", "stall, late, web]").replace("  match:\n", f"  match:\n    - {late}\n    - {off}\n")
    config = config.replace("  web: {", "  late: {files: late.csv, primary_key: no, fields: {mail: identity.email}}\n  web: {")
    (tmp_path / "late.csv").write_text("no,mail\n1,bob@x.example\n")
    (tmp_path / "cdp.yaml").write_text(config)
    with pytest.raises(UserError, match="late was not read in the last refresh: run `cdp refresh` first"):
        said(load_project(tmp_path), capsys, "tried")


def test_before_the_first_refresh_a_rule_cannot_be_tried(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UserError, match="There are no customers yet: `cdp refresh` makes them"):
        said(small_project(tmp_path, OFF, FILES), capsys, "birth date")


def test_an_unknown_rule_names_those_that_are_off_too(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UserError, match=r"Did you mean: born alike\?.*Switched off: born alike, birth date, mail of the shop\."):
        said(project, capsys, "born alik")
