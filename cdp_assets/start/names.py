"""Names for what is found: sources, fields and other things of cdp.yaml, made from names of files and columns."""

import re
from collections.abc import Collection
from itertools import count

from cdp_assets.config.accounts import ENTITY_COLUMNS
from cdp_assets.config.base import COLUMNS, EVENT_COLUMNS, TABLE_PREFIXES, TABLES, snake_case
from cdp_assets.start.yaml_text import WORDS

_LONGEST = 50
_TAKEN_FIELDS = COLUMNS | EVENT_COLUMNS | ENTITY_COLUMNS["accounts"]
_ACRONYM = re.compile(r"([A-Z]{2,})([A-Z][a-z])")  # POSPurchases is pos_purchases
_MANY_DIGITS = re.compile(r"[0-9]([ ()./+-]?[0-9]){5,}")


def source_name(stem: str, taken: Collection[str]) -> str:
    """The name of a source for a file or folder of this name."""
    name = _plain(stem, "file")
    if name in TABLES or name in WORDS or name.startswith(TABLE_PREFIXES):
        name = f"{name}_source" if not name.startswith(TABLE_PREFIXES) else f"file_{name}"
    return _free(name, taken)


def field_name(column: str, taken: Collection[str]) -> str:
    """The name of a field for a column of this name."""
    name = _plain(column, "column")
    if name in _TAKEN_FIELDS or name in WORDS:
        # customer_id is the program's own; what a file calls so is a number of its own
        name = f"{name.removesuffix('_id')}_no" if name.endswith("_id") else f"{name}_given"
    return _free(name, taken)


def is_name(column: str) -> bool:
    """Whether this can be the name of a column: neither an address nor a number of a person nor something that nobody sees."""
    return column.isprintable() and bool(column.strip()) and "@" not in column and not _MANY_DIGITS.search(column) and len(column) <= 120


def words(column: str) -> str:
    """The name in small letters with _ between the words, in which meanings are looked for; empty text for none."""
    return snake_case(_ascii(column)) or ""


def _plain(text: str, other: str) -> str:
    plain = snake_case(_ascii(text)) or snake_case(f"{other}_{_ascii(text)}") or other
    return plain[:_LONGEST].rstrip("_")


def _ascii(text: str) -> str:
    text = _ACRONYM.sub(r"\1_\2", text)
    if text.isascii():
        return text
    from anyascii import anyascii

    for umlaut, plain in (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("Ä", "Ae"), ("Ö", "Oe"), ("Ü", "Ue"), ("ß", "ss")):
        text = text.replace(umlaut, plain)
    return anyascii(text)


def _free(name: str, taken: Collection[str]) -> str:
    if name not in taken:
        return name
    return next(each for each in (f"{name}_{number}" for number in count(2)) if each not in taken)
