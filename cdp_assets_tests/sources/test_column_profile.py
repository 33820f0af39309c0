"""The profile of columns: what is counted, and that a personal value is never told."""

from pathlib import Path

import duckdb

from cdp_assets.config import load_project
from cdp_assets.lake import Place
from cdp_assets.lake.table import Table
from cdp_assets.sources import read_source
from cdp_assets.sources.column_profile import COLUMN_PROFILES, Profiled, hidden_columns, profile_sources, profile_sql, profile_stage
from cdp_assets.sources.tables import table_of
from cdp_assets_tests.sources.projects import CRM, new_run, source_of, write
from cdp_assets_tests.support import Rows, rows, run_stages

PEOPLE = """
source_file | source_line | record_key | contact_id | name     | born       | points
a.csv       | 2           | C1         | C1         | Ann Moss | 1986-05-08 | 7
a.csv       | 3           | C2         | C2         | Ann Moss | 1990-01-02 | 7
a.csv       | 4           | C3         | C3         | unknown  |            | 9
a.csv       | 5           | C4         | C4         |          |            |
"""


def profiles(text: str = PEOPLE, config: str = CRM, hidden: frozenset[str] = frozenset()) -> dict[str, dict[str, object]]:
    """The profile of each column of the source crm with these rows, by column."""
    source = source_of(config, "crm")
    given: tuple[Rows, Table] = (rows(text, table_of("crm", source)), table_of("crm", source))
    return {str(row["column_name"]): row for row in run_stages([profile_stage("crm", source, hidden)], crm=given)}


def counts(row: dict[str, object]) -> tuple[object, ...]:
    return tuple(row[name] for name in ("rows", "nulls", "missing", "uniques"))


def test_nulls_missing_and_differing_values_are_counted() -> None:
    found = profiles()
    assert counts(found["name"]) == (4, 1, 2, 2)  # unknown says nothing, so it is missing too
    assert counts(found["born"]) == (4, 2, 2, 2)
    assert counts(found["points"]) == (4, 1, 1, 2)


def test_the_most_frequent_values_are_told_and_one_that_a_single_row_has_is_not() -> None:
    points = profiles()["points"]
    assert (points["told"], points["top"], points["top_rows"]) == ("values", ["7"], [2])


def test_of_a_personal_column_only_the_forms_of_values_are_told() -> None:
    found = profiles()
    assert (found["name"]["told"], found["name"]["top"], found["name"]["top_rows"]) == ("patterns", ["a a", "a"], [2, 1])
    assert found["born"]["top"] == ["9999-99-99"]


def test_columns_that_identify_somebody_are_hidden_whatever_their_type() -> None:
    config = source_of(CRM, "crm")
    assert config.primary_key == "contact_id"
    assert profiles(hidden=frozenset({"contact_id"}))["contact_id"]["top"] == ["a9"]


def test_forms_are_those_of_any_language_and_hold_no_letter_of_the_value() -> None:
    with duckdb.connect() as connection:
        connection.execute("create table t as select unnest(['Zoë-Marie  O\u2019Neil', '+49 170 1234567', '日本', '٣٤']) as c")
        [found] = connection.execute(profile_sql("t", [Profiled("c", "c", True)])).fetchall()
    assert sorted(form["told"] for form in found[7]) == ["+99 999 9999999", "99", "a", "a-a a?a"]


def test_names_of_columns_are_never_sql() -> None:
    with duckdb.connect() as connection:
        connection.execute("""create table "a 'b" as select 1 as "c\""d'" """)
        [found] = connection.execute(profile_sql("a 'b", [Profiled("it's", '"c""d\'"', False)])).fetchall()
    assert found[0] == "it's"


def test_a_table_without_rows_has_a_profile_of_nothing() -> None:
    assert counts(profiles(PEOPLE.splitlines()[1])["name"]) == (0, 0, 0, 0)


def test_an_unchanged_source_is_not_profiled_again_and_one_that_is_gone_has_no_profile(tmp_path: Path) -> None:
    two = CRM + "  shop:\n    files: shop.csv\n    primary_key: shop_id\n    fields: {town: text}\ncustomers: {match_order: [crm]}\n"
    write(tmp_path, cdp_yaml=two, crm_csv="contact_id,name,born,points\nC1,Ann,,7\n", shop_csv="shop_id,town\n1,Bonn\n")

    def refreshed() -> tuple[str, ...]:
        project, run = load_project(tmp_path), new_run(load_project(tmp_path))
        for name in project.config.sources:
            read_source(run, project, name)
        return profile_sources(run, project).partitions

    assert refreshed() == ("crm", "shop")
    assert refreshed() == ()
    write(tmp_path, shop_csv="shop_id,town\n1,Bonn\n2,Bonn\n")
    assert refreshed() == ("shop",)
    write(tmp_path, cdp_yaml=CRM)
    refreshed()
    with duckdb.connect() as connection:
        newest = Place(load_project(tmp_path).store).newest(COLUMN_PROFILES).sql
        assert connection.execute(f"select distinct source from ({newest})").fetchall() == [("crm",)]
    assert hidden_columns(load_project(tmp_path).config, "crm") == {"contact_id"}
