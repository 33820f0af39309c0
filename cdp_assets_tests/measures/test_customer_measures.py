"""The measures of each customer, worked out by hand."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from cdp_assets.activities.tables import UNIFIED_ACTIVITIES
from cdp_assets.lake import Table, columns
from cdp_assets.measures import customer_measures
from cdp_assets.measures.tables import customer_measures as declared
from cdp_assets_tests.identity.checks_on_rows import run_checks_on
from cdp_assets_tests.measures.world import config
from cdp_assets_tests.support import rows, run_tables

PROFILES = "customer_id\nann\nbob\ncarl"
ACTIVITIES = """
    activity_id | customer_id | account_id | activity  | time                | amount | returned
    a1          | ann         |            | purchases | 2024-01-01 10:00:00 | 10.00  | false
    a2          | ann         |            | purchases | 2024-03-01 10:00:00 | 20.50  | false
    a3          | ann         |            | purchases | 2024-02-01 10:00:00 | -4.00  | true      # written below zero
    a4          | ann         |            | visits    | 2024-04-01 10:00:00 |        | false
    a5          | ann         |            | questions | 2024-05-01 10:00:00 | 999    | false     # of no measure
    b2          | bob         |            | purchases | 2024-01-01 10:00:00 | 7.00   | true      # a return written above zero
    b1          | bob         |            | purchases | 2024-01-01 10:00:00 | 8.00   | false     # at the same time
    b3          | bob         |            | purchases | 2024-09-01 10:00:00 |        | false     # no amount
    x1          |             | contoso    | purchases | 2024-01-01 10:00:00 | 500    | false     # of an account
"""
CUSTOMERS = Table("unified_profiles", "a customer", ("customer_id",), columns("customer_id | varchar | id"))


def inputs(activities: str = ACTIVITIES) -> dict[str, pa.Table]:
    return {"unified_activities": rows(activities, UNIFIED_ACTIVITIES), "unified_profiles": rows(PROFILES, CUSTOMERS)}


def measures() -> pa.Table:
    return run_tables(customer_measures.stages(config()), inputs())


def of(customer: str) -> dict[str, Any]:
    return next(row for row in measures().to_pylist() if row["customer_id"] == customer)


def violations(found: pa.Table) -> list[int]:
    return run_checks_on(customer_measures.checks(config()), declared(config()), found, inputs())


@pytest.mark.parametrize(
    ("measure", "value"),
    [
        ("spend", Decimal("26.50")),
        ("average_order", 26.5 / 3),
        ("orders", 3),
        ("orders_with_money", 3),
        ("largest", Decimal("20.50")),
        ("smallest", Decimal("-4.00")),
        ("first_amount", Decimal("10.00")),
        ("last_amount", Decimal("20.50")),
        ("first_seen_at", datetime.fromisoformat("2024-01-01T10:00:00")),
        ("last_seen_at", datetime.fromisoformat("2024-04-01T10:00:00")),
    ],
)
def test_each_function_gives_the_figure_of_the_customer(measure: str, value: object) -> None:
    assert of("ann")[measure] == value


def test_a_return_counts_below_zero_in_a_sum_however_it_is_written() -> None:
    assert of("bob")["spend"] == Decimal("1.00")


def test_an_activity_without_an_amount_is_counted_but_not_as_one_with_money() -> None:
    bob = of("bob")
    assert (bob["orders"], bob["orders_with_money"], bob["average_order"]) == (3, 2, 0.5)


def test_first_and_last_take_an_amount_that_is_there_and_ties_go_by_the_id() -> None:
    assert (of("bob")["first_amount"], of("bob")["last_amount"]) == (Decimal("8.00"), Decimal("-7.00"))


def test_a_customer_without_activities_has_a_row_of_zeros_and_nothing() -> None:
    row = of("carl")
    assert {name for name, value in row.items() if value == 0} == {"spend", "orders", "orders_with_money"}
    assert all(row[name] is None for name in ("average_order", "largest", "smallest", "first_amount", "last_amount", "last_seen_at"))


def test_every_customer_has_a_row_and_an_account_has_none() -> None:
    assert measures()["customer_id"].to_pylist() == ["ann", "bob", "carl"]


def test_columns_are_named_like_the_measures_in_the_order_of_the_configuration() -> None:
    assert measures().column_names == ["customer_id", *config().measures]


def test_the_checks_pass_on_what_was_computed() -> None:
    assert violations(measures()) == [0, 0]


def test_a_missing_customer_is_caught() -> None:
    assert violations(measures().slice(0, 2))[0] == 1


def test_lost_money_is_caught() -> None:
    found = measures()
    place = found.column_names.index("spend")
    wrong = pa.array([Decimal("26.49"), Decimal("1.00"), Decimal("0.00")], pa.decimal128(38, 2))
    assert violations(found.set_column(place, "spend", wrong)) == [0, 1]


def test_a_project_without_customers_has_no_measures() -> None:
    empty = {
        "unified_activities": UNIFIED_ACTIVITIES.arrow_schema().empty_table(),
        "unified_profiles": CUSTOMERS.arrow_schema().empty_table(),
    }
    found = run_tables(customer_measures.stages(config()), empty)
    assert found.num_rows == 0
    assert run_checks_on(customer_measures.checks(config()), declared(config()), found, empty) == [0, 0]
