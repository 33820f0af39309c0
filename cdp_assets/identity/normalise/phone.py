"""The option `phone`: the digits of a telephone number, without zeros before the country code and without an extension.

The country code counts: +1 425, 001 425 and 1 (425) are the same, and (425) without one is another number - no country
is guessed. Clean numbers are done in SQL; `number_of` is for doubtful ones: with letters, digits of other scripts, an
extension, or a zero after the country code that is dialled at home only, as in +44 (0)20.
"""

import re
import unicodedata

CODES = r"(?:1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|(?:2[1-689]|3[578]|42|5[09]|6[789]|8[0578]|9[679])[0-9])"
"""The country codes of the world, as an expression for a clean number."""
CLEAN = r"[+]?[0-9 ()./\-]*"
HOME_ZERO = rf"[(]\s*0\s*[)]|^[ (]*([+]|00)[^0-9]*0*{CODES}[^0-9]*0"

_EXTENSION = re.compile(
    r"(?<=[0-9)])[\s,;.(/\-]*(?:extension|ext|extn|xtn|xt|x|int|anexo|durchwahl|dw|poste|app|#)[\s.:=#)\-]*[0-9]{0,7}[\s)]*$", re.IGNORECASE
)
_KEYS = {letter: str(key) for key, letters in enumerate("abc def ghi jkl mno pqrs tuv wxyz".split(), start=2) for letter in letters}
_VANITY = re.compile(r"[0-9][\s\-.)]*([a-z][a-z\-.\s]{2,})$", re.IGNORECASE)


def number_of(text: str) -> str:
    """The comparable digits of a doubtful number; empty where there are none."""
    plain = _EXTENSION.sub("", unicodedata.normalize("NFKC", "".join(map(_ascii_digit, text))).removeprefix("tel:"))
    if vanity := _VANITY.search(plain):
        plain = plain[: vanity.start(1)] + "".join(_KEYS.get(letter, "") for letter in vanity[1].lower())
    international = re.match(r"[\s(]*(?:\+|00)[^0-9]*0*", plain)
    if international and (found := _parsed("+" + plain[international.end() :])):
        return found
    return re.sub("[^0-9]", "", plain).lstrip("0")


def _ascii_digit(sign: str) -> str:
    return sign if sign.isascii() else str(unicodedata.decimal(sign, sign))


def _parsed(number: str) -> str | None:
    import phonenumbers

    try:
        found = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return None
    return f"{found.country_code}{phonenumbers.national_significant_number(found)}"
