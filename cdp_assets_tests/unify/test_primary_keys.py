"""A primary key that identifies nobody: refused where most rows repeat one, told where many do, never with a value."""

from pathlib import Path

import pytest

from cdp_assets.config import Project
from cdp_assets.unify.primary_keys import PrimaryKeyError
from cdp_assets_tests.projects import query, run_up_to, small_project

CONFIG = """
version: 1
sources:
  crm: {files: crm.csv, primary_key: %s, fields: {%s}}
customers: {match_order: [crm], dedupe: {crm: {rules: []}}}
"""
PLAIN = ("id", "id: {type: text, column: Contact Id}, name: person.full_name")


def world(folder: Path, rows: str, key: str = PLAIN[0], fields: str = PLAIN[1], head: str = "Contact Id,name") -> Project:
    return small_project(folder, CONFIG % (key, fields), {"crm.csv": f"{head}\n{rows}"})


def notice(project: Project) -> str | None:
    from cdp_assets.lake import Place, session
    from cdp_assets.unify.assets import steps
    from cdp_assets.unify.deduplicated_tables import deduplicated

    [step] = [each for each in steps(project) if each.table.name == "deduplicated_crm"]
    assert step.notice is not None
    with session() as connection:
        rows = Place(project.store).newest(deduplicated(project.config, "crm")).sql
        connection.execute(f"create view deduplicated_crm as {rows}")
        said = connection.execute(step.notice).fetchall()[0][0]
    return None if said is None else str(said)


def refused(project: Project) -> str:
    with pytest.raises(PrimaryKeyError) as error:
        list(run_up_to(project, "deduplicated_crm"))
    return error.value.message


def test_a_key_that_repeats_in_most_rows_is_refused_with_source_column_count_and_lines(tmp_path: Path) -> None:
    rows = "".join(f"{n % 3},Name {n}\n" for n in range(12))
    message = refused(world(tmp_path, rows))
    assert message.startswith("crm: its primary key id (column Contact Id) has 3 different values in 12 rows, so that 9 would be taken")
    assert "crm.csv line " in message
    assert "Name" not in message


def test_a_key_of_one_value_in_all_rows_is_refused(tmp_path: Path) -> None:
    assert "has 1 value in 10 rows" in refused(world(tmp_path, "Ulm,Ann\n" * 10))


def test_a_refused_key_leaves_the_last_good_records(tmp_path: Path) -> None:
    project = world(tmp_path, "".join(f"{n},Name\n" for n in range(12)))
    list(run_up_to(project, "deduplicated_crm"))
    (tmp_path / "crm.csv").write_text("Contact Id,name\n" + "1,Name\n" * 12)
    refused(project)
    assert query(project, "select count(*) from deduplicated_crm") == [(12,)]


@pytest.mark.parametrize("rows", ["", "1,Ann\n", "1,Ann\n" * 9, "".join(f"{n % 5},Ann\n" for n in range(10))])
def test_an_empty_source_one_row_few_rows_and_half_of_the_rows_are_not_refused(tmp_path: Path, rows: str) -> None:
    *_, made = run_up_to(world(tmp_path, rows), "deduplicated_crm")
    assert made.rows == len({row.split(",")[0] for row in rows.splitlines()})


def test_many_repeated_keys_are_told_with_the_line_of_the_row_that_stays(tmp_path: Path) -> None:
    project = world(tmp_path, "".join(f"{n},Name\n" for n in range(15)) + "3,Other Name\n")
    list(run_up_to(project, "deduplicated_crm"))
    said = notice(project)
    assert said == (
        "crm: 1 of 16 rows repeat the primary key id (column Contact Id) and became one record with the row that has it, "
        "as in crm.csv line 17. "
        "If they are different people: choose a column that has another value in every row, or deliver one row for each key."
    )


def test_a_few_repeated_keys_are_usual_and_unique_ones_are_right(tmp_path: Path) -> None:
    project = world(tmp_path, "".join(f"{n},Name\n" for n in range(40)) + "3,Name\n")
    list(run_up_to(project, "deduplicated_crm"))
    assert notice(project) is None


def test_of_an_e_mail_address_as_key_each_repeated_row_is_told(tmp_path: Path) -> None:
    rows = "".join(f"a{n}@x.example,Name\n" for n in range(40)) + "a3@x.example,Other Name\n"
    project = world(tmp_path, rows, "mail", "mail: identity.email, name: person.full_name", "mail,name")
    list(run_up_to(project, "deduplicated_crm"))
    said = str(notice(project))
    assert "1 of 41 rows repeat the primary key mail, which is no id but of type identity.email" in said
    assert "x.example" not in said


def test_where_no_field_is_a_name_the_type_that_is_missing_is_said(tmp_path: Path) -> None:
    from cdp_assets.unify.assets import no_name

    nameless = world(tmp_path / "a", "1,Ann\n", fields="id: {type: text, column: Contact Id}, name: text").config
    assert "No field of customers is of type person.full_name, or of person.first_name and person.last_name" in str(no_name(nameless))
    assert no_name(world(tmp_path / "b", "1,Ann\n").config) is None
    both = "id: {type: text, column: Contact Id}, name: person.first_name, last: {type: person.last_name, column: name}"
    assert no_name(world(tmp_path / "c", "1,Ann\n", fields=both).config) is None
    half = "id: {type: text, column: Contact Id}, name: person.last_name"
    assert no_name(world(tmp_path / "d", "1,Ann\n", fields=half).config) is not None
