"""The model is frozen: trained when it is due and not before; scores follow the data, by the model as it was trained."""

from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import pytest

from cdp_assets.clv.train import next_due
from cdp_assets_tests.clv.small import (
    factors_of,
    features_of,
    model_of,
    percentiles_of,
    results_of,
    scores_of,
    usability_of,
    world,
)

DAY = date(2024, 6, 30)
MONTHLY = "y: {months: 3}"


@pytest.fixture(scope="module")
def customers() -> pa.Table:
    """150 customers as they are now."""
    return features_of(world(), MONTHLY)


@pytest.fixture(scope="module")
def model(customers: pa.Table) -> pa.Table:
    """The model trained on them."""
    return model_of(customers, MONTHLY, as_of=DAY)


@pytest.fixture(scope="module")
def later() -> pa.Table:
    """The customers some weeks later, with more purchases."""
    return features_of(world(until=date(2024, 7, 28)), MONTHLY, date(2024, 7, 30))


def row_of(table: pa.Table) -> dict[str, Any]:
    [row] = table.to_pylist()
    return row


def test_the_world_of_these_tests_is_a_usable_input() -> None:
    assert "error" not in {row["state"] for row in usability_of(world(), MONTHLY).values()}


class TestRetrain:
    """every_refresh, weekly, monthly, never."""

    @pytest.mark.parametrize(
        ("trained", "retrain", "due"),
        [
            (date(2024, 1, 31), "monthly", date(2024, 2, 29)),
            (date(2023, 1, 31), "monthly", date(2023, 2, 28)),
            (date(2024, 12, 15), "monthly", date(2025, 1, 15)),
            (date(2024, 12, 30), "weekly", date(2025, 1, 6)),
            (date(2024, 12, 30), "every_refresh", date(2024, 12, 30)),
            (date(2024, 12, 30), "never", None),
        ],
    )
    def test_the_day_from_which_it_is_due(self, trained: date, retrain: str, due: date | None) -> None:
        assert next_due(trained, retrain) == due

    def test_before_it_is_due_every_value_stays(self, model: pa.Table, later: pa.Table) -> None:
        assert model_of(later, MONTHLY, model, DAY + timedelta(days=29)).equals(model)

    def test_once_it_is_due_it_is_trained_on_the_data_of_that_day(self, model: pa.Table, later: pa.Table) -> None:
        trained = model_of(later, MONTHLY, model, date(2024, 7, 30))
        assert trained.equals(model_of(later, MONTHLY, None, date(2024, 7, 30)))
        assert row_of(trained)["trained_on"] == date(2024, 7, 30)
        assert row_of(trained)["alpha"] != row_of(model)["alpha"]

    def test_never_keeps_it_for_ever(self, model: pa.Table, later: pa.Table) -> None:
        assert model_of(later, "y: {months: 3, retrain: never}", model, date(2034, 1, 1)).equals(model)

    def test_every_refresh_trains_again_on_the_same_day(self, model: pa.Table, later: pa.Table) -> None:
        trained = model_of(later, "y: {months: 3, retrain: every_refresh}", model, DAY)
        assert row_of(trained)["as_of_day"] != row_of(model)["as_of_day"]

    @pytest.mark.parametrize(
        "settings",
        ["{months: 4}", "{months: 3, active: {days: 99}}", "{months: 3, high_value: {percent: 20}}", "{months: 3, activities: [orders]}"],
    )
    def test_changed_settings_train_again_at_once(self, model: pa.Table, later: pa.Table, settings: str) -> None:
        assert row_of(model_of(later, f"y: {settings}", model, DAY))["as_of_day"] == row_of(later.slice(0, 1))["as_of_day"]

    def test_a_prediction_that_is_gone_has_no_model(self, model: pa.Table, customers: pa.Table) -> None:
        assert model_of(customers, "other: {months: 3}", model).num_rows == 0


def test_training_twice_gives_the_same_to_the_last_bit(customers: pa.Table, model: pa.Table) -> None:
    turned = customers.take(list(range(customers.num_rows))[::-1])
    assert model_of(turned, MONTHLY, as_of=DAY).equals(model)


def test_nothing_after_the_origin_is_read_before_the_model_of_the_test_is_there(customers: pa.Table, model: pa.Table) -> None:
    spend = customers.schema.get_field_index("spend_after_origin")
    blind = customers.set_column(spend, customers.schema.field(spend), pa.array([0] * customers.num_rows, pa.decimal128(38, 2)))
    with_truth, without = row_of(model), row_of(model_of(blind, MONTHLY, as_of=DAY))
    fitted = [name for name in with_truth if name.startswith("origin_")]
    assert len(fitted) > 10
    assert {name: with_truth[name] for name in fitted} == {name: without[name] for name in fitted}


class TestRetention:
    """The share of customers active in a window who buy again in the following window of the prediction period's length."""

    def test_in_the_test_it_is_measured_one_period_before_the_origin(self, customers: pa.Table, model: pa.Table) -> None:
        rows = [row for row in customers.to_pylist() if row["earlier_active"]]
        expected = sum(row["earlier_returned"] for row in rows) / len(rows)
        assert row_of(model)["origin_retention"] == pytest.approx(expected, abs=1e-5)

    def test_now_it_is_measured_at_the_origin(self, customers: pa.Table, model: pa.Table) -> None:
        rows = [row for row in customers.to_pylist() if row["origin_active"]]
        expected = sum(row["spend_after_origin"] > 0 for row in rows) / len(rows)
        assert row_of(model)["retention"] == pytest.approx(expected, abs=1e-5)


