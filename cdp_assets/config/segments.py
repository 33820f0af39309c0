"""The section ``segments``: of whom a segment is, and the conditions that make somebody a member.

What a condition can ask about, and of which type that is, is in subjects.py; the rule in words is in ``words`` here.
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, model_validator

from cdp_assets.config.base import NAME, NAME_RULE, RefusedError, Section, snake_case
from cdp_assets.config.problems import Finding, Location, nearest, shown
from cdp_assets.config.sources import purpose_form
from cdp_assets.config.subjects import KINDS, TYPES_IN_WORDS, Subject, SubjectError, resolve

if TYPE_CHECKING:
    from cdp_assets.config.project import ProjectConfig

LIMIT = 300
"""Segments, measures and predictions together."""

Value = bool | int | float | date | str
Operator = Literal["is", "is_not", "above", "at_least", "below", "at_most", "exists"]

_BOUNDS = {"above": "above", "at_least": "at least", "below": "below", "at_most": "at most"}
_OPERATORS = [*_BOUNDS, "is_not", "exists"]
_FORMS = ["a value", "a list of values", *(f"{{{name}: ...}}" for name in _OPERATORS)]


def _segment_name(name: str) -> str:
    if not NAME.fullmatch(name):
        raise RefusedError("is not a name for a segment", allowed=[NAME_RULE], nearest=snake_case(name))
    return name


SegmentName = Annotated[str, AfterValidator(_segment_name)]


class SegmentCondition(Section):
    """One condition, written as {what: value}."""

    what: str
    """What is asked about, such as profile.country, measure.total_spend or consent.newsletter."""
    operator: Operator
    """How it is compared."""
    values: tuple[Value, ...]
    """With what: one value, or several of which one is enough."""


def _scalar(value: Any) -> Value:
    if isinstance(value, datetime):
        raise RefusedError("is a time; a segment asks about days", allowed=["a day such as 2026-01-31"])
    if isinstance(value, bool | int | float | date) or (isinstance(value, str) and value.strip()):
        return value
    raise RefusedError("is no value that can be compared", allowed=_FORMS)


def _values(written: Any) -> tuple[Value, ...]:
    several = written if isinstance(written, list) else [written]
    if not several:
        raise RefusedError("is an empty list, so that nobody could be a member; list at least one value")
    return tuple(_scalar(each) for each in several)


def _condition(written: Any) -> Any:
    if isinstance(written, SegmentCondition):
        return written
    if not isinstance(written, dict) or len(written) != 1:
        raise RefusedError(
            "must be one condition, {what: value}; several stand in a list, each with a - before it or in braces of its own",
            allowed=[f"{kind}..." for kind in KINDS],
        )
    [(what, asked)] = written.items()
    if what.startswith("consent."):
        what = f"consent.{purpose_form(what.removeprefix('consent.'))}"
    if not isinstance(asked, dict):
        return SegmentCondition(what=what, operator="is", values=_values(asked))
    if len(asked) != 1:
        raise RefusedError(f"{what}: must have one comparison; write two conditions for a range", allowed=_FORMS)
    [(operator, value)] = asked.items()
    if operator not in _OPERATORS:
        raise RefusedError(f"{what}: unknown comparison {shown(operator)}", allowed=_OPERATORS, nearest=nearest(operator, _OPERATORS))
    if operator == "exists" and not isinstance(value, bool):
        raise RefusedError(f"{what}: exists is true or false")
    if operator in _BOUNDS and isinstance(value, list):
        raise RefusedError(f"{what}: {operator} takes one value")
    return SegmentCondition(what=what, operator=operator, values=_values(value))


Written = Annotated[SegmentCondition, BeforeValidator(_condition, json_schema_input_type=dict[str, Any])]


class Segment(Section):
    """Customers or contacts for whom conditions hold."""

    of: Literal["customers", "contacts"] = "customers"
    """Whom it is made of."""
    all: tuple[Written, ...] = ()
    """Conditions that must all hold."""
    any: tuple[Written, ...] = ()
    """Conditions of which at least one must hold, besides those of all."""

    @model_validator(mode="after")
    def _not_empty(self) -> "Segment":
        if not self.all and not self.any:
            raise RefusedError("has no conditions", allowed=["all: [{what: value}, ...]", "any: [{what: value}, ...]"])
        return self

    @property
    def conditions(self) -> tuple[SegmentCondition, ...]:
        """All conditions, in the order of the file."""
        return (*self.all, *self.any)

    def words(self) -> str:
        """The rule as people read it."""
        must = [_in_words(condition) for condition in self.all]
        one = " or ".join(_in_words(condition) for condition in self.any)
        return ", and ".join([*must, *([f"({one})" if must and len(self.any) > 1 else one] if one else [])])


def check(config: "ProjectConfig") -> Iterator[Finding]:
    """Conditions ask about what exists, and compare it with values of its type; there are not too many segments."""
    count = len(config.segments) + len(config.measures) + len(config.clv)
    if config.segments and count > LIMIT:
        yield Finding(("segments",), f"segments, measures and predictions are {count} together; {LIMIT} are allowed")
    for name, segment in config.segments.items():
        for group in ("all", "any"):
            for number, condition in enumerate(getattr(segment, group)):
                yield from _fits(config, segment, ("segments", name, group, number), condition)


def _fits(config: "ProjectConfig", segment: Segment, at: Location, condition: SegmentCondition) -> Iterator[Finding]:
    where = (*at, condition.what)
    try:
        subject = resolve(config, segment.of, condition.what)
    except SubjectError as error:
        yield Finding(where, error.message, shown(error.found), error.known or ["none"], error.nearest)
        return
    is_type = f"{condition.what} is {TYPES_IN_WORDS[subject.type]}"
    if condition.operator in _BOUNDS and subject.type in ("text", "boolean"):
        allowed = ["a value", "a list of values", "{is_not: ...}", "{exists: true}"]
        yield Finding(where, f"{is_type}, which has no order: {condition.operator} cannot be asked of it", None, allowed)
    elif subject.type == "boolean" and len(condition.values) > 1:
        yield Finding(where, f"{is_type}; a list of both says nothing, write one of them")
    elif condition.operator != "exists":
        for value in condition.values:
            if not _is_of(subject, value):
                yield Finding(where, f"{is_type}; compare it with one{_hint(subject, value)}", shown(value))


def _is_of(subject: Subject, value: Value) -> bool:
    match subject.type:
        case "text":
            return isinstance(value, str)
        case "boolean":
            return isinstance(value, bool)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < float("inf")
        case _:
            return day_of(value) is not None


def _hint(subject: Subject, value: Value) -> str:
    if subject.type == "text":
        return f', in quotes: "{value}"'
    if subject.type == "day":
        return ", such as 2026-01-31"
    return ": true or false" if subject.type == "boolean" else ""


def day_of(value: Value) -> date | None:
    """The day that a value of a condition is; None when it is none."""
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _in_words(condition: SegmentCondition) -> str:
    kind, _, rest = condition.what.partition(".")
    name, _, part = rest.partition(".")
    yes = condition.values == ((False,) if condition.operator == "is_not" else (True,))
    if kind == "consent":
        what = "a statement on" if condition.operator == "exists" else "consent to"
        return f"{what} {rest}" if yes else f"no {what.removeprefix('a ')} {rest}"
    if kind == "clv" and part == "high_value" and condition.operator != "exists":
        return f"{name}: high value" if yes else f"{name}: not high value"
    what = {"clv": f"{name}: {part}", "account": f"{rest} of the account"}.get(kind, rest)
    return f"{what} {_compared(condition)}"


def _compared(condition: SegmentCondition) -> str:
    if condition.operator == "exists":
        return "is known" if condition.values == (True,) else "is not known"
    values = " or ".join(_value_in_words(value) for value in condition.values)
    word = {**_BOUNDS, "is": "is", "is_not": "is not"}[condition.operator]
    return f"{word} {values}"


def _value_in_words(value: Value) -> str:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


def segments_of(config: "ProjectConfig", entity: str) -> Mapping[str, Segment]:
    """The segments of customers or of contacts."""
    return {name: segment for name, segment in config.segments.items() if segment.of == entity}
