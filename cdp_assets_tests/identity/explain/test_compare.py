"""Rules on two records: the verdict is the pipeline's, and says of each condition what became of it."""

import duckdb
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from cdp_assets.identity import forms_of, forms_stages, match_rules, pair_stages
from cdp_assets.identity.explain.compare import Row, Verdict, judge
from cdp_assets.lake import session
from cdp_assets_tests.identity.rules_on_rows import config, typed
from cdp_assets_tests.support import run_tables

HEAD = "record_key | name | mail | born"


def verdict(conditions: str, crm: str, shop: str) -> Verdict:
    """The verdict of the only rule on a row of crm and one of shop."""
    with session() as connection:
        return _verdict(connection, conditions, crm, shop)


def _verdict(connection: duckdb.DuckDBPyConnection, conditions: str, crm: str, shop: str) -> Verdict:
    [rule] = match_rules(config(conditions))
    for relation, row in (("one", crm), ("other", shop)):
        connection.register(f"given {relation}", typed(f"{HEAD}\n{row}"))
        connection.execute(f'create or replace temp table {relation} as from "given {relation}"')
    return judge(connection, rule, Row("one", "one"), Row("other", "other"))


def test_conditions_say_which_held_and_by_how_much_the_others_failed() -> None:
    both = "[{field: name, as: name, precision: high}, {field: mail}, {field: born}]"
    found = verdict(both, "c | Ann Lee | ann@x.org | 1980-01-02", "s | Anton Lehmann | ann@y.org | 1980-01-02")
    name, mail, born = found.conditions
    assert not found.holds
    assert found.score is None
    assert (name.holds, name.score, float(name.comparison.share)) == (False, 0.461538, 0.8)  # 7 edits of 13 letters
    assert (mail.holds, mail.score) == (False, 0.888889)  # 1 of 9: not equal, and this is how alike
    assert (born.holds, born.score) == (True, None)  # a day is equal or not
    assert (name.left, name.right, born.left) == ("Ann Lee", "Anton Lehmann", "1980-01-02")


def test_texts_that_have_nothing_in_common_have_a_score_of_zero() -> None:
    [mail] = verdict("[{field: mail, precision: low}]", "c | | abc | ", "s | | xyzw |").conditions
    assert (mail.holds, mail.score, mail.missing) == (False, 0.0, ())


def test_a_missing_value_is_said_on_its_side_and_a_value_of_which_nothing_is_left_too() -> None:
    rule = "[{field: mail, normalise: [symbols]}, {field: born}]"
    mail, born = verdict(rule, "c | | ??? | 1980-01-02", "s | | a@x.org |").conditions
    assert (mail.left, mail.missing, mail.holds, mail.score) == ("???", ("left",), False, None)
    assert (born.right, born.missing) == (None, ("right",))


def test_values_are_told_as_they_are_and_compared_as_the_rule_says() -> None:
    found = verdict("[{field: mail, normalise: [lower, whitespace]}]", "c | | ANN @x.org |", "s | | ann@X.org |")
    assert (found.holds, found.score, found.conditions[0].left) == (True, 1.0, "ANN @x.org")


def test_an_exception_that_holds_keeps_apart_what_the_conditions_met() -> None:
    rule = "[{field: mail}, {field: born}], exceptions: [{field: name, differs: true, precision: high}]"
    twins = verdict(rule, "c | Ann Lee | a@x.org | 1980-01-02", "s | Bob Lee | a@x.org | 1980-01-02")
    assert (twins.met, twins.holds, twins.score) == (True, False, 1.0)
    [unless] = twins.exceptions
    assert (unless.holds, unless.differs, unless.condition.score, unless.reason) == (True, True, 0.571429, "exception: name not alike")
    same = verdict(rule, "c | Ann Lee | a@x.org | 1980-01-02", "s | Anne Lee | a@x.org | 1980-01-02")
    unknown = verdict(rule, "c | Ann Lee | a@x.org | 1980-01-02", "s | | a@x.org | 1980-01-02")
    assert [each.holds for each in (same, unknown)] == [True, True]
    assert unknown.exceptions[0].condition.missing == ("right",)


def test_names_and_quotes_never_become_code() -> None:
    found = verdict("[{field: name, as: name, precision: high}]", "c | x'); drop table one; -- | |", 's | $a "b" :c ? | |')
    assert not found.holds


NAMES = st.sampled_from(["Ann Lee", "Lee Ann", "Anne Lee", "Ann Le", "Bob Kent", "Ann", "José Núñez", "nunez jose", None])
MAILS = st.sampled_from(["ann@x.org", "ANN@x.org", "bob@x.org", "an@x.org", None])
DAYS = st.sampled_from(["1980-01-02", "1980-01-03", None])
RULES = [
    "[{field: name, as: name, precision: high}]",
    "[{field: mail, normalise: [lower]}]",
    "[{field: name, as: name, precision: 0.7}, {field: mail, precision: medium}, {field: born}]",
    "[{field: born}], exceptions: [{field: name, differs: true, precision: high}, {field: mail}]",
]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow], phases=[Phase.explicit, Phase.generate])
@given(st.tuples(NAMES, MAILS, DAYS), st.tuples(NAMES, MAILS, DAYS), st.sampled_from(RULES))
def test_explanation_and_pipeline_cannot_disagree(one: tuple[str | None, ...], other: tuple[str | None, ...], conditions: str) -> None:
    crm, shop = (f"k | {' | '.join(value or '' for value in row)}" for row in (one, other))
    [rule] = match_rules(config(conditions))
    left, right = forms_of([rule], "crm"), forms_of([rule], "shop")
    stages = [*forms_stages({"crm": left, "shop": right}), *pair_stages(rule, left, right, "pairs")]
    pairs = run_tables(stages, {"crm": typed(f"{HEAD}\n{crm}"), "shop": typed(f"{HEAD}\n{shop}")}).to_pylist()
    found = verdict(conditions, crm, shop)
    assert (found.met, found.score) == ((True, pairs[0]["score"]) if pairs else (False, None))
    assert found.met == all(each.holds for each in found.conditions)
    assert found.holds == bool(pairs and pairs[0]["status"] is None)
    assert [each.reason for each in found.exceptions if each.holds][:1] == [pair["reason"] for pair in pairs if pair["reason"]] or not pairs
