"""The command `cdp` as people call it: from any folder, with messages instead of traces."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest
import typer

from cdp_assets.cli import web
from cdp_assets.cli.context import Context
from cdp_assets.cli.main import app
from cdp_assets.config import Project, load_project
from cdp_assets.errors import UserError
from cdp_assets.governance.tables import AUDIT_LOG
from cdp_assets.lake import Place
from cdp_assets_tests.exports.world import CONFIG as EXPORTS
from cdp_assets_tests.orchestration.test_over_time import CONFIG, CRM, DAY_1, SHOP
from cdp_assets_tests.projects import DEMO, small_project

pytestmark = pytest.mark.pipeline
ROLES = "roles: {owner: [olga], contributor: [cora], viewer: [vic]}\n"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return small_project(tmp_path / "project", CONFIG + ROLES, {"crm.csv": CRM, "shop.csv": SHOP, "web/1.csv": DAY_1})


def cdp(project: Path | None, *arguments: str, user: str = "cora") -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "CDP_USER": user, **({"CDP_PROJECT": str(project)} if project else {})}
    command = [sys.executable, "-m", "cdp_assets.cli.main", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, cwd="/", check=False)


def test_refresh_then_status_from_any_folder(project: Project) -> None:
    ended = cdp(project.folder, "refresh", "--as-of", "2026-11-20")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert f"Refreshof{project.folder}asof2026-11-20" in "".join(ended.stdout.split())  # however it is wrapped
    figures = json.loads(ended.stdout.splitlines()[-1])
    assert figures["ok"] is True
    assert figures["as_of"] == "2026-11-20"
    assert figures["rows"]["unified_profiles"] == 5
    assert figures["quarantined"] == {"crm": 0, "shop": 0, "web": 0}
    state = cdp(project.folder, "status", user="vic")
    assert state.returncode == 0
    assert "unified_profiles" in state.stdout
    assert "Published: as of 2026-11-20" in state.stdout
    assert "Nobody is refreshing" in state.stdout
    entries = f'select action, outcome from ({Place(project.store).newest(AUDIT_LOG).sql}) order by "at"'
    assert duckdb.execute(entries).fetchall() == [("refresh", "allowed"), ("publish", "done"), ("refresh", "done")]


def test_what_is_in_quarantine_is_counted_and_explained_without_values(project: Project) -> None:
    (project.folder / "crm.csv").write_text(CRM + ",Eve Poe,eve@x.example\n")
    ended = cdp(project.folder, "refresh")
    assert "In quarantine: crm 1." in ended.stdout
    assert json.loads(ended.stdout.splitlines()[-1])["quarantined"]["crm"] == 1
    state = cdp(project.folder, "status").stdout
    assert "crm: 1 x primary key is missing (contact_id), first in crm.csv line 4" in state
    assert "eve@x.example" not in ended.stdout + ended.stderr + state


def test_status_says_all_of_why_a_table_failed_and_that_what_is_published_is_the_last_good_state(project: Project) -> None:
    assert cdp(project.folder, "refresh", "--as-of", "2026-11-20").returncode == 0
    (project.folder / "shop.csv").write_text(SHOP.replace("mail", "address_for_the_mail_of_the_shop"))
    ended = cdp(project.folder, "refresh", "--as-of", "2026-11-20")
    assert ended.returncode == 1
    message = json.loads(ended.stdout.splitlines()[-1])["failed"]["shop"]
    assert len(message) > 200
    state = cdp(project.folder, "status").stdout
    assert message in " ".join(state.split())
    assert "Published: as of 2026-11-20, the last good state: the last refresh did not come to it." in state


def test_status_names_file_and_line_of_one_and_the_same_row_in_quarantine(project: Project) -> None:
    (project.folder / "web/1.csv").write_text(DAY_1 + "e8,2026-11-18T10:00:00,,,view\n")
    (project.folder / "web/2.csv").write_text("event_id,ts,visitor,user,event\ne9,2026-11-18T10:00:00,,,view\n")
    assert cdp(project.folder, "refresh", "--as-of", "2026-11-20").returncode == 0
    assert "web: 2 x id of the visitor is missing (visitor), first in web/1.csv line 4" in cdp(project.folder, "status").stdout


ORDERS = """
  orders: {files: orders.csv, primary_key: id, fields: {id: text, mail: identity.email, at: date, total: decimal}}
