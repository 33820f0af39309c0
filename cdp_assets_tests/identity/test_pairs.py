"""All pairs for which one rule holds: by a join on an exact condition, or by a scan when there is none."""

from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cdp_assets.identity import budget
from cdp_assets.identity.budget import BudgetError
from cdp_assets_tests.identity import reference
from cdp_assets_tests.identity.rules_on_rows import duplicates_of, pairs_of

CRM = """
    record_key | name     | mail          | born
    c1         | Ann Lee  | ann@x.org     | 1980-01-02
    c2         | Bob Kent | bob@x.org     | 1981-01-02
    c3         |          |               |
"""


def test_an_exact_condition_holds_for_equal_values_only() -> None:
    shop = "record_key | mail\ns1 | ann@x.org\ns2 | Ann@x.org\ns3 | \ns4 | ann@x.org"
    assert pairs_of("[{field: mail}]", CRM, shop) == [("c1", "s1", 1.0), ("c1", "s4", 1.0)]


def test_normalisation_is_for_comparing_only() -> None:
    shop = "record_key | mail\ns1 | ANN @X.org"
    assert pairs_of("[{field: mail, normalise: [lower, whitespace]}]", CRM, shop) == [("c1", "s1", 1.0)]


def test_dates_are_compared_as_dates() -> None:
    assert pairs_of("[{field: born}]", CRM, "record_key | born\ns1 | 1980-01-02\ns2 |") == [("c1", "s1", 1.0)]


def test_all_conditions_must_hold_and_the_score_is_the_lowest() -> None:
    shop = """
        record_key | name     | mail      | born
        s1         | Lee Anne | ann@x.org | 1980-01-02  # 1 of 8 letters
        s2         | Ann Lee  | ann@x.org | 1980-01-03
        s3         | Someone  | ann@x.org | 1980-01-02
        s4         |          | ann@x.org | 1980-01-02
    """
    found = pairs_of("[{field: name, as: name, precision: high}, {field: mail, precision: high}, {field: born}]", CRM, shop)
    assert found == [("c1", "s1", 0.875)]


def test_precision_is_the_share_of_letters_that_stay_and_its_limit_is_inside() -> None:
    # 10 letters: 2 edits are 0.8, 3 are not
    crm = "record_key | mail\nc1 | abcdefghij"
    shop = "record_key | mail\ns1 | abcdefghXY\ns2 | abcdefgXYZ\ns3 | abcdefgh"
    assert pairs_of("[{field: mail, precision: high}]", crm, shop) == [("c1", "s1", 0.8), ("c1", "s3", 0.8)]


def test_precision_takes_no_pair_away_by_floating_point() -> None:
    # 1 - 0.7 is 0.30000000000000004 in floating point: 3 edits in 10 letters are allowed
    crm = "record_key | mail | born\nc1 | abcdefghij | 1980-01-02"
    shop = "record_key | mail | born\ns1 | abcdefgXYZ | 1980-01-02"
    assert pairs_of("[{field: mail, precision: 0.7}]", crm, shop) == [("c1", "s1", 0.7)]
    assert pairs_of("[{field: mail, precision: 0.7}, {field: born}]", crm, shop) == [("c1", "s1", 0.7)]


def test_lengths_are_counted_in_characters() -> None:
    # five characters, one edit: 0.8; in bytes it would be 2 of 6
    crm, shop = "record_key | mail\nc1 | müabc", "record_key | mail\ns1 | moabc"
    assert pairs_of("[{field: mail, precision: high}]", crm, shop) == [("c1", "s1", 0.8)]


def test_names_are_compared_in_the_best_order_of_words_from_both_sides() -> None:
    crm = "record_key | name\nc1 | Maria Anna van Dyk\nc2 | Lee Ann"
    shop = "record_key | name\ns1 | van Dyk Maria Anna\ns2 | ann leo"
    condition = "[{field: name, as: name, precision: high}]"
    assert pairs_of(condition, crm, shop) == [("c1", "s1", 1.0), ("c2", "s2", 0.857143)]
    assert pairs_of(condition, shop, crm) == [("s1", "c1", 1.0), ("s2", "c2", 0.857143)]


def test_a_name_that_must_be_equal_may_have_its_words_in_another_order() -> None:
    crm, shop = "record_key | name\nc1 | Lee Ann", "record_key | name\ns1 | ANN LEE\ns2 | Ann Leo"
    assert pairs_of("[{field: name, as: name}]", crm, shop) == [("c1", "s1", 1.0)]


