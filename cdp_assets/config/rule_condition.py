"""A condition of a rule: which field is compared, how it is made alike first, and how alike it must be."""

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, Literal

import pydantic
from pydantic import BeforeValidator, Discriminator, Tag

from cdp_assets.config.base import RefusedError, Section
from cdp_assets.config.fields import Field

if TYPE_CHECKING:
    from cdp_assets.config.project import ProjectConfig

PRECISIONS = {"low": 0.3, "medium": 0.6, "high": 0.8, "exact": 1.0}
_PRECISION_RULE = [*PRECISIONS, "a whole per cent from 0.01 to 1, such as 0.85"]
Kind = Literal["name", "address", "organization", "text"]
_BY_TYPE: dict[str, Kind] = {
    "person.full_name": "name",
    "location.address": "address",
    "location.street": "address",
    "organization.name": "organization",
}
"""What the values of a semantic type are compared as where they may differ; everything else is text."""


def _precision(written: Any) -> float:
    if isinstance(written, str) and written in PRECISIONS:
        return PRECISIONS[written]
    if isinstance(written, int | float) and not isinstance(written, bool) and 0.01 <= written <= 1:
        if (Decimal(str(written)) * 100) % 1:
            raise RefusedError("is not a whole per cent", allowed=_PRECISION_RULE)
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
    as_: Kind | None = pydantic.Field(default=None, alias="as")
    """name: as a person's name, in the best order of its words; address, organization: word by word, rare words weigh more;
    text: letter by letter. Without it by the type of the fields where precision is below 1, else as text."""
    normalise: tuple[Literal["lower", "whitespace", "symbols", "unicode", "numerals", "phone", "name", "address", "organization"], ...] = ()
    """What is made alike before comparing; the data are not changed."""
    precision: Precision = 1.0
    """How alike the values must be: low (0.3), medium (0.6), high (0.8), exact (1), or a whole per cent such as 0.85."""
    alias: str | None = None
    """The list (of aliases) whose pairs of values mean the same."""
    bypass: str | None = None
    """The list (of bypass) whose values are alike to nothing."""

    def compared_as(self, left: Field, right: Field) -> Kind:
        """How the values of two fields are compared: as stated, else by their type where they may differ, both in the same way."""
        kinds = self.kinds(left, right)
        return kinds[0] if kinds else "text"

    def kinds(self, left: Field, right: Field) -> list[Kind]:
        """What the fields ask to be compared as, text left out, each once; two contradict each other."""
        if self.as_ is not None:
            return [self.as_]
        asked = [_BY_TYPE[field.type] for field in (left, right) if self.precision < 1 and field.type in _BY_TYPE]
        return list(dict.fromkeys(asked))

    def sides(self, config: "ProjectConfig", left_source: str, right_source: str) -> tuple[str, str]:
        """The names of the field in both sources. The configuration must be a valid one that holds this condition."""
        left, right = sides(self.field, config.sources[left_source].fields, config.sources[right_source].fields)
        if right is None:
            raise KeyError(left)
        return left, right


Conditions = Annotated[tuple[Condition, ...], pydantic.Field(min_length=1)]
