"""Roles: who may do what, in one place, and what is written down."""

from pathlib import Path

import duckdb
import pytest

from cdp_assets.config import Project, Role, load_project
from cdp_assets.governance import AccessDeniedError, acting_user, record, require
from cdp_assets.governance.tables import AUDIT_LOG
from cdp_assets.lake import Place

CONFIG = """
version: 1
roles: {owner: [olga], administrator: [adam], contributor: [cora], viewer: [vic]}
sources:
  crm: {files: crm.csv, primary_key: id, fields: {mail: identity.email}}
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / "cdp.yaml").write_text(CONFIG)
    return load_project(tmp_path)


def audit(project: Project) -> list[tuple[str, str, str, str | None]]:
    source = Place(project.store).newest(AUDIT_LOG)
    return duckdb.execute(f'select user_name, action, outcome, role from ({source.sql}) order by "at"').fetchall()


@pytest.mark.parametrize(
    ("user", "allowed"),
    [
        ("vic", [Role.viewer]),
        ("cora", [Role.viewer, Role.contributor]),
        ("adam", [Role.viewer, Role.contributor, Role.administrator]),
        ("olga", list(Role)),
        ("stranger", []),
    ],
)
def test_each_role_may_do_what_the_lower_ones_may(project: Project, user: str, allowed: list[Role]) -> None:
    for least in Role:
        if least in allowed:
            assert require(project, user, least, "try") >= least
        else:
            with pytest.raises(AccessDeniedError, match=f"needs the role {least.name}"):
                require(project, user, least, "try")


def test_a_denial_is_in_the_audit_log_and_a_permission_is_not(project: Project) -> None:
    require(project, "cora", Role.contributor, "refresh")
    with pytest.raises(AccessDeniedError, match="vic has the role viewer"):
        require(project, "vic", Role.contributor, "refresh")
    with pytest.raises(AccessDeniedError, match="stranger is not listed"):
        require(project, "stranger", Role.viewer, "status")
    assert audit(project) == [("vic", "refresh", "denied", "viewer"), ("stranger", "status", "denied", None)]


def test_entries_are_added_and_none_is_lost(project: Project) -> None:
    for number in range(3):
        record(Place(project.store), user="cora", action="refresh", outcome="done", subject=f"run-{number}")
    assert len(audit(project)) == 3


def test_without_a_section_roles_whoever_is_at_the_machine_is_owner(tmp_path: Path) -> None:
    (tmp_path / "cdp.yaml").write_text("version: 1\nsources: {crm: {files: crm.csv, primary_key: id, fields: {mail: identity.email}}}\n")
    assert require(load_project(tmp_path), "anybody", Role.owner, "try") == Role.owner


def test_who_acts_is_the_option_then_the_variable_then_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    assert acting_user("ann") == "ann"
    monkeypatch.setenv("CDP_USER", "bob")
    assert acting_user("ann") == "ann"
    assert acting_user() == "bob"
    monkeypatch.delenv("CDP_USER")
    monkeypatch.setattr("getpass.getuser", lambda: "system")
    assert acting_user() == "system"
