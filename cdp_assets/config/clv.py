"""The section ``clv``: named predictions of lifetime value."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal

import pydantic
from pydantic import AfterValidator, Discriminator, StrictInt, Tag

from cdp_assets.config.activities import Activity, owner
from cdp_assets.config.base import NAME, NAME_RULE, RefusedError, Section, snake_case
from cdp_assets.config.problems import Finding, Location, nearest, shown

if TYPE_CHECKING:
    from cdp_assets.config.project import ProjectConfig

SALES_TYPES = ("SalesOrder", "SalesOrderLine")
"""The types of activities that hold purchases."""

_AMOUNTS, _TIMES = ("decimal", "number", "integer"), ("timestamp", "date")


def _prediction_name(name: str) -> str:
    if not NAME.fullmatch(name):
        raise RefusedError("is not a name for a prediction", allowed=[NAME_RULE], nearest=snake_case(name))
    return name


PredictionName = Annotated[str, AfterValidator(_prediction_name)]


class ActiveDays(Section):
    """Customers are active who bought in the last days."""

    days: Annotated[StrictInt, pydantic.Field(ge=1, le=3650)]
    """How many days."""


class TopPercent(Section):
    """The share of the active customers that counts as high value."""

    percent: Annotated[StrictInt, pydantic.Field(ge=1, le=100)]
    """In per cent."""


def _form(written: Any) -> str:
    return "mapping" if isinstance(written, dict | Section) else "word"


class Prediction(Section):
    """What active customers will spend in the coming months, and who of them are the high-value customers."""

    months: Annotated[StrictInt, pydantic.Field(ge=1, le=60)]
    """How many months the prediction looks ahead."""
    activities: Annotated[tuple[str, ...], pydantic.Field(min_length=1)] | None = None
    """Activities that are purchases; without it all of type SalesOrder or SalesOrderLine."""
    active: Annotated[
        Annotated[Literal["calculated"], Tag("word")] | Annotated[ActiveDays, Tag("mapping")],
        Discriminator(_form),
    ] = "calculated"
    """Who is scored: calculated (from the days between purchases), or {days: 180}: who bought in these last days."""
    high_value: Annotated[
        Annotated[Literal["80/20"], Tag("word")] | Annotated[TopPercent, Tag("mapping")],
        Discriminator(_form),
    ] = "80/20"
    """80/20: the share of customers who made 80 % of spend; or {percent: 25}: the top 25 %."""
    retrain: Literal["every_refresh", "weekly", "monthly", "never"] = "monthly"
    """When the model is trained again; in between, customers are scored with the model as it is."""

    @property
    def window_days(self) -> int | None:
        """The days of the active interval where it is set by hand."""
        return self.active.days if isinstance(self.active, ActiveDays) else None

    @property
    def percent(self) -> int | None:
        """The share of high-value customers in per cent where it is set by hand."""
        return self.high_value.percent if isinstance(self.high_value, TopPercent) else None


def sales_activities(config: "ProjectConfig", prediction: Prediction) -> list[str]:
    """The activities that a prediction takes for purchases: those that it names, else all that can be, in the file's order."""
    return list(prediction.activities) if prediction.activities is not None else _usable(config)


def check(config: "ProjectConfig") -> Iterator[Finding]:
    """Predictions need purchases: activities of customers of one of the two types, with an amount."""
    usable = _usable(config)
    for name, prediction in config.clv.items():
        at: Location = ("clv", name)
        if not usable:
            yield Finding(at, _advice(config), lacks=[("activities",)])
            return  # one is enough: all of them lack the same
        before = set()
        for place, activity in enumerate(prediction.activities or ()):
            where = (*at, "activities", place)
            yield from _named(config, where, activity, usable)
            if activity in before:
                yield Finding(where, "stands twice", shown(activity))
            before.add(activity)
        yield from _one_type(config, at, prediction, usable)


def _is_usable(config: "ProjectConfig", name: str, activity: Activity) -> bool:
    return activity.type_name in SALES_TYPES and activity.amount is not None and owner(config, name) == "customer"


def _usable(config: "ProjectConfig") -> list[str]:
    return [name for name, activity in config.activities.items() if _is_usable(config, name, activity)]


def _named(config: "ProjectConfig", at: Location, name: str, usable: list[str]) -> Iterator[Finding]:
    activity = config.activities.get(name)
    if activity is None:
        yield Finding(at, "unknown activity", shown(name), usable, nearest(name, usable), lacks=[("activities", name)])
    elif activity.type_name not in SALES_TYPES:
        message = f"is of type {activity.type_name}; a prediction needs {' or '.join(SALES_TYPES)}"
        yield Finding(at, message, shown(name), usable, lacks=[("activities", name, "type"), ("activities", name, "source")])
    elif activity.amount is None:
        message = f"has no amount; add amount: <field with the money> under activities.{name}"
        yield Finding(at, message, shown(name), usable, lacks=[("activities", name, "amount")])
    elif name not in usable:
        yield Finding(at, "is of accounts; a prediction needs what customers bought", shown(name), usable)


def _one_type(config: "ProjectConfig", at: Location, prediction: Prediction, usable: list[str]) -> Iterator[Finding]:
    chosen = [name for name in (prediction.activities or usable) if name in usable]
    by_type = {kind: [name for name in chosen if config.activities[name].type_name == kind] for kind in SALES_TYPES}
    if all(by_type.values()):
        lists = "; ".join(f"{kind}: {', '.join(names)}" for kind, names in by_type.items())
        yield Finding(
            (*at, "activities") if prediction.activities else at,
            f"takes orders and order lines together, which counts the same money twice ({lists}); "
            f"keep one type, such as activities: [{', '.join(by_type['SalesOrder'])}]",
        )


def _advice(config: "ProjectConfig") -> str:
    """Which lines to add: of the first source that has money and a time, else with words for what has to be there."""
    source, fields = _source_with_money(config)
    lines = f"orders: {{source: {source}, type: SalesOrder, {', '.join(f'{key}: {value}' for key, value in fields.items())}}}"
    return (
        f"no activity of type {' or '.join(SALES_TYPES)} has an amount, so there is nothing to predict from. "
        f"Add to cdp.yaml, under `activities:`, a line such as `{lines}`"
    )


def _source_with_money(config: "ProjectConfig") -> tuple[str, dict[str, str]]:
    key = "{<field with the customer's key>: <source>.<its primary key>}"
    for name, source in config.sources.items():
        fields = getattr(source, "fields", {})
        amounts = [field for kind in _AMOUNTS for field, its in fields.items() if its.type == kind]
        times = [field for kind in _TIMES for field, its in fields.items() if its.type == kind]
        if amounts and times:
            return name, {"of": key, "time": times[0], "amount": amounts[0]}
    return "<source of orders>", {"of": key, "time": "<field with the time>", "amount": "<field with the money>"}
