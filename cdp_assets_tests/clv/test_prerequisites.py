"""What the input must have: each check with its thresholds, on figures; and the figures on rows small enough to read."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from cdp_assets.clv.prerequisites import CHECKS, Figures
from cdp_assets_tests.clv.small import activities, bought, usability_of

YEAR = "y: {months: 12}"
GOOD = Figures(
    horizon_days=365, rows=50_000, missing={}, customers=12_000, one_time=3_000, purchases=48_000, squared_repeats=300_000, median=3.0,
    largest=1.0, first_day=date(2021, 6, 1), last_day=date(2024, 6, 1), as_of_day=date(2024, 6, 1), origin_day=date(2023, 6, 2),
    last_90=900, before_90=800, largest_amount=100.0, median_amount=10.0, months=24,
)  # fmt: skip


def answer(name: str, **changes: Any) -> tuple[str, str]:
    found = CHECKS[name][0](replace(GOOD, **changes))
    return found.state, found.details


@pytest.mark.parametrize("name", CHECKS)
def test_good_input_passes(name: str) -> None:
    assert answer(name)[0] == "passed"


@pytest.mark.parametrize(
    ("name", "changes", "state", "words"),
    [
        ("customers", {"customers": 99}, "error", "99 customers with a purchase; at least 100 are needed"),
        ("customers", {"customers": 100}, "warning", "100 customers"),
        ("customers", {"customers": 1_000}, "recommendation", "1,000 customers"),
        ("history", {"first_day": date(2023, 6, 3)}, "error", "364 days of purchases; at least 365 are needed"),
        ("history", {"first_day": date(2023, 6, 2)}, "recommendation", "365 days"),
        (
            "history_before_test",
            {"origin_day": date(2022, 5, 31)},
            "error",
            "364 days of purchases before the test period; at least the 365",
        ),
        ("history_before_test", {"origin_day": date(2022, 6, 1)}, "warning", "548 are better; choose fewer months"),
        ("missing_customer", {"missing": {"customer_id": 10_000}}, "error", "10,000 of 50,000 rows (20.0 %) have no customer_id"),
        ("missing_customer", {"missing": {"customer_id": 9_999}}, "warning", "check `of:`"),
        ("missing_time", {"missing": {"time": 10_000}}, "error", "have no time; fewer than 20 % may lack it"),
        ("missing_amount", {"missing": {"amount": 10_000}}, "error", "have no amount"),
        ("missing_amount", {"missing": {"amount": 2_499}}, "passed", "5.0 %"),
        ("dates_after_run", {"after_run": 501}, "error", "501 of 50,000 rows are dated after the day of the run; at most 1 % may be"),
        ("dates_after_run", {"after_run": 500}, "recommendation", "check the dates"),
        ("transactions_per_customer", {"purchases": 23_999}, "warning", "2.00 purchases a customer on average"),
        ("transactions_per_customer", {"median": 1.0}, "recommendation", "median 1"),
        ("purchase_dates", {"one_time": 7_201}, "warning", "4,799 of 12,000 customers (40 %) bought on several dates"),
        ("thin_months", {"thin_months": 2}, "recommendation", "2 of the last 24 blocks of 30 days"),
        ("stray_tail", {"stray": 3, "last_day": date(2024, 8, 1)}, "warning", "3 purchases after 2024-06-01"),
        ("growth", {"last_90": 1_601}, "warning", "the past does not look like the future"),
        ("growth", {"last_90": 399}, "warning", "399 purchases in the last 90 days"),
        ("dominating_customer", {"largest": 5.1}, "warning", "the largest customer made 5.1 % of the amount"),
        ("dominating_customer", {"largest": 20.1}, "warning", "leave the customer out"),
        ("outlier_amount", {"largest_amount": 10_010.0}, "recommendation", "1,001 times the median"),
        ("outlier_amount", {"largest_amount": 1.1e7}, "warning", "check the amount"),
        ("regular_purchases", {"squared_repeats": 108_000}, "warning", "more regular than the model assumes"),
        ("overlap_of_activities", {"smallest_overlap": 9.9}, "recommendation", "9.9 % of the customers of the smaller one"),
        ("date_range", {"first_day": date(2014, 5, 1)}, "recommendation", "this could be a data error"),
        ("returns", {"more_returned": 1}, "warning", "1 customers returned more than they bought"),
    ],
)
def test_each_check_says_what_was_found_and_what_is_needed(name: str, changes: dict[str, Any], state: str, words: str) -> None:
    found, details = answer(name, **changes)
    assert found == state
    assert words in details


class TestFigures:
    """From rows to the report."""

    def test_input_without_a_row_is_reported(self) -> None:
        found = usability_of(activities("customer_id | day | amount"), YEAR)
        assert set(found) == set(CHECKS)
        assert [found[name]["state"] for name in ("customers", "history", "history_before_test")] == ["error"] * 3

    def test_purchases_of_many_customers_on_one_day_are_no_history(self) -> None:
        found = usability_of(bought(*[(f"c{n}", date(2024, 6, 1), 5.0) for n in range(150)]), YEAR)
        assert found["customers"]["state"] == "warning"
        assert (found["history"]["state"], found["purchase_dates"]["state"]) == ("error", "warning")
        assert found["history"]["details"].startswith("0 days of purchases; at least 365 are needed")
        assert found["purchase_dates"]["details"].startswith("0 of 150 customers (0 %) bought on several dates")

    def test_every_check_has_the_six_columns(self) -> None:
        row = usability_of(bought(("a", date(2024, 6, 1), 5)), YEAR)["customers"]
        assert (row["model"], row["step"], row["state"], row["column_name"], row["entity"]) == (
            "y", "train", "error", "customer_id", "unified_activities",
        )  # fmt: skip
        assert row["details"].startswith("1 customers with a purchase")

    def test_missing_values_are_counted_over_activities_and_their_quarantine(self) -> None:
        given = activities("customer_id | day | amount\na | 2024-06-01 | 5\nb | 2024-06-01 | \n | 2024-06-01 | 5")
        rejected = """
            activity | source | source_file | source_line | source_key | reason           | amount
            orders   | shop   | shop.csv    | 2           | 2          | no_customer_key  | 1
            orders   | shop   | shop.csv    | 3           | 3          | customer_unknown | 1
            orders   | shop   | shop.csv    | 4           | 4          | no_time          |
            orders   | shop   | shop.csv    | 5           | 5          | repeated_key     | 1
            orders   | shop   | shop.csv    | 6           | 6          | after_as_of      | 1
            visits   | web    | web.csv     | 6           | 6          | no_time          | 1
        """
        found = usability_of(given, YEAR, rejected)
        # 3 activities and 4 rows of the quarantine: a row that repeats another is neither there nor missing
        assert found["missing_customer"]["details"].startswith("3 of 7 rows")
        assert found["missing_time"]["details"].startswith("1 of 7 rows")
        assert found["missing_amount"]["details"].startswith("2 of 7 rows")
        assert found["dates_after_run"]["details"].startswith("1 of 7 rows")

    def test_several_dates_per_customer(self) -> None:
        given = bought(("a", date(2024, 6, 1), 5), ("a", date(2024, 6, 1), 6), ("b", date(2024, 6, 1), 5), ("b", date(2024, 6, 2), 5))
        found = usability_of(given, YEAR)
        assert found["purchase_dates"]["details"].startswith("1 of 2 customers (50 %) bought on several dates")
        assert found["transactions_per_customer"]["details"].startswith("1.50 purchases a customer on average, median 1.5")

    def test_history_is_counted_to_the_as_of_day_and_to_the_origin(self) -> None:
        given = bought(*[("a", date(2024, 6, 20) - timedelta(days=10 * n), 5.0) for n in range(60)])
        found = usability_of(given, YEAR)
        assert found["history"]["details"].startswith("590 days")
        assert found["history_before_test"]["details"].startswith("225 days")

    def test_a_dominating_customer_is_reported_without_its_id(self) -> None:
        found = usability_of(bought(("ann@example.org", date(2024, 6, 1), 95), ("b", date(2024, 6, 1), 5)), YEAR)
        assert found["dominating_customer"]["details"].startswith("the largest customer made 95.0 % of the amount")
        assert "ann" not in str(found)

    def test_overlap_of_activities_is_that_of_the_smaller_one(self) -> None:
        header = "customer_id | day | amount | activity"
        orders = [f"c{n} | 2024-06-01 | 5 | orders" for n in range(8)]
        receipts = [f"c{n} | 2024-06-01 | 5 | receipts" for n in (0, 20, 21, 22)]
        found = usability_of(activities("\n".join([header, *orders, *receipts])), YEAR)
        assert found["overlap_of_activities"]["details"].startswith("two activities share 25.0 %")

    def test_a_thin_month(self) -> None:
        days = [date(2024, 6, 20) - timedelta(days=3 * n) for n in range(240)]
        whole = bought(*[("a", day, 5.0) for day in days])
        gap = bought(*[("a", day, 5.0) for day in days if not date(2023, 12, 1) < day < date(2024, 1, 31)])
        assert usability_of(whole, YEAR)["thin_months"]["state"] == "passed"
        assert usability_of(gap, YEAR)["thin_months"]["state"] == "recommendation"

    def test_growth_compares_the_last_90_days_with_the_90_before(self) -> None:
        end = date(2024, 6, 20)
        given = bought(*[(f"c{n}", end - timedelta(days=n % 80), 5.0) for n in range(30)], ("z", end - timedelta(days=91), 5.0))
        assert usability_of(given, YEAR)["growth"]["details"].startswith("30 purchases in the last 90 days, 1 in the 90 days before")

    def test_who_returned_more_than_bought(self) -> None:
        given = activities("customer_id | day | amount\na | 2024-06-01 | 5\na | 2024-06-09 | -8\nb | 2024-06-01 | 5")
        assert usability_of(given, YEAR)["returns"]["details"].startswith("1 customers returned")

    def test_a_stray_tail_is_reported_with_count_and_dates(self) -> None:
        real = [(f"c{n}", date(2024, 2, 2) - timedelta(days=7 * w), 5.0) for n in range(10) for w in range(60)]
        found = usability_of(bought(*real, ("late", date(2024, 5, 3), 5.0)), YEAR)
        assert found["stray_tail"]["state"] == "warning"
        assert found["stray_tail"]["details"].startswith("1 purchases after 2024-02-02, where the purchases end, the last on 2024-05-03")
