"""The history of members: who enters, stays, leaves and comes back, day by day; and the size of each segment."""

from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdp_assets.lake import AS_OF
from cdp_assets.segments import membership
from cdp_assets.segments.membership import BEFORE
from cdp_assets.segments.tables import SEGMENT_MEMBERSHIP, SEGMENTS
from cdp_assets_tests.identity.checks_on_rows import run_checks_on
from cdp_assets_tests.segments.world import config, inputs, next_history, times
from cdp_assets_tests.support import rows, run_tables

GERMANS = "{germans: {all: [{profile.country: DE}]}, nobody: {all: [{profile.country: XX}]}}"


def countries(**those: str | None) -> dict[str, pa.Table]:
    """The profiles of customers with these countries."""
    lines = [f"{customer} | true | {country or ''}" for customer, country in those.items()]
    return inputs(config(GERMANS), {"unified_profiles": "\n".join(["customer_id | known | country", *lines])})


def history(*days: tuple[str, dict[str, pa.Table]]) -> pa.Table:
    """The history after these runs."""
    found = None
    for day, its in days:
        found = next_history(config(GERMANS), its, day, found)
    assert found is not None
    return found


ONE, TWO, THREE = "2024-01-01", "2024-01-02", "2024-01-03"


def test_members_enter_stay_leave_and_return() -> None:
    found = history(
        (ONE, countries(stays="DE", leaves="DE", enters="AT", returns="DE")),
        (TWO, countries(stays="DE", leaves="AT", enters="DE", returns="AT")),
        (THREE, countries(stays="DE", leaves="AT", enters="DE", returns="DE")),
    )
    assert times(found) == [
        ("germans", "enters", TWO, None, "rule holds"),
        ("germans", "leaves", ONE, TWO, "rule no longer holds"),
        ("germans", "returns", ONE, TWO, "rule no longer holds"),
        ("germans", "returns", THREE, None, "rule holds"),
        ("germans", "stays", ONE, None, "rule holds"),
    ]


def test_who_is_no_customer_any_more_leaves_for_that_reason() -> None:
    found = history((ONE, countries(ann="DE", bob="DE")), (TWO, countries(bob="DE")))
    assert times(found)[0] == ("germans", "ann", ONE, TWO, "no longer a customer")


def test_a_second_run_on_the_same_day_changes_nothing() -> None:
    days = [(ONE, countries(ann="DE", bob="DE")), (TWO, countries(ann="DE", bob="AT", cid="DE"))]
    assert history(*days, days[-1]).equals(history(*days))


def test_a_second_run_on_the_same_day_with_other_data_is_as_if_there_had_been_one() -> None:
    first = (ONE, countries(ann="DE", bob="DE"))
    wrong, right = (TWO, countries(ann="AT", bob="DE", cid="DE")), (TWO, countries(ann="DE", bob="AT"))
    assert history(first, wrong, right).equals(history(first, right))


def test_a_run_for_an_earlier_day_writes_for_the_newest_day_of_the_history() -> None:
    found = history((ONE, countries(ann="DE")), (THREE, countries(ann="AT", bob="DE")), (TWO, countries(ann="AT", cid="DE")))
    assert times(found) == [
        ("germans", "ann", ONE, THREE, "rule no longer holds"),
        ("germans", "cid", THREE, None, "rule holds"),
    ]


def test_members_of_a_removed_segment_leave_for_that_reason() -> None:
    before = history((ONE, countries(ann="DE")))
    other = config("{others: {all: [{profile.country: AT}]}}")
    found = next_history(other, countries(ann="DE", bob="AT"), TWO, before)
    assert times(found) == [
        ("germans", "ann", ONE, TWO, "segment is no longer in cdp.yaml"),
        ("others", "bob", TWO, None, "rule holds"),
    ]


def test_who_fulfils_a_changed_rule_no_longer_leaves() -> None:
    before = history((ONE, countries(ann="DE", bob="AT")))
    other = config("{germans: {all: [{profile.country: AT}]}}")
    assert times(next_history(other, countries(ann="DE", bob="AT"), TWO, before)) == [
        ("germans", "ann", ONE, TWO, "rule no longer holds"),
        ("germans", "bob", TWO, None, "rule holds"),
    ]


def listed(found: pa.Table, day: str) -> dict[str, tuple[Any, ...]]:
    given_ = {"segment_membership": found, AS_OF.name: rows(f"day\n{day}", AS_OF)}
    result = run_tables(membership.segment_stages(config(GERMANS)), given_).to_pylist()
    return {r["segment"]: (r["members"], r["state"], r["entered"], r["departed"], str(r["changed_on"])) for r in result}


