"""For whom a rule holds: each kind of condition on rows of four customers and three contacts."""

import pytest

from cdp_assets.config.subjects import ENGAGEMENT_COLUMNS
from cdp_assets.engagement.tables import ACCOUNT_ENGAGEMENT
from cdp_assets_tests.segments.world import config, members


@pytest.mark.parametrize(
    ("condition", "who"),
    [
        ("profile.country: DE", ["ann"]),  # as it is written: de is another text
        ("profile.country: [DE, de]", ["ann", "bob"]),
        ("profile.country: {is_not: DE}", ["bob", "cid", "vis"]),  # who has none is not DE either
        ("profile.country: {is_not: [DE, de]}", ["cid", "vis"]),
        ("profile.country: {exists: true}", ["ann", "bob", "cid"]),
        ("profile.country: {exists: false}", ["vis"]),
        ('profile.mail: "O\'C@x"', ["cid"]),
        ('profile.mail: "\' or 1=1 --"', []),
        ("profile.points: 10", ["ann"]),
        ("profile.points: {above: -5}", ["ann"]),
        ("profile.points: {at_least: -5}", ["ann", "bob"]),
        ("profile.points: {below: 10}", ["bob"]),
        ("profile.points: {at_most: 9.5}", ["bob"]),
        ("profile.spent: 0.1", ["ann"]),
        ("profile.vip: true", ["ann"]),
        ("profile.vip: false", ["bob"]),
        ("profile.vip: {is_not: true}", ["bob", "cid", "vis"]),
        ("profile.known: false", ["vis"]),
        ("profile.born: {below: 1990-12-31}", ["ann"]),
        ('profile.born: {at_most: "1990-12-31"}', ["ann", "bob"]),
    ],
)
def test_a_condition_on_the_profile(condition: str, who: list[str]) -> None:
    assert members(f"all: [{{{condition}}}]") == who


@pytest.mark.parametrize(
    ("condition", "who"),
    [
        ("clv.next_year.high_value: true", ["ann"]),
        ("clv.next_year.high_value: false", ["bob"]),  # who is not scored is neither
        ("clv.next_year.high_value: {is_not: true}", ["bob", "cid", "vis"]),
        ("clv.next_year.score: {at_least: 10}", ["ann", "bob"]),
        ("clv.next_year.rank: {at_most: 1}", ["ann"]),
        ("clv.next_year.percentile: {at_most: 50}", ["ann"]),
        ("clv.next_year.score: {exists: false}", ["cid", "vis"]),
        ("clv.half.score: {above: 450}", ["bob"]),
    ],
)
def test_a_condition_on_a_prediction(condition: str, who: list[str]) -> None:
    assert members(f"all: [{{{condition}}}]") == who


@pytest.mark.parametrize(
    ("condition", "who"),
    [
        ("measure.total_spend: {at_least: 500}", ["ann"]),
        ("measure.total_spend: 499.99", ["bob"]),
        ("measure.last_order: {at_most: 2024-05-31}", ["ann"]),  # a moment counts as its day
        ("measure.last_order: 2024-06-01", ["bob"]),
        ("measure.last_order: {exists: false}", ["cid", "vis"]),
    ],
)
def test_a_condition_on_a_measure(condition: str, who: list[str]) -> None:
    assert members(f"all: [{{{condition}}}]") == who


@pytest.mark.parametrize(
    ("condition", "who"),
    [
        ("consent.newsletter: true", ["ann"]),
        ("consent.Newsletter: true", ["ann"]),
        ("consent.newsletter: false", ["bob", "cid", "vis"]),  # no statement is no consent
        ("consent.letters: true", []),
        ("consent.unheard_of: true", []),
        ("consent.newsletter: {exists: true}", ["ann", "bob"]),
    ],
)
def test_a_condition_on_a_consent(condition: str, who: list[str]) -> None:
    assert members(f"all: [{{{condition}}}]") == who


@pytest.mark.parametrize(
    ("condition", "who"),
    [
        ("profile.job_title: Head", ["k1"]),
        ("account.town: Bonn", ["k1", "k2"]),
        ("account.town: {exists: false}", ["k3"]),
        ("engagement.engagement_score: {above: 50}", ["k1", "k2"]),
        ("engagement.no_of_emails_to_account: {below: 2}", ["k3"]),  # the year counts, not a month
        ("consent.newsletter: true", ["k1"]),  # of the customer that the contact is
        ("consent.newsletter: false", ["k2", "k3"]),
        ("clv.next_year.high_value: true", ["k1"]),
        ("measure.total_spend: {above: 0}", ["k1", "k2"]),
    ],
)
def test_a_condition_on_a_contact_its_account_and_its_customer(condition: str, who: list[str]) -> None:
    assert members(f"all: [{{{condition}}}]", "contacts") == who


def test_all_conditions_must_hold() -> None:
    assert members("all: [{consent.newsletter: false}, {profile.country: [de, AT]}, {measure.total_spend: {above: 0}}]") == ["bob"]


def test_one_condition_of_any_is_enough() -> None:
    assert members("any: [{profile.country: DE}, {profile.country: AT}]") == ["ann", "cid"]


def test_all_and_any_together() -> None:
    assert members("all: [{profile.known: true}], any: [{profile.country: DE}, {measure.total_spend: {below: 1}}]") == ["ann", "cid"]


def test_high_value_customers_who_consent_become_a_segment() -> None:
    assert members("all: [{clv.next_year.high_value: true}, {consent.newsletter: true}]") == ["ann"]
    assert members("all: [{clv.half.high_value: true}, {consent.newsletter: true}]") == []


def test_figures_of_engagement_are_those_of_its_table() -> None:
    declared = {column.name: column.type for column in ACCOUNT_ENGAGEMENT.columns}
    assert {name: declared.get(name) for name in ENGAGEMENT_COLUMNS} == ENGAGEMENT_COLUMNS


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("all: [{clv.next_year.high_value: true}, {consent.newsletter: true}]", "next_year: high value, and consent to newsletter"),
        ("all: [{clv.half.high_value: {is_not: true}}]", "half: not high value"),
        ("all: [{consent.letters: false}]", "no consent to letters"),
        ("all: [{consent.letters: {exists: false}}]", "no statement on letters"),
        ("all: [{measure.total_spend: {at_least: 500}}, {profile.country: [DE, AT]}]", "total_spend at least 500, and country is DE or AT"),
        ("any: [{profile.vip: true}, {profile.born: {below: 1990-01-01}}]", "vip is true or born below 1990-01-01"),
        (
            "all: [{profile.known: true}], any: [{clv.half.rank: {at_most: 10}}, {profile.country: {is_not: DE}}]",
            "known is true, and (half: rank at most 10 or country is not DE)",
        ),
        ("all: [{profile.country: {exists: true}}]", "country is known"),
    ],
)
def test_a_rule_in_words(rule: str, words: str) -> None:
    assert config(f"{{one: {{{rule}}}}}").segments["one"].words() == words
