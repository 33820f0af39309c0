"""The grade: truth, lists, success rates, letters, intervals - each by its definition."""

import math

import numpy as np
import pytest

from cdp_assets.clv import grade
from cdp_assets.clv.fit import Numbers


def numbers(*values: float) -> Numbers:
    return np.array(values, dtype=np.float64)


def made(k: int, both: int, model_only: int, baseline_only: int, customers: int = 1000) -> grade.Lists:
    """Lists of K customers of whom so many of the truth are in both, in one, in none."""
    truth, model, baseline = (np.zeros(customers, dtype=np.bool_) for _ in range(3))
    truth[:k] = True
    model[: both + model_only] = True
    baseline[:both] = True
    baseline[both + model_only : both + model_only + baseline_only] = True
    return grade.Lists(k, truth, model, baseline, baseline)


class TestHighValueShare:
    """80/20, or a percentage set by hand."""

    def test_80_20_is_the_share_of_customers_largest_first_who_made_80_per_cent(self) -> None:
        # 50 + 30 = 80 of 100: two of five
        assert grade.high_value_customers(numbers(10, 50, 5, 30, 5), None) == (2, 5)

    def test_80_20_takes_one_more_where_80_per_cent_is_not_reached(self) -> None:
        assert grade.high_value_customers(numbers(10, 50, 5.01, 29.99, 5), None) == (3, 5)

    def test_a_percentage_is_taken_as_it_is(self) -> None:
        assert grade.high_value_customers(numbers(10, 50, 5, 30, 5), 25) == (25, 100)

    @pytest.mark.parametrize(
        ("customers", "share", "k"), [(100, (7, 100), 7), (101, (7, 100), 8), (10, (30, 100), 3), (1, (1, 100), 1), (0, (1, 5), 0)]
    )
    def test_k_is_rounded_up_and_exact(self, customers: int, share: tuple[int, int], k: int) -> None:
        assert grade.share_of(customers, share) == k


class TestLists:
    """K customers in the truth and in every list."""

    def test_k_counts_only_who_bought_in_the_test_period(self) -> None:
        truth = numbers(0, 0, 0, 0, 0, 0, 9, 8, 7, 6)
        found = grade.lists(truth, truth, truth, truth, (50, 100))
        assert (found.k, list(np.flatnonzero(found.truth))) == (2, [6, 7])

    def test_ties_go_to_the_smaller_customer_id(self) -> None:
        # customers are in the order of their ids
        same = numbers(5, 5, 5, 5)
        found = grade.lists(same, same, same, numbers(3, 3, 3, 3), (50, 100))
        for chosen in (found.truth, found.model, found.baseline, found.strong):
            assert list(np.flatnonzero(chosen)) == [0, 1]

    def test_model_baseline_and_total_spend_have_lists_of_the_same_length(self) -> None:
        found = grade.lists(numbers(1, 2, 3, 4), numbers(4, 3, 2, 1), numbers(1, 4, 1, 4), numbers(1, 1, 1, 1), (50, 100))
        assert [list(np.flatnonzero(each)) for each in (found.model, found.baseline, found.strong)] == [[2, 3], [0, 1], [1, 3]]


class TestLetter:
    """A: at least 5 % more than the baseline, B: 0 to less than 5 % more, C: fewer."""

    @pytest.mark.parametrize(
        ("hits", "baseline", "letter"),
        [(105, 100, "A"), (104, 100, "B"), (100, 100, "B"), (99, 100, "C"), (21, 20, "A"), (20, 20, "B"), (19, 20, "C"), (63, 60, "A")],
    )
    def test_boundaries_are_exact(self, hits: int, baseline: int, letter: str) -> None:
        assert grade.letter(hits, baseline) == letter

    def test_success_rate_is_the_overlap_with_the_truth(self) -> None:
        row = grade.graded(made(k=20, both=8, model_only=3, baseline_only=2))
        assert (row["k"], row["hits"], row["baseline_hits"]) == (20, 11, 10)
        assert row["lift"] == pytest.approx(0.1)
        assert row["grade"] == "A"


class TestNotAvailable:
    """No letter where it would mean nothing."""

    def test_fewer_than_10_high_value_customers(self) -> None:
        row = grade.graded(made(k=9, both=5, model_only=2, baseline_only=1))
        assert row["grade"] is None
        assert row["summary"] == "not available: the test period has 9 high-value customers, and 10 are needed"
        assert grade.graded(made(k=10, both=5, model_only=2, baseline_only=1))["grade"] == "A"

    def test_a_baseline_without_hits(self) -> None:
        row = grade.graded(made(k=20, both=0, model_only=5, baseline_only=0))
        assert row["grade"] is None
        assert "the baseline found none" in row["grade_reason"]


