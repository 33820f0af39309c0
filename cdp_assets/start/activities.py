"""What people did: rows of other sources that lead to somebody and have a time; and the figures and predictions that follow."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import duckdb
from sqlglot import exp

from cdp_assets.config import Field
from cdp_assets.lake import no_values_in_errors
from cdp_assets.lake.source import name as quoted
from cdp_assets.sources.convert import conversion
from cdp_assets.start.kinds import Part
from cdp_assets.start.meanings import MONEY, Meaning
from cdp_assets.start.names import words
from cdp_assets.start.people import Entity
from cdp_assets.start.relations import Relation

ENOUGH = 100
"""Fewer customers than this, and nothing is predicted."""
_ORDER_NO = re.compile(r"(^|_)(order|invoice|receipt|purchase|transaction|basket)_?(id|no|nr|number|key)$")
_NOT_TOTAL = re.compile(r"(^|_)(unit|tax|vat|discount|shipping|freight|list|cost|points|reward)(_|$)")
_PRODUCT = re.compile(r"(^|_)(product|sku|article|item)(_|$)")
_FEEDBACK = re.compile(r"(^|_)(reviews?|ratings?|feedback|survey|stars|nps)(_|$)")
_TEXT = re.compile(r"(^|_)(review|text|comment|title|subject|message|feedback)(_|$)")
_RATING = re.compile(r"(^|_)(rating|stars|score|nps|grade)(_|$)")
_WORDS_OF_TYPES = (
    (re.compile(r"(^|_)(subscriptions?|abo|plan)(_|$)"), "Subscription"),
    (re.compile(r"(^|_)(points|reward|loyalty)(_|$)"), "Loyalty"),
)
_NUMBERS = ("decimal", "integer", "number")
_MONTHS = (12, 6, 3, 1)
_DAYS_OF_MONTH = 30.44
_HISTORY = 3  # a prediction of so many months wants so many times as much behind it


@dataclass(frozen=True)
class Activity:
    """Rows of a source that are things somebody did. `fields`: setting -> field, without `of`. `customers` and `days`: of purchases."""

    name: str
    source: str
    type: str
    of: Relation | None
    fields: dict[str, str]
    why: str
    of_people: bool = True
    customers: int = 0
    days: int = 0


@dataclass(frozen=True)
class Prediction:
    """A prediction of lifetime value, or the reason why there is none."""

    months: int
    activities: tuple[str, ...]
    why: str
    sure: bool


def activities(
    connection: duckdb.DuckDBPyConnection, parts: Sequence[Part], found: Sequence[Relation], customers: Entity, accounts: Entity
) -> tuple[Activity, ...]:
    """The activities that the sources hold, in the order of the sources."""
    people = [part.name for part in customers.order if part.use in ("people", "companies")]
    targets = [*people, *(part.name for part in accounts.order)]
    result = []
    for part in parts:
        if part.use == "events" and part in customers.order:
            result.append(Activity(part.name, part.name, "WebEvent", None, {}, "web events"))
        elif part.use == "records" and (times := part.times()):
            ways = [r for r in found if r.source == part.name and r.target in targets and r.sure]
            if ways:
                best = max(ways, key=lambda r: (r.target in people, round(r.share, 2), -targets.index(r.target)))
                result.append(_activity(connection, part, best, times[0], of_people=best.target in people))
    return tuple(result)


def prediction(found: Sequence[Activity]) -> Prediction | None:
    """The prediction that the purchases allow; None where there are none."""
    chosen = purchases(found)
    if not chosen:
        return None
    names = tuple(activity.name for activity in chosen)
    days, most = max(activity.days for activity in chosen), max(activity.customers for activity in chosen)
    months = next((m for m in _MONTHS if days >= _HISTORY * m * _DAYS_OF_MONTH), 0)
    history = f"the purchases cover {days:,} days"
    if months and most >= ENOUGH:
        return Prediction(
            months, names, f"{history}: {months} {'months' if months > 1 else 'month'} ahead can be learnt from that", sure=True
        )
    lack = history if most >= ENOUGH else f"only {most:,} customers bought something, and {ENOUGH} are needed"
    return Prediction(months or 1, names, f"{lack}: too little to predict from", sure=False)


def _activity(connection: duckdb.DuckDBPyConnection, part: Part, way: Relation, time: Meaning, *, of_people: bool) -> Activity:
    amount = _amount(part)
    fields = {"time": time.field}
    type_ = _type(part, amount)
    if amount is not None and type_ in ("SalesOrder", "SalesOrderLine"):
        fields["amount"] = amount.field
    for setting, names in (("product", _PRODUCT), ("title", _TEXT), ("detail", _RATING)):
        if type_ != "Feedback" and setting != "product":
            continue
        column = _named(part, names, way.field, *fields.values())
        if column is not None and (setting != "title" or column.type == "text"):
            fields[setting] = column.field
    customers, days = _extent(connection, part, part.of(way.field), time)
    return Activity(part.name, part.name, type_, way, fields, way.why, of_people, customers, days)


def _amount(part: Part) -> Meaning | None:
    fitting = [
        m
        for m in part.meanings
        if m.type in _NUMBERS and MONEY.search(words(m.seen.column)) and not _NOT_TOTAL.search(words(m.seen.column))
    ]
    return max(fitting, key=lambda m: ("total" in words(m.seen.column), m.seen.filled, -part.meanings.index(m)), default=None)


def _type(part: Part, amount: Meaning | None) -> str:
    columns = [words(seen.column) for seen in part.look.columns]
    if amount is not None:
        key = words(part.key.meaning.seen.column) if part.key else ""
        lines = any(_ORDER_NO.search(name) and name != key for name in columns)
        return "SalesOrderLine" if lines else "SalesOrder"
    if _FEEDBACK.search(part.name) or any(_FEEDBACK.search(name) for name in columns):
        return "Feedback"
    for names, type_ in _WORDS_OF_TYPES:
        if names.search(part.name):
            return type_
    return " ".join(part.name.split("_")).capitalize()


def _named(part: Part, names: re.Pattern[str], *taken: str) -> Meaning | None:
    key = part.key.meaning.field if part.key else None
    fitting = [m for m in part.meanings if m.used and m.field not in (*taken, key) and names.search(words(m.seen.column))]
    named = [m for m in fitting if "name" in words(m.seen.column)]
    return next(iter(named or fitting), None)


def _extent(connection: duckdb.DuckDBPyConnection, part: Part, owner: Meaning, time: Meaning) -> tuple[int, int]:
    """Number of owners, and days from the first to the last row."""
    when = day(time)
    query = exp.select(f"count(distinct {quoted(owner.seen.raw)})", exp.func("max", when), exp.func("min", when.copy()))
    with no_values_in_errors(f"source {part.name}"):
        owners, last, first = connection.execute(query.from_(quoted(part.name)).sql(dialect="duckdb")).fetchall()[0]
    return owners, (last - first).days if last is not None else 0


def day(time: Meaning) -> exp.Expr:
    """The day of a column with times, as an expression over the raw rows."""
    value = conversion(time.seen.raw, time.seen.raw_type, Field(type=time.type, format=time.format)).value
    return exp.cast(value, "date", dialect="duckdb")


def first_day(connection: duckdb.DuckDBPyConnection, part: Part) -> date | None:
    """The day before which there is not one in a thousand of the events: earlier ones have a wrong clock."""
    early = exp.func("quantile_disc", day(part.roles["time"]), exp.Literal.number(0.001), dialect="duckdb")
    query = exp.select(early).from_(quoted(part.name))
    with no_values_in_errors(f"source {part.name}"):
        found: date | None = connection.execute(query.sql(dialect="duckdb")).fetchall()[0][0]
    return found


def purchases(found: Sequence[Activity]) -> list[Activity]:
    """What people bought: orders, or their lines where there are no orders, as both together count the same money twice."""
    with_money = [activity for activity in found if activity.of_people and "amount" in activity.fields]
    orders = [activity for activity in with_money if activity.type == "SalesOrder"]
    return orders or with_money
