"""Suggestions for a project that is there: types for fields without one, fields for columns that nothing reads, and no change."""

import json
from pathlib import Path

import pytest

from cdp_assets.cli.main import app
from cdp_assets.config import Project, load_project
from cdp_assets.start import suggest_fields
from cdp_assets_tests.projects import small_project

CONFIG = """
version: 1
sources:
  crm:
    files: crm.csv
    primary_key: id
    csv: {delimiter: ";"}
    fields: {who: {type: text, column: Full Name}, mail: identity.email, note: text}
  gone: {files: gone.csv, primary_key: id, fields: {mail: identity.email}}
  web: {kind: events, files: web.csv, visitor: v, time: ts, event: name, known_as: {user: crm.id}}
  said: {kind: consents, files: said.csv, person: {mail: identity.email}}
  stock: {database: DB, table: t, primary_key: id, fields: {name: text}}
customers: {match_order: [crm, web]}
"""
FILES = {
    "crm.csv": "id;Full Name;mail;note;City;mail 2\n" + "".join(f"{n};Ann Lee;a{n}@x.example;n{n};Ulm;b{n}@x.example\n" for n in range(9)),
    "web.csv": "event_id,name,v,ts,user,page\n1,view,v1,2026-01-01T00:00:00,1,/home\n2,view,v1,2026-01-01T00:01:00,1,/help\n",
    "said.csv": "mail,purpose,given,at\na1@x.example,news,yes,2026-01-01\n",
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setenv("DB", "postgresql://nowhere/none")
    return small_project(tmp_path, CONFIG, FILES)


def test_a_field_without_a_semantic_type_gets_one_suggested_under_its_own_name(project: Project) -> None:
    crm = suggest_fields(project)[0]
    assert (crm.mapped, crm.unmapped) == (1, 3)
    [who] = crm.types
    assert (who.field, who.value, who.present) == ("who", "{type: person.full_name, column: Full Name}", "text")
    assert "look" in who.why or "letters" in who.why


def test_a_column_that_no_field_reads_is_suggested_with_a_free_name(project: Project) -> None:
    crm, _, web, *_ = suggest_fields(project)
    found = [(each.field, each.meaning.type, each.present) for each in crm.columns]
    assert found == [("city", "location.city", None), ("mail_2", "identity.email", None)]
    assert [each.field for each in web.columns] == ["page"]  # the others have their meaning from the source


def test_what_cannot_be_looked_at_is_said(project: Project) -> None:
    left = {each.source: each.left for each in suggest_fields(project)}
    assert left["crm"] is None
    assert "there is no file gone.csv" in str(left["gone"])
    assert "consents" in str(left["said"])
    assert "database" in str(left["stock"])


def test_the_lines_can_be_pasted_and_then_there_is_nothing_left_to_suggest(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    crm = suggest_fields(project)[0]
    lines = [*crm.lines(crm.types), *crm.lines(crm.columns)]
    before = "    fields: {who: {type: text, column: Full Name}, mail: identity.email, note: text}\n"
    pasted = CONFIG.replace(before, "\n".join(["    fields:", "      mail: identity.email", "      note: text", *lines, ""]))
    assert pasted != CONFIG
    project.file.write_text(pasted)
    again = suggest_fields(load_project(project.folder))[0]
    assert (again.types, again.columns, again.mapped) == ((), (), 4)
    capsys.readouterr()


def test_the_command_changes_nothing_and_tells_no_value(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    before = {path: path.read_bytes() for path in project.folder.rglob("*") if path.is_file()}
    app(["--project", str(project.folder), "suggest"], standalone_mode=False)
    printed = capsys.readouterr().out
    assert "who: {type: person.full_name, column: Full Name}" in printed
    assert "Nothing is changed" in printed
    assert not [value for value in ("Ann", "x.example", "Ulm") if value in printed]
    app(["--project", str(project.folder), "suggest", "--json"], standalone_mode=False)
    found = json.loads(capsys.readouterr().out)
    assert [each["source"] for each in found] == ["crm", "gone", "web", "said", "stock"]
    assert {path: path.read_bytes() for path in project.folder.rglob("*") if path.is_file()} == before
