"""Training: the model is tested at the origin, then fitted on all purchases, and then kept as it is until it is due again."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cdp_assets.clv import grade, nasty
from cdp_assets.clv.fit import SPEND, Customers, Fit, fit, rounded
from cdp_assets.clv.predict import Period, baseline, expected, row_of
from cdp_assets.clv.purchases import Plan, settings
from cdp_assets.clv.tables import CLV_MODEL
from cdp_assets.lake import AS_OF, Stage, by, everywhere

_KNOWN = "frequency recency_days age_days monetary total_spend spend_in_window".split()


def stages(found: Sequence[Plan]) -> list[Stage]:
    """The stage that writes CLV_MODEL. Reads `clv_features`, `clv_usability`, the model before (`clv_model_before`) and the day."""
    return [
        Stage(
            "clv_model",
            {"clv_features": by("model"), "clv_usability": by("model"), "clv_model_before": by("model"), AS_OF.name: everywhere()},
            trained,
            CLV_MODEL,
            params={"predictions": settings(found)},
            nasty=lambda: {
                "clv_features": nasty.features(found),
                "clv_usability": nasty.reports(found),
                "clv_model_before": nasty.models(found),
                AS_OF.name: nasty.as_of(),
            },
            lineage=_lineage(),
        )
    ]


def trained(tables: Mapping[str, pa.Table], params: Mapping[str, Any]) -> pa.Table:
    """A row for each prediction with customers: the one before where it is still good, else a new one.

    A prediction whose input has errors is not trained: its model stays as it is, and without one it has none.
    """
    [as_of] = tables[AS_OF.name].column("day").to_pylist()
    before = {row["model"]: row for row in tables["clv_model_before"].to_pylist()}
    report = tables["clv_usability"]
    unusable = set(report.filter(pc.equal(report.column("state"), "error")).column("model").to_pylist())
    rows = []
    for prediction in params["predictions"]:
        name = prediction["model"]
        customers = of_model(tables["clv_features"], name)
        if not customers.num_rows:
            continue
        earlier = before.get(name)
        if earlier is not None and (name in unusable or not is_due(earlier, prediction, as_of)):
            rows.append(earlier)
        elif name not in unusable:
            rows.append(train(customers, prediction, as_of))
    return pa.Table.from_pylist(rows, schema=CLV_MODEL.arrow_schema())


def of_model(rows: pa.Table, name: str) -> pa.Table:
    """The customers of a prediction in the order of their ids, which decides ties."""
    return rows.filter(pc.equal(rows.column("model"), name)).sort_by("customer_id")


def is_due(before: Mapping[str, Any], prediction: Mapping[str, Any], as_of: date) -> bool:
    """Whether a model is to be trained again: its settings changed, or its time has come."""
    due = next_due(before["trained_on"], prediction["retrain"])
    return before["settings"] != prediction["settings"] or (due is not None and as_of >= due)


def next_due(trained_on: date, retrain: str) -> date | None:
    """The first day on which a refresh trains the model again; None: never. A month after the 31st is the month's last day."""
    if retrain == "every_refresh":
        return trained_on
    if retrain == "weekly":
        return trained_on + timedelta(days=7)
    if retrain == "monthly":
        first = date(trained_on.year + trained_on.month // 12, trained_on.month % 12 + 1, 1)
        last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        return first.replace(day=min(trained_on.day, last.day))
    return None


def train(customers: pa.Table, prediction: Mapping[str, Any], as_of: date) -> dict[str, Any]:
    """A row of CLV_MODEL: test at the origin, then the fit on everything. Customers are in the order of their ids."""
    first = customers.slice(0, 1).to_pylist()[0]
    horizon, percent = prediction["horizon_days"], prediction["percent"]
    test_period = Period(horizon, first["origin_window_days"])
    tested, arithmetic = _test(customers, test_period, percent)
    known, active = known_now(customers), _flags(customers, "active")
    share = grade.high_value_customers(known.total[active], percent)
    came_back = _numbers(customers, "spend_after_origin") > 0
    now = _with(fit(known), _retention(_flags(customers, "origin_active"), came_back), share)
    return {
        "model": prediction["model"],
        "settings": prediction["settings"],
        "trained_on": as_of,
        **{name: first[name] for name in ("as_of_day", "origin_day", "window_days", "origin_window_days")},
        "months": prediction["months"],
        "horizon_days": horizon,
        "customers": customers.num_rows,
        "active": int(active.sum()),
        **row_of(now),
        **row_of(tested, "origin_"),
        **arithmetic,
    }


def _test(customers: pa.Table, period: Period, percent: int | None) -> tuple[Fit, dict[str, Any]]:
    """The fit that knows nothing after the origin, and how it and the simple rules did after it."""
    there = pc.is_valid(customers.column("origin_frequency"))
    customers = customers.filter(there)
    known, active = _known(customers, "origin_"), _flags(customers, "origin_active")
    truth = _numbers(customers, "spend_after_origin")[active]
    scored = known.only(active)
    share = grade.high_value_customers(scored.total, percent)
    retention = _retention(_flags(customers, "earlier_active"), _flags(customers, "earlier_returned"))
    found = _with(fit(known), retention, share)
    score = expected(found, scored, period).score
    simple = baseline(scored, period, found.retention)
    arithmetic = grade.graded(grade.lists(score, scored.in_window, scored.total, truth, share))
    if found.method == SPEND and arithmetic["grade"]:
        arithmetic["grade_reason"] = f"{arithmetic['grade']} by construction: customers are ranked by {SPEND}, as in the baseline"
    rmse, rmse_cut = grade.errors(score, truth)
    baseline_rmse, baseline_cut = grade.errors(simple, truth)
    figures = {
        "rmse": rmse,
        "baseline_rmse": baseline_rmse,
        "rmse_cut": rmse_cut,
        "baseline_rmse_cut": baseline_cut,
        "predicted_total": float(score.sum()),
        "actual_total": float(truth.sum()),
    }
    figures = {name: float(f"{value:.9g}") for name, value in figures.items()}
    return found, {**arithmetic, **figures, "test_active": len(truth), "test_buyers": int((truth > 0).sum())}


def known_now(customers: pa.Table) -> Customers:
    """What is known of the customers at the as-of day."""
    return _known(customers, "")


def _known(customers: pa.Table, prefix: str) -> Customers:
    return Customers(*(_numbers(customers, prefix + name) for name in _KNOWN))


def _numbers(rows: pa.Table, name: str) -> Any:
    return rows.column(name).cast(pa.float64()).to_numpy()


def _flags(rows: pa.Table, name: str) -> Any:
    return rows.column(name).to_numpy().astype(np.bool_)


def _retention(active: Any, returned: Any) -> float | None:
    """Share of the active customers who bought again in the following period; None: there were none."""
    return rounded(float(returned[active].mean())) if active.any() else None


def _with(found: Fit, retention: float | None, share: tuple[int, int]) -> Fit:
    from dataclasses import replace

    notes = found.fall_backs
    if retention is None:
        notes = (*notes, "the history is too short for a retention rate; the baseline takes 1, which changes no rank")
    return replace(found, retention=1.0 if retention is None else retention, high_value_share=share[0] / share[1], fall_backs=notes)


def _lineage() -> dict[str, tuple[str, ...]]:
    """Every column comes from the model before; and the figures from what is known of customers."""
    made = {name: (f"clv_features.{name}",) for name in ("model", "as_of_day", "origin_day", "window_days", "origin_window_days")}
    now = tuple(f"clv_features.{name}" for name in _KNOWN)
    then = tuple(f"clv_features.origin_{name}" for name in _KNOWN)
    fitted = {"customers", "active", *row_of(Fit("", "", 0.0))}
    found = {}
    for column in CLV_MODEL.column_names:
        if column in ("settings", "trained_on", "months", "horizon_days"):
            origins: tuple[str, ...] = ()
        elif column in made:
            origins = made[column]
        elif column in fitted:
            origins = now
        else:
            origins = (*then, "clv_features.spend_after_origin")
        found[column] = (*origins, f"clv_model_before.{column}")
    return found