def test_segments_say_how_many_members_they_have_and_what_changed_on_the_day() -> None:
    first, second = (ONE, countries(ann="DE", bob="DE")), (TWO, countries(ann="DE", bob="AT", cid="DE", dan="DE"))
    assert listed(history(first), ONE)["germans"] == (2, "members", 2, 0, ONE)
    assert listed(history(first, second), TWO)["germans"] == (3, "members", 2, 1, TWO)
    assert listed(history(first, second), THREE)["germans"] == (3, "members", 0, 0, TWO)


def test_a_segment_with_no_members_is_listed_as_empty() -> None:
    assert listed(history((ONE, countries(ann="DE"))), ONE)["nobody"] == (0, "empty", 0, 0, "None")
    assert listed(history((ONE, countries(ann="AT"))), ONE)["germans"] == (0, "empty", 0, 0, "None")


DAY = date(2024, 1, 1)
PEOPLE = "abcd"


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 2), st.dictionaries(st.sampled_from(PEOPLE), st.sampled_from(["DE", "AT"]))), min_size=1, max_size=6)
)
def test_members_on_a_day_by_the_history_are_those_for_whom_the_rule_held_then(steps: list[tuple[int, dict[str, str]]]) -> None:
    truth: dict[date, set[str]] = {}
    found = None
    day = DAY
    for later, its in steps:
        day += timedelta(days=later)
        truth[day] = {customer for customer, country in its.items() if country == "DE"}
        found = next_history(config(GERMANS), countries(**its), day.isoformat(), found)
    assert found is not None
    for when, members in truth.items():
        by_history = {
            r["member_id"] for r in found.to_pylist() if r["entered_on"] <= when and (r["left_on"] is None or r["left_on"] > when)
        }
        assert by_history == members
    checked = {**countries(**steps[-1][1]), BEFORE: found, AS_OF.name: rows(f"day\n{day}", AS_OF)}
    assert run_checks_on(membership.membership_checks(config(GERMANS)), SEGMENT_MEMBERSHIP, found, checked) == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("wrong", "violations"),
    [
        ("germans | ann | 2024-01-01 |", [0, 0, 0, 0]),
        ("germans | bob | 2024-01-01 |", [2, 0, 0, 1]),  # the rule does not hold, and ann's is missing
        ("germans | gone | 2024-01-01 |\ngermans | ann | 2024-01-01 |", [1, 1, 0, 0]),
        ("germans | ann | 2024-01-01 |\ngermans | ann | 2024-01-02 |", [0, 0, 1, 0]),
        ("germans | ann | 2024-01-01 | 2024-01-01\ngermans | ann | 2024-01-02 |", [0, 0, 1, 0]),
        ("germans | ann | 2024-01-01 | 2024-01-02\ngermans | ann | 2024-01-02 |", [0, 0, 1, 0]),
        ("germans | ann | 2024-01-02 |", [0, 0, 0, 1]),
    ],
)
def test_what_is_wrong_in_a_history_is_counted(wrong: str, violations: list[int]) -> None:
    found = rows(f"segment | member_id | entered_on | left_on\n{wrong}", SEGMENT_MEMBERSHIP)
    before = rows("segment | member_id | entered_on\ngermans | ann | 2024-01-01", SEGMENT_MEMBERSHIP)
    checked = {**countries(ann="DE", bob="AT"), BEFORE: before, AS_OF.name: rows(f"day\n{TWO}", AS_OF)}
    assert run_checks_on(membership.membership_checks(config(GERMANS)), SEGMENT_MEMBERSHIP, found, checked) == violations


def test_a_segment_that_is_not_listed_and_a_wrong_size_are_counted() -> None:
    found = history((ONE, countries(ann="DE")))
    wrong = rows("segment | members\ngermans | 3", SEGMENTS)
    checks = membership.segment_checks(config(GERMANS))
    assert run_checks_on(checks, SEGMENTS, wrong, {"segment_membership": found}) == [2, 1]


def test_the_checks_hold_for_everything_that_a_segment_can_ask_about() -> None:
    its = config(
        "{a: {all: [{profile.country: DE}, {consent.newsletter: true}, {clv.half.score: {above: 0}}, {measure.total_spend: {above: 1}}]},"
        " b: {of: contacts, any: [{account.town: Bonn}, {engagement.engagement_score: {above: 1}}, {consent.newsletter: true}]}}"
    )
    found = next_history(its, inputs(its), ONE)
    assert [(r["segment"], r["member_id"]) for r in found.to_pylist()] == [("a", "ann"), ("b", "k1"), ("b", "k2"), ("b", "k3")]
    empty = SEGMENT_MEMBERSHIP.arrow_schema().empty_table()
    checked = {**inputs(its), BEFORE: empty, AS_OF.name: rows(f"day\n{ONE}", AS_OF)}
    assert run_checks_on(membership.membership_checks(its), SEGMENT_MEMBERSHIP, found, checked) == [0, 0, 0, 0]
