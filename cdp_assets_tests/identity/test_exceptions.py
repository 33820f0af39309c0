"""Exceptions of a rule: which of the pairs that it found are not taken, and what is said of them."""

from fractions import Fraction
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cdp_assets_tests.identity import reference
from cdp_assets_tests.identity.rules_on_rows import decided, duplicates_of

TWINS = "all: [{field: born}], exceptions: [{field: name, as: name, differs: true, precision: high}]"
PEOPLE = """
    record_key | name     | mail  | born
    c1         | Ann Lee  | lee@x | 1980-01-02
    c2         | Anne Lee |       | 1980-01-02
    c3         | Tom Lee  | lee@x | 1980-01-02
    c4         |          | lee@x | 1980-01-02
"""
APART = "exception: name not alike"


@pytest.mark.parametrize("buckets", [1, 3])
def test_twins_are_kept_apart_and_the_pair_stays_with_the_reason(buckets: int) -> None:
    assert decided(TWINS, PEOPLE, buckets=buckets) == [
        ("c1", "c2", None), ("c1", "c3", APART), ("c1", "c4", None), ("c2", "c3", APART), ("c2", "c4", None), ("c3", "c4", None),
    ]  # fmt: skip


def test_an_exception_without_differs_keeps_apart_what_is_alike() -> None:
    rule = "all: [{field: born}], exceptions: [{field: mail, normalise: [lower]}]"
    crm = "record_key | mail | born\nc1 | LEE@x | 1980-01-02\nc2 | lee@x | 1980-01-02\nc3 | tom@x | 1980-01-02"
    assert decided(rule, crm) == [("c1", "c2", "exception: mail alike"), ("c1", "c3", None), ("c2", "c3", None)]


def test_where_a_value_is_missing_no_exception_holds() -> None:
    crm = "record_key | mail | born\nc1 | | 1980-01-02\nc2 | | 1980-01-02\nc3 | tom@x | 1980-01-02"
    for differs in ("true", "false"):
        found = decided(f"all: [{{field: born}}], exceptions: [{{field: mail, differs: {differs}}}]", crm)
        assert found == [("c1", "c2", None), ("c1", "c3", None), ("c2", "c3", None)]


def test_any_exception_is_enough_and_the_first_gives_the_reason() -> None:
    rule = "all: [{field: born}], exceptions: [{field: mail, differs: true}, {field: name, differs: true}]"
    crm = """
        record_key | name | mail | born
        c1         | Ann  | a@x  | 1980-01-02
        c2         | Bob  | b@x  | 1980-01-02
        c3         | Cid  | a@x  | 1980-01-02
    """
    mail, name = "exception: mail not alike", "exception: name not alike"
    assert decided(rule, crm) == [("c1", "c2", mail), ("c1", "c3", name), ("c2", "c3", mail)]


def test_between_sources_each_side_has_its_own_field_and_the_reason_names_both() -> None:
    rule = "all: [{field: born}], exceptions: [{field: {left: mail, right: name}, differs: true}]"
    crm, shop = "record_key | mail | born\nc1 | a@x | 1980-01-02", "record_key | name | born\ns1 | a@x | 1980-01-02\ns2 | b | 1980-01-02"
    assert decided(rule, crm, shop) == [("c1", "s1", None), ("c1", "s2", "exception: mail and name not alike")]


def test_a_rule_without_an_exact_condition_has_exceptions_too() -> None:
    rule = "all: [{field: name, as: name, precision: high}], exceptions: [{field: born, differs: true}]"
    crm = "record_key | name | born\nc1 | Ann Lee | 1980-01-02\nc2 | Lee Anne | 1980-01-02\nc3 | Ann Lee | 1980-01-03"
    apart = "exception: born not alike"
    assert decided(rule, crm) == [("c1", "c2", None), ("c1", "c3", apart), ("c2", "c3", apart)]


def test_a_reason_has_no_value_of_a_record() -> None:
    assert {reason for *_, reason in decided(TWINS, PEOPLE)} == {None, APART}


VALUES = st.lists(st.tuples(st.sampled_from(["", "ab", "abc", "abd", "xyz"]), st.sampled_from(["", "p", "q"])), min_size=1, max_size=7)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=VALUES, differs=st.booleans(), order=st.randoms())
def test_an_exception_only_takes_pairs_away_and_exactly_those_of_brute_force(
    values: list[tuple[str, str]], *, differs: bool, order: Random
) -> None:
    lines = [f"c{n} | {name} | {mail} | 1980-01-02" for n, (name, mail) in enumerate(values)]
    order.shuffle(lines)
    crm = "\n".join(["record_key | name | mail | born", *lines])
    written = f"[{{field: name, precision: medium, differs: {str(differs).lower()}}}]"
    found = decided(f"all: [{{field: mail}}], exceptions: {written}", crm, buckets=2)
    # the same pairs as without the exception: none is added, and none is lost without a trace
    assert [pair[:2] for pair in found] == [pair[:2] for pair in duplicates_of("[{field: mail}]", crm)]
    refused = {(one, other) for one, other, reason in found if reason}
    expected = set()
    for one, other, _ in found:
        a, b = values[int(one[1:])][0], values[int(other[1:])][0]
        if a and b and reference.alike(a, b, Fraction(3, 5), name=False) != differs:
            expected.add((one, other))
    assert refused == expected
