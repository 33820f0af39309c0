"""How text is made alike for search: once in SQL when the snapshot is built, once in Python for what somebody types.

Both must give the same letters, or a customer is there and cannot be found; a test compares them.
"""

import re
import unicodedata

import duckdb

PUNCTUATION = '.,;:()"<>[]'
"""What is cut off at both ends of a word."""

LAST_DIGITS = 9
"""So many digits at the end of a telephone number are the same in the national and the international way of writing."""

_UMLAUTS = {"ä": "ae", "ö": "oe", "ü": "ue"}
_APOSTROPHES = "'`"

# `to_ascii` is a Python function (lake.session), so only values with other letters are given to it.
_MACROS = f"""
    create or replace temp macro fold(v) as trim(regexp_replace(translate(lower(
        case when strlen(v) = length(v) then v else to_ascii(nfc_normalize(v)) end
    ), '{_APOSTROPHES.replace("'", "''")}', ''), '\\s+', ' ', 'g'));
    create or replace temp macro umlauts_in_two_letters(v) as
        replace(replace(replace(lower(nfc_normalize(v)), 'ä', 'ae'), 'ö', 'oe'), 'ü', 'ue');
    create or replace temp macro words_of(folded) as
        list_filter(list_transform(string_split(folded, ' '), lambda w: trim(w, '{PUNCTUATION}')), lambda w: w <> '');
    create or replace temp macro in_order(words) as array_to_string(words, ' ');
    create or replace temp macro last_first(words) as words[-1] || ' ' || array_to_string(words[:-2], ' ')
"""


def fold(text: str) -> str:
    """Small ASCII letters, without accents and apostrophes, one blank between words."""
    from anyascii import anyascii

    plain = anyascii(unicodedata.normalize("NFC", text)).lower().translate(str.maketrans("", "", _APOSTROPHES))
    return re.sub(r"\s+", " ", plain, flags=re.ASCII).strip(" ")


def spellings(text: str) -> list[str]:
    """The folded text, and where it has umlauts also the folded text with two letters for each (Müller, Mueller)."""
    lower = unicodedata.normalize("NFC", text).lower()
    for umlaut, letters in _UMLAUTS.items():
        lower = lower.replace(umlaut, letters)
    return list(dict.fromkeys([fold(text), fold(lower)]))


def words_of(folded: str) -> list[str]:
    """The words of a folded text, without punctuation at their ends."""
    return [word for word in (part.strip(PUNCTUATION) for part in folded.split(" ")) if word]


def digits_of(text: str) -> list[str]:
    """The digits under which a telephone number may be stored; empty when the text does not look like one."""
    digits = re.sub(r"[^0-9]", "", text)
    if len(digits) < 5 or not re.fullmatch(r"[0-9\s()+./-]+", text, flags=re.ASCII):
        return []
    return list(dict.fromkeys([digits, digits[-LAST_DIGITS:]])) if len(digits) >= LAST_DIGITS else [digits]


def after_prefix(prefix: str) -> str:
    """The smallest text that is greater than every text with this prefix (folded: ASCII, so the next letter is it)."""
    return prefix[:-1] + chr(ord(prefix[-1]) + 1)


def teach(connection: duckdb.DuckDBPyConnection) -> None:
    """Give a connection the SQL form: macros fold(v), umlauts_in_two_letters(v), words_of(folded), in_order(words), last_first(words)."""
    from duckdb.func import PythonUDFType

    from cdp_assets.lake.session import to_ascii

    known = connection.execute("select count(*) from duckdb_functions() where function_name = 'to_ascii'").fetchall()
    if not known[0][0]:
        connection.create_function("to_ascii", to_ascii, ["VARCHAR"], "VARCHAR", type=PythonUDFType.ARROW)
    connection.execute(_MACROS)
