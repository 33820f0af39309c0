"""`cdp why` and `cdp why-not` as people call them: what is printed, what a viewer sees, what is written down."""

import json
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest

from cdp_assets.cli import why_words
from cdp_assets.cli.main import app, main
from cdp_assets.config import Project
from cdp_assets.errors import UserError
from cdp_assets.governance.tables import AUDIT_LOG
from cdp_assets.lake import Place
from cdp_assets.orchestration.match_decisions import decide_pair
from cdp_assets_tests.identity.explain.world import CONFIG, FILES, unified
from cdp_assets_tests.projects import run_up_to, small_project

ROLES = "roles: {owner: [olga], contributor: [cora], viewer: [vic]}\n"
PERSONAL = ("Ann", "Lee", "Bob", "Kent", "@x.example", "1980", "c3 ", "l1 ")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return unified(tmp_path_factory.mktemp("project"), CONFIG + ROLES)


def said(project: Project, capsys: pytest.CaptureFixture[str], *arguments: str, user: str = "cora") -> str:
    app(["--project", str(project.folder), "--as", user, *arguments], standalone_mode=False)
    return capsys.readouterr().out


def told(project: Project, capsys: pytest.CaptureFixture[str], *arguments: str, user: str = "cora") -> dict[str, Any]:
    found: dict[str, Any] = json.loads(said(project, capsys, *arguments, "--json", user=user))
    return found


