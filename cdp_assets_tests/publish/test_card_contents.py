"""What a snapshot holds beside profiles and ids, from the tables of the stations after unification."""

from dataclasses import replace

import duckdb
import pytest

from cdp_assets.publish.card_tables import CARD_TABLES, OPTIONAL_INPUTS
from cdp_assets_tests.publish.business_world import ACME, BUSINESS, QUIET_ACCOUNT, published_business
from cdp_assets_tests.publish.small_world import ANN, published


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory):
    made = published_business(tmp_path_factory.mktemp("business"))
    with duckdb.connect(str(made.file), read_only=True) as connection:
        yield connection


def rows(connection, sql):
    return connection.execute(sql).fetchall()


def test_the_world_has_every_table_that_can_be_published():
    assert set(BUSINESS) == set(OPTIONAL_INPUTS)


def test_without_these_stations_the_tables_are_there_and_empty(tmp_path):
    with duckdb.connect(str(published(tmp_path / "plain").file), read_only=True) as connection:
        for table in CARD_TABLES:
            found = connection.execute(f"select * from {table.name}")
            assert [column[0] for column in found.description] == list(table.column_names)
            assert found.fetchall() == []


def test_activities_are_numbered_from_the_newest_and_hidden_ones_are_left_out(snapshot):
    found = rows(snapshot, f"select nth, title from activity where customer = {number(snapshot, ANN)} order by nth")
    assert found == [(1, "Sales order"), (2, "page_view"), (3, "Sales order")]


def test_a_return_is_below_zero_however_the_source_writes_it(snapshot):
    assert rows(snapshot, "select amount from activity where returned") == [(-99.5,)]


def test_measures_are_written_as_people_read_them(snapshot):
    found = rows(snapshot, f"select label, value from customer_measure where customer = {number(snapshot, ANN)} order by position")
    assert found == [("Total spend", "1,234,567.80"), ("Orders", "1,204"), ("Last order", "4 May 2026, 10:00")]


def test_an_account_has_contacts_and_engagement_and_one_without_mail_has_no_score(snapshot):
    found = rows(snapshot, "select account_id, name, place, contacts, score, emails, meetings from account order by account_id")
    assert found == [(ACME, "Acme Inc", "Cork, Ireland", 2, 71, 42, 3), (QUIET_ACCOUNT, "Quiet Ltd", None, 0, None, None, None)]


def test_only_present_members_are_in_a_segment(snapshot):
    found = rows(snapshot, "select customer, segment, rule from customer_segment")
    assert found == [(number(snapshot, ANN), "high_value", "next_year: high value")]


def number(connection, customer_id):
    return rows(connection, f"select number from customer where customer_id = '{customer_id}'")[0][0]


def test_a_measure_of_another_name_is_published_anew(tmp_path):
    """The rows are the same, and their digest too: the names are part of what is published."""
    first = published_business(tmp_path / "world")
    table, text = BUSINESS["customer_measures"]
    renamed = replace(table, columns=tuple(replace(c, name=c.name.replace("orders", "purchases")) for c in table.columns))
    second = published_business(tmp_path / "world", customer_measures=(renamed, text.replace("orders", "purchases")))
    assert first.contents != second.contents
    with duckdb.connect(str(second.file), read_only=True) as connection:
        assert ("Purchases",) in rows(connection, "select distinct label from customer_measure")
