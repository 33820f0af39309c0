"""Which folder is the project, what a project holds, and what is said when there is none."""

import hashlib
from pathlib import Path

import pytest

import cdp_assets
from cdp_assets.config import ConfigError, load_project, project_folder
from cdp_assets.errors import UserError
from cdp_assets_tests.config.documents import VALID


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> Path:
    (tmp_path / "cdp.yaml").write_text(VALID, encoding="utf-8")
    return tmp_path


def test_project_of_a_folder(folder):
    project = load_project(folder)
    assert (project.folder, project.file, project.store) == (folder, folder / "cdp.yaml", folder / ".cdp")
    assert project.config.sources["crm"].files == "sources/crm*.csv"


def test_digest_is_that_of_the_bytes(folder):
    assert load_project(folder).digest == hashlib.sha256(VALID.encode()).hexdigest()


def test_folder_comes_before_the_environment_before_the_demo(folder, monkeypatch):
    monkeypatch.setenv("CDP_PROJECT", str(folder))
    assert project_folder() == folder
    assert project_folder(folder.parent) == folder.parent
    monkeypatch.delenv("CDP_PROJECT")
    assert project_folder() == Path(cdp_assets.__file__).resolve().parent.parent / "data" / "demo"


def test_relative_folder_is_made_absolute(folder, monkeypatch):
    monkeypatch.chdir(folder.parent)
    assert load_project(Path(folder.name)).folder == folder


def test_missing_folder_is_named_with_the_variable_that_chooses_it(tmp_path, monkeypatch):
    monkeypatch.setenv("CDP_PROJECT", str(tmp_path / "nowhere"))
    with pytest.raises(UserError, match=r"there is no folder .*nowhere; CDP_PROJECT says which folder is the project"):
        load_project()


def test_folder_without_a_file(tmp_path):
    with pytest.raises(ConfigError, match=rf"the folder {tmp_path} holds no cdp\.yaml.*; `cdp init` suggests one"):
        load_project(tmp_path)


def test_file_that_cannot_be_read(tmp_path):
    (tmp_path / "cdp.yaml").mkdir()
    with pytest.raises(ConfigError, match=r"cdp\.yaml: cannot be read: is a directory"):
        load_project(tmp_path)


def test_problems_of_the_file_come_with_its_path(folder):
    (folder / "cdp.yaml").write_text("version: 1\nsources: {}\n", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_project(folder)
    assert caught.value.message == (
        f"The configuration {folder / 'cdp.yaml'} has a problem:\n"
        "cdp.yaml:2: sources: must have at least one entry, found an empty mapping."
    )