def test_why_prints_each_step_with_rule_score_and_compared_values(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    printed = said(project, capsys, "why", "shop:s1", "crm:c2")
    lines = [" ".join(line.split()) for line in printed.splitlines()]
    assert lines[0].startswith("shop:s1 and crm:c2 are the same customer ")
    assert "2 steps lead from one to the other:" in lines[1]
    assert "1 shop:s1 and loyalty:l1" in lines
    assert 'match by the rule "mail of loyalty", 100 % alike, joined' in lines
    assert "mail (lower) lee@x.example lee@x.example 100 % equal holds" in lines
    assert "name (as a name) Lee Anne Anna Lee 87.5 % 80 % holds" in lines  # as it is walked: loyalty first
    assert "born 1980-01-02 1980-01-02 equal equal holds" in lines


def test_why_not_prints_rules_that_fail_and_what_was_used_instead(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [" ".join(line.split()) for line in said(project, capsys, "why-not", "loyalty:l2", "shop:s2").splitlines()]
    assert 'match by the rule "mail of loyalty", 100 % alike: refused, an earlier rule matched' in lines
    assert 'shop:s2 went to crm:c3 by "mail of crm", 100 % alike' in lines
    missing = [" ".join(line.split()) for line in said(project, capsys, "why-not", "crm:c4", "shop:s1").splitlines()]
    assert "mail (lower) (missing) lee@x.example - equal fails" in missing


def test_why_not_without_a_rule_names_the_sources_that_have_some(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    printed = " ".join(said(project, capsys, "why-not", "stall:x1", "shop:s1").split())
    assert "No rule compares records between stall and shop" in printed
    assert "stall has rules with loyalty. shop has rules with crm, loyalty." in printed


def test_a_visitor_who_never_signed_in_is_told_apart_from_missing_rules(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    assert "The visitor has given no id" in said(project, capsys, "why-not", "web:v2", "crm:c2")


@pytest.mark.parametrize("more", [(), ("--json",)])
def test_a_viewer_sees_forms_and_only_the_keys_that_were_named(
    project: Project, capsys: pytest.CaptureFixture[str], more: tuple[str, ...]
) -> None:
    for question in (("why", "shop:s1", "crm:c2"), ("why-not", "loyalty:l2", "shop:s2"), ("why", "web:v1", "shop:s2")):
        printed = said(project, capsys, *question, *more, user="vic")
        assert not [value for value in PERSONAL if value in printed.replace("\n", " ").replace("loyalty:l2", "")]
    assert "a@a.a" in said(project, capsys, "why", "shop:s1", "crm:c2", user="vic")
    assert "loyalty:a9" in said(project, capsys, "why", "shop:s1", "crm:c2", user="vic")
    assert "lee@x.example" in said(project, capsys, "why", "shop:s1", "crm:c2", user="cora")  # the search for values finds them


@pytest.mark.parametrize("more", [(), ("--json",)])
def test_a_viewer_who_gave_only_an_id_does_not_see_the_key_behind_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], more: tuple[str, ...]
) -> None:
    by_mail = CONFIG.replace("files: loyalty.csv, primary_key: no", "files: loyalty.csv, primary_key: mail") + ROLES
    cards = "no,name,mail,born\nl1,Lee Anne,lee@x.example,1980-01-02\nl2,Rob Kent,rob@x.example,1981-02-02\n"
    project = small_project(tmp_path, by_mail, {**FILES, "loyalty.csv": cards})
    list(run_up_to(project, "alternate_keys"))
    profile = told(project, capsys, "why", "loyalty:rob@x.example", "loyalty:rob@x.example")["a"]["profile"]
    assert "rob@x.example" in said(project, capsys, "why-not", profile, "shop:s2", *more)  # a contributor sees it
    assert "rob@x.example" not in said(project, capsys, "why-not", profile, "shop:s2", *more, user="vic")
    assert "loyalty:rob@x.example" in said(project, capsys, "why-not", "loyalty|rob@x.example", "shop:s2", *more, user="vic")


def test_who_asked_is_written_down_without_any_value_or_key(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    profile = told(project, capsys, "why", "shop:s1", "crm:c2", user="vic")["a"]["profile"]
    entries = f'select user_name, action, subject, outcome, role, detail from ({Place(project.store).newest(AUDIT_LOG).sql}) order by "at"'
    rows = duckdb.execute(entries).fetchall()
    assert rows[-1] == ("vic", "why", f"customers: {profile}", "done", "viewer", "forms of values")
    assert not [row for row in rows if any(value in str(row) for value in (*PERSONAL, ":s1", ":c2"))]


def test_who_has_no_role_is_refused_and_that_is_written_down(project: Project) -> None:
    with pytest.raises(UserError, match="needs the role viewer"):
        app(["--project", str(project.folder), "--as", "eve", "why", "shop:s1", "crm:c2"], standalone_mode=False)
    entries = f"select outcome from ({Place(project.store).newest(AUDIT_LOG).sql}) where user_name = 'eve'"
    assert duckdb.execute(entries).fetchall() == [("denied",)]


def test_each_of_the_two_leads_to_the_other_where_it_has_no_answer(project: Project) -> None:
    for command, pair, says in (("why", ("crm:c3", "shop:s1"), "cdp why-not"), ("why-not", ("crm:c2", "shop:s1"), "cdp why")):
        with pytest.raises(UserError, match=says):
            app(["--project", str(project.folder), "--as", "cora", command, *pair], standalone_mode=False)


def test_accounts_and_contacts_are_asked_by_of(project: Project) -> None:
    with pytest.raises(UserError, match="This project has no accounts"):
        app(["--project", str(project.folder), "--as", "cora", "why", "--of", "accounts", "crm:c2", "shop:s1"], standalone_mode=False)


def test_a_half_done_refresh_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = unified(tmp_path)
    (tmp_path / "shop.csv").write_text("account,customer,mail,postcode\ns1,A Lee,other@x.example,N1\n")
    list(run_up_to(project, "match_edges"))
    printed = " ".join(said(project, capsys, "why", "shop:s1", "crm:c2").split())
    assert "A refresh is half done: deduplicated_shop, match_edges, shop have been made anew since." in printed


@pytest.mark.parametrize(
    "change",
    [
        ("all: [{field: name, as: name, precision: high}, {field: born}]", "all: [{field: name, as: name, precision: 0.5}, {field: born}]"),
        ("rules: [{name: same mail, all: [{field: mail, normalise: [lower]}]}]", "rules: [{name: same mail, all: [{field: mail}]}]"),
        ("include_all_records: true", "include_all_records: false"),
    ],
)
def test_rules_that_have_changed_since_the_refresh_are_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], change: tuple[str, str]
) -> None:
    project = unified(tmp_path)
    assert "has changed since" not in said(project, capsys, "why", "shop:s1", "crm:c2")
    (tmp_path / "cdp.yaml").write_text(CONFIG.replace(*change))
    for question in (("why", "shop:s1", "crm:c2"), ("why-not", "crm:c3", "loyalty:l3")):
        assert "What cdp.yaml says of unification has changed since the last refresh" in said(project, capsys, *question)
        assert told(project, capsys, *question)["outdated"] is True
    preview = said(project, capsys, "review", "customers", "--rule", "mail of crm")
    assert "What cdp.yaml says of unification has changed since the last refresh" in preview
    (tmp_path / "cdp.yaml").write_text(CONFIG + "# nothing but a remark\n")
    (tmp_path / "shop.csv").write_text(FILES["shop.csv"] + "s9,Z Zed,zed@x.example,N1\n")
    list(run_up_to(project, "match_edges"))  # new data and half a refresh are no other rules
    assert told(project, capsys, "why", "shop:s1", "crm:c2")["outdated"] is False


def test_where_the_tables_do_not_fit_the_rules_any_more_a_refresh_is_advised(tmp_path: Path) -> None:
    project = unified(tmp_path)
    (tmp_path / "cdp.yaml").write_text(CONFIG.replace("name: person.full_name", "name: integer").replace("as: name, precision: high", ""))
    for question in (("why", "loyalty:l1", "crm:c2"), ("why-not", "loyalty:l2", "crm:c2")):
        with pytest.raises(UserError, match="Run `cdp refresh`, then ask again"):
            app(["--project", str(project.folder), "--as", "cora", *question], standalone_mode=False)


def test_what_people_say_is_told_as_that_and_not_as_a_rule(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = unified(tmp_path)
    decide_pair(project, "ann", "customers", (("crm", "c4"), ("stall", "x1")), "accept")
    decide_pair(project, "ann", "customers", (("crm", "c4"), ("shop", "s2")), "accept")
    list(run_up_to(project, "alternate_keys"))
    printed = " ".join(said(project, capsys, "why", "crm:c4", "stall:x1").split())
    assert "What people say leads from one to the other: 1 crm:c4 and stall:x1 people say that the two are one, joined" in printed
    instead = " ".join(said(project, capsys, "why-not", "crm:c3", "shop:s2").split())
    assert "shop:s2 went to crm:c4 as people say" in instead
    assert 'rule "always-match"' not in printed + instead


def test_with_one_record_it_is_said_what_is_missing(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["cdp", "why", "crm:c8"])
    monkeypatch.setattr("sys.unraisablehook", sys.unraisablehook)  # main sets its own
    with pytest.raises(SystemExit, match="1"):
        main()
    assert capsys.readouterr().err == "Missing argument 'B'. Usage: `cdp why [OPTIONS] A B`; `cdp why --help` says more.\n"


def test_an_exception_is_printed_below_the_conditions(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rule = "name: mail of crm, left: crm, right: shop, all: [{field: mail, normalise: [lower]}]"
    unless = "exceptions: [{field: {left: name, right: customer}, differs: true, precision: 0.9}]"
    project = unified(tmp_path, CONFIG.replace(rule, f"{rule}, {unless}"))
    lines = [" ".join(line.split()) for line in said(project, capsys, "why-not", "crm:c3", "shop:s2").splitlines()]
    assert 'match by the rule "mail of crm", 100 % alike: refused, exception: name and customer not alike' in lines
    assert 'Rule "mail of crm": its conditions hold, 100 % alike, and an exception keeps the two apart' in lines
    assert "unless name / customer (as a name) differs Bob Kent B Kent 75 % 90 % keeps apart" in lines


def test_json_holds_the_facts(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    found = told(project, capsys, "why-not", "crm:c3", "loyalty:l3")
    assert found["one"] is False
    [rule] = found["rules"]
    assert [(each["holds"], each["needed"]) for each in rule["conditions"]] == [(False, 0.8), (True, 1.0)]
    assert 0 < rule["conditions"][0]["score"] < 0.8


def test_a_value_of_nobody_is_told_apart_from_one_of_which_nothing_is_left() -> None:
    condition = {"left": "none@none.com", "right": "--", "missing": ["left", "right"], "of_nobody": ["left"]}
    assert why_words._value(condition, "left") == "none@none.com (junk, or too many people share it)"
    assert why_words._value(condition, "right") == "-- (nothing to compare)"
