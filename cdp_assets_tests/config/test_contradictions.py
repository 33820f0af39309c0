"""When comparisons of one value cannot all hold, tried against every value there is."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdp_assets.config.conditions import Operator, Value
from cdp_assets.config.contradictions import Asked, impossible

NUMBERS = [n / 2 for n in range(-3, 12)]
"""The numbers 0 to 4 that conditions name, those between them, and some below and above."""


def holds(value: float | None, asked: Asked) -> bool:
    """What a comparison means: nothing is known of a missing value, so only `is_not` and `exists: false` hold for it."""
    first = asked.values[0]
    if asked.operator == "exists":
        return (value is not None) == first
    if value is None:
        return asked.operator == "is_not"
    return {
        "is": value in asked.values,
        "is_not": value not in asked.values,
        "above": value > first,
        "at_least": value >= first,
        "below": value < first,
        "at_most": value <= first,
    }[asked.operator]


COMPARISONS = st.one_of(
    st.tuples(st.sampled_from(["above", "at_least", "below", "at_most"]), st.integers(0, 4).map(lambda n: (n,))),
    st.tuples(st.sampled_from(["is", "is_not"]), st.lists(st.integers(0, 4), min_size=1, max_size=3).map(tuple)),
    st.tuples(st.just("exists"), st.booleans().map(lambda n: (n,))),
)


@settings(max_examples=600, deadline=None, derandomize=True)
@given(st.lists(COMPARISONS, min_size=1, max_size=4))
def test_comparisons_are_impossible_exactly_when_no_value_fulfils_them(written: list[tuple[Operator, tuple[Value, ...]]]) -> None:
    asked = [Asked((number,), operator, values) for number, (operator, values) in enumerate(written)]
    possible = any(all(holds(value, each) for each in asked) for value in [None, *NUMBERS])
    # numbers between two bounds are never exhausted by is_not, and 0 to 4 with halves stand for all of them
    assert bool(impossible(asked)) == (not possible)


def test_the_last_one_is_the_one_that_is_reported() -> None:
    first, second, third = Asked((0,), "above", (5,)), Asked((1,), "is_not", (7,)), Asked((2,), "below", (3,))
    assert impossible([first, second, third]) == (first, third)


@pytest.mark.parametrize(("one", "other"), [*product([("above", ("2024-01-01",)), ("is", ("DE",))], [("below", (3,)), ("is", (3,))])])
def test_values_of_two_kinds_are_not_compared(one: tuple[Operator, tuple[Value, ...]], other: tuple[Operator, tuple[Value, ...]]) -> None:
    assert impossible([Asked((0,), *one), Asked((1,), *other)]) == ()
