"""The names of the demo: Faker's lists as they were, no name twice, more names among more people, a long tail."""

import unicodedata
from collections.abc import Callable
from importlib.metadata import version

import numpy as np
import pytest

from cdp_assets.demo.faker_lists import digest, lists
from cdp_assets.demo.names import Words, families, men, nicknames, streets, women

FAKER, DIGEST = "40.63.0", "5dfd3d84f225991592102c26eb71c8438b958212be7799a9d304122cdb224731"

KINDS = [women, men, families, streets]


def test_the_lists_are_those_of_the_one_version_of_faker_that_the_package_asks_for() -> None:
    """If this fails after an update, every demo world is another one: take the new digest, and say so in the changelog."""
    assert version("faker") == FAKER
    assert digest() == DIGEST


def test_counted_names_have_shares_and_are_not_among_the_others() -> None:
    found = lists()
    for counted, others in (
        (found.counted_women, found.other_women),
        (found.counted_men, found.other_men),
        (found.counted_families, found.other_families),
    ):
        assert sum(share for _, share in counted) == pytest.approx(1)
        assert [share for _, share in counted] == sorted((share for _, share in counted), reverse=True)
        assert not {word for word, _ in counted} & set(others)
        assert len(others) > 5_000
    assert found.counted_families[0][0] == "Smith"


@pytest.mark.parametrize("kind", KINDS)
def test_words_come_once_and_in_one_spelling(kind: Callable[[int], Words]) -> None:
    for people in (1, 300, 1_000_000):
        words = kind(people).words
        assert len(words) == len(set(words))
        assert all(unicodedata.is_normalized("NFC", word) and word == word.strip() for word in words)


@pytest.mark.parametrize("kind", KINDS)
def test_weights_add_up_and_none_is_nothing(kind: Callable[[int], Words]) -> None:
    for people in (1, 300, 1_000_000):
        found = kind(people)
        assert len(found.weights) == len(found.words)
        assert float(found.weights.sum()) == pytest.approx(1)
        assert float(found.weights.min()) > 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_larger_world_has_more_words_and_begins_with_those_of_a_smaller_one(kind: Callable[[int], Words]) -> None:
    few, many = kind(300), kind(1_000_000)
    assert len(many.words) > 5 * len(few.words)
    assert many.words[: len(few.words)] == few.words


def test_names_have_a_long_tail() -> None:
    """Few family names are frequent, and most are rare: the 200 first are as frequent as all of the tens of thousands last."""
    shares = np.sort(families(1_000_000).weights)[::-1]
    assert len(shares) > 50_000
    assert shares[0] > 0.01
    assert 0.25 < shares[:200].sum() < 0.4
    assert 0.25 < shares[-60_000:].sum() < 0.4


def test_names_hold_what_breaks_naive_matching() -> None:
    names = {*women(300).words, *men(300).words, *families(300).words}
    assert {"Jürgen", "Łukasz", "Zoë", "O'Brien", "Marie-Claire", "Øystein", "Weiß", "Smith-Jones", "Ngọc"} <= names
    assert any(" " in name for name in families(300_000).words)


def test_nicknames_are_of_names_that_the_world_has() -> None:
    names = {*women(300).words, *men(300).words}
    assert set(nicknames()) <= names
    assert nicknames()["William"] == ("Bill", "Will")
    assert all(form not in (name, "") for name, forms in nicknames().items() for form in forms)
