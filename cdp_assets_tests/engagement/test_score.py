"""The engagement of accounts: the figures of the year and its months, and a score that is relative to the others."""

import math
from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdp_assets.engagement import score
from cdp_assets.engagement.tables import INTERACTIONS
from cdp_assets.lake import AS_OF
from cdp_assets_tests.support import rows, run_tables

DAY = date(2026, 11, 20)
REDIRECTS = rows("account_id | surviving_account_id | since", since="bigint")


def interaction(
    account: str, age: int, direction: str = "from_account", kind: str = "email", count: int = 1, **more: object
) -> dict[str, Any]:
    minutes = 30 * count if kind == "meeting" else 0
    person_minutes = minutes or 5 * count
    people = {"own_people": ["p1"], "their_people": ["q1"]}
    return {
        "day": DAY - timedelta(days=age), "account_id": account, "kind": kind, "direction": direction, "count": count,
        "minutes": minutes, "person_minutes": person_minutes, **people, **more,
    }  # fmt: skip


def engagement(interactions: list[dict[str, Any]], redirects: pa.Table = REDIRECTS, as_of: date = DAY) -> list[dict[str, Any]]:
    given_ = {
        INTERACTIONS.name: pa.Table.from_pylist(interactions, schema=INTERACTIONS.arrow_schema()),
        score.REDIRECTS: redirects,
        AS_OF.name: pa.table({"day": pa.array([as_of], pa.date32())}),
    }
    return run_tables(score.stages(), given_).to_pylist()


