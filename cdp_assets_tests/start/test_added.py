"""`cdp suggest --write`: all columns that no field reads are added to cdp.yaml at once, and nothing else of it changes."""

import json
from pathlib import Path

import pytest

from cdp_assets.cli.main import app
from cdp_assets.config import Project, load_project
from cdp_assets.errors import UserError
from cdp_assets.governance import AccessDeniedError
from cdp_assets.lake import Holder, Place, project_lock
from cdp_assets.start import suggest_fields
from cdp_assets_tests.projects import small_project

CONFIG = """# What we read.
version: 1
sources:
  crm:
    files: 'crm.csv'      # from the office
    primary_key: id
    fields:
      mail: identity.email   # as it is
      # name: comes later
  shop: {files: shop.csv, primary_key: no, fields: {mail: identity.email}}
customers:
  match_order: [crm, shop]   # the office knows better
  match: [{name: mail, left: crm, right: shop, all: [{field: mail}]}]
"""
FILES = {
    "crm.csv": "id,mail,City,note\n" + "".join(f"{n},a{n}@x.example,Ulm,n{n}\n" for n in range(9)),
    "shop.csv": "no,mail,points\n" + "".join(f"{n},a{n}@x.example,{n}\n" for n in range(9)),
}


def written(project: Project, capsys: pytest.CaptureFixture[str], *arguments: str, user: str = "olga") -> list[str]:
    app(["--project", str(project.folder), "--as", user, "suggest", "--write", *arguments], standalone_mode=False)
    return capsys.readouterr().out.splitlines()


def test_all_columns_of_all_sources_are_added_and_every_other_line_stays(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = small_project(tmp_path, CONFIG, FILES)
    project.file.chmod(0o644)
    said = written(project, capsys)
    assert said[:2] == ["crm: 2 added: city, note", "shop: 1 added: points"]
    lines = project.file.read_text().splitlines()
    new = [line for line in lines if line not in CONFIG.splitlines()]
    assert [line.split("  #")[0].rstrip() for line in new] == [
        "      city: {type: location.city, column: City}",
        "      note: text",
        "  shop: {files: shop.csv, primary_key: no, fields: {mail: identity.email, points: integer}}",
    ]
    assert [line for line in lines if line not in new] == [line for line in CONFIG.splitlines() if "shop: {files" not in line]
    assert set(load_project(tmp_path).config.sources["crm"].fields) == {"id", "mail", "city", "note"}
    assert project.file.stat().st_mode & 0o777 == 0o644
    assert sorted(path.name for path in tmp_path.iterdir()) == [".cdp", "cdp.yaml", "crm.csv", "shop.csv"]


def test_then_there_is_nothing_to_add_and_the_file_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = small_project(tmp_path, CONFIG, FILES)
    written(project, capsys)
    before = project.file.stat()
    assert written(project, capsys) == [
        "crm: nothing added: there is no column to add.",
        "shop: nothing added: there is no column to add.",
        f"Nothing was added: {project.file} is as it was.",
    ]
    assert (project.file.stat().st_ino, project.file.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert [each.columns for each in suggest_fields(load_project(tmp_path))] == [(), ()]


def test_only_the_source_that_is_named_is_added_to(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = small_project(tmp_path, CONFIG, FILES)
    [fact] = json.loads(written(project, capsys, "shop", "--json")[0])
    assert fact == {"source": "shop", "added": ["points"], "left": None}
    assert project.file.read_text() == CONFIG.replace("{mail: identity.email}}", "{mail: identity.email, points: integer}}")
    with pytest.raises(UserError, match=r"no source of that name. Did you mean shop\? Sources: crm, shop\."):
        written(project, capsys, "shopp")


def test_a_mark_at_the_beginning_the_line_ends_and_a_missing_last_one_stay(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = b"\xef\xbb\xbf" + CONFIG.rstrip("\n").replace("\n", "\r\n").encode()
    project = small_project(tmp_path, CONFIG, FILES)
    project.file.write_bytes(content)
    written(project, capsys, "crm")
    after = project.file.read_bytes()
    assert after.startswith(b"\xef\xbb\xbf# What we read.\r\nversion: 1\r\n")
    assert after.endswith(content[-80:])
    assert after.count(b"\n") == after.count(b"\r\n") == content.count(b"\n") + 2


def test_fields_that_two_sources_share_are_left_and_the_other_source_is_added_to(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = CONFIG.replace("fields: {mail: identity.email}}", "fields: &its {mail: identity.email}}").replace(
        "customers:", "  kiosk: {files: kiosk.csv, primary_key: no, fields: *its}\ncustomers:"
    )
    project = small_project(tmp_path, config, {**FILES, "kiosk.csv": "no,mail,card\n1,a@x.example,c1\n2,b@x.example,c2\n"})
    said = written(project, capsys)
    assert said[0] == "crm: 2 added: city, note"
    assert said[1].startswith("shop: nothing added: its fields cannot be added to without touching others, as where & and * share them")
    assert said[2].startswith("kiosk: nothing added: its fields cannot be added to")
    assert [line for line in config.splitlines() if line not in project.file.read_text().splitlines()] == []


def test_what_would_not_be_valid_is_not_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With a second e-mail address in the shop it is not said any more with which of them that of the office is compared."""
    config = CONFIG.replace("fields: {mail: identity.email}}", "fields: {address: {type: identity.email, column: mail}}}")
    shop = "no,mail,mail 2\n" + "".join(f"{n},a{n}@x.example,b{n}@x.example\n" for n in range(9))
    project = small_project(tmp_path, config, {**FILES, "shop.csv": shop})
    said = written(project, capsys, "shop")
    assert said[0].startswith("shop: nothing added: cdp.yaml would not be valid with its columns: cdp.yaml:")
    assert project.file.read_text() == config


def test_nothing_is_written_while_a_run_holds_the_project(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = small_project(tmp_path, CONFIG, FILES)
    place = Place(project.store)
    place.prepare()
    with (
        project_lock(place.lock, Holder("1234567890", "vic", 1, "now")),
        pytest.raises(UserError, match="Nothing was written, because a run"),
    ):
        written(project, capsys)
    assert project.file.read_text() == CONFIG


def test_a_file_that_was_changed_meanwhile_is_not_written_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    project = small_project(tmp_path, CONFIG, FILES)
    found = suggest_fields(project)

    def looked(*_: object) -> object:
        project.file.write_text(CONFIG + "# somebody else\n")
        return found

    monkeypatch.setattr("cdp_assets.start.suggest_fields", looked)
    with pytest.raises(UserError, match="has been changed meanwhile: nothing was written"):
        written(project, capsys)
    assert project.file.read_text() == CONFIG + "# somebody else\n"


def test_a_link_stays_one_and_the_file_that_it_leads_to_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = small_project(tmp_path / "project", CONFIG, FILES)
    project.file.rename(tmp_path / "kept.yaml")
    project.file.symlink_to(tmp_path / "kept.yaml")
    written(project, capsys)
    assert project.file.is_symlink()
    assert "points: integer" in (tmp_path / "kept.yaml").read_text()


def test_only_an_administrator_writes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    roles = "roles: {owner: [olga], administrator: [ada], contributor: [cora]}\n"
    project = small_project(tmp_path, CONFIG + roles, FILES)
    with pytest.raises(AccessDeniedError):
        written(project, capsys, user="cora")
    assert project.file.read_text() == CONFIG + roles
    assert written(project, capsys, user="ada")[0] == "crm: 2 added: city, note"
