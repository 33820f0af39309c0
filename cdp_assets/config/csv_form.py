"""How CSV files are written, where that is not to be found from the files themselves: delimiter, encoding, quotation mark."""

import codecs
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator

from cdp_assets.config.base import RefusedError, Section
from cdp_assets.config.problems import Finding, shown

if TYPE_CHECKING:
    from cdp_assets.config.project import ProjectConfig

ENCODINGS = (
    "utf-8 utf-16 utf-16-le utf-16-be ascii latin-1 cp1252 cp1250 cp1251 iso-8859-2 iso-8859-15 cp850 mac-roman"
    " shift_jis gb18030 big5 euc-kr"
).split()
"""The names that a message offers; others that Python knows are accepted too."""
_WORDS = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}
_NOT_BY_LINES = ("utf_7", "utf-7", "idna", "punycode", "unicode_escape", "unicode-escape", "raw_unicode_escape", "raw-unicode-escape")
QUOTES = {'"': '"', "'": "'", "none": ""}
"""What can be written for a quotation mark -> the mark; empty: the files have none."""


def _delimiter(value: str) -> str:
    mark = _WORDS.get(value.lower(), value)
    if len(mark) != 1 or not mark.isascii() or mark.isalnum() or mark in "\"'\r\n\0":
        raise RefusedError("is no delimiter", allowed=["one character such as , ; | or the word tab"])
    return mark


def _encoding(value: str) -> str:
    try:
        "a".encode(value)  # fails for what is no encoding of text, such as base64
        found = codecs.lookup(value).name
    except (LookupError, ValueError):
        found = ""
    if not found or found in _NOT_BY_LINES:
        raise RefusedError("is no encoding that is known", allowed=ENCODINGS)
    return found


def _quote(value: str) -> str:
    if value not in QUOTES:
        raise RefusedError("is no quotation mark", allowed=["'\"'", '"\'"', "none"])
    return QUOTES[value]


class CsvForm(Section):
    """How the CSV files of a source are written. What is left out is found from each file."""

    delimiter: Annotated[str, AfterValidator(_delimiter)] | None = None
    """The character between two values, such as ";", or the word tab."""
    encoding: Annotated[str, AfterValidator(_encoding)] | None = None
    """How the letters are stored, such as cp1252 or latin-1; without it UTF-8, or what a byte-order mark says."""
    quote: Annotated[str, AfterValidator(_quote)] | None = None
    """The mark around values that hold a delimiter or a line end: '"', "'", or none where marks are part of the values."""


def check(config: "ProjectConfig") -> Iterator[Finding]:
    """The form of CSV is stated only of sources that are, or may be, CSV files."""
    for name, source in config.sources.items():
        if source.csv is not None and source.format not in (None, "csv"):
            message = f"says how CSV files are written, and the files are {source.format}; remove one of the two"
            yield Finding(("sources", name, "csv"), message, shown(source.format), ["format: csv"])
