"""Customers as a prediction sees them: purchases counted at the as-of day, and at the origin of the test.

frequency, recency, age and monetary are those of `lifetimes.utils.summary_data_from_transaction_data` with days as the
unit, computed in SQL: days with a purchase after the first, first to last, first to the end, mean of repeat amounts.
"""

from collections.abc import Sequence

from cdp_assets.activities.tables import NET_AMOUNT
from cdp_assets.clv import nasty, purchases
from cdp_assets.clv.purchases import CALENDAR, PURCHASES, Plan
from cdp_assets.clv.tables import CLV_FEATURES
from cdp_assets.lake import Check, Stage, Table, by, columns, everywhere, intermediate

_GAPS = intermediate(
    "gaps",
    """
    model       | varchar | prediction
    customer_id | varchar | customer
    day         | date    | day of a purchase
    gap         | bigint  | days since the purchase before
    """,
    ("model", "customer_id", "day"),
)
WINDOWS = Table(
    "windows",
    "the days and windows of a prediction",
    ("model",),
    (
        *CALENDAR.columns,
        *columns(
            """
            window_days        | integer | length of the active window at the as-of day
            origin_window_days | integer | length of the active window at the origin
            """
        ),
    ),
)

_FIND_GAPS = """
    select model, customer_id, day, gap
    from (
        select p.model, p.customer_id, p.day, p.day - lag(p.day) over (partition by p.model, p.customer_id order by p.day) as gap
        from purchases as p join calendar as c on c.model = p.model
        where p.day <= c.as_of_day
    )
    where gap is not null
"""

_FIND_WINDOWS = """
    with usual as (
        select
            c.model, quantile_disc(g.gap, 0.9) as gap,
            quantile_disc(g.gap, 0.9) filter (g.day <= c.origin_day) as origin_gap
        from calendar as c join gaps as g on g.model = c.model
        group by c.model
    )
    select
        c.*,
        coalesce(
            c.fixed_window,
            least(greatest(365, c.horizon_days), greatest(c.horizon_days, coalesce(u.gap, 0)))
        ) as window_days,
        coalesce(
            c.fixed_window,
            least(greatest(365, c.horizon_days), greatest(c.horizon_days, coalesce(u.origin_gap, 0)))
        ) as origin_window_days
    from calendar as c left join usual as u on u.model = c.model
"""

_FEATURES = """
    with known as (
        select
            p.model, p.customer_id, p.day, p.amount, w.as_of_day, w.origin_day, w.window_days, w.origin_window_days,
            p.day <= w.origin_day as before_origin,
            p.day > w.as_of_day - w.window_days as in_window,
            p.day <= w.origin_day and p.day > w.origin_day - w.origin_window_days as in_origin_window,
            p.day <= w.origin_day - w.horizon_days
                and p.day > w.origin_day - w.horizon_days - w.origin_window_days as in_earlier_window,
            p.day <= w.origin_day and p.day > w.origin_day - w.horizon_days as in_earlier_period
        from purchases as p join windows as w on w.model = p.model
        where p.day <= w.as_of_day
    ),
    counted as (
        select
            model, customer_id, as_of_day, origin_day, window_days, origin_window_days,
            min(day) as first_day, max(day) as last_day, count(day) as purchases, sum(amount) as total_spend,
            arg_min(amount, day) as first_amount,
            coalesce(sum(amount) filter (in_window), 0) as spend_in_window,
            max(day) filter (before_origin) as origin_last_day,
            count(day) filter (before_origin) as origin_purchases,
            coalesce(sum(amount) filter (before_origin), 0) as origin_total_spend,
            coalesce(sum(amount) filter (in_origin_window), 0) as origin_spend_in_window,
            coalesce(sum(amount) filter (not before_origin), 0) as spend_after_origin,
            coalesce(bool_or(in_window), false) as active,
            coalesce(bool_or(in_origin_window), false) as origin_active,
            coalesce(bool_or(in_earlier_window), false) as earlier_active,
            coalesce(bool_or(in_earlier_period), false) as earlier_returned
        from known
        group by model, customer_id, as_of_day, origin_day, window_days, origin_window_days
    )
    select
        *,
        purchases - 1 as frequency, last_day - first_day as recency_days, as_of_day - first_day as age_days,
        case when purchases > 1 then cast(total_spend - first_amount as double) / (purchases - 1) else 0 end as monetary,
        case when origin_purchases > 0 then origin_purchases - 1 end as origin_frequency,
        origin_last_day - first_day as origin_recency_days,
        case when origin_purchases > 0 then origin_day - first_day end as origin_age_days,
        case
            when origin_purchases > 1 then cast(origin_total_spend - first_amount as double) / (origin_purchases - 1)
            when origin_purchases = 1 then 0
        end as origin_monetary
    from counted
"""


def stages(found: Sequence[Plan]) -> list[Stage]:
    """The stages up to CLV_FEATURES. Reads `unified_activities` and the day of the run."""
    return [
        *purchases.stages(found),
        Stage(
            "gaps",
            {"purchases": by("customer_id"), "calendar": everywhere()},
            _FIND_GAPS,
            _GAPS,
            nasty=lambda: {"purchases": nasty.purchases(PURCHASES, found), "calendar": nasty.calendar(CALENDAR, found)},
        ),
        Stage(
            "windows",
            {"gaps": by("model"), "calendar": by("model")},
            _FIND_WINDOWS,
            WINDOWS,
            nasty=lambda: {
                "gaps": nasty.every_model(_GAPS.columns, found, {"gap": [400, 20, 30, 30], "customer_id": ["a", "b"]}),
                "calendar": nasty.calendar(CALENDAR, found),
            },
        ),
        Stage(
            "clv_features",
            {"purchases": by("customer_id"), "windows": everywhere()},
            _FEATURES,
            CLV_FEATURES,
            nasty=lambda: {"purchases": nasty.purchases(PURCHASES, found), "windows": nasty.calendar(WINDOWS, found)},
        ),
    ]


def checks(found: Sequence[Plan]) -> list[Check]:
    """Money in = money out: the totals of customers are those of their purchases up to the as-of day."""
    return [
        Check(
            "conservation",
            "customers and their amounts are those of the purchases up to the as-of day, for every prediction",
            f"""
            with bought as (
                select chosen.model, a.customer_id, cast(a.time as date) as day, sum({NET_AMOUNT}) as amount
                from unified_activities as a join {purchases.chosen(found)} on chosen.activity = a.activity
                where a.customer_id is not null and a.time is not null and a.amount is not null
                group by chosen.model, a.customer_id, cast(a.time as date)
                having sum({NET_AMOUNT}) > 0
            ),
            ends as (select model, min(as_of_day) as as_of_day from clv_features group by model),
            bought_in_all as (
                select b.model, count(distinct b.customer_id) as customers, sum(b.amount) as amount
                from bought as b join ends as e on e.model = b.model
                where b.day <= e.as_of_day
                group by b.model
            ),
            held as (select model, count(*) as customers, sum(total_spend) as amount from clv_features group by model)
            select count(*)
            from bought_in_all as b full join held as h on h.model = b.model
            where b.customers is distinct from h.customers or b.amount is distinct from h.amount
            """,
        )
    ]
