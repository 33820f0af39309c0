"""Small rows on which a wrong split of this station's stages shows."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Protocol

import pyarrow as pa

from cdp_assets.clv.tables import CLV_FEATURES, CLV_MODEL, CLV_USABILITY
from cdp_assets.lake import AS_OF, Column, Table, columns
from cdp_assets.lake.nasty import nasty_rows

_START = date(2022, 1, 1)
_ACTIVITIES = columns(
    """
    activity    | varchar       | name of the activity
    customer_id | varchar       | customer
    time        | timestamp     | when
    amount      | decimal(18,2) | money
    returned    | boolean       | a return
    """
)
_REJECTED = columns(
    """
    activity | varchar       | name of the activity
    reason   | varchar       | why
    amount   | decimal(18,2) | money
    """
)


class Named(Protocol):
    """A prediction."""

    @property
    def model(self) -> str:
        """Its name."""
        ...


def activities(names: Sequence[str]) -> dict[str, pa.Table]:
    """Activities of few customers on few days, with ties and nulls everywhere, and the day of the run."""
    people = ["c1", "c2", "c3", None, "c4", "c2", "c5"]
    rows = nasty_rows(_ACTIVITIES, {"activity": [*names, "another"], "customer_id": people})
    return {"unified_activities": rows, AS_OF.name: as_of()}


def rejected(names: Sequence[str]) -> pa.Table:
    """Activities in quarantine."""
    reasons = ["no_time", "no_customer_key", "customer_unknown", "after_as_of", "repeated_key"]
    return nasty_rows(_REJECTED, {"activity": [*names, "another"], "reason": reasons})


def as_of(day: date = date(2024, 6, 30)) -> pa.Table:
    """The day of the run as stages read it."""
    return pa.table({"day": [day]}, schema=AS_OF.arrow_schema())


def purchases(table: Table, found: Sequence[Named]) -> pa.Table:
    """Purchases of few customers, several on one day."""
    days = [_START + timedelta(days=37 * n % 700) for n in range(60)]
    return every_model(table.columns, found, {"customer_id": [f"c{n % 11}" for n in range(60)], "day": days, "amount": [5, 9, 2, 5]})


def orders(table: Table, found: Sequence[Named]) -> pa.Table:
    """Orders of 60 days with a stray tail."""
    days = [_START + timedelta(days=11 * n + (200 if n > 57 else 0)) for n in range(60)]
    return every_model(table.columns, found, {"day": days, "orders": [5, 5, 9]})


def calendar(table: Table, found: Sequence[Named], origin: date = date(2023, 3, 1)) -> pa.Table:
    """The days of each prediction."""
    days: dict[str, list[Any]] = {"first_day": [_START], "last_day": [date(2024, 1, 1)], "as_of_day": [date(2023, 12, 1)]}
    days |= {"origin_day": [origin], "horizon_days": [275], "window_days": [275], "origin_window_days": [300], "fixed_window": [None, 90]}
    known = {column.name for column in table.columns}
    return every_model(table.columns, found, {n: v for n, v in days.items() if n in known}, rows=1)


def features(found: Sequence[Named]) -> pa.Table:
    """Customers with ties; enough buyers for nothing to be fitted, which is quick."""
    values: dict[str, list[Any]] = {
        "customer_id": [f"c{n:02}" for n in range(60)],
        "as_of_day": [date(2023, 12, 1)], "origin_day": [date(2023, 3, 1)], "window_days": [275], "origin_window_days": [300],
        "first_day": [_START], "last_day": [date(2023, 11, 1), date(2022, 5, 1), date(2023, 6, 1)],
        "frequency": [0, 1, 0, 2, 0], "recency_days": [0, 30, 0, 60, 0], "age_days": [400, 90, 380], "monetary": [0.0, 3.0, 0.0, 5.0, 0.0],
        "spend_in_window": [1, 2, 2, 7], "total_spend": [3, 9, 2], "active": [True, True, False],
        "origin_frequency": [0, 1, 0, None], "origin_recency_days": [0, 30, 0, None], "origin_age_days": [130, 90, 100, None],
        "origin_monetary": [0.0, 3.0, 0.0, None], "origin_spend_in_window": [1, 3, 2, 0], "origin_total_spend": [1, 3, 2, 0],
        "origin_active": [True, True, True, False], "spend_after_origin": [0, 4, 4, 1, 0], "earlier_active": [True, False],
        "earlier_returned": [True, False, False],
    }  # fmt: skip
    return every_model(CLV_FEATURES.columns, found, values)


def models(found: Sequence[Named]) -> pa.Table:
    """Trained models of known parameters."""
    values: dict[str, list[Any]] = {
        "settings": ["an earlier one"], "trained_on": [date(2023, 12, 1)], "as_of_day": [date(2023, 12, 1)],
        "origin_day": [date(2023, 3, 1)], "months": [9], "horizon_days": [274], "window_days": [275], "origin_window_days": [300],
        "method": ["BG/NBD and Gamma-Gamma", "spend in the active window"], "value_method": ["Gamma-Gamma", "shrunk mean"],
        "r": [0.24], "alpha": [30.9], "a": [0.8], "b": [2.4], "p": [6.2], "q": [3.7], "v": [15.4], "mean_amount": [4.0], "retention": [0.5],
        "no_drop_out": [False], "regular": [False], "high_value_share": [0.3], "grade": ["A", None], "k": [20], "hits": [9],
        "baseline_hits": [7],
    }  # fmt: skip
    return every_model(CLV_MODEL.columns, found, values, rows=1)


def reports(found: Sequence[Named]) -> pa.Table:
    """What was found of the input: good for the first prediction, not for the second, and so on."""
    return every_model(CLV_USABILITY.columns, found, {"state": ["passed", "error"]}, rows=1)


def every_model(table: Sequence[Column], found: Sequence[Named], values: Mapping[str, Sequence[Any]], rows: int = 60) -> pa.Table:
    """The same rows for each prediction; the value of a column moves on by one from prediction to prediction."""
    parts = []
    for number, plan in enumerate(found):
        mine = {name: [*pool[number % len(pool) :], *pool[: number % len(pool)]] for name, pool in values.items()}
        parts.append(nasty_rows(table, {**mine, "model": [plan.model]}, rows=rows))
    return pa.concat_tables(parts)
