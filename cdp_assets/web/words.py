"""Values and times as people read them on the pages."""

import re
from datetime import date, datetime

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
FRESH_DAYS = 1
"""So many days after the date of the data, the pages say how old they are."""


def day(value: date) -> str:
    """A date, such as 3 May 2026."""
    return f"{value.day} {MONTHS[value.month - 1]} {value.year}"


def moment(value: datetime) -> str:
    """A time in UTC to the minute, such as 3 May 2026, 12:01."""
    return f"{day(value)}, {value:%H:%M}"


def count(number: int, one: str, many: str = "") -> str:
    """A number and what is counted: 1 record, 1,204 records."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def shown(value: object, kind: str = "varchar") -> str:
    """A value of a field of this type in the lake."""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, date):
        return day(value)
    if isinstance(value, float):
        return f"{value:,.2f}" if kind.startswith("decimal") else f"{value:.15g}"
    return str(value)


def money(value: float) -> str:
    """An amount in the currency of the sources."""
    return f"{value:,.2f}"


def percent(value: float) -> str:
    """A share in per cent."""
    return f"{value:.1f} %" if value < 10 else f"{value:.0f} %"


def words(text: str) -> str:
    """A name of the configuration as people read it: high_value is High value, SalesOrder is Sales order."""
    plain = re.sub(r"(?<=[a-z])([A-Z])(?=[a-z])", lambda found: f" {found[1].lower()}", text.replace("_", " ").strip())
    return plain[:1].upper() + plain[1:]


def initials(name: str | None) -> str:
    """The first letters of the first and last word that begin with a letter; empty when there is none."""
    words = [word for word in (name or "").split() if word[0].isalpha()]
    return "".join(word[0] for word in dict.fromkeys([words[0], words[-1]])).upper() if words else ""


def age(as_of: date, today: date) -> str:
    """How old the data are, empty while they are fresh."""
    days = (today - as_of).days
    return count(days, "day") + " old" if days > FRESH_DAYS else ""
