"""The input counted: the figures that the checks of prerequisites.py are asked of. No thresholds here."""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from cdp_assets.activities.tables import NET_AMOUNT
from cdp_assets.clv import nasty, purchases
from cdp_assets.clv.prerequisites import report
from cdp_assets.clv.purchases import CALENDAR, PURCHASES, Plan, chosen, settings
from cdp_assets.clv.tables import CLV_USABILITY
from cdp_assets.lake import AS_OF, Stage, by, everywhere, intermediate, whole

BY_CUSTOMER = intermediate(
    "by_customer",
    """
    model       | varchar       | prediction
    customer_id | varchar       | customer; null: rows without one
    rows        | bigint        | activities
    no_time     | bigint        | of these without a time
    no_amount   | bigint        | of these without an amount
    after_run   | bigint        | of these after the day of the run
    balance     | decimal(38,2) | purchases less returns
    activities  | varchar[]     | which activities, in order
    """,
    ("model", "customer_id"),
)
BUYERS = intermediate(
    "buyers",
    """
    model       | varchar       | prediction
    customer_id | varchar       | customer
    purchases   | bigint        | up to the as-of day
    total       | decimal(38,2) | amount of them
    """,
    ("model", "customer_id"),
)
REJECTED = intermediate(
    "rejected",
    """
    model     | varchar | prediction
    activity  | varchar | activity
    reason    | varchar | why it is in quarantine
    rows      | bigint  | rows
    no_amount | bigint  | of these without an amount
    """,
    ("model", "activity", "reason"),
)
INPUT_FIGURES = intermediate(
    "input_figures",
    """
    model            | varchar | prediction
    rows             | bigint  | activities
    no_customer      | bigint  | of these without a customer
    no_time          | bigint  | of these without a time
    no_amount        | bigint  | of these without an amount
    after_run        | bigint  | of these after the day of the run
    more_returned    | bigint  | customers who returned more than they bought
    smallest_overlap | double  | of two activities: customers of both, in per cent of those of the smaller; null: one activity
    """,
    ("model",),
)
BUYER_FIGURES = intermediate(
    "buyer_figures",
    """
    model           | varchar | prediction
    customers       | bigint  | with a purchase
    one_time        | bigint  | of these with one purchase
    purchases       | bigint  | of them all
    squared_repeats | bigint  | sum of the squares of the purchases after the first
    median          | double  | of the purchases of a customer
    largest         | double  | share of the customer with the largest amount, in per cent
    """,
    ("model",),
)
TIME_FIGURES = intermediate(
    "time_figures",
    """
    model           | varchar       | prediction
    first_day       | date          | of the first purchase
    last_day        | date          | of the last purchase, stray ones included
    as_of_day       | date          | end of the purchases
    origin_day      | date          | origin of the test
    stray           | bigint        | purchases after the end
    last_90         | bigint        | purchases of the last 90 days
    before_90       | bigint        | purchases of the 90 days before
    largest_amount  | decimal(38,2) | largest purchase
    median_amount   | double        | median of the purchases
    thin_months     | bigint        | blocks of 30 days of the last 24 with less than 20 % of the median block
    months          | bigint        | whole blocks of 30 days that there are, at most 24
    """,
    ("model",),
)


def _by_customer(found: Sequence[Plan]) -> str:
    return f"""
        select
            chosen.model, a.customer_id, count(*) as rows, count(*) filter (a.time is null) as no_time,
            count(*) filter (a.amount is null) as no_amount, count(*) filter (cast(a.time as date) > t.day) as after_run,
            cast(coalesce(sum({NET_AMOUNT}), 0) as decimal(38,2)) as balance,
            list(distinct a.activity order by a.activity) as activities
        from unified_activities as a
        join {chosen(found)} on chosen.activity = a.activity
        cross join {AS_OF.name} as t
        group by chosen.model, a.customer_id
    """


def _rejected(found: Sequence[Plan]) -> str:
    return f"""
        select chosen.model, q.activity, q.reason, count(*) as rows, count(*) filter (q.amount is null) as no_amount
        from activity_quarantine as q join {chosen(found)} on chosen.activity = q.activity
        group by chosen.model, q.activity, q.reason
    """


_BUYERS = """
    select p.model, p.customer_id, count(*) as purchases, sum(p.amount) as total
    from purchases as p join calendar as c on c.model = p.model
    where p.day <= c.as_of_day
    group by p.model, p.customer_id
"""

_INPUT_FIGURES = """
    with pairs as (select model, customer_id, unnest(activities) as activity from by_customer where customer_id is not null),
    sizes as (select model, activity, count(*) as customers from pairs group by model, activity),
    common as (
        select l.model, l.activity as left_activity, r.activity as right_activity, count(*) as customers
        from pairs as l join pairs as r on r.model = l.model and r.customer_id = l.customer_id
        where l.activity < r.activity
        group by l.model, l.activity, r.activity
    ),
    least_common as (
        select l.model, min(100.0 * coalesce(c.customers, 0) / least(l.customers, r.customers)) as smallest_overlap
        from sizes as l
        join sizes as r on r.model = l.model and l.activity < r.activity
        left join common as c on c.model = l.model and c.left_activity = l.activity and c.right_activity = r.activity
        group by l.model
    ),
    counted as (
        select
            model, sum(rows) as rows, coalesce(sum(rows) filter (customer_id is null), 0) as no_customer, sum(no_time) as no_time,
            sum(no_amount) as no_amount, sum(after_run) as after_run,
            count(*) filter (customer_id is not null and balance < 0) as more_returned
        from by_customer group by model
    )
    select c.*, o.smallest_overlap
    from counted as c left join least_common as o on o.model = c.model
"""

