"""The option `numerals`: signs that stand for a number become its digits: Ⅷ and ❽ are 8, ٣ is 3.

Every sign that Unicode counts among the numbers (digits of all scripts, Roman and circled ones, superscripts) with a whole
value. Fractions stay, and so do letters that can also be read as a number, such as 三.
"""

import functools
import sys
import unicodedata


@functools.cache
def table() -> dict[int, str]:
    """From the sign (its code point) to the digits of its value."""
    found = {}
    for point in range(128, sys.maxunicode + 1):
        sign = chr(point)
        value = unicodedata.numeric(sign, None) if unicodedata.category(sign) in ("Nd", "Nl", "No") else None
        if value is not None and value == int(value) and value >= 0:
            found[point] = str(int(value))
    return found


def with_digits(text: str) -> str:
    """The text with every such sign written in Arabic digits."""
    return text.translate(table())
