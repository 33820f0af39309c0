"""A database in increments: only rows changed since the newest seen, less the look-back, are asked for."""

from datetime import date
from pathlib import Path

import pytest

from cdp_assets.config import load_project
from cdp_assets.lake import StepResult
from cdp_assets.sources import SourceError, read_source
from cdp_assets_tests.postgres import Postgres, postgres  # noqa: F401 - the fixture
from cdp_assets_tests.sources.projects import new_run, quarantine_of, rows_of, write

pytestmark = pytest.mark.pipeline

CONFIG = """
version: 1
sources:
  shop:
    database: SHOP_DATABASE
    table: customers
    primary_key: id
    fields: {name: text, changed: timestamp, points: integer, gone: boolean}
    incremental: {updated: changed, look_back: 2 days, deleted: {field: gone, equals: true}}
"""
FROM = "database SHOP_DATABASE: customers"
CUSTOMERS = """
create table customers (id text primary key, name text, changed timestamptz, points text, gone boolean);
insert into customers values ('a', 'Ann', '2026-01-01', '1', false), ('b', 'Bob', '2026-01-10', '2', false), ('u', 'Una', null, '3', null);
"""


@pytest.fixture
def shop(tmp_path: Path, postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> Path:  # noqa: F811
    monkeypatch.setenv("SHOP_DATABASE", postgres.create("increments", CUSTOMERS))
    write(tmp_path, cdp_yaml=CONFIG)
    return tmp_path


def refresh(folder: Path, *full: str, as_of: date = date(2026, 2, 1)) -> StepResult:
    project = load_project(folder)
    run = new_run(project)
    run.as_of, run.full = as_of, frozenset(full)
    return read_source(run, project, "shop")[1]


def names(folder: Path) -> dict[str, str]:
    return {row["record_key"]: row["name"] for row in rows_of(folder, "shop")}


def test_only_what_is_new_is_asked_for_with_the_look_back_and_rows_without_a_time(shop, postgres):  # noqa: F811
    assert refresh(shop).numbers["rows_read"] == 3
    changes = """
        update customers set name = 'Bo', changed = '2026-01-11' where id = 'b';
        insert into customers values ('c', 'Cy', '2026-01-08 00:00Z', '4', false), ('d', 'late', '2026-01-07 23:59Z', '4', false);
    """
    postgres.psql("increments", changes)
    result = refresh(shop)
    # since 2026-01-10 less two days: b, c and u, which has no time; d was written later than the look-back allows for
    assert (result.numbers["rows_read"], result.numbers["rows_applied"], result.numbers["keys_inserted"]) == (3, 2, 1)
    assert names(shop) == {"a": "Ann", "b": "Bo", "c": "Cy", "u": "Una"}
    assert {row["record_key"]: row["source_file"] for row in rows_of(shop, "shop")} == {
        "a": FROM, "u": FROM, "b": f"{FROM} since 2026-01-08 00:00:00", "c": f"{FROM} since 2026-01-08 00:00:00",
    }  # fmt: skip
    assert refresh(shop, "shop").numbers["rows_read"] == 5
    assert names(shop) == {"a": "Ann", "b": "Bo", "c": "Cy", "d": "late", "u": "Una"}


def test_rows_that_are_read_again_as_they_were_make_no_new_version(shop):
    first = refresh(shop)
    for _ in range(3):
        again = refresh(shop)
        assert (again.unchanged, again.version) == (True, first.version)


def test_a_row_changed_without_its_time_is_taken_as_it_is_now(shop, postgres):  # noqa: F811
    refresh(shop)
    postgres.psql("increments", "update customers set name = 'Robert' where id = 'b'")
    refresh(shop)
    assert names(shop)["b"] == "Robert"


def test_a_row_marked_deleted_leaves_and_one_that_is_marked_no_more_comes_back(shop, postgres):  # noqa: F811
    refresh(shop)
    postgres.psql("increments", "update customers set gone = true, changed = '2026-01-11' where id = 'b'")
    assert refresh(shop).numbers["keys_gone"] == 1
    assert sorted(names(shop)) == ["a", "u"]
    postgres.psql("increments", "update customers set gone = false, changed = '2026-01-12' where id = 'b'")
    refresh(shop)
    assert names(shop) == {"a": "Ann", "b": "Bob", "u": "Una"}


def test_a_rejected_row_is_in_quarantine_once_until_it_is_right(shop, postgres):  # noqa: F811
    postgres.psql("increments", "update customers set points = 'many' where id = 'b'")
    refresh(shop)
    refresh(shop)
    assert quarantine_of(shop) == [("shop", 2, "points", "not a whole number")]
    postgres.psql("increments", "update customers set points = '7', changed = '2026-01-11' where id = 'b'")
    refresh(shop)
    assert quarantine_of(shop) == []
    assert "b" in names(shop)


def test_a_time_after_the_day_of_the_run_does_not_hide_later_changes(shop, postgres):  # noqa: F811
    postgres.psql("increments", "insert into customers values ('f', 'from the future', '2099-01-01', '1', false)")
    refresh(shop)
    postgres.psql("increments", "update customers set name = 'Bo', changed = '2026-01-11' where id = 'b'")
    refresh(shop)
    assert names(shop) == {"a": "Ann", "b": "Bo", "f": "from the future", "u": "Una"}


def test_another_query_reads_everything_anew(shop):
    refresh(shop)
    write(shop, cdp_yaml=CONFIG.replace("table: customers", "query: select * from customers where id <> 'b'"))
    assert "everything was read anew" in (refresh(shop).notice or "")
    assert sorted(names(shop)) == ["a", "u"]


def test_what_is_new_must_be_a_time_in_the_database_too(shop, postgres):  # noqa: F811
    postgres.psql("increments", "alter table customers alter column changed type text using to_char(changed, 'YYYY-MM-DD')")
    refresh(shop)
    with pytest.raises(SourceError, match='column "changed" tells what is new, and the database holds it as text'):
        refresh(shop)


def test_deleted_records_of_a_database_may_be_listed_in_files(shop):
    listed = CONFIG.replace("deleted: {field: gone, equals: true}", "deleted: {files: erased, key: id}")
    write(shop, cdp_yaml=listed)
    refresh(shop)
    write(shop, erased__1_csv="id\na\n")
    refresh(shop)
    assert sorted(names(shop)) == ["b", "u"]
