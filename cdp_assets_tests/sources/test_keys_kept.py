"""What is told of a source's keys and fields: keys that changed, a key of another type, very many fields, pictures that are none."""

from pathlib import Path

import pytest

from cdp_assets.config import Project
from cdp_assets_tests.projects import query, run_up_to, small_project

CONFIG = """
version: 1
sources:
  crm: {files: crm.csv, primary_key: id, fields: {id: %s, name: person.full_name%s}}
customers: {match_order: [crm]}
"""


def world(folder: Path, rows: str, kind: str = "text", more: str = "", head: str = "id,name") -> Project:
    return small_project(folder, CONFIG % (kind, more), {"crm.csv": f"{head}\n{rows}"})


def read(project: Project) -> str:
    """What the source says of itself when it is read."""
    *_, made = run_up_to(project, "crm")
    return made.notice or ""


def people(numbers: range, form: str = "{}") -> str:
    return "".join(f"{form.format(n)},Name {n}\n" for n in numbers)


def test_where_most_keys_are_gone_it_is_told_that_ids_follow_keys(tmp_path: Path) -> None:
    assert read(world(tmp_path, people(range(30)))) == ""
    said = read(world(tmp_path, people(range(30), "A-{}")))
    assert "0 of the 30 keys of the version before are still there. Ids of customers follow the keys" in said
    assert "A-" not in said
    assert "Name" not in said


@pytest.mark.parametrize("now", [people(range(30, -1, -1)), people(range(10, 60)), people(range(16))])
def test_another_order_new_rows_and_fewer_rows_are_no_change_of_keys(tmp_path: Path, now: str) -> None:
    read(world(tmp_path, people(range(30))))
    assert "keys of the version before" not in read(world(tmp_path, now))


def test_a_key_that_changed_its_type_is_told_even_where_all_are_kept(tmp_path: Path) -> None:
    read(world(tmp_path, people(range(30)), "integer"))
    said = read(world(tmp_path, people(range(31))))
    assert "the primary key id was integer and is text now: 30 of the 30 keys of the version before are still there." in said
    said = read(world(tmp_path, people(range(31), "{:04}"), "integer"))
    assert "the primary key id was text and is integer now: 31 of the 31 keys" in said  # 0001 is 1, and the keys were without zeros


def test_an_unchanged_source_tells_nothing(tmp_path: Path) -> None:
    project = world(tmp_path, people(range(30)), "integer")
    read(project)
    assert read(project) == ""


def test_more_than_a_thousand_fields_are_told(tmp_path: Path) -> None:
    names = [f"f{n}" for n in range(999)]
    head = ",".join(["id", "name", *names])
    row = ",".join(["1", "Ann", *("x" for _ in names)]) + "\n"
    assert "1,001 fields are read; more than 1,000 are hard to work with" in read(
        world(tmp_path, row, more="".join(f", {name}: text" for name in names), head=head)
    )


def test_a_picture_that_is_no_public_address_puts_its_row_into_quarantine(tmp_path: Path) -> None:
    rows = "1,Ann,https://x.example/a.png\n2,Bob,\n3,Cy,javascript:alert(1)\n4,Di,HTTP://x.example\n5,Eve,a.png\n"
    project = world(tmp_path, rows, more=", photo: person.profile_image", head="id,name,photo")
    read(project)
    assert query(project, "select id from crm order by id") == [("1",), ("2",), ("4",)]
    reason = "not a public address as in https://www.contoso.example/ann.jpg"
    assert query(project, "select source_line, field, reason from quarantine order by 1") == [(4, "photo", reason), (6, "photo", reason)]
