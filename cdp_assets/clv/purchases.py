"""From activities to purchases, to the day on which they end, and to the two days at which customers are looked at.

Definitions (exactly these; each of them can change a grade):

- purchase: a customer and calendar day, amounts summed (a return counts against), only positive totals;
- as-of day: purchases are counted in blocks of 7 days back from the last one; the end is that of the first block which,
  like the block before it, has at least 20 % of the median of the 52 blocks before. Stray rows after it do not count;
- origin: as-of day less the prediction period of round(30.4375 x months) days;
- active window: the prediction period, or the 90 % quantile of the days between purchases if that is longer, at most
  365 days or the prediction period - or the days set by hand.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cdp_assets.activities.tables import NET_AMOUNT
from cdp_assets.clv import nasty
from cdp_assets.config import ProjectConfig
from cdp_assets.config.clv import Prediction, sales_activities
from cdp_assets.lake import AS_OF, Stage, by, everywhere, intermediate
from cdp_assets.lake.digest import of as digest_of
from cdp_assets.lake.source import literal

DAYS_A_MONTH = 30.4375
WAY_OF_TRAINING = 1
"""Changes when models trained before are not to be used any more."""

PURCHASES = intermediate(
    "purchases",
    """
    model       | varchar       | prediction
    customer_id | varchar       | customer
    day         | date          | calendar day
    amount      | decimal(38,2) | amount of the day, above 0
    """,
    ("model", "customer_id", "day"),
)
ORDERS = intermediate(
    "orders",
    """
    model  | varchar | prediction
    day    | date    | calendar day
    orders | bigint  | purchases of the day
    """,
    ("model", "day"),
)
CALENDAR = intermediate(
    "calendar",
    """
    model        | varchar | prediction
    horizon_days | integer | prediction period in days
    fixed_window | integer | active window set by hand; null: calculated
    first_day    | date    | of the first purchase
    last_day     | date    | of the last purchase, stray ones included
    as_of_day    | date    | end of the purchases
    origin_day   | date    | as_of_day less the prediction period
    """,
    ("model",),
)


@dataclass(frozen=True)
class Plan:
    """A prediction as the stages need it."""

    model: str
    months: int
    window_days: int | None
    percent: int | None
    retrain: str
    activities: tuple[str, ...]

    @property
    def horizon_days(self) -> int:
        """The prediction period in days."""
        return horizon_days(self.months)

    @property
    def settings(self) -> str:
        """Digest of what a model depends on; when to retrain it is no part of it."""
        return digest_of([WAY_OF_TRAINING, self.model, self.months, self.window_days, self.percent, sorted(self.activities)])


def horizon_days(months: int) -> int:
    """The days of a prediction period: round(30.4375 x months)."""
    return round(DAYS_A_MONTH * months)


def plans(config: ProjectConfig) -> list[Plan]:
    """The predictions of the configuration, in the order of the file."""
    return [plan_of(config, name, prediction) for name, prediction in config.clv.items()]


def plan_of(config: ProjectConfig, name: str, prediction: Prediction) -> Plan:
    """A prediction of the configuration."""
    activities = tuple(sales_activities(config, prediction))
    return Plan(name, prediction.months, prediction.window_days, prediction.percent, prediction.retrain, activities)


def chosen(found: Sequence[Plan]) -> str:
    """SQL: the activities of each prediction: a relation `chosen` of model and activity."""
    pairs = [f"({literal(plan.model)}, {literal(activity)})" for plan in found for activity in plan.activities]
    return f"(values {', '.join(pairs)}) as chosen(model, activity)"


def planned(found: Sequence[Plan]) -> str:
    """SQL: period and window of each prediction: a relation `planned` of model, horizon_days and fixed_window."""
    rows = [f"({literal(p.model)}, {p.horizon_days}, cast({p.window_days or 'null'} as integer))" for p in found]
    return f"(values {', '.join(rows)}) as planned(model, horizon_days, fixed_window)"


_ORDERS = "select model, day, count(*) as orders from purchases group by model, day"


def _purchases(found: Sequence[Plan]) -> str:
    return f"""
        select
            chosen.model, a.customer_id, cast(a.time as date) as day,
            cast(sum({NET_AMOUNT}) as decimal(38,2)) as amount
        from unified_activities as a
        join {chosen(found)} on chosen.activity = a.activity
        cross join {AS_OF.name} as t
        where a.customer_id is not null and a.time is not null and a.amount is not null and cast(a.time as date) <= t.day
        group by chosen.model, a.customer_id, cast(a.time as date)
        having sum({NET_AMOUNT}) > 0
    """


def _calendar(found: Sequence[Plan]) -> str:
    return f"""
        with spans as (select model, min(day) as first_day, max(day) as last_day from orders group by model),
        counted as (
            select o.model, (s.last_day - o.day) // 7 as block, sum(o.orders) as orders
            from orders as o join spans as s on s.model = o.model
            group by o.model, (s.last_day - o.day) // 7
        ),
        blocks as (select model, unnest(range((last_day - first_day) // 7 + 1)) as block from spans),
        filled as (
            select b.model, b.block, coalesce(c.orders, 0) as orders
            from blocks as b left join counted as c on c.model = b.model and c.block = b.block
        ),
        judged as (
            select
                model, block, orders,
                lead(orders) over (partition by model order by block) as orders_before,
                median(orders) over (partition by model order by block rows between 1 following and 52 following) as usual
            from filled
        ),
        ends as (
            select model, coalesce(min(block) filter (5 * orders >= usual and 5 * orders_before >= usual), 0) as block
            from judged group by model
        )
        select
            s.model, planned.horizon_days, planned.fixed_window, s.first_day, s.last_day,
            s.last_day - cast(7 * e.block as integer) as as_of_day,
            s.last_day - cast(7 * e.block as integer) - planned.horizon_days as origin_day
        from spans as s
        join ends as e on e.model = s.model
        join {planned(found)} on planned.model = s.model
    """


def stages(found: Sequence[Plan]) -> list[Stage]:
    """The stages `purchases`, `orders` and `calendar`. Reads `unified_activities` and the day of the run."""
    return [
        Stage(
            "purchases",
            {"unified_activities": by("customer_id", nulls="drop"), AS_OF.name: everywhere()},
            _purchases(found),
            PURCHASES,
            nasty=lambda: nasty.activities([a for plan in found for a in plan.activities]),
        ),
        Stage("orders", {"purchases": by("model", "day")}, _ORDERS, ORDERS, nasty=lambda: {"purchases": nasty.purchases(PURCHASES, found)}),
        Stage("calendar", {"orders": by("model")}, _calendar(found), CALENDAR, nasty=lambda: {"orders": nasty.orders(ORDERS, found)}),
    ]


def settings(found: Sequence[Plan]) -> list[Mapping[str, Any]]:
    """The predictions as parameters of Python bodies."""
    return [
        {
            "model": plan.model,
            "months": plan.months,
            "horizon_days": plan.horizon_days,
            "percent": plan.percent,
            "retrain": plan.retrain,
            "settings": plan.settings,
        }
        for plan in found
    ]
