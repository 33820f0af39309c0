"""Segments in cdp.yaml: each mistake is found at its place, and says what would be right."""

import pytest

from cdp_assets.config import ConfigError, parse_config
from cdp_assets.config.segments import LIMIT
from cdp_assets_tests.segments.world import SOURCES, config


def problem(segments: str, sources: str = SOURCES) -> str:
    with pytest.raises(ConfigError) as caught:
        parse_config(f"{sources}segments: {segments}\n")
    assert len(caught.value.problems) == 1, caught.value.problems
    return str(caught.value.problems[0])


def test_a_segment_is_of_customers_unless_it_says_otherwise() -> None:
    assert config("{one: {all: [{profile.vip: true}]}}").segments["one"].of == "customers"


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("all: []", "segments.one: has no conditions"),
        ("of: customers", "segments.one: has no conditions"),
        ("al: [{profile.vip: true}], any: [{profile.country: DE}]", 'segments.one.al: unknown key. Did you mean "all"?'),
        ("of: accounts, all: [{profile.vip: true}]", 'segments.one.of: unknown value, found "accounts"'),
        ("all: {profile.vip: true}", "segments.one.all: must be a list"),
        ("all: [profile.vip]", "segments.one.all[0]: must be one condition, {what: value}"),
        ("all: [{profile.vip: true, profile.country: DE}]", "segments.one.all[0]: must be one condition, {what: value}"),
        ("all: [{profile.country: []}]", "is an empty list, so that nobody could be a member"),
        ("all: [{profile.country: }]", "is no value that can be compared"),
        ("all: [{profile.points: {above: 1, below: 9}}]", "profile.points: must have one comparison; write two conditions for a range"),
        ("all: [{profile.points: {at_leat: 1}}]", 'unknown comparison "at_leat". Did you mean "at_least"?'),
        ("all: [{profile.points: {above: [1, 2]}}]", "profile.points: above takes one value"),
        ("all: [{profile.points: {exists: 1}}]", "profile.points: exists is true or false"),
        ("all: [{profile.born: 2024-01-01T10:00:00}]", "is a time; a condition asks about days"),
    ],
)
def test_the_form_of_a_segment(rule: str, message: str) -> None:
    assert message in problem(f"{{one: {{{rule}}}}}")


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("profile.contry: DE", 'unknown field of profiles, found "contry". Did you mean "country"?'),
        ("profil.country: DE", "unknown condition; it begins with what is asked about"),
        ("country: DE", "unknown condition"),
        ("measure.spend: 1", 'unknown measure, found "spend". Did you mean "total_spend"?'),
        ("clv.next_yeer.score: {above: 1}", 'unknown prediction, found "next_yeer". Did you mean "next_year"?'),
        ("clv.high_value: true", 'unknown prediction, found "high_value"'),
        ("clv.half.highvalue: true", 'unknown result of half, found "highvalue". Did you mean "high_value"?'),
        ("account.town: Bonn", "customers belong to no account; only a segment with of: contacts can ask this"),
        ("engagement.engagement_score: 1", "customers belong to no account"),
    ],
)
def test_what_is_asked_about_must_exist(condition: str, message: str) -> None:
    assert message in problem(f"{{one: {{all: [{{{condition}}}]}}}}")


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("profile.jobtitle: Clerk", 'unknown attribute of contacts, found "jobtitle". Did you mean "job_title"?'),
        ("account.city: Bonn", 'unknown field of accounts, found "city"'),
        ("engagement.score: 1", 'unknown figure of engagement, found "score"'),
    ],
)
def test_what_is_asked_about_a_contact_must_exist(condition: str, message: str) -> None:
    assert message in problem(f"{{one: {{of: contacts, all: [{{{condition}}}]}}}}")


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("profile.country: {above: A}", "segments.one.any[0].profile.country: profile.country is text, which has no order"),
        ("profile.vip: {at_least: true}", "profile.vip is true or false, which has no order"),
        ("profile.country: 49", 'profile.country is text; compare it with one, in quotes: "49", found 49'),
        ('profile.points: "10"', 'profile.points is a number; compare it with one, found "10"'),
        ("profile.points: true", "profile.points is a number; compare it with one, found true"),
        ("profile.points: .inf", "profile.points is a number"),
        ("profile.vip: 1", "profile.vip is true or false; compare it with one: true or false, found 1"),
        ("profile.vip: [true, false]", "a list of both says nothing"),
        ("profile.born: 1980", "profile.born is a day; compare it with one, such as 2026-01-31, found 1980"),
        ("profile.born: soon", "profile.born is a day"),
        ("measure.total_spend: {above: much}", 'measure.total_spend is a number; compare it with one, found "much"'),
        ("consent.newsletter: given", 'consent.newsletter is true or false; compare it with one: true or false, found "given"'),
    ],
)
def test_values_are_of_the_type_of_what_they_are_compared_with(condition: str, message: str) -> None:
    assert message in problem(f"{{one: {{any: [{{{condition}}}]}}}}")


def test_a_consent_needs_a_source_of_consents() -> None:
    without = "\n".join(line for line in SOURCES.splitlines() if "newsletter" not in line) + "\n"
    assert "no source holds consents; add one with kind: consents" in problem("{one: {all: [{consent.post: true}]}}", without)


def test_purposes_are_compared_in_small_letters() -> None:
    condition = config("{one: {all: [{consent.NewsLetter: true}]}}").segments["one"].all[0]
    assert condition.what == "consent.newsletter"


@pytest.mark.parametrize("name", ["One", "1st", "my segment"])
def test_a_segment_has_a_name_that_may_stand_in_sql(name: str) -> None:
    assert "is not a name for a segment" in problem(f'{{"{name}": {{all: [{{profile.vip: true}}]}}}}')


def test_segments_measures_and_predictions_are_at_most_300_together() -> None:
    def many(number: int) -> str:
        return "{" + ", ".join(f"s{n}: {{all: [{{profile.vip: true}}]}}" for n in range(number)) + "}"

    most = LIMIT - 4  # two measures, two predictions
    assert len(config(many(most)).segments) == most
    assert "segments: segments, measures and predictions are 301 together; 300 are allowed" in problem(many(most + 1))
