"""The section ``schedule``: when the refresh runs by itself.

Times are those of the clock in the time zone. Where the clock is put forward over a time, the run starts at the first minute
that there is again (02:30 becomes 03:00); where it is put back over one, the run starts once, at the second of the two.
"""

import re
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, available_timezones

import pydantic
from pydantic import AfterValidator, BeforeValidator, model_validator

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


Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
MOST_TIMES = 4


def _time(written: str) -> str:
    if not _TIME.fullmatch(written):
        raise RefusedError("is not a time of the day", allowed=["hours and minutes from 00:00 to 23:59, such as 04:00"])
    return written.zfill(5)


def _one_or_more(written: Any) -> Any:
    return [written] if isinstance(written, str) else written


def _distinct(values: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(values)) < len(values):
        raise RefusedError("names one of them twice")
    return values


def _times(values: tuple[str, ...]) -> tuple[str, ...]:
    if len(values) > MOST_TIMES:
        raise RefusedError(f"has {len(values)} times", allowed=[f"up to {MOST_TIMES} times a day"])
    return _distinct(values)


class Schedule(Section):
    """When the refresh runs by itself: off, daily, weekly, or as cron says. Without the section it does not."""

    every: Literal["day", "week"] | None = None
    """day, or week with the days `on` which."""
    on: Annotated[tuple[Weekday, ...], BeforeValidator(_one_or_more), AfterValidator(_distinct)] = ()
    """The days of the week, one at least: mon, tue, wed, thu, fri, sat, sun."""
    at: Annotated[
        tuple[Annotated[str, AfterValidator(_time)], ...],
        BeforeValidator(_one_or_more, json_schema_input_type=str | list[str]),
        AfterValidator(_times),
        pydantic.Field(min_length=1),
    ] = ("04:00",)
    """The times of these days, up to four, such as "04:00"."""
    cron: Cron | None = "0 4 * * *"
    """Instead of `every`: minute, hour, day, month, weekday; null for none."""
    time_zone: Annotated[str, AfterValidator(_time_zone)] = "UTC"
    """The time zone of all these times, and of those of exports and of the upkeep, such as Europe/Berlin."""

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        written = self.model_fields_set
        if self.every is None and (extra := sorted(written & {"on", "at"})):
            raise RefusedError(f"{' and '.join(extra)} without every", allowed=["every: day", "every: week"])
        if self.every is not None and "cron" in written:
            raise RefusedError("has both every and cron; write one of them")
        if self.every == "day" and self.on:
            raise RefusedError("every: day has no days of the week (on)", allowed=["every: week"])
        if self.every == "week" and not self.on:
            raise RefusedError("every: week without a day of the week", allowed=["on: [mon], and other days"])
        return self

    @property
    def stated(self) -> bool:
        """Whether the file says when: then the schedule is on from the start, otherwise somebody may switch it on."""
        return self.every is not None or "cron" in self.model_fields_set

    @property
    def crons(self) -> tuple[str, ...]:
        """The times in the notation of cron; none where the schedule is off."""
        if self.every is None:
            return () if self.cron is None else (self.cron,)
        days = ",".join(self.on) if self.every == "week" else "*"
        parts = [time.split(":") for time in sorted(self.at)]
        return tuple(f"{int(minute)} {int(hour)} * * {days}" for hour, minute in parts)


def _off(written: Any) -> Any:
    """`schedule: off`, which some readers of YAML take for false."""
    if written is False or written == "off":
        return {"cron": None}
    if isinstance(written, str | bool):
        raise RefusedError("is not a schedule", allowed=["off", 'a mapping such as {every: day, at: "04:00"}'])
    return written


ScheduleOrOff = Annotated[Schedule, BeforeValidator(_off, json_schema_input_type=Schedule | Literal["off", False])]
"""The section, or the word off in its place."""
