"""The part `merge` of customers, accounts and contacts: whose value of a field goes into the profile.

Which fields there are to choose from (combine, separate, exclude) is in unified.py, what may be written in merge_checks.py.
"""

from typing import Annotated, Any, Literal

import pydantic
from pydantic import AfterValidator, BeforeValidator, model_validator

from cdp_assets.config.base import COLUMNS, NAME, NAME_RULE, RefusedError, Section

Policy = Literal["importance", "most_recent", "least_recent"]

MOST_FIELDS = 10
"""How many fields a group may have."""
MOST_SOURCES = 15
"""How many sources a group may be taken from."""

_MOMENT_RULE = ["a field", "{source: field, ...}"]


def _moment(written: Any) -> Any:
    """A field's name, or one for each source."""
    several = isinstance(written, dict) and written and all(isinstance(each, str) for pair in written.items() for each in pair)
    if several or (isinstance(written, str) and written):
        return written
    raise RefusedError("must be the field that says how recent a value is, or one for each source", allowed=_MOMENT_RULE)


def _several(names: tuple[str, ...]) -> tuple[str, ...]:
    if len(names) < 2:
        raise RefusedError("must have at least two fields; one alone needs no group")
    return names


def _parts(parts: dict[str, str]) -> dict[str, str]:
    if len(parts) < 2:
        raise RefusedError("must have fields of at least two sources", allowed=["{source: field, source: field}"])
    return parts


Parts = Annotated[dict[str, str], AfterValidator(_parts)]
"""Fields that are one field of the profile, by source."""
Moment = Annotated[str | dict[str, str], BeforeValidator(_moment, json_schema_input_type=str | dict[str, str])]
"""The field that says how recent a record's values are: one name for all sources, or a name by source."""


class Merge(Section):
    """Whose value of a field, or of a group of fields together, goes into the profile. One of the three rules."""

    importance: Annotated[tuple[str, ...], pydantic.Field(min_length=1)] | None = None
    """Sources in the order of their weight: the first one that has a value wins."""
    most_recent: Moment | None = None
    """The newest value wins: a date, timestamp or number of each source, as the name of a field or {source: field}."""
    least_recent: Moment | None = None
    """The oldest value wins; written as most_recent is."""
    group: Annotated[tuple[str, ...], pydantic.Field(max_length=MOST_FIELDS), AfterValidator(_several)] | None = None
    """Fields of the profile that are taken together from one record, never mixed; the entry then has a name of its own."""

    @model_validator(mode="after")
    def _one_rule(self) -> "Merge":
        stated = [name for name in ("importance", "most_recent", "least_recent") if getattr(self, name) is not None]
        if len(stated) > 1:
            raise RefusedError(f"has {' and '.join(stated)}; one of them decides, remove the others", certain=True)
        if not stated and self.group is None:
            raise RefusedError("says no rule", allowed=["importance: [source, ...]", "most_recent: field", "least_recent: field"])
        return self

    @property
    def policy(self) -> Policy:
        """The rule; of a group without one importance."""
        return "most_recent" if self.most_recent is not None else "least_recent" if self.least_recent is not None else "importance"

    @property
    def moment(self) -> str | dict[str, str] | None:
        """The field that says how recent a value is; None where importance decides."""
        return self.most_recent if self.most_recent is not None else self.least_recent


def unified_name(name: str) -> str:
    """The name of a field of the profile that the configuration makes; RefusedError where it is none."""
    if not NAME.fullmatch(name):
        raise RefusedError("is not a name for a field", allowed=[NAME_RULE])
    if name in COLUMNS:
        raise RefusedError("is a column that the program adds itself; choose another name")
    return name


UnifiedName = Annotated[str, AfterValidator(unified_name)]
