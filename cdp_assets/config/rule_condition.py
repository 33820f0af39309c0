"""A condition of a rule: which field is compared, how it is made alike first, and how alike it must be."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

import pydantic
from pydantic import BeforeValidator, Discriminator, Tag

from cdp_assets.config.base import RefusedError, Section
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
