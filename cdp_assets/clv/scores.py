"""Scores of the active customers by the model as it was trained, their ranks, and the value of each tenth of them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cdp_assets.clv import nasty
from cdp_assets.clv.predict import Period, expected, fit_of
from cdp_assets.clv.purchases import Plan
from cdp_assets.clv.tables import CLV_PERCENTILES, CLV_SCORES
from cdp_assets.clv.train import known_now, of_model
from cdp_assets.lake import Check, Stage, by, everywhere, intermediate

_EXPECTED = intermediate(
    "expected",
    """
    model              | varchar | prediction
    customer_id        | varchar | active customer
    score              | double  | expected purchases x expected value
    p_alive            | double  | probability that the customer still buys
    expected_purchases | double  | in the prediction period
    expected_value     | double  | of a purchase
    as_of_day          | date    | end of the purchases
    """,
    ("model", "customer_id"),
)

_RANKED = """
    with ranked as (
        select
            *,
            row_number() over (partition by model order by score desc, customer_id) as rank,
            count(*) over (partition by model) as active
        from expected
    )
    select
        r.model, r.customer_id, r.score, r.rank, 100.0 * r.rank / r.active as percentile,
        r.rank <= ceil(round(m.high_value_share * r.active, 6)) as high_value,
        r.p_alive, r.expected_purchases, r.expected_value, r.as_of_day, m.trained_on
    from ranked as r join clv_model as m on m.model = r.model
"""

_PERCENTILES = """
    with placed as (
        select model, score, high_value, 10 * cast(ceil(round(percentile / 10, 9)) as integer) as percentile
        from clv_scores
    )
    select
        model, percentile, count(score) as customers,
        round(cast(sum(cast(score as decimal(28,6))) as double) / count(*), 2) as average,
        round(cast(sum(cast(score as decimal(28,6))) as double), 2) as total,
        round(100.0 * count(*) filter (high_value) / count(*), 2) as high,
        round(100.0 * count(*) filter (not high_value) / count(*), 2) as low
    from placed
    group by model, percentile
"""

_INPUTS = "frequency recency_days age_days".split()
_MODEL = "method r alpha a b window_days horizon_days".split()
_AMOUNTS = "monetary total_spend spend_in_window".split()


def stages(found: Sequence[Plan]) -> list[Stage]:
    """The stages that write CLV_SCORES. Reads `clv_features` and `clv_model`."""

    def two() -> dict[str, pa.Table]:
        return {"clv_features": nasty.features(found), "clv_model": nasty.models(found)}

    def three() -> dict[str, pa.Table]:
        values: dict[str, list[Any]] = {"customer_id": [f"c{n:02}" for n in range(60)], "score": [5.0, 1.0, 5.0, 0.0, 2.5]}
        return {"expected": nasty.every_model(_EXPECTED.columns, found, values), "clv_model": nasty.models(found)}

    return [
        Stage(
            "expected",
            {"clv_features": by("model", "customer_id"), "clv_model": everywhere()},
            scored,
            _EXPECTED,
            nasty=two,
            lineage=_lineage(),
        ),
        Stage("clv_scores", {"expected": by("model"), "clv_model": by("model")}, _RANKED, CLV_SCORES, nasty=three),
    ]


def percentile_stages(found: Sequence[Plan]) -> list[Stage]:
    """The stage that writes CLV_PERCENTILES. Reads `clv_scores`."""

    def given() -> dict[str, pa.Table]:
        percentiles = [100 * n / 60 for n in range(1, 61)]
        values: dict[str, list[Any]] = {"customer_id": [f"c{n}" for n in range(60)], "percentile": percentiles, "high_value": [True, False]}
        return {"clv_scores": nasty.every_model(CLV_SCORES.columns, found, {**values, "score": [0.1, 0.2, 0.7]})}

    return [Stage("clv_percentiles", {"clv_scores": by("model")}, _PERCENTILES, CLV_PERCENTILES, nasty=given)]


def checks() -> list[Check]:
    """What must hold before scores are written."""
    return [
        Check(
            "conservation",
            "every customer who is active under the model has one score, and nobody else has any",
            """
            select count(*)
            from (
                select f.model, f.customer_id
                from clv_features as f join clv_model as m on m.model = f.model
                where f.last_day > f.as_of_day - m.window_days
            ) as a
            full join clv_scores as s on s.model = a.model and s.customer_id = a.customer_id
            where a.customer_id is null or s.customer_id is null
            """,
        ),
        Check(
            "scores",
            "every score is a number and not below 0",
            "select count(*) from clv_scores where not isfinite(score) or score < 0",
        ),
    ]


def percentile_checks() -> list[Check]:
    """Customers in = customers out."""
    sql = """
        select count(*)
        from (select model, count(*) as customers from clv_scores group by model) as s
        full join (select model, sum(customers) as customers from clv_percentiles group by model) as p on p.model = s.model
        where s.customers is distinct from p.customers
    """
    return [Check("conservation", "the tenths of a prediction hold all its customers", sql)]


def scored(tables: Mapping[str, pa.Table], _params: Mapping[str, Any]) -> pa.Table:
    """The rows of `expected`: each customer by the customer's own row and the model."""
    parts = [_EXPECTED.arrow_schema().empty_table()]
    for row in tables["clv_model"].sort_by("model").to_pylist():
        customers = active_customers(tables["clv_features"], row)
        if not customers.num_rows:
            continue
        found = expected(fit_of(row), known_now(customers), period_of(customers, row))
        columns = {
            "model": customers.column("model"),
            "customer_id": customers.column("customer_id"),
            "score": found.score,
            "p_alive": _nulls(found.alive),
            "expected_purchases": _nulls(found.purchases),
            "expected_value": _nulls(found.value),
            "as_of_day": customers.column("as_of_day"),
        }
        parts.append(pa.table(columns).cast(_EXPECTED.arrow_schema()))
    return pa.concat_tables(parts)


def active_customers(features: pa.Table, model: Mapping[str, Any]) -> pa.Table:
    """The customers with a purchase in the active window that the model was trained with, in the order of their ids."""
    customers = of_model(features, model["model"])
    age = pc.days_between(customers.column("last_day"), customers.column("as_of_day"))
    return customers.filter(pc.less(age, model["window_days"]))


def period_of(customers: pa.Table, model: Mapping[str, Any]) -> Period:
    """The model's period; the window is that in which the customers' spend was counted."""
    [window] = customers.slice(0, 1).column("window_days").to_pylist()
    return Period(model["horizon_days"], window)


def _nulls(values: Any) -> pa.Array:
    return pa.array(values, mask=np.isnan(values))


def _lineage() -> dict[str, tuple[str, ...]]:
    frequency = (*(f"clv_features.{name}" for name in _INPUTS), *(f"clv_model.{name}" for name in _MODEL))
    amounts = (
        *(f"clv_features.{name}" for name in _AMOUNTS),
        *(f"clv_model.{name}" for name in ("p", "q", "v", "mean_amount", "retention")),
    )
    return {
        "model": ("clv_features.model",),
        "customer_id": ("clv_features.customer_id",),
        "score": (*frequency, *amounts),
        "p_alive": frequency,
        "expected_purchases": frequency,
        "expected_value": amounts,
        "as_of_day": ("clv_features.as_of_day",),
    }