_BUYER_FIGURES = """
    select
        model, count(*) as customers, count(*) filter (purchases = 1) as one_time, sum(purchases) as purchases,
        sum((purchases - 1) * (purchases - 1)) as squared_repeats, median(purchases) as median,
        100.0 * cast(max(total) as double) / cast(sum(total) as double) as largest
    from buyers group by model
"""

_TIME_FIGURES = """
    with bought as (
        select p.model, p.day, p.amount, c.as_of_day, (c.as_of_day - p.day) // 30 as block
        from purchases as p join calendar as c on c.model = p.model
        where p.day <= c.as_of_day
    ),
    spans as (select model, least(24, (as_of_day - first_day + 1) // 30) as months from calendar),
    blocks as (select model, months, unnest(range(months)) as block from spans),
    counted as (select model, block, count(*) as purchases from bought group by model, block),
    filled as (
        select b.model, b.block, coalesce(c.purchases, 0) as purchases
        from blocks as b left join counted as c on c.model = b.model and c.block = b.block
    ),
    usual as (select model, median(purchases) as purchases from filled group by model),
    thin as (
        select f.model, count(*) filter (5 * f.purchases < u.purchases) as thin_months
        from filled as f join usual as u on u.model = f.model
        group by f.model
    ),
    totals as (
        select
            model, max(amount) as largest_amount, cast(median(amount) as double) as median_amount,
            count(*) filter (day > as_of_day - 90) as last_90,
            count(*) filter (day <= as_of_day - 90 and day > as_of_day - 180) as before_90
        from bought group by model
    ),
    late as (
        select p.model, count(*) as stray
        from purchases as p join calendar as c on c.model = p.model
        where p.day > c.as_of_day
        group by p.model
    )
    select
        c.model, c.first_day, c.last_day, c.as_of_day, c.origin_day, coalesce(l.stray, 0) as stray, t.last_90, t.before_90,
        t.largest_amount, t.median_amount, coalesce(h.thin_months, 0) as thin_months, s.months
    from calendar as c
    join spans as s on s.model = c.model
    join totals as t on t.model = c.model
    left join thin as h on h.model = c.model
    left join late as l on l.model = c.model
"""


def stages(found: Sequence[Plan]) -> list[Stage]:
    """The stages up to CLV_USABILITY. Reads `unified_activities`, `activity_quarantine` and the day of the run."""
    names = [activity for plan in found for activity in plan.activities]

    def rows(table_rows: str) -> dict[str, pa.Table]:
        values: dict[str, list[Any]] = {"customer_id": [None, *(f"c{n}" for n in range(59))], "purchases": [1, 4, 2], "total": [5, 70, 5]}
        table = {"by_customer": BY_CUSTOMER, "buyers": BUYERS}[table_rows]
        return {table_rows: nasty.every_model(table.columns, found, {**values, "activities": [["a", "b"], ["a"], ["b", "c"]]})}

    def figures() -> dict[str, pa.Table]:
        tables = (INPUT_FIGURES, BUYER_FIGURES, TIME_FIGURES, REJECTED)
        return {table.name: nasty.every_model(table.columns, found, {"activity": names, "reason": ["no_time"]}, rows=1) for table in tables}

    bought = lambda: {"purchases": nasty.purchases(PURCHASES, found), "calendar": nasty.calendar(CALENDAR, found)}  # noqa: E731
    return [
        *purchases.stages(found),
        Stage(
            "by_customer",
            {"unified_activities": by("customer_id"), AS_OF.name: everywhere()},
            _by_customer(found),
            BY_CUSTOMER,
            nasty=lambda: nasty.activities(names),
        ),
        Stage(
            "rejected",
            {"activity_quarantine": by("activity")},
            _rejected(found),
            REJECTED,
            nasty=lambda: {"activity_quarantine": nasty.rejected(names)},
        ),
        Stage("buyers", {"purchases": by("customer_id"), "calendar": everywhere()}, _BUYERS, BUYERS, nasty=bought),
        Stage("input_figures", {"by_customer": by("model")}, _INPUT_FIGURES, INPUT_FIGURES, nasty=lambda: rows("by_customer")),
        Stage("buyer_figures", {"buyers": by("model")}, _BUYER_FIGURES, BUYER_FIGURES, nasty=lambda: rows("buyers")),
        Stage("time_figures", {"purchases": by("model"), "calendar": by("model")}, _TIME_FIGURES, TIME_FIGURES, nasty=bought),
        Stage(
            "clv_usability",
            # whole: also a prediction without a single row gets its report
            dict.fromkeys(("input_figures", "buyer_figures", "time_figures", "rejected"), whole(100_000)),
            report,
            CLV_USABILITY,
            params={"predictions": settings(found)},
            nasty=figures,
            lineage={
                "state": ("input_figures.rows", "buyer_figures.customers", "time_figures.first_day", "rejected.rows"),
                "details": ("input_figures.rows", "buyer_figures.customers", "time_figures.first_day", "rejected.rows"),
            },
        ),
    ]
