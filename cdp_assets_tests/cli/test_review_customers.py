"""`cdp review customers`: figures before the first refresh, after it, and the difference to the run before."""

import json
from pathlib import Path

import pytest

from cdp_assets.cli.main import app
from cdp_assets.config import Project
from cdp_assets.errors import UserError
from cdp_assets_tests.cli.test_why import PERSONAL, ROLES
from cdp_assets_tests.identity.explain.world import CONFIG, FILES, unified
from cdp_assets_tests.projects import run_up_to, small_project


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    made = unified(tmp_path_factory.mktemp("project"), CONFIG + ROLES)
    list(run_up_to(made, "unification_statistics"))
    return made


def said(project: Project, capsys: pytest.CaptureFixture[str], *arguments: str, user: str = "cora") -> list[str]:
    app(["--project", str(project.folder), "--as", user, "review", "customers", *arguments], standalone_mode=False)
    return [" ".join(line.strip("│ ").split()) for line in capsys.readouterr().out.splitlines()]


def test_before_the_first_refresh_figures_are_dashes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(small_project(tmp_path, CONFIG, FILES), capsys)
    assert any("-- unique source records" in line for line in lines)
    assert "Nothing has been unified yet: `cdp refresh` does it. Until then there are no figures." in lines


def test_every_step_has_its_figures(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(project, capsys)
    text = "\n".join(lines)
    for step in ("Source fields", "Duplicate records", "Matching", "Evidence", "Unified fields", "Ids"):
        assert f" {step} " in text
    assert "crm: 4 rows, 3 unique, 25.0 % deduplicated; 0 rows repeat a key" in lines
    assert "8 matched and non-matched records" in lines
    assert "2 matched records only" in lines
    assert "mail of loyalty: 1 matched, 33.3 % of shop" in lines
    assert "refused, an earlier rule matched: 1" in lines
    assert "6 made of 1 record" in lines
    assert any(line.startswith("This is the first version") for line in lines)


def test_what_became_no_customer_is_said_apart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = unified(tmp_path, CONFIG.replace("primary_key: account,", "primary_key: account, include_all_records: false,"))
    list(run_up_to(project, "unification_statistics"))
    lines = said(project, capsys)
    assert "5 made of 1 record" in lines
    assert "groups left out, because nothing matches them and their source has include_all_records: false: 1" in lines


def test_the_difference_to_the_run_before_is_in_brackets_and_gone_after_a_run_that_changed_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = unified(tmp_path)
    list(run_up_to(project, "unification_statistics"))
    (tmp_path / "shop.csv").write_text(FILES["shop.csv"] + "s4,Bob Kent,BOB@x.example,N2\n")
    list(run_up_to(project, "unification_statistics"))
    lines = said(project, capsys)
    assert "shop: 4 (+1) rows, 3 unique, 25.0 % deduplicated; 0 rows repeat a key" in lines  # s2 and s4 have one mail
    assert "mail of crm: 2 (+1) matched, 50.0 % of shop" in lines
    assert "new record: 15 (+1) changes of a record's id" in lines
    assert "In brackets: the difference to the run before." in lines
    list(run_up_to(project, "unification_statistics"))
    lines = said(project, capsys)
    assert "mail of crm: 2 matched, 50.0 % of shop" in lines
    assert "The last run changed none of these figures." in lines


def test_json_has_each_figure_with_that_of_the_run_before(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(said(project, capsys, "--json")[0])
    by_name = {(each["step"], each["figure"], each["subject"]): each for each in found}
    assert by_name["duplicates", "duplicates", "crm"] == {
        "step": "duplicates", "figure": "duplicates", "subject": "crm", "value": 1, "before": None,
    }  # fmt: skip


def test_the_preview_of_a_rule_counts_and_shows_its_weakest_pairs(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(project, capsys, "--rule", "name and birth date")
    assert 'Rule "name and birth date", crm and loyalty' in lines
    assert "1 of 3 records of loyalty matched (33.3 %), 2 did not." in lines
    assert "crm:c2 and loyalty:l1, 87.5 % alike" in lines
    assert "name (as a name) Anna Lee Lee Anne 87.5 % 80 % holds" in lines


def test_a_viewer_sees_forms_in_the_preview(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    text = "\n".join(said(project, capsys, "--rule", "name and birth date", user="vic"))
    assert not [value for value in PERSONAL if value in text]
    assert "crm:a9 and loyalty:a9, 87.5 % alike" in text


def test_an_unknown_rule_is_refused_with_the_nearest_one(project: Project) -> None:
    with pytest.raises(UserError, match="Did you mean: mail of loyalty"):
        app(["--project", str(project.folder), "--as", "cora", "review", "customers", "--rule", "mail of loyalti"], standalone_mode=False)


def test_all_pairs_of_a_rule_are_written_to_a_file(project: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "pairs.csv"
    [told] = said(project, capsys, "--rule", "name and birth date", "--out", str(file))
    head, *lines = file.read_text().splitlines()
    assert head.split(",")[:5] == ["rule", "left_source", "left_key", "left_winner", "left_profile"]
    assert head.split(",")[-3:] == ["score", "status", "reason"]
    assert told.startswith(f"{len(lines)} pairs written to")
    assert any(line.startswith("name and birth date,crm,c2,") and ",loyalty,l1," in line and ",0.875,joined," in line for line in lines)
    assert (file.stat().st_mode & 0o777, [path.name for path in tmp_path.iterdir()]) == (0o600, ["pairs.csv"])


@pytest.mark.parametrize(
    ("arguments", "user", "said_of_it"),
    [
        (["--out", "x.csv"], "cora", "name it with --rule"),
        (["--rule", "name and birth date", "--out", "/nowhere/x.csv"], "cora", "There is no folder /nowhere"),
        (["--rule", "name and birth date", "--out", "x.csv"], "vic", "contributor"),
    ],
    ids=["no rule", "no folder", "viewer"],
)
def test_pairs_are_not_written_without_a_rule_a_folder_or_the_right(
    project: Project, capsys: pytest.CaptureFixture[str], arguments: list[str], user: str, said_of_it: str
) -> None:
    with pytest.raises(UserError, match=said_of_it):
        said(project, capsys, *arguments, user=user)
