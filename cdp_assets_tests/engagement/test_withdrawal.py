"""`cdp consent engagement --withdraw` between whole refreshes: what goes at once, what is left, and what comes back."""

import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import duckdb
import pytest

from cdp_assets.config import Project, load_project
from cdp_assets.engagement import withdrawal
from cdp_assets.engagement.consent import KIND, content, subject
from cdp_assets.errors import UserError
from cdp_assets.governance import decide, latest
from cdp_assets.governance.tables import AUDIT_LOG
from cdp_assets.lake import Holder, Place, project_lock
from cdp_assets.orchestration.refresh import Summary, refresh
from cdp_assets_tests.engagement.test_end_to_end import ROLES, TENANT, agree
from cdp_assets_tests.engagement.test_end_to_end import project as office

pytestmark = pytest.mark.pipeline
__all__ = ["office"]

AS_OF = date(2026, 11, 20)
SUBJECT = f"engagement:{TENANT}"
CRM = "id,full_name,email\n1,Zoe Zander,zoe@home.example\n"
ACCOUNTS = "account_no,company\nA1,Alpha\nA2,Beta\n"
CONTACTS = "contact_no,account_no,full_name,email\nK1,A1,Cy Cole,cy@a.com\nK2,A2,Dan Dahl,dan@b.com\n"
CONFIG = f"""
version: 1
{ROLES}
sources:
  crm: {{files: crm.csv, primary_key: id, fields: {{full_name: person.full_name, email: identity.email}}}}
  accounts: {{files: accounts.csv, primary_key: account_no, fields: {{company: organization.name}}}}
  people: {{files: people.csv, primary_key: contact_no, fields: {{account_no: text, full_name: person.full_name, email: identity.email}}}}
customers: {{match_order: [crm]}}
accounts: {{match_order: [accounts]}}
contacts:
  match_order: [people]
  relationships: {{people: {{foreign_key: account_no, account: accounts}}}}
  attributes: {{full_name: full_name, primary_email: email}}
"""
ENGAGEMENT = f"""
engagement:
  region: Europe
  tenant: {TENANT}
  client_id: 22222222-2222-2222-2222-222222222222
  secret: CDP_GRAPH_SECRET
  service: demo
  addresses: stand_in/addresses.txt
  email: primary_email
  delay_hours: 0
"""


@pytest.fixture
def project(office: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Two accounts with a contact each, and the mailboxes of the office."""
    monkeypatch.delenv("CDP_PRIVACY_KEY", raising=False)
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    folder = tmp_path / "whole"
    shutil.copytree(office.folder / "stand_in", folder / "stand_in")
    for name, text in {"crm.csv": CRM, "accounts.csv": ACCOUNTS, "people.csv": CONTACTS, "cdp.yaml": CONFIG + ENGAGEMENT}.items():
        (folder / name).write_text(text)
    return load_project(folder)


def refreshed(project: Project) -> Summary:
    summary = refresh(load_project(project.folder), "cora", as_of=AS_OF)
    assert summary.ok, summary.failed
    return summary


def store(project: Project) -> Place:
    return Place(project.store)


def given(project: Project) -> None:
    """What an administrator's yes leaves in the decisions."""
    settings = project.config.engagement
    assert settings is not None
    decide(store(project), user="adam", kind=KIND, subject=subject(settings), verdict="given", content=content(settings))


def leave_something(project: Project) -> None:
    """Files where the tables, what is noted of them and the key are."""
    place = store(project)
    place.prepare()
    for table in withdrawal.TABLES:
        (place.lake / table / "_delta_log").mkdir(parents=True)
        (place.ledger.folder / f"{table}.json").write_text("{}")
    (place.lake / "contacts").mkdir()
    (place.store / "keys").mkdir()
    (place.store / "keys" / "privacy.key").write_text("x")


def left(project: Project) -> list[str]:
    place = store(project)
    names = [*(f"lake/{t}" for t in withdrawal.TABLES), *(f"steps/{t}.json" for t in withdrawal.TABLES), "keys/privacy.key"]
    return [name for name in names if (place.store / name).exists()]


def test_a_withdrawal_between_refreshes_removes_all_and_a_new_consent_reads_the_year_again(project: Project) -> None:
    agree(project, "--agree")
    first = refreshed(project)
    assert (first.rows["account_engagement"] > 0, first.numbers["interactions"]["days_of_data"]) == (True, 365)
    assert len(left(project)) == 5
    said = agree(project, "--withdraw")
    assert left(project) == []
    assert list((project.store / "work").glob("*")) == []
    for part in (SUBJECT, "interactions with all its versions", "key of the pseudonyms", "last three snapshots"):
        assert part in said
    after = refreshed(project)
    assert (after.rows["interactions"], after.rows["account_engagement"], after.skipped) == (0, 0, ())
    assert after.rows["published_snapshot"] == first.rows["published_snapshot"]
    command = [sys.executable, "-m", "cdp_assets.cli.main", "-p", str(project.folder), "--as", "adam", "status"]
    shown = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (shown.returncode, "Nobody is refreshing" in shown.stdout) == (0, True), shown.stderr
    agree(project, "--agree")
    again = refreshed(project)
    assert again.numbers["interactions"]["days_of_data"] == 365
    assert again.rows == first.rows


def test_without_the_section_every_consent_that_stands_is_withdrawn_and_what_was_read_is_removed(project: Project) -> None:
    given(project)
    decide(store(project), user="adam", kind=KIND, subject="engagement:another", verdict="given", content="c")
    decide(store(project), user="adam", kind="connection", subject="files", verdict="given", content="c")
    leave_something(project)
    project.file.write_text(CONFIG)
    said = agree(project, "--withdraw")
    assert "engagement:another" in said
    assert SUBJECT in said
    found = [latest(store(project), kind, of) for kind, of in ((KIND, SUBJECT), (KIND, "engagement:another"), ("connection", "files"))]
    assert [each.verdict for each in found if each] == ["withdrawn", "withdrawn", "given"]
    assert left(project) == []
    assert (store(project).lake / "contacts").exists()
    entries = duckdb.execute(f"select user_name, detail from ({store(project).newest(AUDIT_LOG).sql}) where action = 'erase engagement'")
    assert entries.fetchall() == [("adam", "interactions, account_engagement, key of pseudonyms")]
    with pytest.raises(UserError, match="no section engagement"):
        agree(project, "--agree")


def test_a_withdrawal_can_be_repeated_and_says_that_nothing_is_left(project: Project) -> None:
    leave_something(project)
    assert "No consent of a tenant stands" in agree(project, "--withdraw")
    assert left(project) == []
    assert "nothing left" in agree(project, "--withdraw")


def test_a_key_in_the_environment_is_named_because_only_its_owner_can_remove_it(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDP_PRIVACY_KEY", "a key of the administrator")
    said = agree(project, "--withdraw")
    assert "CDP_PRIVACY_KEY" in said
    assert "a key of" not in said


def test_while_a_run_holds_the_project_nothing_is_withdrawn_or_removed(project: Project) -> None:
    given(project)
    leave_something(project)
    with (
        project_lock(store(project).lock, Holder("some-run", "cora", 1, "now")),
        pytest.raises(UserError, match=r"Nothing was withdrawn or removed yet.*run some-run of cora"),
    ):
        agree(project, "--withdraw")
    stands = latest(store(project), KIND, SUBJECT)
    assert stands is not None
    assert stands.verdict == "given"
    assert len(left(project)) == 5
