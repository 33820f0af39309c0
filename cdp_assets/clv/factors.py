"""What the scores depend on, a first form: how much they change on average when one factor is the same for everybody.

Each factor in turn is set to its median over the active customers; its impact is the mean absolute change of the score,
as a share of these changes together, in per cent. It says what tells customers apart, not what causes what.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa

from cdp_assets.clv import nasty
from cdp_assets.clv.fit import Customers
from cdp_assets.clv.predict import expected, fit_of
from cdp_assets.clv.purchases import Plan
from cdp_assets.clv.scores import active_customers, period_of
from cdp_assets.clv.tables import CLV_FACTORS
from cdp_assets.clv.train import known_now
from cdp_assets.lake import Stage, by

VALUE = "overall transaction value"
SINCE_LAST = "days since last transaction"
SINCE_FIRST = "days since first transaction"
FREQUENCY = "transaction frequency"


def stages(found: Sequence[Plan]) -> list[Stage]:
    """The stage that writes CLV_FACTORS. Reads `clv_features` and `clv_model`."""
    used = [f"clv_features.{name}" for name in "frequency recency_days age_days monetary total_spend spend_in_window".split()]
    return [
        Stage(
            "clv_factors",
            {"clv_features": by("model"), "clv_model": by("model")},
            factors,
            CLV_FACTORS,
            nasty=lambda: {"clv_features": nasty.features(found), "clv_model": nasty.models(found)},
            lineage={"model": ("clv_model.model",), "impact": tuple(used)},
        )
    ]


def factors(tables: Mapping[str, pa.Table], _params: Mapping[str, Any]) -> pa.Table:
    """The rows of CLV_FACTORS; none for a prediction whose scores depend on nothing."""
    rows: list[dict[str, Any]] = []
    for model in tables["clv_model"].sort_by("model").to_pylist():
        customers = active_customers(tables["clv_features"], model)
        if customers.num_rows:
            found = impacts(known_now(customers), model, customers)
            rows += [{"model": model["model"], "factor": factor, "impact": impact} for factor, impact in found.items()]
    return pa.Table.from_pylist(rows, schema=CLV_FACTORS.arrow_schema())


def impacts(known: Customers, model: Mapping[str, Any], customers: pa.Table) -> dict[str, float]:
    """Factor -> impact in per cent; they sum to 100, or there are none."""
    fit, period = fit_of(model), period_of(customers, model)
    score = expected(fit, known, period).score
    changes = {factor: float(np.abs(expected(fit, changed, period).score - score).mean()) for factor, changed in levelled(known).items()}
    total = sum(changes.values())
    if not total:
        return {}
    found = {factor: round(100 * change / total, 3) for factor, change in changes.items()}
    largest = max(found, key=lambda factor: (found[factor], factor))
    found[largest] = round(found[largest] + 100 - sum(found.values()), 3)
    return found


def levelled(known: Customers) -> dict[str, Customers]:
    """The customers with one factor at its median; what must stay between other values is moved only as far as it may."""
    since_last = known.age - known.recency
    age = np.full_like(known.age, np.median(known.age))
    frequency = np.full_like(known.frequency, np.median(known.frequency))
    amount = known.total / (known.frequency + 1)
    level = np.median(amount) / np.where(amount > 0, amount, 1)
    repeats = known.frequency > 0
    return {
        VALUE: replace(
            known,
            monetary=np.where(repeats, np.median(known.monetary[repeats]) if repeats.any() else 0.0, 0.0),
            total=known.total * level,
            in_window=known.in_window * level,
        ),
        SINCE_LAST: replace(known, recency=np.where(repeats, np.clip(known.age - np.median(since_last), 0, known.age), 0.0)),
        SINCE_FIRST: replace(known, age=age, recency=np.where(repeats, np.clip(age - since_last, 0, age), 0.0)),
        FREQUENCY: replace(
            known,
            frequency=frequency,
            recency=np.where(frequency > 0, known.recency, 0.0),
            monetary=np.where(repeats, known.monetary, amount),
            total=amount * (frequency + 1),
            in_window=known.in_window * (frequency + 1) / (known.frequency + 1),
        ),
    }
