"""What values look like, as conditions in SQL over the column `text`; those of types are the very ones that a refresh reads with."""

from collections.abc import Mapping

from cdp_assets.config import Field
from cdp_assets.lake.source import literal
from cdp_assets.sources.convert import conversion


def readable(type_: str, format_: str | None = None) -> str:
    """Whether the text can be read as a value of this type."""
    value = conversion("text", "varchar", Field(type=type_, format=format_)).value
    return f"({value.sql(dialect='duckdb')}) is not null"


def _like(pattern: str) -> str:
    return f"regexp_full_match(text, {literal(pattern)})"


_SUFFIX = (
    r"(?i).*\b(gmbh|ag|kg|ohg|inc|llc|llp|ltd|limited|plc|corp|corporation|company|co|group|holding|sarl|s\.?a|bv|nv|oy|ab|as|spa|srl)\.?"
)
_DATE = (
    r"[0-9]{1,4}([./-])[0-9]{1,2}([./-])[0-9]{1,4}([T ].*)?"
    r"|[0-9]{1,2}[. -]+\p{L}+[.,]?[ -]+[0-9]{4}.*|\p{L}+ [0-9]{1,2}, [0-9]{4}.*"
)

COUNTS: Mapping[str, str] = {
    "integer": readable("integer"),
    "number": readable("number"),
    "boolean": readable("boolean"),
    "date": readable("date"),
    "timestamp": readable("timestamp"),
    "cents": _like(r"[+-]?[0-9]+([.][0-9]{1,2}0*)?"),
    "comma": _like(r"[+-]?[0-9]{1,3}([.]?[0-9]{3})*,[0-9]+"),
    "currency": _like(r"([€$£¥]|[A-Z]{3}) ?[+-]?[0-9].*|[+-]?[0-9].* ?([€$£¥]|[A-Z]{3})"),
    "leading zero": _like(r"0[0-9]+"),
    "datelike": _like(_DATE),
    "compact": _like(r"(19|20)[0-9]{2}(0[1-9]|1[0-2])([0-2][0-9]|3[01])"),
    "e-mail": _like(r"[^@\s]+@[^@\s]+[.][A-Za-z]{2,}"),
    "phone": _like(r"[+(]?[0-9(][0-9 ()./+-]*((x|ext[.]?) ?[0-9]+)?")
    + " and length(regexp_replace(text, '[^0-9]', '', 'g')) between 6 and 20",
    "address": _like(r"https?://.+"),
    "letters": _like(r"[\p{L}\p{M} .,'\x{2019}`-]+"),
    "several words": _like(r".*\S\s+\S.*"),
    "street": _like(r"[0-9]+[A-Za-z]? .*\p{L}.*|.*\p{L}.* [0-9]+ ?[A-Za-z]?"),
    "organisation": _like(_SUFFIX),
    "identifier": _like(r"[\p{L}0-9_.:-]*[0-9][\p{L}0-9_.:-]*"),
}
"""What is counted of every column."""

_DATES = {
    "/": ("%m/%d/%Y", "%d/%m/%Y", "%Y/%m/%d", "%m/%d/%y", "%d/%m/%y"),
    ".": ("%d.%m.%Y", "%m.%d.%Y", "%Y.%m.%d", "%d.%m.%y"),
    "-": ("%d-%m-%Y", "%m-%d-%Y", "%Y-%m-%d", "%d-%m-%y"),
}
_MONTHS = ("%d %b %Y", "%d %B %Y", "%d. %B %Y", "%d-%b-%Y", "%b %d, %Y", "%B %d, %Y")


def formats(forms: Mapping[str, int]) -> list[str]:
    """The patterns of dates and times in which values of these forms may be written, the more usual first."""
    text = " ".join(forms)
    found = list(_MONTHS) if any("a" in form.split("9")[0] or " a " in form or "-a-" in form for form in forms) else []
    for sign, patterns in _DATES.items():
        if f"9{sign}9" in text:
            found += patterns
    if any(form == "99999999" for form in forms):
        found.append("%Y%m%d")
    times = {_time(form) for form in forms}
    return [f"{date}{time}" for date in found for time in sorted(times)]


def _time(form: str) -> str:
    """How the time behind the date is written in values of this form; empty text for none."""
    colons = form.count(":")
    if not colons:
        return ""
    half = " %p" if form.rstrip().endswith("a") else ""
    hours = "%I" if half else "%H"
    between = "T" if "9a9" in form else " "
    return f"{between}{hours}:%M{':%S' if colons > 1 else ''}{half}"
