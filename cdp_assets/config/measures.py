"""The section ``measures``: figures of each customer, computed from activities."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal

import pydantic
from pydantic import AfterValidator, model_validator

from cdp_assets.config.activities import owner
from cdp_assets.config.base import COLUMNS, NAME, NAME_RULE, RefusedError, Section, snake_case
from cdp_assets.config.problems import Finding, Location, shown, unknown

if TYPE_CHECKING:
    from cdp_assets.config.project import ProjectConfig

Function = Literal["sum", "average", "count", "max", "min", "first", "last"]


def _name(name: str) -> str:
    if not NAME.fullmatch(name):
        raise RefusedError("is not a name for a measure", allowed=[NAME_RULE], nearest=snake_case(name))
    if name in COLUMNS:
        raise RefusedError("is a column that the program adds itself; choose another name")
    return name


MeasureName = Annotated[str, AfterValidator(_name)]


class Measure(Section):
    """One figure of each customer."""

    function: Function
    """sum, average, count, max, min; first and last: the value of the earliest and the latest activity."""
    field: Literal["amount", "time"] | None = None
    """Of what: amount or time. A count needs none; with one it counts the activities that have it."""
    activities: Annotated[tuple[str, ...], pydantic.Field(min_length=1)]
    """The activities that count."""

    @model_validator(mode="after")
    def _fits(self) -> "Measure":
        if self.field is None and self.function != "count":
            raise RefusedError(f"{self.function} needs a field", allowed=["field: amount", "field: time"])
        if self.field == "time" and self.function in ("sum", "average"):
            raise RefusedError(f"a time has no {self.function}; write field: amount, or another function", allowed=["max", "min", "count"])
        return self


def check(config: "ProjectConfig") -> Iterator[Finding]:
    """The activities of each measure exist, are customers' and have an amount where one is asked for."""
    for name, measure in config.measures.items():
        for place, activity in enumerate(measure.activities):
            at: Location = ("measures", name, "activities", place)
            if activity not in config.activities:
                yield unknown(at, "activity", activity, config.activities, ("activities", activity))
            elif activity in measure.activities[:place]:
                yield Finding(at, "stands twice", shown(activity))
            elif owner(config, activity) != "customer":
                yield Finding(at, "is an activity of accounts; a measure is a figure of a customer", shown(activity))
            elif measure.field == "amount" and config.activities[activity].amount is None:
                message = f"has no amount; add amount: <field with the money> under activities.{activity}"
                allowed = [each for each, its in config.activities.items() if its.amount] or ["none"]
                yield Finding(at, message, shown(activity), allowed, lacks=[("activities", activity, "amount")])
