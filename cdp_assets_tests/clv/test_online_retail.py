"""Real purchases: Online Retail, from its file to the grade, as a whole project.

The set (UCI Machine Learning Repository, CC-BY-4.0, one row an order) is not part of this project. CDP_ONLINE_RETAIL
names the file; without it shared/data/clv/online_retail.parquet beside the checkout is looked for.
"""

import os
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from cdp_assets.config import load_project
from cdp_assets.lake import Place, Run
from cdp_assets_tests.projects import ordered_steps

BESIDE = Path(__file__).parents[3] / "shared" / "data" / "clv" / "online_retail.parquet"
FILE = Path(os.environ.get("CDP_ONLINE_RETAIL", BESIDE))

pytestmark = [
    pytest.mark.pipeline,
    pytest.mark.skipif(not FILE.is_file(), reason="missing data: CDP_ONLINE_RETAIL does not name the file of orders"),
]

PROJECT = """
version: 1
sources:
  people: {files: people.parquet, primary_key: who, fields: {who: text, country: text}}
  shop: {files: orders.parquet, primary_key: number, fields: {number: integer, who: text, ts: timestamp, amount: decimal}}
customers: {match_order: [people]}
activities:
  orders: {source: shop, type: SalesOrder, of: {who: people.who}, time: ts, amount: amount}
clv:
  quarter: {months: 3}
  top_20: {months: 3, high_value: {percent: 20}}
"""


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """The rows of clv_results of both predictions."""
    folder = tmp_path_factory.mktemp("online_retail")
    with duckdb.connect() as connection:
        connection.execute(f"create view given as select *, customer_id as who, cast(amount as decimal(18,2)) as money from '{FILE}'")
        orders = "select row_number() over (order by ts, order_id, who) as number, who, ts, money as amount from given"
        connection.execute(f"copy ({orders}) to '{folder / 'orders.parquet'}'")
        people = "select who, min(country) as country from given group by who"
        connection.execute(f"copy ({people}) to '{folder / 'people.parquet'}'")
    (folder / "cdp.yaml").write_text(PROJECT)
    project = load_project(folder)
    opened = Run(Place(project.store), "run", date(2012, 1, 31), memory=1 << 30)
    for step in ordered_steps(project):
        if step.station != "publish":
            step.run(opened)
    steps = {step.table.name: step.table for step in ordered_steps(project)}
    with duckdb.connect() as connection:
        rows = connection.sql(f"from ({opened.read(steps['clv_results']).sql})").to_arrow_table().to_pylist()
        usability = connection.execute(
            f"select distinct check_name, state, details from ({opened.read(steps['clv_usability']).sql})"
        ).fetchall()
    for name, state, details in sorted(usability):
        print(f"{state:<15} {name}: {details}")
    for row in rows:
        print(row["model"], row["summary"])
    return {row["model"]: row for row in rows}


def test_80_20_over_3_months_is_an_a_against_the_baseline(results: dict[str, dict[str, Any]]) -> None:
    """The figures found before this program was written: 1,966 active, 415 of high value, baseline 0.586, lift +10.3 %."""
    row = results["quarter"]
    assert (row["test_active"], row["k"], row["grade"]) == (1966, 415, "A")
    assert row["baseline_success_rate"] == pytest.approx(0.586, abs=0.001)
    assert row["lift"] == pytest.approx(0.103, abs=0.01)
    assert (row["interval_low"], row["interval_high"]) == pytest.approx((0.05, 0.15), abs=0.015)


def test_ranking_by_total_spend_is_the_stronger_baseline_here(results: dict[str, dict[str, Any]]) -> None:
    """Total spend finds 12.3 % more than the baseline: the model, at 10.3 %, does not beat it. Shown beside the grade."""
    assert -0.03 < results["quarter"]["strong_baseline_lift"] < 0


def test_top_20_per_cent_over_3_months(results: dict[str, dict[str, Any]]) -> None:
    row = results["top_20"]
    assert (row["test_active"], row["k"], row["grade"]) == (1966, 271, "A")
    assert row["baseline_success_rate"] == pytest.approx(0.565, abs=0.001)
    assert row["lift"] == pytest.approx(0.085, abs=0.015)


def test_nobody_leaves_is_recorded(results: dict[str, dict[str, Any]]) -> None:
    assert any("no drop-out found" in words for words in results["quarter"]["fall_backs"])
