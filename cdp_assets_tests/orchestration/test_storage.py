"""Dagster's records: SQLite files by default, a PostgreSQL database where cdp.yaml names the variable with its address."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from cdp_assets.config import Project, load_project, parse_config
from cdp_assets.config.problems import ConfigError
from cdp_assets.errors import OutsideError, UserError
from cdp_assets.orchestration import postgres as address_of
from cdp_assets.orchestration.instance import home, settings
from cdp_assets_tests.orchestration.test_over_time import CONFIG, CRM, DAY_1, SHOP
from cdp_assets_tests.postgres import PASSWORD, Postgres, postgres
from cdp_assets_tests.projects import contents, run_steps, small_project

__all__ = ["postgres"]

VARIABLE = "CDP_DAGSTER_POSTGRES"
STORED = CONFIG + f"storage: {{dagster: {{postgres: {VARIABLE}}}}}\n"
FILES = {"crm.csv": CRM, "shop.csv": SHOP, "web/1.csv": DAY_1}


def cdp(project: Project, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    given = {**os.environ, "CDP_USER": "tester", **variables}
    command = [sys.executable, "-m", "cdp_assets.cli.main", "-p", str(project.folder), *arguments]
    return subprocess.run(command, env=given, capture_output=True, text=True, check=False, timeout=300)


def test_without_the_section_dagsters_records_are_files_below_the_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDP_PROJECT", "")
    project = small_project(tmp_path, CONFIG, FILES)
    assert "sqlite" in (home(project) / "dagster.yaml").read_text()
    assert settings("x")["storage"] == {"sqlite": {"base_dir": "x"}}


def test_dagster_yaml_names_the_variable_and_never_holds_the_address() -> None:
    assert settings("x", VARIABLE)["storage"] == {"postgres": {"postgres_url": {"env": VARIABLE}}}


@pytest.mark.parametrize("wrong", ["postgresql://me:secret@host/db", "secret", "1A", "A-B"])
def test_the_section_takes_the_name_of_a_variable_and_nothing_that_could_be_an_address(wrong: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config(f"{CONFIG}storage: {{dagster: {{postgres: '{wrong}'}}}}\n")
    assert "storage.dagster.postgres: must be the name of an environment variable" in caught.value.message


def test_a_missing_variable_a_wrong_address_and_a_missing_package_say_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    with pytest.raises(UserError, match=f"names the environment variable {VARIABLE}, which is not set"):
        address_of.ready(VARIABLE)
    monkeypatch.setenv(VARIABLE, "mysql://me:hidden@host/db")
    with pytest.raises(UserError, match=r"holds no address of the form postgresql://") as caught:
        address_of.ready(VARIABLE)
    assert "hidden" not in caught.value.message
    monkeypatch.setenv(VARIABLE, "postgresql://me:hidden@host/db")
    monkeypatch.setattr(address_of, "find_spec", lambda _name: None)
    with pytest.raises(UserError, match=re.escape('pip install "dagster-postgres>=0.29.27,<0.30"')):
        address_of.ready(VARIABLE)


@pytest.mark.pipeline
def test_a_refresh_is_recorded_in_the_database_and_its_history_read_from_there(postgres: Postgres, tmp_path: Path) -> None:
    project = small_project(tmp_path / "stored", STORED, FILES)
    address = postgres.create("records")
    ended = cdp(project, "refresh", "--as-of", "2026-11-20", **{VARIABLE: address})
    assert ended.returncode == 0, ended.stderr
    assert postgres.psql("records", "select pipeline_name, status from runs") == "refresh|SUCCESS"
    assert int(postgres.psql("records", "select count(*) from event_logs where dagster_event_type = 'ASSET_MATERIALIZATION'")) > 10
    past = cdp(project, "status", "--history", "--json", **{VARIABLE: address})
    assert past.returncode == 0, past.stderr
    runs = json.loads(past.stdout)["runs"]
    assert [(run["job"], run["by"], run["as_of"]) for run in runs] == [("refresh", "tester", "2026-11-20")]
    assert not list((project.store / "dagster").rglob("*.db"))
    alone = small_project(tmp_path / "files", CONFIG, FILES)
    run_steps(alone)
    assert contents(load_project(project.folder)) == contents(alone)


@pytest.mark.pipeline
def test_the_address_is_in_no_file_of_the_project_and_in_no_output(postgres: Postgres, tmp_path: Path) -> None:
    from urllib.parse import quote

    project = small_project(tmp_path, STORED, FILES)
    said = cdp(project, "refresh", "--as-of", "2026-11-20", **{VARIABLE: postgres.create("hidden")})
    texts = [said.stdout.encode(), said.stderr.encode(), *(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())]
    for secret in (PASSWORD, quote(PASSWORD, "")):
        assert not [text for text in texts if secret.encode() in text]


@pytest.mark.pipeline
def test_a_server_that_lets_nobody_in_is_a_message_without_the_password_and_nothing_starts(postgres: Postgres, tmp_path: Path) -> None:
    project = small_project(tmp_path, STORED, FILES)
    right = postgres.create("refused")
    cases = {
        "nothing listens at this host and port": right.replace(f":{postgres.port}/", ":9/"),
        "it does not accept this user and password": postgres.address("refused", password="wrong secret"),
        "it has no such database or user": postgres.address("nowhere"),
        "there is no such host": right.replace("127.0.0.1", "nowhere.invalid"),
    }
    for reason, address in cases.items():
        ended = cdp(project, "refresh", **{VARIABLE: address})
        assert ended.returncode == 1, reason
        assert f"Dagster's database (environment variable {VARIABLE}) cannot be reached: {reason}" in ended.stderr
        assert "Traceback" not in ended.stderr
        assert not [secret for secret in ("wrong", "pass%20word", PASSWORD) if secret in ended.stderr + ended.stdout]
    assert not project.store.exists()


@pytest.mark.pipeline
def test_both_forms_of_the_address_are_understood(postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    given = postgres.create("forms")
    for form in (given, given.replace("postgresql://", "postgres://"), given.replace("postgresql://", "postgresql+psycopg2://")):
        monkeypatch.setenv(VARIABLE, form)
        address_of.ready(VARIABLE)
        assert os.environ[VARIABLE] == given.replace("postgresql://", "postgresql+psycopg2://")
    monkeypatch.setenv(VARIABLE, given.replace(f":{postgres.port}/", ":x/"))
    with pytest.raises((UserError, OutsideError)) as caught:
        address_of.ready(VARIABLE)
    assert "pass%20word" not in caught.value.message
