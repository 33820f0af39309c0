"""A configuration with purchases, and the way from a few readable activities to the tables of this station."""

import random
from datetime import date, timedelta
from typing import Any

import pyarrow as pa

from cdp_assets.activities.tables import ACTIVITY_QUARANTINE, UNIFIED_ACTIVITIES
from cdp_assets.clv import factors, features, results, scores, train, usability
from cdp_assets.clv.nasty import as_of as as_of_rows
from cdp_assets.clv.purchases import plans
from cdp_assets.clv.tables import CLV_FEATURES, CLV_MODEL, CLV_USABILITY
from cdp_assets.config import ProjectConfig, parse_config
from cdp_assets_tests.support import rows, run_tables

SOURCES = """
version: 1
sources:
  crm: {files: crm.csv, primary_key: id, fields: {name: person.full_name}}
  shop: {files: shop.csv, primary_key: order_id, fields: {who: text, at: timestamp, total: decimal}}
  till: {files: till.csv, primary_key: receipt_id, fields: {who: text, at: timestamp, total: decimal}}
activities:
  orders: {source: shop, type: SalesOrder, of: {who: crm.id}, time: at, amount: total}
  receipts: {source: till, type: SalesOrder, of: {who: crm.id}, time: at, amount: total}
clv:
  """
AS_OF = date(2024, 6, 30)


def config(predictions: str) -> ProjectConfig:
    """The configuration with these predictions."""
    return parse_config(SOURCES + predictions)


def activities(text: str) -> pa.Table:
    """Activities from rows of `customer_id | day | amount`, and further columns; orders unless said otherwise."""
    given = rows(text).to_pylist()
    schema = UNIFIED_ACTIVITIES.arrow_schema()
    header = "activity_id | customer_id | activity | type | time | amount | returned"
    lines = [header]
    for number, row in enumerate(given):
        time = row.get("day") or ""
        values = [
            f"a{number:06}", row["customer_id"] or "", row.get("activity") or "orders", "SalesOrder", time, row["amount"] or "",
            row.get("returned") or "false",
        ]  # fmt: skip
        lines.append(" | ".join(values))
    found = rows("\n".join(lines), UNIFIED_ACTIVITIES)
    assert found.schema.equals(schema)
    return found


def bought(*purchases: tuple[str, date, float]) -> pa.Table:
    """Activities from (customer, day, amount)."""
    return activities("\n".join(["customer_id | day | amount", *(f"{who} | {day} | {amount}" for who, day, amount in purchases)]))


def features_of(given: pa.Table, predictions: str, as_of: date = AS_OF) -> pa.Table:
    """CLV_FEATURES of these activities."""
    stages = features.stages(plans(config(predictions)))
    return run_tables(stages, {"unified_activities": given, "_as_of": as_of_rows(as_of)})


def usability_of(given: pa.Table, predictions: str, rejected: str | None = None, as_of: date = AS_OF) -> dict[str, dict[str, Any]]:
    """The rows of CLV_USABILITY of the one prediction by check, as they are for the training."""
    stages = usability.stages(plans(config(predictions)))
    quarantine = rows(rejected, ACTIVITY_QUARANTINE) if rejected else ACTIVITY_QUARANTINE.arrow_schema().empty_table()
    inputs = {"unified_activities": given, "activity_quarantine": quarantine, "_as_of": as_of_rows(as_of)}
    return {row["check_name"]: row for row in run_tables(stages, inputs).to_pylist() if row["step"] == "train"}


def model_of(customers: pa.Table, predictions: str, before: pa.Table | None = None, as_of: date = AS_OF) -> pa.Table:
    """CLV_MODEL after a run on that day."""
    stages = train.stages(plans(config(predictions)))
    earlier = before if before is not None else CLV_MODEL.arrow_schema().empty_table()
    usable = CLV_USABILITY.arrow_schema().empty_table()
    return run_tables(
        stages, {"clv_features": customers, "clv_usability": usable, "clv_model_before": earlier, "_as_of": as_of_rows(as_of)}
    )


def scores_of(customers: pa.Table, model: pa.Table, predictions: str) -> pa.Table:
    """CLV_SCORES of these customers by this model."""
    return run_tables(scores.stages(plans(config(predictions))), {"clv_features": customers, "clv_model": model})


def results_of(model: pa.Table, predictions: str) -> dict[str, Any]:
    """The row of CLV_RESULTS of the one prediction."""
    [row] = run_tables(results.stages(plans(config(predictions))), {"clv_model": model}).to_pylist()
    return row


def percentiles_of(scored: pa.Table, predictions: str) -> list[dict[str, Any]]:
    """CLV_PERCENTILES of these scores."""
    return run_tables(scores.percentile_stages(plans(config(predictions))), {"clv_scores": scored}).to_pylist()


def factors_of(customers: pa.Table, model: pa.Table, predictions: str) -> dict[str, float]:
    """Factor -> impact."""
    found = run_tables(factors.stages(plans(config(predictions))), {"clv_features": customers, "clv_model": model})
    return {row["factor"]: row["impact"] for row in found.to_pylist()}


def empty_features() -> pa.Table:
    """No customers."""
    return CLV_FEATURES.arrow_schema().empty_table()


def world(customers: int = 150, until: date = date(2024, 6, 20)) -> pa.Table:
    """Two years of purchases of customers who buy at different rates, some of whom leave; the same every time.

    A later end adds purchases and changes none.
    """
    purchases = []
    for number in range(customers):
        draw = random.Random(number)
        rate, leaves, level = draw.gammavariate(0.8, 1 / 60), draw.uniform(0.02, 0.3), draw.uniform(10, 90)
        day = date(2024, 6, 20) - timedelta(days=draw.randrange(100, 730))
        while day <= until:
            purchases.append((f"c{number:03}", day, round(level * draw.uniform(0.5, 1.5), 2)))
            if draw.random() < leaves:
                break
            day += timedelta(days=1 + int(draw.expovariate(rate)))
    return bought(*purchases)
