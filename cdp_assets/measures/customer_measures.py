"""The measures of all customers in one pass over the activities.

A return counts below zero in sums and averages (NET_AMOUNT of the activities) and is counted like any other activity.
Where a customer has no activity, counts and sums are 0 and everything else is null: there is nothing to say.
"""

from typing import Any

import pyarrow as pa

from cdp_assets.activities.tables import NET_AMOUNT, UNIFIED_ACTIVITIES
from cdp_assets.config import ProjectConfig
from cdp_assets.config.measures import Measure
from cdp_assets.lake import Check, Column, Stage, by
from cdp_assets.lake.nasty import nasty_rows
from cdp_assets.lake.source import literal, name
from cdp_assets.measures.tables import customer_measures


def stages(config: ProjectConfig) -> list[Stage]:
    """Reads unified_profiles and unified_activities; one row a customer. Writes customer_measures."""
    named = config.measures.items()
    inner = ", ".join(f"{_aggregate(measure)} as {name(title)}" for title, measure in named)
    outer = ", ".join(f"{_filled(title, measure)} as {name(title)}" for title, measure in named)
    body = f"""
        select p.customer_id, {outer}
        from unified_profiles as p
        left join (
            select a.customer_id, {inner}
            from (select customer_id, activity_id, activity, time, {NET_AMOUNT} as amount from unified_activities) as a
            group by a.customer_id
        ) as m on m.customer_id = p.customer_id
    """
    meets = {"unified_profiles": by("customer_id"), "unified_activities": by("customer_id", nulls="drop")}
    return [Stage("customer_measures", meets, body, customer_measures(config), nasty=lambda: _nasty(config))]


def checks(config: ProjectConfig) -> list[Check]:
    """Every customer has a row, and sums and counts over all customers are those over all their activities."""
    differs = "(case when (select sum({column}) from customer_measures) is distinct from ({whole}) then 1 else 0 end)"
    totals = [
        differs.format(column=name(title), whole=_whole(measure))
        for title, measure in config.measures.items()
        if measure.function in ("sum", "count")
    ]
    return [
        Check(
            "customers",
            "the customers are those of unified_profiles",
            """
            select count(*) from unified_profiles as p full join customer_measures as m on m.customer_id = p.customer_id
            where p.customer_id is null or m.customer_id is null
            """,
        ),
        Check(
            "conservation",
            "sums and counts over all customers = those over all activities of customers; counts the measures that differ",
            f"select {' + '.join(totals) or '0'}",
        ),
    ]


def _counts(measure: Measure, table: str = "") -> str:
    """The condition on an activity: it is one of the measure's, and has the field where one is named."""
    prefix = f"{table}." if table else ""
    listed = ", ".join(literal(activity) for activity in measure.activities)
    return f"{prefix}activity in ({listed})" + (f" and {prefix}{measure.field} is not null" if measure.field else "")


def _aggregate(measure: Measure) -> str:
    where = f"filter ({_counts(measure, 'a')})"
    if measure.function == "count":
        return f"count(*) {where}"
    if measure.function == "average":
        return f"cast(sum(a.amount) {where} as double) / nullif(count(*) {where}, 0)"
    if measure.function in ("first", "last"):
        direction = "asc" if measure.function == "first" else "desc"
        return f"first(a.{measure.field} order by a.time {direction}, a.activity_id {direction}) {where}"
    return f"{measure.function}(a.{measure.field}) {where}"


def _filled(title: str, measure: Measure) -> str:
    column = f"m.{name(title)}"
    return f"coalesce({column}, 0)" if measure.function in ("count", "sum") else column


def _whole(measure: Measure) -> str:
    """The same figure over the activities of all customers; 0 where there is neither a customer nor an activity."""
    figure = "count(*)" if measure.function == "count" else f"coalesce(sum({NET_AMOUNT}), 0)"
    some = "(select count(*) from unified_profiles) > 0"
    return f"select case when {some} then {figure} end from unified_activities where customer_id is not null and {_counts(measure)}"


def _nasty(config: ProjectConfig) -> dict[str, pa.Table]:
    """Customers with none, one and many activities of every kind, times that tie, and returns."""
    customers = [f"c{number}" for number in range(9)]
    listed = list(config.activities)
    values: dict[str, list[Any]] = {
        "activity_id": [f"x{number}" for number in range(60)],
        "customer_id": [*customers[:5], None],
        "activity": [each for each in listed for _ in range(7)],
        "returned": [False, False, True],
    }
    profiles = nasty_rows([Column("customer_id", "varchar", "id")], {"customer_id": customers}, rows=len(customers))
    return {"unified_activities": nasty_rows(UNIFIED_ACTIVITIES.columns, values), "unified_profiles": profiles}