class TestUncertainty:
    """Formula from K 100 up, bootstrap below; the letters of 1,000 seeded draws."""

    def test_standard_error_is_the_root_of_those_caught_by_one_list_over_the_baselines(self) -> None:
        assert grade.standard_error(caught_by_one=64, baseline_hits=160) == pytest.approx(8 / 160)

    def test_from_k_100_the_interval_is_by_the_formula(self) -> None:
        row = grade.graded(made(k=100, both=50, model_only=15, baseline_only=10))
        # lift 65/60 - 1; d = 25
        assert row["interval_method"] == "formula"
        assert row["interval_low"] == pytest.approx(65 / 60 - 1 - 1.645 * 5 / 60, abs=1e-4)
        assert row["interval_high"] == pytest.approx(65 / 60 - 1 + 1.645 * 5 / 60, abs=1e-4)

    def test_below_it_is_that_of_the_bootstrap(self) -> None:
        row = grade.graded(made(k=99, both=50, model_only=15, baseline_only=10))
        draws = grade.bootstrap(made(k=99, both=50, model_only=15, baseline_only=10))
        assert (row["interval_method"], row["interval_low"], row["interval_high"]) == ("bootstrap", draws.low, draws.high)

    def test_formula_and_bootstrap_agree(self) -> None:
        found = made(k=400, both=200, model_only=60, baseline_only=35, customers=2000)
        draws, error = grade.bootstrap(found), grade.standard_error(95, 235)
        lift = 260 / 235 - 1
        assert (draws.low, draws.high) == pytest.approx((lift - 1.645 * error, lift + 1.645 * error), abs=0.012)

    def test_the_bootstrap_is_seeded(self) -> None:
        found = made(k=50, both=20, model_only=5, baseline_only=4)
        assert grade.bootstrap(found) == grade.bootstrap(found)

    def test_it_is_that_of_customers_drawn_one_by_one(self) -> None:
        found = made(k=80, both=40, model_only=12, baseline_only=9, customers=300)
        draw = np.random.default_rng(1).integers(0, 300, size=(1000, 300))
        model, base = (found.truth & found.model)[draw].sum(axis=1), (found.truth & found.baseline)[draw].sum(axis=1)
        low, high = np.quantile(model / base - 1, [0.05, 0.95])
        draws = grade.bootstrap(found)
        assert (draws.low, draws.high) == pytest.approx((low, high), abs=0.03)

    def test_letter_shares_sum_to_1(self) -> None:
        row = grade.graded(made(k=60, both=30, model_only=8, baseline_only=6))
        assert row["share_a"] + row["share_b"] + row["share_c"] == pytest.approx(1)
        assert row["share_a"] > row["share_b"] > 0

    def test_a_draw_in_which_the_baseline_finds_nobody_is_counted(self) -> None:
        draws = grade.bootstrap(made(k=10, both=0, model_only=3, baseline_only=1, customers=40))
        assert sum(draws.shares) == pytest.approx(1)
        assert draws.high == math.inf


class TestSummary:
    """One line: letter, lift, interval, letters that have at least 5 % of the draws."""

    def test_another_possible_letter_is_named(self) -> None:
        text = grade.summary("A", 0.103, (0.05, 0.151), (0.95, 0.05, 0.0))
        assert text == "A  +10.3 % (90 %: +5 % to +15 %; B possible: A 95 %, B 5 %)"

    def test_a_letter_below_5_per_cent_is_not(self) -> None:
        text = grade.summary("A", 0.103, (0.06, 0.151), (0.96, 0.03, 0.01))
        assert text == "A  +10.3 % (90 %: +6 % to +15 %; no other letter possible: A 96 %)"

    def test_two_other_letters(self) -> None:
        text = grade.summary("B", 0.01, (-0.08, 0.11), (0.3, 0.4, 0.3))
        assert text == "B  +1.0 % (90 %: -8 % to +11 %; A and C possible: A 30 %, B 40 %, C 30 %)"


def test_errors_are_root_mean_squares_and_cut_at_the_99_per_cent_quantile() -> None:
    truth = np.append(np.zeros(99), 1000.0)
    whole, cut = grade.errors(np.zeros(100), truth)
    assert whole == pytest.approx(100)
    assert cut == 0
