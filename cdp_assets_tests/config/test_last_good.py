"""A broken cdp.yaml does not take down what runs: the last good configuration is kept, and who may use it."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from cdp_assets.config import ConfigError, load_project
from cdp_assets.config.last_good import LOADED, last_good_file, load_for_run, load_last_good
from cdp_assets.orchestration.last_good import loaded, remember
from cdp_assets_tests.config.documents import VALID

BROKEN = VALID.replace("memory: 2GiB", "memory: lots")


@pytest.fixture(name="folder")
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "cdp.yaml").write_text(VALID, encoding="utf-8")
    monkeypatch.setenv("CDP_PROJECT", str(tmp_path))
    monkeypatch.delenv(LOADED, raising=False)
    return tmp_path


def break_it(folder: Path) -> None:
    (folder / "cdp.yaml").write_text(BROKEN, encoding="utf-8")


def test_a_valid_file_is_used_and_nothing_is_wrong(folder: Path) -> None:
    remember(load_project(folder))
    (folder / "cdp.yaml").write_text(VALID.replace("8080", "8081"), encoding="utf-8")
    project, broken = load_last_good(folder)
    assert (project.config.web.port, broken) == (8081, None)


def test_of_a_broken_file_the_last_good_one_is_used_and_what_is_wrong_is_said(folder: Path) -> None:
    good = load_project(folder)
    remember(good)
    break_it(folder)
    project, broken = load_last_good(folder)
    assert (project.config, project.digest, project.folder) == (good.config, good.digest, folder)
    assert broken is not None
    assert "cdp.yaml:2: engine.memory: is not a size" in broken.message


def test_without_a_last_good_one_the_mistakes_are_the_error(folder: Path) -> None:
    break_it(folder)
    with pytest.raises(ConfigError, match=r"engine\.memory"):
        load_last_good(folder)


def test_a_last_good_one_that_is_not_valid_any_more_is_not_used(folder: Path) -> None:
    remember(load_project(folder))
    last_good_file(folder / ".cdp").write_text("version: 1\n", encoding="utf-8")
    break_it(folder)
    with pytest.raises(ConfigError, match=r"engine\.memory"):
        load_last_good(folder)


def test_the_last_good_one_is_private_and_written_once(folder: Path) -> None:
    project = load_project(folder)
    remember(project)
    file = last_good_file(project.store)
    before = file.stat()
    assert stat.S_IMODE(before.st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    remember(project)
    assert file.stat().st_ino == before.st_ino


def test_a_last_good_one_that_is_damaged_is_replaced(folder: Path) -> None:
    """It stopped each refresh with `UnicodeDecodeError: see the run in Dagster's UI`."""
    remember(load_project(folder))
    last_good_file(folder / ".cdp").write_bytes(b"\xff\0")
    remember(load_project(folder))
    assert last_good_file(folder / ".cdp").read_text(encoding="utf-8") == VALID


def test_a_store_that_cannot_be_written_is_no_reason_to_fail(folder: Path) -> None:
    (folder / ".cdp").write_text("in the way", encoding="utf-8")
    remember(load_project(folder))


def test_only_processes_of_a_loaded_code_location_go_on_with_the_last_good_one(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(LOADED, "")
    good = load_project(folder)
    loaded(good)
    assert os.environ[LOADED] == "1"
    break_it(folder)
    project, broken = load_for_run()
    assert project.config == good.config
    assert broken is not None
    monkeypatch.delenv(LOADED)
    with pytest.raises(ConfigError, match=r"engine\.memory"):
        load_for_run()


_LOAD = "from cdp_assets.definitions import defs; print(len(list(defs().resolve_all_job_defs())))"


@pytest.mark.pipeline
def test_a_run_of_a_loaded_location_loads_and_a_new_location_says_what_is_wrong(folder: Path) -> None:
    """As Dagster does it: the code server loads, the file breaks, and a run's process is a child of that server."""
    code = f"""
import pathlib, subprocess, sys
{_LOAD}
file = pathlib.Path({str(folder / "cdp.yaml")!r})
file.write_text(file.read_text().replace("memory: 2GiB", "memory: lots"))
sys.exit(subprocess.run([sys.executable, "-c", {_LOAD!r}]).returncode)
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert len(set(ended.stdout.split())) == 1
    assert "engine.memory: is not a size" in ended.stderr
    assert "This run goes on with the last good configuration." in ended.stderr
    anew = subprocess.run([sys.executable, "-c", _LOAD], capture_output=True, text=True, check=False)
    assert anew.returncode != 0
    assert "cdp.yaml:2: engine.memory: is not a size" in anew.stderr
