"""Faker's lists of names, street kinds and town endings, read once; nothing is drawn by Faker.

Only reading: which of the words a world has, and how often, belongs to `names` and `vocabulary`. The lists belong to a
version of Faker, and with other lists every world is another one. So the package asks for exactly one version, and a
test holds `digest` against the one that the demo was made with.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from functools import cache
from importlib import import_module
from typing import Any

# Its names have frequencies, from the census and the births of the United States.
_COUNTED = "en_US"
# Their names come without: languages in Latin letters, the first ones first where two have the same name.
_OTHERS = (
    "en_GB", "en_IE", "en", "en_IN", "en_KE", "en_NG", "es_MX", "es_ES", "fr_FR", "fr_QC", "de_DE", "it_IT", "pt_BR", "pt_PT", "nl_NL",
    "nl_BE", "sv_SE", "da_DK", "no_NO", "fi_FI", "pl_PL", "cs_CZ", "sk_SK", "sl_SI", "hr_HR", "hu_HU", "ro_RO", "et_EE", "tr_TR", "vi_VN",
)  # fmt: skip
# Here the plain list holds an example only.
_FAMILIES_OF = {"pl_PL": "unisex_last_names"}
# Letters, and between them one blank, apostrophe or hyphen: a few entries are abbreviations, garbled or whole titles.
_NAME = re.compile(r"(?=.{2,24}$)[^\W\d_]+(?:[ '-][^\W\d_]+)*")


@dataclass(frozen=True)
class Lists:
    """The words; `counted_` ones with their share, the most frequent first, the others in an order without a meaning."""

    counted_women: tuple[tuple[str, float], ...]
    counted_men: tuple[tuple[str, float], ...]
    counted_families: tuple[tuple[str, float], ...]
    other_women: tuple[str, ...]
    other_men: tuple[str, ...]
    other_families: tuple[str, ...]
    street_kinds: tuple[str, ...]
    town_ends: tuple[str, ...]


@cache
def lists() -> Lists:
    """Read the lists from the installed package."""
    counted = _people_of(_COUNTED)
    others = [_people_of(language) for language in _OTHERS]
    places = import_module(f"faker.providers.address.{_COUNTED}").Provider
    women, men, families = (_shares(getattr(counted, name)) for name in ("first_names_female", "first_names_male", "last_names"))
    return Lists(
        counted_women=women,
        counted_men=men,
        counted_families=families,
        other_women=_new(women, (word for provider in others for word in provider.first_names_female)),
        other_men=_new(men, (word for provider in others for word in provider.first_names_male)),
        other_families=_new(
            families,
            (
                word
                for language, provider in zip(_OTHERS, others, strict=True)
                for word in getattr(provider, _FAMILIES_OF.get(language, "last_names"))
            ),
        ),
        street_kinds=tuple(places.street_suffixes),
        town_ends=tuple(places.city_suffixes),
    )


def digest() -> str:
    """Return what changes with any word, share or order of the lists."""
    return hashlib.sha256(repr(astuple(lists())).encode()).hexdigest()


def _people_of(language: str) -> Any:
    return import_module(f"faker.providers.person.{language}").Provider


def _shares(weights: dict[str, float]) -> tuple[tuple[str, float], ...]:
    total = sum(weights.values())
    ordered = sorted(weights.items(), key=lambda entry: (-entry[1], entry[0]))
    return tuple((word, weight / total) for word, weight in ordered)


def _new(counted: Iterable[tuple[str, float]], words: Iterable[str]) -> tuple[str, ...]:
    """Return the names that are not among the counted ones, each once, so mixed that neighbours have nothing in common."""
    composed = dict.fromkeys(unicodedata.normalize("NFC", word) for word in words)
    known = {word for word, _ in counted}
    fitting = [word for word in composed if word not in known and _is_name(word)]
    return tuple(sorted(fitting, key=lambda word: hashlib.sha256(word.encode()).digest()))


def _is_name(word: str) -> bool:
    written = _NAME.fullmatch(word) and word.lower() != word != word.upper()
    return bool(written) and all("LATIN" in unicodedata.name(letter, "") for letter in word if letter.isalpha())