"""


def test_status_says_which_rows_are_nobodys_activity_and_why(tmp_path: Path) -> None:
    config = (
        CONFIG.replace("sources:\n", f"sources:{ORDERS}", 1)
        + "activities: {orders: {source: orders, type: SalesOrder, of: {mail: crm.email}, time: at, amount: total}}\n"
    )
    orders = "id,mail,at,total\no1,ann@x.example,2026-11-01,5\no2,eve@x.example,2026-11-01,5\no3,,2026-11-01,5\n"
    files = {"crm.csv": CRM, "shop.csv": SHOP, "web/1.csv": DAY_1, "orders.csv": orders}
    project = small_project(tmp_path / "project", config, files)
    ended = cdp(project.folder, "refresh", "--as-of", "2026-11-20")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    state = cdp(project.folder, "status").stdout
    assert "orders: 1 x it does not say whose it is, first in orders.csv line 4" in state
    assert "orders: 1 x no record of a customer has the id that it names, first in orders.csv line 3" in state
    assert "eve@x.example" not in state


def test_a_viewer_may_look_and_not_refresh_and_the_denial_is_written_down(project: Project) -> None:
    ended = cdp(project.folder, "refresh", user="vic")
    assert ended.returncode == 1
    assert "needs the role contributor or higher; vic has the role viewer" in ended.stderr
    assert cdp(project.folder, "--as", "stranger", "status").returncode == 1
    entries = f'select user_name, outcome from ({Place(project.store).newest(AUDIT_LOG).sql}) order by "at"'
    assert duckdb.execute(entries).fetchall() == [("vic", "denied"), ("stranger", "denied")]


def test_a_contributor_may_not_serve_dagsters_ui(project: Project) -> None:
    ended = cdp(project.folder, "dev", user="cora")
    assert "needs the role administrator" in ended.stderr


def test_validate_touches_no_data(project: Project) -> None:
    ended = cdp(project.folder, "validate")
    assert ended.returncode == 0
    assert "valid" in ended.stdout
    assert not project.store.exists()


def test_a_folder_without_a_configuration_is_said(tmp_path: Path) -> None:
    ended = cdp(tmp_path, "refresh")
    assert ended.returncode == 1
    assert "cdp.yaml" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("arguments", "help_of"),
    [
        (("fresh",), "cdp --help"),
        (("refresh", "--asof", "x"), "cdp refresh --help"),
        (("refresh", "--as-of", "tomorrow"), "cdp refresh --help"),
    ],
    ids=["command", "option", "value"],
)
def test_a_mistyped_command_is_a_line_and_no_trace(project: Project, arguments: tuple[str, ...], help_of: str) -> None:
    ended = cdp(project.folder, *arguments)
    assert ended.returncode == 1
    assert len(ended.stderr.splitlines()) == 1
    assert f"`{help_of}`" in ended.stderr


def test_status_of_a_project_that_was_never_refreshed(project: Project) -> None:
    ended = cdp(project.folder, "status", user="vic")
    assert "Nothing is published yet" in ended.stdout


def test_the_demo_is_the_default_project(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    assert load_project().folder == DEMO


def test_the_demo_command_makes_refreshes_and_measures_a_world(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    folder.mkdir()
    (folder / "cdp.yaml").write_bytes((DEMO / "cdp.yaml").read_bytes())
    ended = cdp(folder, "demo", "--people", "160")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    figures = json.loads(ended.stdout.splitlines()[-1])
    assert figures["ok"] is True
    assert figures["quality"]["precision"] > 0.9
    assert "http://127.0.0.1:8080" in ended.stdout
    assert "http://127.0.0.1:3000" in ended.stdout


TOUCHES_NO_DATA = {"validate", "schema", "init"}  # init: of a project that is not there yet
WITH_PAGES = {"web"}  # serves, and asks at each page


OF_TWO_RECORDS = dict.fromkeys(("why", "why_not"), ("crm:c1", "crm:c2"))


def test_every_command_asks_for_a_role_and_the_denial_is_written_down(project: Project) -> None:
    commands = {command.callback.__name__ for command in app.registered_commands} - TOUCHES_NO_DATA
    for name in sorted(commands - WITH_PAGES):
        ended = cdp(project.folder, name.replace("_", "-"), *OF_TWO_RECORDS.get(name, ()), user="stranger")
        assert ended.returncode == 1, name
        assert "needs the role" in ended.stderr, name
    entries = f"select user_name, outcome, count(*) from ({Place(project.store).newest(AUDIT_LOG).sql}) group by all"
    assert duckdb.execute(entries).fetchall() == [("stranger", "denied", len(commands - WITH_PAGES))]


GROUPS = {
    "review": {"clv": (), "contacts": (), "sources": (), "customers": (), "accounts": ()},
    "serve": {"code": (), "ui": (), "daemon": ()},
    "consent": {"engagement": ()},
    "connection": {"confirm": ("files",), "withdraw": ("files",), "list": ()},
    "export": {"run": ("agency",), "list": ()},
    "match": {**dict.fromkeys(("accept", "reject", "undo"), ("crm:c1", "crm:c2")), "list": ()},
}


def test_every_command_of_a_group_asks_for_a_role_and_the_denial_is_written_down(tmp_path: Path) -> None:
    made = small_project(tmp_path / "project", EXPORTS, {})
    groups = {str(group.name): typer.main.get_command(group.typer_instance) for group in app.registered_groups if group.typer_instance}
    assert {name: set(getattr(group, "commands", {})) for name, group in groups.items()} == {n: set(each) for n, each in GROUPS.items()}
    for name, commands in GROUPS.items():
        for command, arguments in commands.items():
            ended = cdp(made.folder, name, command, *arguments, user="stranger")
            assert (ended.returncode, "needs the role" in ended.stderr) == (1, True), (name, command, ended.stderr)
    entries = f"select user_name, outcome, count(*) from ({Place(made.store).newest(AUDIT_LOG).sql}) group by all"
    assert duckdb.execute(entries).fetchall() == [("stranger", "denied", sum(map(len, GROUPS.values())))]


def test_the_pages_ask_for_a_role_and_the_denial_is_written_down(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """`cdp web` for somebody who is not listed: the function that it gives to the pages."""
    given: dict[str, Any] = {}
    monkeypatch.setattr("cdp_assets.web.serve", lambda _project, **arguments: given.update(arguments))
    context = typer.Context(typer.main.get_command(app), obj=Context(str(project.folder), "stranger"))
    web.web(context, None)
    with pytest.raises(UserError, match="needs the role viewer"):
        given["authorise"]()
    entries = f"select user_name, action, outcome from ({Place(project.store).newest(AUDIT_LOG).sql})"
    assert duckdb.execute(entries).fetchall() == [("stranger", "read customers' cards", "denied")]


def test_the_summary_has_the_numbers_of_each_step(project: Project) -> None:
    figures = json.loads(cdp(project.folder, "refresh", "--as-of", "2026-11-20").stdout.splitlines()[-1])
    assert figures["numbers"].keys() == figures["rows"].keys()
    assert figures["numbers"]["match_edges"] == {"joined": 1, "redundant": 0, "refused": 0, "review": 0}
    assert figures["numbers"]["visitor_identities"] == {"known_visitors": 0, "unknown_visitors": 2}
    assert figures["numbers"]["unified_profiles"]["known"] == 3


def test_what_is_skipped_is_said_with_the_failure_it_depends_on(project: Project) -> None:
    (project.folder / "shop.csv").write_text("account,label,mail\n")
    ended = cdp(project.folder, "refresh")
    assert ended.returncode == 1
    assert "FAILED shop: " in ended.stdout
    assert "Skipped, because they depend on what failed: " in ended.stdout
    assert {"deduplicated_shop", "match_edges", "published_snapshot"} <= set(json.loads(ended.stdout.splitlines()[-1])["skipped"])


def test_a_full_disk_is_found_behind_any_error() -> None:
    import errno
    import sqlite3

    from cdp_assets.cli.main import _disk_is_full

    outer = RuntimeError("outer")
    outer.__cause__ = sqlite3.OperationalError("database or disk is full")
    assert _disk_is_full(outer)
    assert _disk_is_full(OSError(errno.ENOSPC, "x"))
    assert not _disk_is_full(OSError(errno.ENOENT, "x"))


@pytest.mark.parametrize("text", ["file is not a database", "database disk image is malformed"])
def test_damaged_records_of_dagster_are_found_behind_any_error(text: str) -> None:
    """They were a stack trace of SQLAlchemy, in cdp refresh and in cdp status."""
    import sqlite3

    from cdp_assets.cli.main import _records_are_damaged

    outer = RuntimeError("of SQLAlchemy")
    outer.__cause__ = sqlite3.DatabaseError(text)
    assert _records_are_damaged(outer)
    assert not _records_are_damaged(sqlite3.OperationalError("database is locked"))


def test_a_day_far_ahead_is_refused_and_changes_nothing(project: Project) -> None:
    ended = cdp(project.folder, "refresh", "--as-of", "2962-11-20")
    assert ended.returncode == 1
    assert "A run cannot be for 2962-11-20" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_the_present_folder_is_the_project_if_it_holds_a_cdp_yaml(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CDP_PROJECT", raising=False)
    monkeypatch.chdir(project.folder)
    assert load_project().folder == project.folder.resolve()
