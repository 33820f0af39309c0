"""Conditions on a value, as segments and row filters write them: how they are compared, and with what. Knows no section.

A condition is a value, a list of values of which one is enough, or a mapping with a comparison, such as `{at_least: 10}`.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any, Literal, NamedTuple

from cdp_assets.config.base import RefusedError, Section
from cdp_assets.config.problems import nearest, shown

Value = bool | int | float | date | str
Operator = Literal["is", "is_not", "above", "at_least", "below", "at_most", "exists"]
Type = Literal["text", "number", "boolean", "day"]

TYPES_IN_WORDS: dict[Type, str] = {"text": "text", "number": "a number", "boolean": "true or false", "day": "a day"}
BOUNDS = {"above": "above", "at_least": "at least", "below": "below", "at_most": "at most"}
OPERATORS = [*BOUNDS, "is_not", "exists"]
FORMS = ["a value", "a list of values", *(f"{{{name}: ...}}" for name in OPERATORS)]


class Comparison(Section):
    """How a value is compared, and with what."""

    operator: Operator
    """How it is compared."""
    values: tuple[Value, ...]
    """With what: one value, or several of which one is enough."""


class Misfit(NamedTuple):
    """Why a comparison cannot be asked of values of a type: the message, what was found, what is allowed."""

    message: str
    found: str | None = None
    allowed: Sequence[str] = ()


def type_of(data_type: str) -> Type:
    """What values of a type of the lake are for people."""
    if data_type in ("varchar", "boolean"):
        return "text" if data_type == "varchar" else "boolean"
    return "day" if data_type in ("date", "timestamp") else "number"


def comparisons(asked: Any, what: str = "", nobody: str = "nobody could be a member") -> list[tuple[Operator, tuple[Value, ...]]]:
    """The comparisons in a condition as it is written; RefusedError, with `what` before it, for what is none.

    `nobody` says what an empty list would mean.
    """
    prefix = f"{what}: " if what else ""
    if not isinstance(asked, dict):
        return [("is", _values(asked, nobody))]
    if not asked:
        raise RefusedError(f"{prefix}must have a comparison", allowed=FORMS)
    found: list[tuple[Operator, tuple[Value, ...]]] = []
    for operator, value in asked.items():
        if operator not in OPERATORS:
            raise RefusedError(f"{prefix}unknown comparison {shown(operator)}", allowed=OPERATORS, nearest=nearest(operator, OPERATORS))
        if operator == "exists" and not isinstance(value, bool):
            raise RefusedError(f"{prefix}exists is true or false")
        if operator in BOUNDS and isinstance(value, list):
            raise RefusedError(f"{prefix}{operator} takes one value")
        found.append((operator, _values(value, nobody)))
    return found


def misfits(what: str, its: Type, operator: Operator, values: Sequence[Value]) -> Iterator[Misfit]:
    """Why this comparison cannot be asked of `what`, whose values are of this type; nothing where it can."""
    is_type = f"{what} is {TYPES_IN_WORDS[its]}"
    if operator in BOUNDS and its in ("text", "boolean"):
        allowed = ["a value", "a list of values", "{is_not: ...}", "{exists: true}"]
        yield Misfit(f"{is_type}, which has no order: {operator} cannot be asked of it", None, allowed)
    elif its == "boolean" and len(values) > 1:
        yield Misfit(f"{is_type}; a list of both says nothing, write one of them")
    elif operator != "exists":
        for value in values:
            if not _is_of(its, value):
                yield Misfit(f"{is_type}; compare it with one{_hint(its, value)}", shown(value))


def day_of(value: Value) -> date | None:
    """The day that a value of a condition is; None when it is none."""
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def in_words(operator: Operator, values: Sequence[Value]) -> str:
    """The comparison as people read it, to stand after what it is about."""
    if operator == "exists":
        return "is known" if tuple(values) == (True,) else "is not known"
    written = " or ".join(_value_in_words(value) for value in values)
    word = {**BOUNDS, "is": "is", "is_not": "is not"}[operator]
    return f"{word} {written}"


def _scalar(value: Any) -> Value:
    if isinstance(value, datetime):
        raise RefusedError("is a time; a condition asks about days", allowed=["a day such as 2026-01-31"])
    if isinstance(value, bool | int | float | date) or (isinstance(value, str) and value.strip()):
        return value
    raise RefusedError("is no value that can be compared", allowed=FORMS)


def _values(written: Any, nobody: str) -> tuple[Value, ...]:
    several = written if isinstance(written, list) else [written]
    if not several:
        raise RefusedError(f"is an empty list, so that {nobody}; list at least one value")
    return tuple(_scalar(each) for each in several)


def _is_of(its: Type, value: Value) -> bool:
    match its:
        case "text":
            return isinstance(value, str)
        case "boolean":
            return isinstance(value, bool)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < float("inf")
        case _:
            return day_of(value) is not None


def _hint(its: Type, value: Value) -> str:
    if its == "text":
        return f', in quotes: "{value}"'
    if its == "day":
        return ", such as 2026-01-31"
    return ": true or false" if its == "boolean" else ""


def _value_in_words(value: Value) -> str:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)
