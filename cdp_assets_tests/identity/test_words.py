"""Addresses and organisations: word by word, a rare word weighs more."""

from fractions import Fraction

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdp_assets.identity import forms_of, forms_stages, match_rules, pair_stages, word_kernel
from cdp_assets.identity.forms import weight_stages
from cdp_assets.identity.words import SCALE, weights_stage
from cdp_assets_tests.identity import reference
from cdp_assets_tests.identity.rules_on_rows import config, decided, duplicates_of, forms, pairs_of, typed
from cdp_assets_tests.support import run_tables

EXAMPLE = {"one": 1, "microsoft": 5, "microsft": 5, "microxft": 5, "microsxt": 5, "way": 1, "redmond": 2, "wa": 1, "98052": 2}


def score(one: str, other: str, weights: dict[str, int] = EXAMPLE) -> float:
    """The score of two texts with given weights of words."""

    def side(text: str) -> tuple[pa.Array, pa.Array]:
        return pa.array([text]), pa.array([[weights[word] for word in text.split(" ")]], pa.list_(pa.int32()))

    return 1 - word_kernel.apart(*side(one), *side(other)).to_pylist()[0] / SCALE


def test_the_worked_example_with_the_longer_word_as_the_base() -> None:
    # (1 + 5 x 8/9 + 1 + 2 + 2) / 12; the documentation takes 7/8, from the shorter word
    found = score("one microsft way redmond wa 98052", "one microsoft way redmond 98052")
    assert found == pytest.approx((6 + 5 * 8 / 9) / 12, abs=2e-6) == pytest.approx(0.87037, abs=1e-5)


def test_the_worked_example_as_documented_where_one_of_eight_letters_is_wrong() -> None:
    # the formula itself: likeness 7/8, (1 + 5 x 7/8 + 1 + 2 + 2) / 12 = 10.375 / 12
    assert score("one microxft way redmond wa 98052", "one microsft way redmond 98052") == pytest.approx(0.86458, abs=1e-5)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("robert2020@hotmail.com", "robrt2020@hotmail.cm", 1 - 2 / 22),  # documented as (20 - 2) / 20 = 0.9, by the shorter
        ("fred@gmail.com", "fred@gmal.cm", 1 - 2 / 14),  # 0.857, as documented
        ("franklin", "frank", 1 - 3 / 8),  # documented as 0.75, with a distance of 2
        ("Jacqueline", "Jaclyne", 1 - 4 / 10),  # documented as 0.5, with a distance of 5
    ],
    ids=["robert", "fred", "franklin", "jacqueline"],
)
def test_the_worked_examples_of_a_single_text(one: str, other: str, expected: float) -> None:
    found = pairs_of("[{field: mail, precision: 0.5}]", f"record_key | mail\nc1 | {one}", f"record_key | mail\ns1 | {other}")
    assert found == [("c1", "s1", round(expected, 6))]


def test_the_order_of_words_does_not_matter() -> None:
    assert score("redmond one way", "way redmond one") == 1


def test_a_word_with_a_digit_is_alike_to_an_equal_one_only() -> None:
    weights = {"12345": 1, "12346": 1, "elm": 1}
    assert score("12345 elm", "12346 elm", weights) == pytest.approx(1 / 3, abs=1e-6)


def test_words_less_alike_than_three_quarters_are_two() -> None:
    weights = dict.fromkeys(["lane", "lamp", "line"], 1)
    assert score("lane", "lamp", weights) == 0
    assert score("lane", "line", weights) == 0.75


def test_of_a_misspelt_word_the_lighter_weight_counts() -> None:
    weights = {"street": 1, "steeet": 9, "elm": 2}
    assert score("steeet elm", "street elm", weights) == pytest.approx((1 * 5 / 6 + 2) / 3, abs=1e-6)


def test_a_word_that_stands_twice_needs_two_on_the_other_side() -> None:
    assert score("one one way", "one way") == pytest.approx(2 / 3, abs=1e-6)


