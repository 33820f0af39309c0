"""The section ``schedule``: when the refresh runs by itself."""

import re
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator

from cdp_assets.config.base import RefusedError, Section
from cdp_assets.config.problems import nearest

_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_DAYS = "sun mon tue wed thu fri sat".split()
_PARTS: tuple[tuple[str, int, int, list[str]], ...] = (
    ("minute", 0, 59, []),
    ("hour", 0, 23, []),
    ("day of the month", 1, 31, []),
    ("month", 1, 12, _MONTHS),
    ("day of the week", 0, 7, _DAYS),
)
_ITEM = re.compile(r"(?:(\*)|(\w+)(?:-(\w+))?)(?:/(\d{1,4}))?", re.ASCII)


def _is_part(text: str, least: int, most: int, names: list[str]) -> bool:
    offset = 1 if names is _MONTHS else 0

    def number(word: str) -> int:
        if word.lower() in names:
            return names.index(word.lower()) + offset
        return int(word) if word.isdecimal() and len(word) <= 4 else -1

    for item in text.split(","):
        found = _ITEM.fullmatch(item)
        if not found:
            return False
        star, first, last, step = found.groups()
        start, end = (least, most) if star else (number(first), number(last or first))
        # a step after one number is read in different ways by different programs, so it is refused
        if not least <= start <= end <= most or step == "0" or (step and not star and last is None):
            return False
    return True


def _cron(value: str) -> str:
    parts = value.split()
    if len(parts) != len(_PARTS):
        raise RefusedError(f"must have five parts, found {len(parts)}", allowed=["minute hour day month weekday, such as 0 4 * * *"])
    for text, (name, least, most, names) in zip(parts, _PARTS, strict=True):
        if not _is_part(text, least, most, names):
            raise RefusedError(
                f'the {name} "{text}" cannot be used',
                allowed=[f"*, */n, a number or range from {least} to {most}, or a list of these"],
            )
    return value


def _time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        near = nearest(name, available_timezones())
        raise RefusedError("unknown time zone", allowed=["a name such as Europe/Berlin"], nearest=near) from None
    return name


Cron = Annotated[str, AfterValidator(_cron)]
"""A time in the notation of cron: minute, hour, day of the month, month, day of the week."""


class Schedule(Section):
    """When the refresh runs by itself, once the schedule is switched on in Dagster."""

    cron: Cron | None = "0 4 * * *"
    """Minute, hour, day, month, weekday; null for none."""
    time_zone: Annotated[str, AfterValidator(_time_zone)] = "UTC"
    """The time zone of the cron expression, such as Europe/Berlin."""