@pytest.mark.parametrize("conditions", ["[{field: mail}]", "[{field: mail, precision: high}]"])
def test_inside_a_source_each_pair_comes_once_with_the_smaller_key_left(conditions: str) -> None:
    crm = "record_key | mail\nc3 | ann@x.org\nc1 | ann@x.org\nc2 | ann@x.org\nc4 | bob@y.com\nc5 |"
    assert duplicates_of(conditions, crm) == [("c1", "c2", 1.0), ("c1", "c3", 1.0), ("c2", "c3", 1.0)]


def test_inside_a_source_values_that_are_alike_make_a_pair_whichever_key_is_smaller() -> None:
    crm = "record_key | mail\nc1 | zzzzab\nc2 | zzzzaa"
    assert duplicates_of("[{field: mail, precision: high}]", crm) == [("c1", "c2", 0.833333)]


def test_a_side_without_values_gives_no_pairs() -> None:
    assert pairs_of("[{field: mail, precision: high}]", CRM, "record_key | mail\ns1 |") == []
    assert pairs_of("[{field: mail}]", CRM, "record_key | mail\ns1 |") == []


NAMES = st.lists(st.text("abü", min_size=1, max_size=4), min_size=1, max_size=5).map(" ".join)


@pytest.mark.parametrize("precision", [0.6, 0.8])
@pytest.mark.parametrize("name", [True, False])
@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(left=st.lists(NAMES, min_size=1, max_size=12), right=st.lists(NAMES, min_size=1, max_size=12))
def test_scan_and_join_give_exactly_the_pairs_of_brute_force(left: list[str], right: list[str], *, name: bool, precision: float) -> None:
    crm = "record_key | name | born\n" + "\n".join(f"c{n:02} | {value} | 1980-01-02" for n, value in enumerate(left))
    shop = "record_key | name | born\n" + "\n".join(f"s{n:02} | {value} | 1980-01-02" for n, value in enumerate(right))
    folded = [[value.replace("ü", "u") if name else value for value in side] for side in (left, right)]
    expected = [
        (f"c{i:02}", f"s{j:02}")
        for i, one in enumerate(folded[0])
        for j, other in enumerate(folded[1])
        if reference.alike(one, other, Fraction(str(precision)), name=name)
    ]
    condition = f"{{field: name, as: {'name' if name else 'text'}, precision: {precision}}}"
    for conditions in (f"[{condition}]", f"[{condition}, {{field: born}}]"):
        assert [pair[:2] for pair in pairs_of(conditions, crm, shop, buckets=2)] == expected


def test_a_rule_without_an_exact_condition_is_refused_above_its_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "MAX_COMPARISONS", 1)
    with pytest.raises(BudgetError) as caught:
        pairs_of("[{field: mail, precision: high}]", CRM, "record_key | mail\ns1 | secret@person.org")
    assert 'customers.match, rule "the rule": it would compare about 2 pairs; at most 1 are allowed' in caught.value.message
    assert "add one, such as birth date" in caught.value.message
    assert "person" not in caught.value.message


def test_an_exact_condition_that_too_many_records_share_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "MAX_PAIRS", 14_000)
    mails = "record_key | mail\n" + "\n".join(f"k{n} | none@secret.org" for n in range(120))
    with pytest.raises(BudgetError, match="compare about 14,400 pairs; at most 14,000 are allowed") as caught:
        pairs_of("[{field: mail}]", mails, mails)
    assert "secret" not in caught.value.message


@pytest.mark.parametrize("precision", ["0.83", "0.85", "low", "high"])
@pytest.mark.parametrize("form", ["", ", as: name"], ids=["text", "name"])
def test_texts_that_share_no_letter_can_be_compared_at_any_precision(precision: str, form: str) -> None:
    crm = "record_key | mail | born\nc1 | abcdefghijklmnopq | 1980-01-02"
    shop = "record_key | mail | born\ns1 | rstuvwxyz0123456789 | 1980-01-02\ns2 | abcdefghijklmnopq | 1980-01-02"
    assert pairs_of(f"[{{field: mail, precision: {precision}{form}}}, {{field: born}}]", crm, shop) == [("c1", "s2", 1.0)]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=25)
@given(st.lists(st.text("abé日 ", min_size=1, max_size=12), min_size=1, max_size=6), st.sampled_from(["0.5", "0.75", "0.8", "0.93"]))
def test_names_under_an_exact_condition_are_compared_as_without_one(names: list[str], precision: str) -> None:
    rows = [f"{n} | {' '.join(name.split())} | 1980-01-02" for n, name in enumerate(names)]
    crm, shop = ("\n".join(["record_key | name | born", *(f"{side}{row}" for row in rows)]) for side in "cs")
    alone = f"[{{field: name, as: name, precision: {precision}}}"
    assert pairs_of(f"{alone}, {{field: born}}]", crm, shop) == pairs_of(f"{alone}]", crm, shop)
