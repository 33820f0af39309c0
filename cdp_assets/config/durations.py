"""Lengths of time as people write them: `2 days`, `12 hours`, `30 minutes`."""

import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer

from cdp_assets.config.base import RefusedError

FORMS = ["a number and minutes, hours or days, such as 2 days"]
_UNITS = {"second": "seconds", "minute": "minutes", "hour": "hours", "day": "days", "week": "weeks"}
_WRITTEN = re.compile(r"(\d{1,6}) *(second|minute|hour|day|week)s?")


def in_words(length: timedelta) -> str:
    """The length in the largest unit that gives a whole number, such as 2 days."""
    seconds = int(length.total_seconds())
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1)):
        if seconds % size == 0:
            return f"{seconds // size} {unit}{'' if seconds == size else 's'}"
    raise AssertionError("unreachable")


def _duration(written: Any) -> timedelta:
    if isinstance(written, timedelta):
        return written
    match = _WRITTEN.fullmatch(written.strip().lower()) if isinstance(written, str) else None
    if match is None:
        raise RefusedError("is not a length of time", allowed=FORMS)
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


Duration = Annotated[timedelta, BeforeValidator(_duration, json_schema_input_type=str), PlainSerializer(in_words, return_type=str)]
"""A length of time."""