class TestScores:
    """The active customers, by the frozen model."""

    def test_every_active_customer_has_one(self, customers: pa.Table, model: pa.Table) -> None:
        found = scores_of(customers, model, MONTHLY).to_pylist()
        assert [row["customer_id"] for row in found] == [row["customer_id"] for row in customers.to_pylist() if row["active"]]

    def test_score_is_expected_purchases_times_expected_value(self, customers: pa.Table, model: pa.Table) -> None:
        for row in scores_of(customers, model, MONTHLY).to_pylist():
            assert row["score"] == pytest.approx(row["expected_purchases"] * row["expected_value"], rel=1e-4, abs=1e-4)
            assert 0 <= row["p_alive"] <= 1

    def test_rescoring_uses_the_model_as_it_was_trained(self, later: pa.Table, model: pa.Table) -> None:
        kept = model_of(later, MONTHLY, model, DAY + timedelta(days=20))
        found = scores_of(later, kept, MONTHLY).to_pylist()
        assert {row["trained_on"] for row in found} == {DAY}
        assert {row["as_of_day"] for row in found} == {later.column("as_of_day")[0].as_py()}

    def test_a_score_depends_on_the_customer_and_the_model_alone(self, customers: pa.Table, model: pa.Table) -> None:
        """This makes an increment equal a full run: half of the customers alone get the scores that they get among all."""
        whole = {row["customer_id"]: row["score"] for row in scores_of(customers, model, MONTHLY).to_pylist()}
        half = scores_of(customers.slice(0, customers.num_rows // 2), model, MONTHLY).to_pylist()
        assert half
        assert all(whole[row["customer_id"]] == row["score"] for row in half)

    def test_ranks_and_percentiles(self, customers: pa.Table, model: pa.Table) -> None:
        found = sorted(scores_of(customers, model, MONTHLY).to_pylist(), key=lambda row: row["rank"])
        assert [row["rank"] for row in found] == list(range(1, len(found) + 1))
        assert found == sorted(found, key=lambda row: (-row["score"], row["customer_id"]))
        assert (found[0]["percentile"], found[-1]["percentile"]) == (pytest.approx(100 / len(found)), 100)

    def test_high_value_by_percentage_is_that_share_of_the_active_customers(self, customers: pa.Table) -> None:
        predictions = "y: {months: 3, high_value: {percent: 25}}"
        found = scores_of(customers, model_of(customers, predictions), predictions).to_pylist()
        assert sum(row["high_value"] for row in found) == -(-len(found) // 4)
        assert all(row["high_value"] == (row["rank"] <= -(-len(found) // 4)) for row in found)

    def test_high_value_by_80_20_is_the_share_who_made_80_per_cent_of_spend(self, customers: pa.Table, model: pa.Table) -> None:
        spends = sorted((float(row["total_spend"]) for row in customers.to_pylist() if row["active"]), reverse=True)
        needed = next(n for n in range(1, len(spends) + 1) if sum(spends[:n]) >= 0.8 * sum(spends) - 1e-6)
        assert sum(row["high_value"] for row in scores_of(customers, model, MONTHLY).to_pylist()) == needed


class TestResults:
    """Grade, value by percentile, factors."""

    def test_the_grade_and_its_arithmetic(self, model: pa.Table) -> None:
        row = results_of(model, MONTHLY)
        assert row["success_rate"] == pytest.approx(row["hits"] / row["k"])
        assert row["baseline_success_rate"] == pytest.approx(row["baseline_hits"] / row["k"])
        assert row["lift"] == pytest.approx(row["success_rate"] / row["baseline_success_rate"] - 1)
        expected = "A" if row["lift"] >= 0.05 else "B" if row["lift"] >= 0 else "C"
        assert row["grade"] == expected
        assert row["summary"].startswith(f"{expected}  {100 * row['lift']:+.1f} % (90 %: ")

    def test_the_strong_baseline_is_beside_it_and_not_graded(self, model: pa.Table) -> None:
        row = results_of(model, MONTHLY)
        assert row["strong_baseline_lift"] == pytest.approx(row["hits"] / row["strong_baseline_hits"] - 1)

    def test_value_by_percentile_holds_every_customer_and_all_value(self, customers: pa.Table, model: pa.Table) -> None:
        scored = scores_of(customers, model, MONTHLY)
        found = percentiles_of(scored, MONTHLY)
        assert [row["percentile"] for row in found] == list(range(10, 101, 10))
        assert sum(row["customers"] for row in found) == scored.num_rows
        assert sum(row["total"] for row in found) == pytest.approx(sum(scored.column("score").to_pylist()), abs=0.1)
        averages = [row["average"] for row in found]
        assert averages == sorted(averages, reverse=True)
        assert all(row["high"] + row["low"] == 100 for row in found)

    def test_factors_sum_to_100_per_cent(self, customers: pa.Table, model: pa.Table) -> None:
        found = factors_of(customers, model, MONTHLY)
        assert set(found) == {
            "overall transaction value", "days since last transaction", "days since first transaction", "transaction frequency",
        }  # fmt: skip
        assert sum(found.values()) == pytest.approx(100, abs=1e-9)
        assert min(found.values()) > 0

    def test_without_a_model_the_only_factor_is_what_was_spent(self, customers: pa.Table) -> None:
        few = customers.slice(0, 20)
        model = model_of(few, MONTHLY)
        assert row_of(model)["method"] == "spend in the active window"
        assert factors_of(few, model, MONTHLY)["days since first transaction"] == 0
        reason = results_of(model, MONTHLY)["grade_reason"]
        assert "by construction" in reason or "are needed" in reason
