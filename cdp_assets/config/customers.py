"""The section ``customers``: dedupe inside a source, match between sources, and which value wins."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import pydantic
from pydantic import BeforeValidator, Discriminator, Tag

from cdp_assets.config.base import RefusedError, Section, Text
from cdp_assets.config.fields import Field

if TYPE_CHECKING:
    from cdp_assets.config.project import ProjectConfig

PRECISIONS = {"low": 0.3, "medium": 0.6, "high": 0.8, "exact": 1.0}
_PRECISION_RULE = [*PRECISIONS, "a number from 0.01 to 1"]


def _precision(written: Any) -> float:
    if isinstance(written, str) and written in PRECISIONS:
        return PRECISIONS[written]
    if isinstance(written, int | float) and not isinstance(written, bool) and 0.01 <= written <= 1:
        return float(written)
    raise RefusedError("is not a precision", allowed=_PRECISION_RULE)


Precision = Annotated[
    float,
    BeforeValidator(_precision, json_schema_input_type=Literal["low", "medium", "high", "exact"] | float),
]


class Sides(Section):
    """The field of a condition where the two sides call it by different names."""

    left: str
    """The field of the left source."""
    right: str
    """The field of the right source."""


def sides(field: str | Sides, left: Mapping[str, Field | None], right: Mapping[str, Field | None]) -> tuple[str, str | None]:
    """The names of a condition's field on both sides; None where the right side has no such field, or several.

    A plain name is the field of that name, else on the right the one field with the semantic type of the left's.
    """
    if isinstance(field, Sides):
        return field.left, field.right
    if field in right:
        return field, field
    mine = left.get(field)
    same = [name for name, other in right.items() if mine and mine.semantic and other and other.type == mine.type]
    return field, same[0] if len(same) == 1 else None


def _form(field: Any) -> str:
    return "sides" if isinstance(field, dict | Sides) else "name"


class Condition(Section):
    """One comparison of a rule: the field is equal on both sides, or as alike as the precision asks for."""

    field: Annotated[Annotated[str, Tag("name")] | Annotated[Sides, Tag("sides")], Discriminator(_form)]
    """The field; {left, right} where the sides call it by different names."""
    as_: Literal["name"] | None = pydantic.Field(default=None, alias="as")
    """name: compared as a person's name, in the best order of its words."""
    normalise: tuple[Literal["lower", "whitespace", "symbols", "unicode"], ...] = ()
    """What is made alike before comparing; the data are not changed."""
    precision: Precision = 1.0
    """How alike the values must be: low (0.3), medium (0.6), high (0.8), exact (1), or a number."""

    def sides(self, config: "ProjectConfig", left_source: str, right_source: str) -> tuple[str, str]:
        """The names of the field in both sources. The configuration must be a valid one that holds this condition."""
        left, right = sides(self.field, config.sources[left_source].fields, config.sources[right_source].fields)
        if right is None:
            raise KeyError(left)
        return left, right


Conditions = Annotated[tuple[Condition, ...], pydantic.Field(min_length=1)]


class DedupeRule(Section):
    """Two records of one source are the same person when all conditions hold."""

    name: Text
    """How the rule is called in the results."""
    all: Conditions
    """The conditions, all of which must hold."""


class Dedupe(Section):
    """How records of one source that are the same person become one."""

    rules: tuple[DedupeRule, ...] = ()
    """Any of them joins two records; records with the same primary key are always joined."""
    keep: Literal["most_filled"] = "most_filled"
    """Which record goes on: the one with the most filled fields, at a tie the one with the greatest key."""


class MatchRule(Section):
    """A record of the right source is the same person as one of the left when all conditions hold."""

    name: Text
    """How the rule is called in the results."""
    left: str
    """The source that stands higher in match_order."""
    right: str
    """The source that stands lower in match_order."""
    all: Conditions
    """The conditions, all of which must hold."""


class Merge(Section):
    """Which source's value of a field goes into the profile."""

    importance: Annotated[tuple[str, ...], pydantic.Field(min_length=1)]
    """Sources in the order of their weight: the first one that has a value wins."""


class Customers(Section):
    """How records of the sources become profiles of people."""

    section: ClassVar[str] = "customers"
    """Where this is written; accounts and contacts have the same form."""

    match_order: Annotated[tuple[str, ...], pydantic.Field(min_length=1)] = ()
    """The sources that take part, the most complete and reliable first; without it all, in the order of the file."""
    dedupe: dict[str, Dedupe] = {}
    """Rules inside a source, by source."""
    match: tuple[MatchRule, ...] = ()
    """Rules between two sources, the first that holds for a record wins."""
    merge: dict[str, Merge] = {}
    """Which value wins, by field; without it the order of match_order."""
