"""Pairs that a rule does not take and keeps for people: which they are, and that they join nobody."""

import pytest

from cdp_assets.config import ConfigError, parse_config
from cdp_assets.identity import dedupe_rules, forms_of, forms_stages, match_rules, pair_stages
from cdp_assets_tests.identity.rules_on_rows import SOURCES, WITHIN, typed
from cdp_assets_tests.support import run_tables

CRM = """
    record_key | name        | mail            | born
    c1         | Ann Lee     | ann.lee@x.com   | 1980-01-02
    c2         | Anna Leeds  | anna.lee@x.com  | 1980-01-02
    c3         | Lee Anne    | tom@y.org       | 1980-01-02
    c4         | Bob Kentish | ann.le@x.com    | 1990-05-06
    c5         | Rob Kentish | bob@y.org       | 1990-05-06
    c6         |             | ann.lee@x.co    | 1990-05-06
"""
SHOP = CRM.replace("c1", "s1").replace("Ann Lee ", "Ann Leo ").replace("tom@", "tim@")
RULES = {
    "a join on what is exact": "all: [{field: born}, {field: name, as: name, precision: high%s}]",
    "a scan of two fields": "all: [{field: name, as: name, precision: high%s}, {field: mail, precision: 0.7}]",
    "letter by letter": "all: [{field: mail, precision: 0.9}]",
}


def found(rule: str, *, within: bool, buckets: int | None = None) -> dict[tuple[str, str], tuple[str | None, float]]:
    """Pair -> status and score."""
    config = parse_config((WITHIN if within else SOURCES).replace("all: %s", rule))
    [made] = dedupe_rules(config, "crm") if within else match_rules(config)
    if within:
        forms = forms_of([made], "crm")
        stages = [*forms_stages({"crm": forms}), *pair_stages(made, forms, forms, "pairs")]
        rows = run_tables(stages, {"crm": typed(CRM)}, buckets)
    else:
        left, right = forms_of([made], "crm"), forms_of([made], "shop")
        stages = [*forms_stages({"crm": left, "shop": right}), *pair_stages(made, left, right, "pairs")]
        rows = run_tables(stages, {"crm": typed(CRM), "shop": typed(SHOP)}, buckets)
    return {(row["left_key"], row["right_key"]): (row["status"], row["score"]) for row in rows.to_pylist()}


@pytest.mark.parametrize("within", [True, False], ids=["inside", "between"])
@pytest.mark.parametrize("rule", RULES, ids=list(RULES))
def test_what_the_lower_precision_would_take_is_kept_and_the_rule_takes_what_it_took(rule: str, within: bool) -> None:
    stated = RULES[rule].replace("%s", "")
    lowest = stated.replace("high", "0.5").replace("0.7", "0.5").replace("0.9", "0.5")
    both = found(f"{stated}, review: 0.5", within=within)
    assert {pair: score for pair, (_, score) in both.items()} == {p: s for p, (_, s) in found(lowest, within=within).items()}
    taken = {pair for pair, (status, _) in both.items() if status is None}
    assert taken == set(found(stated, within=within))
    assert {status for pair, (status, _) in both.items() if pair not in taken} == {"review"}


def test_it_is_the_same_in_any_number_of_buckets() -> None:
    rule = RULES["a join on what is exact"].replace("%s", "") + ", review: low"
    assert found(rule, within=True, buckets=3) == found(rule, within=True)


def test_what_must_be_equal_must_be_equal_for_a_review_too() -> None:
    assert ("c1", "c4") not in found("all: [{field: born}, {field: mail, precision: 0.95}], review: 0.5", within=True)


def test_where_an_exception_holds_there_is_nothing_to_review() -> None:
    rule = "all: [{field: born}, {field: name, as: name, precision: 0.99}], review: 0.3"
    statuses = found(f"{rule}, exceptions: [{{field: mail, differs: true, precision: high}}]", within=True)
    assert statuses["c1", "c2"][0] == "review"
    assert statuses["c1", "c3"][0] == "refused"


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (
            "all: [{field: mail}], review: low",
            "no condition of the rule has a precision below exact, so there is nothing to review; remove it",
        ),
        (
            "all: [{field: born}, {field: name, precision: high}, {field: mail, precision: medium}], review: medium",
            r"review: is no less than the precision of all\[2\], so that no pair is left to review; lower it, or remove it, found \"?0\.6",
        ),
    ],
    ids=["nothing may differ", "no lower than a condition"],
)
@pytest.mark.parametrize("within", [True, False], ids=["dedupe", "match"])
def test_a_review_that_could_find_nothing_is_refused(rule: str, message: str, within: bool) -> None:
    with pytest.raises(ConfigError, match=message):
        parse_config((WITHIN if within else SOURCES).replace("all: %s", rule))


def test_rules_over_profiles_have_no_review() -> None:
    clusters = "  clusters: {firm: {rules: [{name: r, all: [{field: name, precision: high}], review: low}]}}\n"
    with pytest.raises(ConfigError, match="only rules of dedupe and match have it; remove it"):
        parse_config(WITHIN.replace("all: %s", "all: [{field: mail}]") + clusters)
