"""Who may confirm connections and run exports, and what is written down of it."""

from pathlib import Path

import duckdb
import pytest

from cdp_assets.config import Project
from cdp_assets.errors import UserError
from cdp_assets.exports import confirm, confirmation, may_run, require_run, withdraw
from cdp_assets.governance import AccessDeniedError
from cdp_assets.governance.tables import AUDIT_LOG, DECISIONS
from cdp_assets.lake import Place
from cdp_assets_tests.exports.world import project


def audit(made: Project) -> list[tuple]:
    source = Place(made.store).newest(AUDIT_LOG)
    return duckdb.execute(f'select user_name, action, subject, outcome from ({source.sql}) order by "at"').fetchall()


def test_a_viewer_who_runs_an_export_is_denied_and_that_is_written_down(tmp_path: Path) -> None:
    made = project(tmp_path / "p")
    with pytest.raises(AccessDeniedError, match="run export: needs the role contributor or higher; vic has the role viewer"):
        require_run(made, "vic", "sales")
    assert audit(made) == [("vic", "run export", "sales", "denied")]


def test_a_contributor_runs_exports_over_shared_connections_only(tmp_path: Path) -> None:
    made = project(tmp_path / "p")
    assert [name for name in made.config.exports if may_run(made, "cora", name)] == ["sales", "field", "both"]
    require_run(made, "cora", "sales")
    with pytest.raises(AccessDeniedError, match="needs the role administrator"):
        require_run(made, "cora", "agency")


def test_administrators_and_owners_run_every_export_and_strangers_none(tmp_path: Path) -> None:
    made = project(tmp_path / "p")
    for user, allowed in {"adam": True, "olga": True, "vic": False, "stranger": False}.items():
        assert {may_run(made, user, name) for name in made.config.exports} == {allowed}


def test_an_unknown_export_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r'no export agenci in cdp\.yaml\. Did you mean "agency"\? Exports: agency, ids'):
        require_run(project(tmp_path / "p"), "adam", "agenci")


@pytest.mark.parametrize("user", ["cora", "vic", "stranger"])
def test_only_an_administrator_confirms_a_connection(tmp_path: Path, user: str) -> None:
    made = project(tmp_path / "p")
    with pytest.raises(AccessDeniedError, match="confirm connection: needs the role administrator"):
        confirm(made, user, "files")
    assert confirmation(made, "files") == "not confirmed"
    assert audit(made)[0] == (user, "confirm connection", "files", "denied")


def test_a_confirmation_is_a_decision_with_the_digest_of_the_settings(tmp_path: Path) -> None:
    made = project(tmp_path / "p")
    confirm(made, "adam", "files")
    assert confirmation(made, "files") == "confirmed"
    assert confirmation(made, "sales") == "not confirmed"
    rows = duckdb.execute(
        f"select user_name, kind, subject, verdict, length(content) from ({Place(made.store).newest(DECISIONS).sql})"
    ).fetchall()
    assert rows == [("adam", "connection", "files", "given", 24)]


def test_a_withdrawn_confirmation_is_none(tmp_path: Path) -> None:
    made = project(tmp_path / "p")
    confirm(made, "adam", "files")
    withdraw(made, "adam", "files")
    assert confirmation(made, "files") == "not confirmed"
    confirm(made, "adam", "files")
    assert confirmation(made, "files") == "confirmed"


@pytest.mark.parametrize("user", ["cora", "vic", "stranger"])
def test_only_an_administrator_withdraws_a_confirmation(tmp_path: Path, user: str) -> None:
    made = project(tmp_path / "p")
    confirm(made, "adam", "files")
    with pytest.raises(AccessDeniedError, match="withdraw connection: needs the role administrator"):
        withdraw(made, user, "files")
    assert confirmation(made, "files") == "confirmed"
    assert (user, "withdraw connection", "files", "denied") in audit(made)


def test_an_unknown_connection_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r'no connection file in cdp\.yaml\. Did you mean "files"\?'):
        confirm(project(tmp_path / "p"), "adam", "file")


def test_a_stranger_does_not_learn_the_names_of_exports(tmp_path: Path) -> None:
    made = project(tmp_path / "p")
    with pytest.raises(AccessDeniedError) as refused:
        require_run(made, "stranger", "salse")
    assert "sales" not in refused.value.message
    assert audit(made) == [("stranger", "run export", "salse", "denied")]


def test_a_stranger_does_not_learn_the_names_of_connections(tmp_path: Path) -> None:
    made = project(tmp_path / "p")
    with pytest.raises(AccessDeniedError) as refused:
        confirm(made, "stranger", "fils")
    assert "files" not in refused.value.message