def years(found: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {row["account_id"]: row for row in found if row["aggregation_level"] == "year"}


PARTNER = [
    interaction("partner", age, direction, kind, 4, own_people=["p1", "p2", f"p{age}"], their_people=["q1", "q2", "q3"])
    for age in range(2, 360, 7)
    for direction in ("to_account", "from_account")
    for kind in ("email", "meeting")
]


def test_official_figures_of_a_year() -> None:
    found = engagement(
        [
            interaction("a", 10, "to_account", count=3, own_people=["p1", "p2"]),
            interaction("a", 40, "from_account", count=2, own_people=["p1"], their_people=["q1", "q2"]),
            interaction("a", 20, "to_account", "meeting", count=2),
            interaction("a", 100, "from_account", "meeting", count=1, minutes=90),
        ]
    )
    year = years(found)["a"]
    assert {c: year[c] for c in INTERESTING} == {
        "aggregation_start_date": DAY - timedelta(days=365),
        "no_of_emails_to_account": 3,
        "no_of_emails_from_account": 2,
        "no_of_meetings_to_account": 2,
        "no_of_meetings_from_account": 1,
        "no_of_contacts_involved_emails": 2,
        "no_of_contacts_involved_meetings": 1,
        "no_of_account_contacts_involved_emails": 2,
        "no_of_account_contacts_involved_meetings": 1,
        "engagement_start_date": DAY - timedelta(days=100),
        "days_since_last_email": 10,
        "days_since_last_meeting": 20,
        "average_duration_of_meetings": 50.0,
    }


INTERESTING = (
    "aggregation_start_date no_of_emails_to_account no_of_emails_from_account no_of_meetings_to_account no_of_meetings_from_account"
    " no_of_contacts_involved_emails no_of_contacts_involved_meetings no_of_account_contacts_involved_emails"
    " no_of_account_contacts_involved_meetings engagement_start_date days_since_last_email days_since_last_meeting"
    " average_duration_of_meetings"
).split()


def test_twelve_months_add_up_to_the_year_and_empty_ones_are_there() -> None:
    found = engagement([interaction("a", age) for age in (1, 365, 30, 31, 100)])
    months = [row for row in found if row["aggregation_level"] == "month"]
    assert [row["aggregation_start_date"] for row in months][:2] == [date(2025, 11, 20), date(2025, 12, 20)]
    assert len(months) == 12
    assert sum(row["no_of_emails_from_account"] for row in months) == years(found)["a"]["no_of_emails_from_account"] == 5
    assert months[5]["no_of_emails_from_account"] == 0
    assert {row["engagement_score"] for row in months} == {None}


@pytest.mark.parametrize("day", [date(2024, 3, 31), date(2024, 12, 31), date(2025, 2, 28)])
def test_months_are_whole_in_leap_years_and_at_the_end_of_months(day: date) -> None:
    every_day = [{**interaction("a", 0), "day": day - timedelta(days=age)} for age in range(368)]
    found = engagement(every_day, as_of=day)
    months = [row["no_of_emails_from_account"] for row in found if row["aggregation_level"] == "month"]
    assert years(found)["a"]["no_of_emails_from_account"] == sum(months) == 365
    assert min(months) >= 28


def test_an_account_without_data_has_no_row_and_no_score_of_zero() -> None:
    assert engagement([interaction("a", 366), interaction("a", 0)]) == []


def test_parts_and_weights_of_the_score_by_hand() -> None:
    year = years(engagement([interaction("a", 42, "from_account", count=2), interaction("a", 42, "to_account", count=1)]))["a"]
    aged = 3 * 0.5 ** (42 / 90)
    expected = {
        "recency": 0.5,
        "frequency": math.log1p(aged) / math.log1p(10),
        "reciprocity": 2 / 5,
        "breadth": math.log1p(3) / math.log1p(6),
        "time": math.log1p(15) / math.log1p(240),
    }
    assert {part: year[part] for part in expected} == pytest.approx(expected, abs=1e-6)
    assert year["engagement_score"] == round(100 * sum(weight * expected[part] for part, weight in score.WEIGHTS.items()))
    assert sum(score.WEIGHTS.values()) == pytest.approx(1)


def test_score_orders_a_partner_a_stale_account_a_newsletter_and_a_tiny_account() -> None:
    stale = [{**each, "account_id": "stale"} for each in PARTNER if (DAY - each["day"]).days >= 180]
    newsletter = [interaction("newsletter", age, "to_account", count=10) for age in range(3, 360, 7)]
    found = years(engagement([*PARTNER, *stale, *newsletter, interaction("tiny", 5)]))
    scores = {account: row["engagement_score"] for account, row in found.items()}
    assert scores["partner"] >= 95
    assert scores["partner"] > scores["stale"] > scores["newsletter"] > scores["tiny"] > 0


def test_a_newsletter_gains_nothing_from_being_sent_more_often() -> None:
    def of(count: int) -> float:
        row = years(engagement([*PARTNER, interaction("newsletter", 3, "to_account", count=count)]))["newsletter"]
        return float(row["frequency"])

    assert of(1000) == of(10)


def test_a_lone_small_account_is_not_the_best() -> None:
    assert years(engagement([interaction("a", 5)]))["a"]["engagement_score"] < 60


def test_what_was_counted_for_an_account_goes_to_the_one_that_it_was_merged_into() -> None:
    merged = rows("account_id | surviving_account_id | since\nold | new | 2\ngone | | ", since="bigint")
    found = years(engagement([interaction("old", 5), interaction("new", 7), interaction("gone", 3)], merged))
    assert {account: row["no_of_emails_from_account"] for account, row in found.items()} == {"new": 2}


ITEM = st.builds(
    interaction,
    st.sampled_from("abc"),
    st.integers(1, 365),
    st.sampled_from(["to_account", "from_account"]),
    st.sampled_from(["email", "meeting"]),
    st.integers(1, 50),
    own_people=st.lists(st.sampled_from(["p1", "p2", "p3"]), min_size=1, unique=True),
    their_people=st.lists(st.sampled_from(["q1", "q2", "q3"]), min_size=1, unique=True),
)


def summed(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One row a key, as the table has it."""
    by_key: dict[tuple[object, ...], dict[str, Any]] = {}
    for item in items:
        key = tuple(item[c] for c in INTERACTIONS.key)
        before = by_key.get(key, {"count": 0, "minutes": 0, "person_minutes": 0, "own_people": [], "their_people": []})
        numbers = {c: before[c] + item[c] for c in ("count", "minutes", "person_minutes")}
        people = {c: sorted({*before[c], *item[c]}) for c in ("own_people", "their_people")}
        by_key[key] = {**item, **numbers, **people}
    return list(by_key.values())


@settings(max_examples=20, deadline=None)
@given(st.lists(ITEM, min_size=1, max_size=10))
def test_the_score_is_0_to_100(items: list[dict[str, Any]]) -> None:
    found = years(engagement(summed(items)))
    assert found
    for row in found.values():
        assert 0 <= row["engagement_score"] <= 100
        assert all(0 <= row[part] <= 1 for part in score.WEIGHTS)


@settings(max_examples=20, deadline=None)
@given(st.lists(ITEM, min_size=1, max_size=8), st.integers(1, 365), st.integers(1, 9))
def test_more_of_everything_never_lowers_the_score(items: list[dict[str, Any]], age: int, count: int) -> None:
    """As much in both directions: more of one alone makes the exchange less even, which the part reciprocity is about."""
    more = [interaction("a", age, direction, kind, count) for direction in ("to_account", "from_account") for kind in ("email", "meeting")]
    mine = [item for item in items if item["account_id"] == "a"]
    before, after = years(engagement(summed(items))), years(engagement(summed([*items, *more])))
    if mine:
        assert after["a"]["engagement_score"] >= before["a"]["engagement_score"]
    assert after["a"]["engagement_score"] > 0
