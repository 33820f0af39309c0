"""What a prediction needs of its input: each check with its thresholds, its state and a sentence in numbers.

An error stops the training; warnings and recommendations are only reported. No sentence holds a value of a person.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pyarrow as pa

from cdp_assets.clv.tables import CLV_USABILITY

ERROR, WARNING, RECOMMENDATION, PASSED = "error", "warning", "recommendation", "passed"
TRAIN, SCORE = "train", "score"
ACTIVITIES = "unified_activities"

_MISSING = {"no_customer_key": "customer_id", "customer_unknown": "customer_id", "no_time": "time"}
_NOT_ROWS = ("repeated_key",)  # the same activity again: neither there nor missing


@dataclass(frozen=True)
class Figures:
    """The input of a prediction in numbers; the defaults are those of an input without a row."""

    horizon_days: int
    rows: int = 0
    missing: Mapping[str, int] = field(default_factory=dict)  # column -> rows without a value
    after_run: int = 0
    customers: int = 0
    one_time: int = 0
    purchases: int = 0
    squared_repeats: int = 0
    median: float = 0.0
    largest: float = 0.0
    first_day: date | None = None
    last_day: date | None = None
    as_of_day: date | None = None
    origin_day: date | None = None
    stray: int = 0
    last_90: int = 0
    before_90: int = 0
    largest_amount: float = 0.0
    median_amount: float = 0.0
    thin_months: int = 0
    months: int = 0
    more_returned: int = 0
    smallest_overlap: float | None = None

    @property
    def history(self) -> int:
        """Days from the first purchase to the end."""
        return (self.as_of_day - self.first_day).days if self.as_of_day and self.first_day else 0

    @property
    def history_before_origin(self) -> int:
        """Days from the first purchase to the origin of the test."""
        return max(0, (self.origin_day - self.first_day).days) if self.origin_day and self.first_day else 0


@dataclass(frozen=True)
class Answer:
    """What a check says."""

    state: str
    details: str


Question = Callable[[Figures], Answer]


def report(tables: Mapping[str, pa.Table], params: Mapping[str, Any]) -> pa.Table:
    """The rows of CLV_USABILITY of each prediction."""
    rows = [row for prediction in params["predictions"] for row in _rows(prediction["model"], _figures(tables, prediction))]
    return pa.Table.from_pylist(rows, schema=CLV_USABILITY.arrow_schema())


def _rows(model: str, figures: Figures) -> Iterator[dict[str, str]]:
    for name, (question, column, steps) in CHECKS.items():
        answer = question(figures)
        for step in steps:
            yield {
                "model": model,
                "step": step,
                "state": answer.state,
                "check_name": name,
                "column_name": column,
                "entity": ACTIVITIES,
                "details": answer.details,
            }


def _figures(tables: Mapping[str, pa.Table], prediction: Mapping[str, Any]) -> Figures:
    found: dict[str, Any] = {}
    for name in ("input_figures", "buyer_figures", "time_figures"):
        for row in tables[name].to_pylist():
            if row["model"] == prediction["model"]:
                found |= {key: value for key, value in row.items() if key != "model" and value is not None}
    missing = {"customer_id": found.pop("no_customer", 0), "time": found.pop("no_time", 0), "amount": found.pop("no_amount", 0)}
    rows, after_run = found.pop("rows", 0), found.pop("after_run", 0)
    for row in tables["rejected"].to_pylist():
        if row["model"] != prediction["model"] or row["reason"] in _NOT_ROWS:
            continue
        rows += row["rows"]
        missing["amount"] += row["no_amount"]
        if row["reason"] in _MISSING:
            missing[_MISSING[row["reason"]]] += row["rows"]
        if row["reason"] == "after_as_of":
            after_run += row["rows"]
    known: dict[str, Any] = {name: float(value) if name == "largest_amount" else value for name, value in found.items()}
    return Figures(prediction["horizon_days"], rows=rows, missing=missing, after_run=after_run, **known)


def _state(*tests: tuple[bool, str]) -> str:
    """The state of the first test that holds."""
    return next((state for holds, state in tests if holds), PASSED)


def _customers(f: Figures) -> Answer:
    state = _state((f.customers < 100, ERROR), (f.customers < 1_000, WARNING), (f.customers < 10_000, RECOMMENDATION))
    advice = "; map more activities to customers or add sources" if state == ERROR else ""
    return Answer(state, f"{f.customers:,} customers with a purchase; at least 100 are needed, more than 10,000 are better{advice}")


def _history(f: Figures) -> Answer:
    state = _state((f.history < 365, ERROR), (f.history < 730, RECOMMENDATION))
    advice = "; add older purchases to the sources" if state == ERROR else ""
    return Answer(state, f"{f.history:,} days of purchases; at least 365 are needed, 730 are better{advice}")


def _before_origin(f: Figures) -> Answer:
    found, horizon = f.history_before_origin, f.horizon_days
    state = _state((found < horizon, ERROR), (2 * found < 3 * horizon, WARNING))
    advice = "; choose fewer months, or add older purchases" if state != PASSED else ""
    return Answer(
        state,
        f"{found:,} days of purchases before the test period; at least the {horizon:,} days of the prediction period are needed, "
        f"{-(-3 * horizon // 2):,} are better{advice}",
    )


def _missing(column: str, advice: str) -> Question:
    def question(f: Figures) -> Answer:
        missing = f.missing.get(column, 0)
        state = _state((5 * missing >= f.rows > 0, ERROR), (20 * missing >= f.rows > 0, WARNING))
        share = f"{100 * missing / f.rows:.1f} %" if f.rows else "none"
        more = f"; {advice}" if state != PASSED else ""
        return Answer(state, f"{missing:,} of {f.rows:,} rows ({share}) have no {column}; fewer than 20 % may lack it, 5 % is usual{more}")

    return question


def _after_run(f: Figures) -> Answer:
    state = _state((100 * f.after_run > f.rows, ERROR), (f.after_run > 0, RECOMMENDATION))
    advice = "; check the dates, and whether day and month are exchanged" if state != PASSED else ""
    return Answer(state, f"{f.after_run:,} of {f.rows:,} rows are dated after the day of the run; at most 1 % may be{advice}")


def _transactions(f: Figures) -> Answer:
    mean = f.purchases / f.customers if f.customers else 0.0
    state = _state((mean < 2, WARNING), (f.median < 2, RECOMMENDATION))
    return Answer(state, f"{mean:.2f} purchases a customer on average, median {f.median:g}; 2 to 3 or more are better")


def _several_dates(f: Figures) -> Answer:
    several = f.customers - f.one_time
    share = 100 * several / f.customers if f.customers else 0.0
    state = _state((5 * f.one_time > 3 * f.customers or not f.customers, WARNING))
    return Answer(state, f"{several:,} of {f.customers:,} customers ({share:.0f} %) bought on several dates; 40 % or more are better")


def _thin_months(f: Figures) -> Answer:
    state = _state((f.thin_months > 0, RECOMMENDATION))
    return Answer(
        state, f"{f.thin_months} of the last {f.months} blocks of 30 days have less than 20 % of the usual purchases; none is better"
    )


def _stray(f: Figures) -> Answer:
    state = _state((f.stray > 0, WARNING))
    tail = f", the last on {f.last_day}, are not used; check their dates" if f.stray else ""
    return Answer(state, f"{f.stray:,} purchases after {f.as_of_day}, where the purchases end{tail}")


def _growth(f: Figures) -> Answer:
    state = _state((f.last_90 > 2 * f.before_90 or 2 * f.last_90 < f.before_90, WARNING))
    words = ": the past does not look like the future" if state != PASSED else ""
    return Answer(
        state, f"{f.last_90:,} purchases in the last 90 days, {f.before_90:,} in the 90 days before; 0.5 to 2 times is usual{words}"
    )


def _dominating(f: Figures) -> Answer:
    state = _state((f.largest > 5, WARNING))
    words = ""
    if f.largest > 20:
        words = "; above 20 % a prediction of the total means little: leave the customer out if it is a test or a reseller"
    return Answer(state, f"the largest customer made {f.largest:.1f} % of the amount; at most 5 % is usual{words}")


def _outliers(f: Figures) -> Answer:
    times = f.largest_amount / f.median_amount if f.median_amount else 0.0
    state = _state((times > 1e6, WARNING), (times > 1000, RECOMMENDATION))
    words = "; check the amount, or leave its row out" if state != PASSED else ""
    return Answer(state, f"the largest purchase is {times:,.0f} times the median; at most 1,000 is usual{words}")


def _regular(f: Figures) -> Answer:
    repeats = f.purchases - f.customers
    mean = repeats / f.customers if f.customers else 0.0
    variance = f.squared_repeats / f.customers - mean * mean if f.customers else 0.0
    found = variance / mean if mean else 0.0
    state = _state((mean > 0 and found <= 1.05, WARNING))
    words = "; purchases are more regular than the model assumes" if state != PASSED else ""
    return Answer(state, f"variance / mean of repeat purchases {found:.2f}; above 1.05 is usual{words}")


def _overlap(f: Figures) -> Answer:
    if f.smallest_overlap is None:
        return Answer(PASSED, "one activity, so there is no overlap of customers to look at")
    state = _state((f.smallest_overlap < 10, RECOMMENDATION))
    words = "; check that both lead to the same customers" if state != PASSED else ""
    return Answer(
        state, f"two activities share {f.smallest_overlap:.1f} % of the customers of the smaller one; 10 % or more is usual{words}"
    )


def _long_range(f: Figures) -> Answer:
    state = _state((f.history > 3653, RECOMMENDATION))
    words = "; this could be a data error" if state != PASSED else ""
    return Answer(state, f"purchases from {f.first_day} to {f.last_day}; at most 10 years is usual{words}")


def _returns(f: Figures) -> Answer:
    state = _state((f.more_returned > 0, WARNING))
    words = "; check the sign of amounts and the field of returns" if state != PASSED else ""
    return Answer(state, f"{f.more_returned:,} customers returned more than they bought; none is usual{words}")


CHECKS: dict[str, tuple[Question, str, Sequence[str]]] = {
    "customers": (_customers, "customer_id", (TRAIN,)),
    "history": (_history, "time", (TRAIN,)),
    "history_before_test": (_before_origin, "time", (TRAIN,)),
    "missing_customer": (
        _missing("customer_id", "check `of:` of the activities"),
        "customer_id",
        (TRAIN, SCORE),
    ),
    "missing_time": (_missing("time", "check `time:` of the activities and its format"), "time", (TRAIN, SCORE)),
    "missing_amount": (_missing("amount", "check `amount:` of the activities"), "amount", (TRAIN, SCORE)),
    "dates_after_run": (_after_run, "time", (TRAIN, SCORE)),
    "transactions_per_customer": (_transactions, "time", (TRAIN, SCORE)),
    "purchase_dates": (_several_dates, "time", (TRAIN,)),
    "thin_months": (_thin_months, "time", (TRAIN,)),
    "stray_tail": (_stray, "time", (TRAIN, SCORE)),
    "growth": (_growth, "time", (TRAIN, SCORE)),
    "dominating_customer": (_dominating, "amount", (TRAIN,)),
    "outlier_amount": (_outliers, "amount", (TRAIN, SCORE)),
    "regular_purchases": (_regular, "time", (TRAIN,)),
    "overlap_of_activities": (_overlap, "customer_id", (TRAIN,)),
    "date_range": (_long_range, "time", (TRAIN,)),
    "returns": (_returns, "amount", (TRAIN,)),
}
"""Name -> question, the column that it is about, and what it is asked for."""


NOTICE = """
    select 'Lifetime value is not trained on this input; a model that is there stays as it is, and everything else goes on. '
        || string_agg(model || ': ' || check_name || ': ' || details || '.', ' ' order by model, check_name)
        || ' All checks: `cdp review clv`.'
    from (select distinct model, check_name, details from clv_usability where state = 'error') having count(*) > 0
"""
"""What a refresh says where the prerequisites are not met; no row where they are."""
