"""The definitions that a grade stands on: purchase, as-of day, origin, active window, what is known of a customer."""

from datetime import date, timedelta
from typing import Any

import pytest

from cdp_assets.clv.purchases import horizon_days
from cdp_assets_tests.clv.small import AS_OF, activities, bought, features_of

YEAR = "y: {months: 12}"
QUARTER = "y: {months: 3}"


def by_customer(given: Any, predictions: str = YEAR, as_of: date = AS_OF) -> dict[str, dict[str, Any]]:
    return {row["customer_id"]: row for row in features_of(given, predictions, as_of).to_pylist()}


def weekly(last: date, weeks: int, customer: str = "a") -> list[tuple[str, date, float]]:
    """One purchase a week, back from the last day."""
    return [(customer, last - timedelta(days=7 * n), 10) for n in range(weeks)]


class TestPurchase:
    """A customer and calendar day, amounts summed, only positive totals."""

    def test_amounts_of_one_day_are_one_purchase(self) -> None:
        given = activities("customer_id | day | amount\na | 2024-06-01 08:00 | 5\na | 2024-06-01 20:00 | 7\na | 2024-06-02 | 1")
        assert (by_customer(given)["a"]["frequency"], float(by_customer(given)["a"]["total_spend"])) == (1, 13)

    def test_a_day_whose_total_is_not_positive_is_none(self) -> None:
        given = activities("customer_id | day | amount\na | 2024-06-01 | 5\na | 2024-06-02 | 5\na | 2024-06-02 | -5\nb | 2024-06-02 | -1")
        found = by_customer(given)
        assert (set(found), found["a"]["frequency"], found["a"]["last_day"]) == ({"a"}, 0, date(2024, 6, 1))

    def test_a_return_written_above_zero_counts_against(self) -> None:
        given = activities("customer_id | day | amount | returned\na | 2024-06-02 | 9 | false\na | 2024-06-02 | 4 | true")
        assert float(by_customer(given)["a"]["total_spend"]) == 5

    def test_rows_without_customer_or_amount_are_none(self) -> None:
        given = activities("customer_id | day | amount\na | 2024-06-02 | 9\n | 2024-06-03 | 9\na | 2024-06-04 | ")
        assert by_customer(given)["a"]["frequency"] == 0

    def test_other_activities_do_not_count(self) -> None:
        given = activities("customer_id | day | amount | activity\na | 2024-06-02 | 9 | orders\na | 2024-06-03 | 4 | receipts")
        assert by_customer(given, "y: {months: 12, activities: [orders]}")["a"]["frequency"] == 0
        assert by_customer(given)["a"]["frequency"] == 1


class TestAsOfDay:
    """Not the last date: the end of the first block of 7 days which, like the one before it, has 20 % of the usual."""

    def test_without_a_stray_tail_it_is_the_last_day(self) -> None:
        assert by_customer(bought(*weekly(date(2024, 6, 20), 60)))["a"]["as_of_day"] == date(2024, 6, 20)

    def test_a_stray_tail_is_cut_off(self) -> None:
        # 10 customers a week up to 2 February; then one purchase 13 weeks later
        real = [row for n in range(10) for row in weekly(date(2024, 2, 2), 60, f"c{n}")]
        found = by_customer(bought(*real, ("late", date(2024, 5, 3), 10)))
        assert found["c0"]["as_of_day"] == date(2024, 2, 2)
        assert "late" not in found

    def test_a_stray_row_in_the_week_after_the_end_does_not_move_it_by_more_than_its_block(self) -> None:
        real = [row for n in range(10) for row in weekly(date(2024, 2, 2), 60, f"c{n}")]
        assert by_customer(bought(*real, ("late", date(2024, 2, 12), 10)))["c0"]["as_of_day"] == date(2024, 2, 5)

    def test_few_rows_end_on_the_last_day(self) -> None:
        assert by_customer(bought(("a", date(2024, 6, 1), 5)))["a"]["as_of_day"] == date(2024, 6, 1)

    def test_it_is_never_later_than_the_day_of_the_run(self) -> None:
        given = bought(*weekly(date(2024, 6, 20), 60))
        assert by_customer(given, as_of=date(2024, 6, 10))["a"]["as_of_day"] == date(2024, 6, 6)


@pytest.mark.parametrize(("months", "days"), [(1, 30), (3, 91), (6, 183), (12, 365), (24, 730), (60, 1826)])
def test_the_prediction_period_is_30_4375_days_a_month(months: int, days: int) -> None:
    assert horizon_days(months) == days


