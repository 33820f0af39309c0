"""What a viewer sees of a personal value."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdp_assets.governance import masked


@pytest.mark.parametrize(
    ("value", "form"),
    [
        ("ann@x.example", "a@a.a"),
        ("Ann  Lee", "a a"),
        ("1980-01-02", "9999-99-99"),
        ("+49 (170) 55", "+99 (999) 99"),
        ("José Łukasz", "a a"),
        ("李雷 😀", "a ?"),
        ("", ""),
        ("a" * 10_000, "a"),
        ("-" * 100, "-" * 40),
    ],
)
def test_a_value_is_shown_as_its_form(value: str, form: str) -> None:
    assert masked(value) == form


@given(st.text())
def test_no_letter_and_no_digit_is_left(value: str) -> None:
    assert all(not letter.isalnum() or letter in "a9" for letter in masked(value))


def test_the_forms_are_those_of_the_profiles_of_columns() -> None:
    import duckdb

    from cdp_assets.sources.column_profile import _PATTERN

    for value in ("ann@x.example", "Ann  Lee", "1980-01-02", "José Ł.", "x²y ½", "a\u0301b", "\t9\n"):
        assert duckdb.execute(f"select {_PATTERN} from (select $v as text)", {"v": value}).fetchall()[0][0] == masked(value)
