"""`cdp validate`, `cdp schema` and `cdp web` with a cdp.yaml that is right, wrong or missing."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cdp_assets.cli.main import app
from cdp_assets.config import ConfigError, json_schema, load_project
from cdp_assets.errors import UserError
from cdp_assets.orchestration.last_good import remember
from cdp_assets.web import create_app
from cdp_assets_tests.config.documents import VALID, changed

WRONG = changed(("2GiB", "lots"), ("kind: events", "kind: evnts"), ("[crm, shop, web]", "[crm, shopp, web]"))


@pytest.fixture(name="folder")
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "cdp.yaml").write_text(VALID, encoding="utf-8")
    monkeypatch.setenv("CDP_PROJECT", str(tmp_path))
    monkeypatch.setenv("CDP_USER", "ann")
    return tmp_path


def cdp(*arguments: str) -> tuple[int, str]:
    """The exit code, and what is printed; what the program says as an error comes as that."""
    ended = CliRunner().invoke(app, [*arguments])
    if isinstance(ended.exception, UserError):
        raise ended.exception
    return ended.exit_code, ended.stdout


def test_a_valid_file_ends_with_zero_and_says_what_it_holds(folder: Path) -> None:
    code, printed = cdp("validate")
    assert code == 0
    assert printed.startswith(f"{folder / 'cdp.yaml'}: valid.\n3 sources: crm, shop, web\n")
    assert cdp("validate", "--json") == (0, "[]\n")


def test_all_mistakes_are_said_at_once_and_the_command_fails(folder: Path) -> None:
    (folder / "cdp.yaml").write_text(WRONG, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        cdp("validate")
    assert [problem.line for problem in caught.value.problems] == [2, 24, 30]
    assert caught.value.message.startswith(f"The configuration {folder / 'cdp.yaml'} has 3 problems:\n")


def test_for_other_programs_the_problems_are_a_list(folder: Path) -> None:
    (folder / "cdp.yaml").write_text(WRONG, encoding="utf-8")
    code, printed = cdp("validate", "--json")
    assert code == 1
    found = json.loads(printed)
    assert [problem["line"] for problem in found] == [2, 24, 30]
    assert found[1] == {
        "file": "cdp.yaml",
        "line": 24,
        "field": "sources.web.kind",
        "message": "unknown value",
        "found": '"evnts"',
        "allowed": "records, events, consents",
        "nearest": "events",
    }


def test_no_data_are_touched_and_nothing_is_written(folder: Path) -> None:
    cdp("validate")
    assert [file.name for file in folder.iterdir()] == ["cdp.yaml"]


def test_the_schema_is_printed_or_written_beside_a_file_that_need_not_be_valid(folder: Path) -> None:
    (folder / "cdp.yaml").write_text(WRONG, encoding="utf-8")
    code, printed = cdp("schema")
    assert (code, json.loads(printed)) == (0, json_schema())
    code, printed = cdp("schema", "--write")
    assert code == 0
    assert printed.splitlines()[-1] == "# yaml-language-server: $schema=cdp.schema.json"
    assert json.loads((folder / "cdp.schema.json").read_text(encoding="utf-8")) == json_schema()


@pytest.fixture(name="served")
def _served(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What `cdp web` would serve."""
    calls: list[dict[str, Any]] = []

    def serve(project: Any, **options: Any) -> None:
        options["authorise"]()
        calls.append({"project": project, **options})

    monkeypatch.setattr("cdp_assets.web.serve", serve)
    return calls


def test_pages_of_a_broken_file_are_served_with_the_last_good_one_and_say_so(folder: Path, served: list[dict[str, Any]]) -> None:
    good = load_project(folder)
    remember(good)
    (folder / "cdp.yaml").write_text(WRONG, encoding="utf-8")
    ended = CliRunner().invoke(app, ["web"])
    assert ended.exit_code == 0
    assert "cdp.yaml:2: engine.memory: is not a size" in ended.stderr
    assert served[0]["project"].config == good.config
    assert served[0]["notice"].startswith("cdp.yaml has mistakes")


def test_pages_of_a_broken_file_ask_for_the_roles_of_the_last_good_one(folder: Path, served: list[dict[str, Any]]) -> None:
    remember(load_project(folder))
    (folder / "cdp.yaml").write_text(WRONG.replace("bob, eve", "bob, eve, mallory"), encoding="utf-8")
    with pytest.raises(UserError, match="mallory is not listed"):
        cdp("--as", "mallory", "web")
    assert served == []


def test_pages_without_a_last_good_one_say_what_is_wrong(folder: Path, served: list[dict[str, Any]]) -> None:
    (folder / "cdp.yaml").write_text(WRONG, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"engine\.memory"):
        cdp("web")
    assert served == []


def test_pages_of_a_valid_file_have_no_notice(folder: Path, served: list[dict[str, Any]]) -> None:
    assert folder.is_dir()
    assert cdp("web")[0] == 0
    assert served[0]["notice"] is None


def test_the_notice_stands_on_the_page(tmp_path: Path) -> None:
    from starlette.testclient import TestClient

    from cdp_assets_tests.publish.small_world import published

    published(tmp_path)
    made = create_app(tmp_path / "published", lambda: None, check_seconds=0, today=lambda: date(2026, 11, 20), notice="<b> & mistakes")
    page = TestClient(made, base_url="http://127.0.0.1:8080").get("/")
    assert page.status_code == 200
    assert "&lt;b&gt; &amp; mistakes" in page.text
