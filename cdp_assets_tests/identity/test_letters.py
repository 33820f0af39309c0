"""The letters of a text as one number: what they prove of a distance is true, and they prove more than which letters there are."""

import duckdb
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from cdp_assets.identity.normalise.letters import letters

TEXT = st.text(alphabet="aabbeez09 éÉA漢-", max_size=12)


def of(*texts: str | None) -> list[int | None]:
    found: list[int | None] = letters(pa.chunked_array([pa.array(texts, pa.string())])).to_pylist()
    return found


def differ(one: str, other: str) -> int:
    a, b = of(one, other)
    assert a is not None
    assert b is not None
    return (a ^ b).bit_count()


def test_a_letter_counts_each_time_until_it_is_frequent_enough_to_tell_nothing() -> None:
    assert [differ("", "a"), differ("a", "aa"), differ("aa", "aaa"), differ("aaa", "aaaa")] == [1, 1, 1, 0]
    assert [differ("", "q"), differ("q", "qq")] == [1, 0]
    assert differ("anna", "anne") == 2


def test_the_order_of_letters_capitals_and_other_scripts_count_for_nothing() -> None:
    assert of("ann lee") == of("lee ann") == of("Xann-lee É 漢")
    assert of("", None, "Ä") == [0, None, 0]


@given(one=TEXT, other=TEXT)
def test_an_edit_changes_at_most_two_bits(one: str, other: str) -> None:
    found = duckdb.execute("select levenshtein($1, $2)", [one, other]).fetchall()
    assert differ(one, other) <= 2 * found[0][0]


def test_a_part_of_an_array_is_read_from_where_it_begins() -> None:
    texts = pa.array(["zz", "ann", None, "bob", "q"], pa.string())
    assert letters(pa.chunked_array([texts.slice(1, 2), texts.slice(3)])).to_pylist() == [*of("ann"), None, *of("bob", "q")]
    assert letters(pa.chunked_array([texts.slice(1, 3)])).to_pylist() == [*of("ann"), None, *of("bob")]
