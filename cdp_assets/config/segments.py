"""The section ``segments``: of whom a segment is, and the conditions that make somebody a member.

What a condition can ask about, and of which type that is, is in subjects.py; the rule in words is in ``words`` here.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, model_validator

from cdp_assets.config.base import NAME, NAME_RULE, RefusedError, Section, snake_case
from cdp_assets.config.conditions import FORMS, Comparison, comparisons, in_words, misfits
from cdp_assets.config.problems import Finding, Location, shown
from cdp_assets.config.sources import purpose_form
from cdp_assets.config.subjects import KINDS, SubjectError, places, resolve

if TYPE_CHECKING:
    from cdp_assets.config.project import ProjectConfig

LIMIT = 300
"""Segments, measures and predictions together."""


def _segment_name(name: str) -> str:
    if not NAME.fullmatch(name):
        raise RefusedError("is not a name for a segment", allowed=[NAME_RULE], nearest=snake_case(name))
    return name


SegmentName = Annotated[str, AfterValidator(_segment_name)]


class SegmentCondition(Comparison):
    """One condition, written as {what: value}."""

    what: str
    """What is asked about, such as profile.country, measure.total_spend or consent.newsletter."""


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
    if isinstance(asked, dict) and len(asked) != 1:
        raise RefusedError(f"{what}: must have one comparison; write two conditions for a range", allowed=FORMS)
    [(operator, values)] = comparisons(asked, what)
    return SegmentCondition(what=what, operator=operator, values=values)


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
        lacks = [(*at[:2], "of"), *places(config, segment.of, condition.what)]
        yield Finding(where, error.message, shown(error.found), error.known or ["none"], error.nearest, lacks=lacks)
        return
    for misfit in misfits(condition.what, subject.type, condition.operator, condition.values):
        yield Finding(where, misfit.message, misfit.found, misfit.allowed, lacks=[where, (*at[:2], "of")])


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
    return f"{what} {in_words(condition.operator, condition.values)}"


def segments_of(config: "ProjectConfig", entity: str) -> Mapping[str, Segment]:
    """The segments of customers or of contacts."""
    return {name: segment for name, segment in config.segments.items() if segment.of == entity}
