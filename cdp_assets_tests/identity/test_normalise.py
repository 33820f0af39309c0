"""What is made alike before values are compared."""

import pytest

from cdp_assets_tests.identity.rules_on_rows import forms


def form(value: str, **condition: object) -> object:
    return forms(f"record_key | name\nk | {value}", **condition)["k"]


def test_without_a_step_a_value_is_compared_as_it_is() -> None:
    assert form("Ann  Lee") == "Ann  Lee"


@pytest.mark.parametrize(
    ("step", "value", "expected"),
    [
        ("lower", "ANN Lée", "ann lée"),
        ("whitespace", "an n\u00a0l\tee", "annlee"),
        ("symbols", "a.n-n+l_e'e@x (1)", "annleex 1"),
        ("unicode", "Łukasz Çelik straße", "Lukasz Celik strasse"),
    ],
)
def test_each_step_by_itself(step: str, value: str, expected: str) -> None:
    assert form(value, normalise=[step]) == expected


def test_steps_together_in_any_order() -> None:
    expected = "annlee"
    assert form("Ánn L.É E", normalise=["lower", "whitespace", "symbols", "unicode"]) == expected
    assert form("Ánn L.É E", normalise=["unicode", "symbols", "whitespace", "lower"]) == expected


def test_a_value_of_which_nothing_is_left_equals_nothing() -> None:
    assert form("-- .", normalise=["symbols", "whitespace"]) is None
    assert form("''") is None
    assert form("?", **{"as": "name", "precision": "high"}) is None
    assert form("?", **{"as": "name"}) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("  ANN   Lee ", "ann lee"),
        ("O'Brien", "obrien"),
        ("O\u2019Brien", "obrien"),
        ("Anne-Marie Núñez", "anne marie nunez"),
        ("Lee,Ann", "lee ann"),
        ("J.R. Tolkien", "j r tolkien"),
    ],
)
def test_a_name_is_lower_case_ascii_words(value: str, expected: str) -> None:
    found = form(value, **{"as": "name", "precision": "high"})
    assert isinstance(found, list)
    assert found[0] == expected


def test_a_name_of_three_words_has_six_orders_as_written_first() -> None:
    found = form("ann b lee", **{"as": "name", "precision": "high"})
    assert found == ["ann b lee", "ann lee b", "b ann lee", "b lee ann", "lee ann b", "lee b ann"]


def test_a_name_of_more_than_four_words_has_its_words_sorted() -> None:
    assert form("e d c b a", **{"as": "name", "precision": "high"}) == ["a b c d e"]


def test_a_name_that_must_be_equal_is_compared_with_its_words_sorted() -> None:
    assert form("Lee ANN", **{"as": "name"}) == "ann lee"