def test_the_most_alike_words_are_put_side_by_side() -> None:
    weights = dict.fromkeys(["abcdefgh", "abcdefgx", "abcdefxy"], 1)
    # abcdefgx is nearer to abcdefgh than abcdefxy is
    assert score("abcdefgx abcdefxy", "abcdefgh", weights) == pytest.approx((7 / 8) / 2, abs=1e-6)


WORDS = st.lists(st.sampled_from(["main", "mainn", "mian", "street", "stret", "streeet", "12", "13", "a"]), min_size=1, max_size=5)
WEIGHTS = {"main": 3, "mainn": 9, "mian": 9, "street": 1, "stret": 8, "streeet": 8, "12": 4, "13": 4, "a": 2}


@settings(max_examples=200, deadline=None)
@given(one=WORDS, other=WORDS)
def test_a_score_is_the_same_from_either_side_and_that_of_the_definition(one: list[str], other: list[str]) -> None:
    here, there = score(" ".join(one), " ".join(other), WEIGHTS), score(" ".join(other), " ".join(one), WEIGHTS)
    assert here == there
    assert 0 <= here <= 1
    assert (here == 1) == (sorted(one) == sorted(other))
    assert here == pytest.approx(float(reference.words_score(one, other, WEIGHTS)), abs=3e-6)


def test_weights_are_learnt_from_all_texts_of_both_sides() -> None:
    [rule] = match_rules(config("[{field: born}, {field: name, as: address, precision: high}]"))
    sides = [forms_of([rule], source) for source in ("crm", "shop")]
    texts = [(each.texts(), [each.texts().column(rule.comparisons[1].left)]) for each in sides]
    given = {
        texts[0][0].stage: pa.table({"record_key": ["a", "b"], texts[0][1][0]: ["1 elm st", "2 elm st"]}),
        texts[1][0].stage: pa.table({"record_key": ["c", "d"], texts[1][1][0]: ["elm elm", None]}),
    }
    found = {row["word"]: row["weight"] for row in run_tables([weights_stage("address", texts)], given).to_pylist()}
    # ln(1 + 3/3), ln(1 + 3/2), ln(1 + 3/1), x 1000
    assert found == {"elm": 693, "st": 916, "1": 1386, "2": 1386}


def test_with_weights_that_were_kept_a_pair_scores_the_same_whatever_else_there_is() -> None:
    [rule] = match_rules(config("[{field: born}, {field: name, as: address, precision: low}]"))
    sides = {"crm": forms_of([rule], "crm"), "shop": forms_of([rule], "shop")}
    crm = "record_key | name | born\nc1 | 12 Main Street, Boston | 1980-01-02"
    shop = "record_key | name | born\ns1 | 12 Maine Street | 1980-01-02"
    more = "\ns2 | 5 Boston Street | 1999-01-02\ns3 | 6 Boston Street | 1999-01-02\ns4 | 7 Boston Street | 1999-01-02"
    everything = {"crm": typed(crm), "shop": typed(shop + more)}
    learnt = run_tables(weight_stages(sides), everything)
    kept = learnt.append_column("term", learnt["word"]).append_column("type", learnt["kind"]).drop(["kind", "word"])
    kept = kept.append_column("kind", pa.array(["word"] * len(kept)))
    pairs = pair_stages(rule, sides["crm"], sides["shop"], "pairs")

    def scores(given: dict[str, pa.Table], frozen: str | None) -> list[float]:
        inputs = {**given, **({"kept": kept} if frozen else {})}
        return [float(row["score"]) for row in run_tables([*forms_stages(sides, frozen=frozen), *pairs], inputs).to_pylist()]

    two = {"crm": typed(crm), "shop": typed(shop)}
    assert scores(two, "kept") == scores(everything, "kept") == scores(everything, None)
    assert scores(two, None) != scores(two, "kept")


ADDRESSES = """
    record_key | name                   | born
    c1         | 12 Main Street, Boston | 1980-01-02
    c2         | 13 Main Street, Boston | 1980-01-02
    c3         | 99 Elm Road, Seattle   | 1980-01-02
"""