def test_the_origin_is_the_as_of_day_less_the_prediction_period() -> None:
    found = by_customer(bought(*weekly(date(2024, 6, 20), 60)), QUARTER)["a"]
    assert found["origin_day"] == date(2024, 6, 20) - timedelta(days=91)


class TestActiveWindow:
    """At least the prediction period, and the 90 % quantile of the days between purchases where that is longer."""

    def test_frequent_purchases_leave_the_prediction_period(self) -> None:
        found = by_customer(bought(*weekly(date(2024, 6, 20), 60)), QUARTER)["a"]
        assert (found["window_days"], found["origin_window_days"]) == (91, 91)

    def test_rare_purchases_make_it_longer(self) -> None:
        rare = [("a", date(2024, 6, 20) - timedelta(days=120 * n), 10.0) for n in range(12)]
        assert by_customer(bought(*rare), QUARTER)["a"]["window_days"] == 120

    def test_it_is_at_most_a_year(self) -> None:
        rare = [("a", date(2024, 6, 20) - timedelta(days=500 * n), 10.0) for n in range(5)]
        assert by_customer(bought(*rare), QUARTER)["a"]["window_days"] == 365

    def test_that_of_the_test_knows_nothing_after_the_origin(self) -> None:
        # gaps of 7 days up to the origin; after it 100 days
        given = bought(
            *weekly(date(2024, 3, 1), 60), *weekly(date(2024, 3, 1), 60, "b"), ("a", date(2024, 6, 9), 1), ("b", date(2024, 6, 9), 1)
        )
        assert by_customer(given, QUARTER)["a"]["origin_window_days"] == 91

    def test_it_is_what_was_set_by_hand(self) -> None:
        found = by_customer(bought(*weekly(date(2024, 6, 20), 60)), "y: {months: 3, active: {days: 40}}")["a"]
        assert (found["window_days"], found["origin_window_days"]) == (40, 40)

    def test_active_is_who_bought_after_its_first_day(self) -> None:
        end = date(2024, 6, 20)
        given = bought(*weekly(end, 60), ("out", end - timedelta(days=40), 10), ("in", end - timedelta(days=39), 10))
        found = by_customer(given, "y: {months: 3, active: {days: 40}}")
        assert (found["out"]["active"], found["in"]["active"]) == (False, True)
        assert (float(found["out"]["spend_in_window"]), float(found["in"]["spend_in_window"])) == (0, 10)


class TestKnownOfCustomers:
    """Frequency, recency, age and monetary, now and at the origin."""

    def test_they_are_those_of_lifetimes(self) -> None:
        """`lifetimes.utils.summary_data_from_transaction_data` is the reference; days as the unit."""
        pandas = pytest.importorskip("pandas")
        utils = pytest.importorskip("lifetimes.utils")
        end = date(2024, 6, 20)
        rows = [
            *weekly(end, 60),
            ("b", date(2024, 1, 5), 8.0),
            ("b", date(2024, 3, 9), 12.5),
            ("b", date(2024, 3, 30), 2.25),
            ("c", end, 4.0),
        ]
        frame = pandas.DataFrame(rows, columns=["who", "day", "amount"])
        expected = utils.summary_data_from_transaction_data(frame, "who", "day", monetary_value_col="amount", observation_period_end=end)
        for customer, row in by_customer(bought(*rows)).items():
            known = expected.loc[customer]
            assert (row["frequency"], row["recency_days"], row["age_days"]) == (known["frequency"], known["recency"], known["T"])
            assert row["monetary"] == pytest.approx(known["monetary_value"], abs=1e-12)

    def test_at_the_origin_nothing_later_counts(self) -> None:
        given = [*weekly(date(2024, 6, 20), 60), ("b", date(2023, 1, 1), 3.0), ("b", date(2023, 1, 11), 7.0), ("b", date(2024, 6, 1), 9.0)]
        found = by_customer(bought(*given), QUARTER)["b"]
        assert (found["origin_frequency"], found["origin_recency_days"], found["origin_monetary"]) == (1, 10, 7.0)
        assert (float(found["origin_total_spend"]), float(found["spend_after_origin"])) == (10, 9)

    def test_who_came_later_is_unknown_at_the_origin(self) -> None:
        found = by_customer(bought(*weekly(date(2024, 6, 20), 60), ("new", date(2024, 6, 1), 9)), QUARTER)["new"]
        assert (found["origin_frequency"], found["origin_age_days"], found["origin_active"]) == (None, None, False)

    def test_the_order_of_rows_does_not_matter(self) -> None:
        rows = [*weekly(date(2024, 6, 20), 60), *weekly(date(2024, 6, 18), 9, "b")]
        assert features_of(bought(*rows), QUARTER).equals(features_of(bought(*rows[::-1]), QUARTER))