def test_an_address_is_found_with_a_wrong_letter_and_not_at_another_house() -> None:
    shop = "record_key | name | born\ns1 | 12 Maine St. Boston | 1980-01-02\ns2 |  | 1980-01-02"
    found = pairs_of("[{field: born}, {field: name, as: address, precision: high}]", ADDRESSES, shop)
    assert [pair[:2] for pair in found] == [("c1", "s1")]
    assert found == pairs_of("[{field: born}, {field: name, as: address, precision: high}]", ADDRESSES, shop, buckets=3)


def test_an_organisation_is_compared_without_its_legal_form() -> None:
    crm = "record_key | name | born\nc1 | Contoso Pharmaceuticals Ltd | 1980-01-02\nc2 | Contoso Foods Ltd | 1980-01-02"
    shop = "record_key | name | born\ns1 | Contoso Pharmaceutical GmbH | 1980-01-02"
    found = pairs_of("[{field: born}, {field: name, as: organization, precision: high}]", crm, shop)
    assert [pair[:2] for pair in found] == [("c1", "s1")]


def test_words_are_compared_for_what_another_condition_leaves() -> None:
    crm = "record_key | name | mail\nc1 | 12 Main Street | ann@x.org\nc2 | 99 Elm Road | ann@x.org"
    condition = "[{field: name, as: address, precision: medium}, {field: mail, precision: high}]"
    assert [pair[:2] for pair in pairs_of(condition, crm, "record_key | name | mail\ns1 | 12 main st | ann@x.or")] == [("c1", "s1")]
    assert duplicates_of(condition, crm) == []


def test_words_in_an_exception() -> None:
    rule = "all: [{field: mail}], exceptions: [{field: name, as: address, precision: medium, differs: true}]"
    crm = "record_key | name | mail\nc1 | 12 Main Street | a@x.org\nc2 | 12 main st | a@x.org\nc3 | 99 Elm Road | a@x.org\nc4 | | a@x.org"
    found = {(left, right): reason for left, right, reason in decided(rule, crm)}
    refused = "exception: name not alike"
    assert found == {
        ("c1", "c2"): None, ("c1", "c3"): refused, ("c2", "c3"): refused, ("c1", "c4"): None, ("c2", "c4"): None, ("c3", "c4"): None,
    }  # fmt: skip


def test_an_address_of_ten_thousand_characters() -> None:
    long = "main street " * 800
    shop = f"record_key | name | born\ns1 | {long} 12 | 1980-01-02"
    crm = f"record_key | name | born\nc1 | {long} 12 | 1980-01-02\nc2 | {long} 13 | 1980-01-02"
    found = pairs_of("[{field: born}, {field: name, as: address, precision: high}]", crm, shop)
    assert [pair[:2] for pair in found] == [("c1", "s1"), ("c2", "s1")]


def test_by_its_type_a_name_is_compared_in_the_best_order_and_as_text_switches_that_off() -> None:
    assert forms("record_key | name\nk | Lee Ann", precision=0.8)["k"] == ["lee ann", "ann lee"]
    assert forms("record_key | name\nk | Lee Ann", precision=0.8, **{"as": "text"})["k"] == "Lee Ann"
    assert forms("record_key | name\nk | Lee Ann")["k"] == "Lee Ann"


def test_a_precision_is_a_whole_per_cent() -> None:
    crm, shop = "record_key | mail\nc1 | abcdefghij", "record_key | mail\ns1 | abcdefgXYZ"
    for precision, found in ((0.7, 1), (0.71, 0), ("low", 1), ("medium", 1), ("high", 0), (0.01, 1)):
        assert len(pairs_of(f"[{{field: mail, precision: {precision}}}]", crm, shop)) == found


def test_shares_are_the_fractions_that_are_written() -> None:
    from cdp_assets.identity.similarity import share

    assert [share(n / 100) for n in range(1, 101)] == [Fraction(n, 100) for n in range(1, 101)]
