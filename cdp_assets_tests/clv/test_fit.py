"""The models against published answers and against lifetimes; and what is done where they cannot be fitted."""

import csv
import importlib.util
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cdp_assets.clv.fit import BG_NBD, CHANCE, GAMMA_GAMMA, SHRUNK, SPEND, Customers, Fit, _warnings, dispersion, fit
from cdp_assets.clv.predict import Period, baseline, expected, expected_purchases, expected_value, p_alive

PERIOD = Period(horizon_days=91, window_days=94)


def sample(name: str) -> list[dict[str, str]]:
    """A file that ships with lifetimes; its own reader needs a package that is gone."""
    spec = importlib.util.find_spec("lifetimes")
    assert spec is not None
    assert spec.origin is not None
    with (Path(spec.origin).parent / "datasets" / name).open() as file:
        return list(csv.DictReader(file))


def cdnow(money: bool = False) -> Customers:
    """CDNOW, 2,357 customers over 39 weeks."""
    given = sample("cdnow_customers_summary_with_transactions.csv")
    names = {"frequency": "x", "recency": "t_x", "T": "T", "monetary": "zbar"}
    values = {key: np.array([float(row[name]) for row in given]) for key, name in names.items()}
    monetary = values["monetary"] if money else values["frequency"] * 0 + 10
    monetary = np.where(values["frequency"] > 0, monetary, 0)
    total = monetary * (values["frequency"] + 1) + (values["frequency"] == 0) * 10
    return Customers(values["frequency"], values["recency"], values["T"], monetary, total, total)


def few(*rows: tuple[float, float, float, float]) -> Customers:
    """Customers of (frequency, recency, age, mean repeat amount)."""
    frequency, recency, age, monetary = (np.array(column, dtype=np.float64) for column in zip(*rows, strict=True))
    total = np.where(frequency > 0, monetary * (frequency + 1), 10.0)
    return Customers(frequency, recency, age, monetary, total, total)


def test_bg_nbd_on_cdnow_gives_the_published_parameters() -> None:
    """Fader, Hardie, Lee, "Counting Your Customers" the Easy Way, Marketing Science 24(2), 2005, table 2; time in weeks."""
    found = fit(cdnow())
    assert (found.r, found.alpha, found.a, found.b) == pytest.approx((0.243, 4.414, 0.793, 2.426), abs=1e-2)


def test_gamma_gamma_on_cdnow_gives_the_published_parameters() -> None:
    """Fader, Hardie, The Gamma-Gamma Model of Monetary Value, 2013: 946 buyers with a repeat purchase."""
    found = fit(cdnow(money=True))
    assert (found.p, found.q, found.v) == pytest.approx((6.25, 3.74, 15.44), abs=2e-2)


def test_the_fit_is_the_same_twice_and_in_any_order() -> None:
    customers = cdnow(money=True)
    turned = Customers(*(getattr(customers, name)[::-1] for name in customers.__dataclass_fields__))
    assert fit(customers) == fit(customers)
    one, two = fit(customers), fit(turned)
    assert (one.r, one.alpha, one.a, one.b) == (two.r, two.alpha, two.a, two.b)


def test_the_unit_of_amounts_changes_only_the_scale() -> None:
    customers = cdnow(money=True)
    cents = replace(customers, monetary=customers.monetary * 100, total=customers.total * 100)
    in_units, in_cents = fit(customers), fit(cents)
    assert in_units.v is not None
    assert (in_cents.p, in_cents.q, in_cents.v) == pytest.approx((in_units.p, in_units.q, 100 * in_units.v), rel=1e-4)


def test_expectations_are_those_of_lifetimes() -> None:
    pandas = pytest.importorskip("pandas")
    lifetimes = pytest.importorskip("lifetimes")
    customers, found = cdnow(money=True), fit(cdnow(money=True))
    bg, gg = lifetimes.BetaGeoFitter(), lifetimes.GammaGammaFitter()
    bg.params_ = pandas.Series({name: getattr(found, name) for name in ("r", "alpha", "a", "b")})
    gg.params_ = pandas.Series({name: getattr(found, name) for name in ("p", "q", "v")})
    known = (customers.frequency, customers.recency, customers.age)
    theirs = bg.conditional_expected_number_of_purchases_up_to_time(39, *known)
    assert expected_purchases(found, customers, 39) == pytest.approx(theirs, rel=1e-7)
    assert p_alive(found, customers) == pytest.approx(bg.conditional_probability_alive(*known), rel=1e-9)
    money = gg.conditional_expected_average_profit(customers.frequency, customers.monetary)
    assert expected_value(found, customers) == pytest.approx(money, rel=1e-9)


class TestFallBacks:
    """Each is recorded in words."""

    def test_fewer_than_30_buyers_with_a_repeat_are_ranked_by_spend_in_the_window(self) -> None:
        customers = few(*[(1, 10, 50, 9.0)] * 29, *[(0, 0, 50, 0.0)] * 60)
        found = fit(customers)
        assert found.method == SPEND
        assert "29 customers bought more than once, and 30 are needed" in found.fall_backs[0]
        scored = expected(replace(found, retention=0.5), customers, PERIOD)
        assert scored.score == pytest.approx(baseline(customers, PERIOD, 0.5), abs=1e-6)
        assert np.isnan(scored.purchases).all()

    def test_one_day_of_history_is_no_fit(self) -> None:
        found = fit(few(*[(1, 0, 0, 9.0)] * 40))
        assert found.method == SPEND
        assert "all customers bought for the first time on the last day" in found.fall_backs

    def test_equal_amounts_are_shrunk_means(self) -> None:
        customers = cdnow()
        found = fit(customers)
        assert (found.method, found.value_method) == (BG_NBD, SHRUNK)
        assert any("amounts hardly differ" in words for words in found.fall_backs)

    def test_a_shrunk_mean_is_that_of_the_purchases_and_two_of_the_overall_mean(self) -> None:
        found = Fit(BG_NBD, SHRUNK, mean_amount=20.0, r=1.0, alpha=30.0, a=1.0, b=2.0)
        # three purchases of 10: (30 + 2 x 20) / 5
        assert expected_value(found, few((2, 10, 50, 10.0))) == pytest.approx(14.0)

    def test_gamma_gamma_without_a_mean_is_not_used(self) -> None:
        # amounts so far apart that q falls to 1
        rows = [(1.0 + n % 3, 10.0 + n % 70, 90.0, 10.0 ** (n % 9 - 2)) for n in range(200)]
        found = fit(few(*rows, *[(0.0, 0.0, 50.0 + n, 0.0) for n in range(200)]))
        assert found.value_method == SHRUNK
        assert any("Gamma-Gamma has no usable mean" in words for words in found.fall_backs)

    def test_regular_purchases_are_a_warning_and_p_alive_is_not_shown(self) -> None:
        customers = few(*[(4, 80 + n % 5, 100 + n % 7, 9.0 + n % 4) for n in range(200)])
        found = fit(customers)
        assert dispersion(customers.frequency) <= 1.05
        assert found.method == SPEND or found.regular
        assert np.isnan(expected(found, customers, PERIOD).alive).all()

    def test_customers_who_hardly_differ_are_not_called_more_regular_than_chance(self) -> None:
        frequency = np.random.default_rng(7).poisson(4, 400) + np.tile([0.0, 1.0], 200)  # a little more spread than chance alone
        customers = few(*[(n, 80.0, 100.0, 9.0) for n in frequency if n])
        assert dispersion(customers.frequency) <= CHANCE
        assert any(words.startswith("purchases are more regular than chance") for words in _warnings(customers, 100.0))
        spread = few(*[(n, 80.0, 100.0, 9.0) for n in (*frequency, *[20.0] * 9)])
        assert dispersion(spread.frequency) > CHANCE
        assert any(words.startswith("customers hardly differ in how often they buy") for words in _warnings(spread, 100.0))
        assert not list(_warnings(spread, 2.0))

    def test_amounts_that_grow_with_the_number_of_purchases_are_a_warning(self) -> None:
        customers = cdnow(money=True)
        found = fit(replace(customers, monetary=np.where(customers.frequency > 0, customers.frequency * 3 + customers.monetary / 9, 0)))
        assert any("correlated" in words for words in found.warnings)

    def test_nobody_leaves_is_no_failure(self) -> None:
        """Equal chances at any time: the fit finds no drop-out, P(alive) is 1."""
        draw = np.random.default_rng(3)
        age = draw.integers(200, 400, 600).astype(np.float64)
        frequency = draw.poisson(draw.gamma(1.2, 1 / 60, 600) * age).astype(np.float64)
        recency = np.where(frequency > 0, np.floor(age * frequency / (frequency + 1)), 0)
        monetary = np.where(frequency > 0, draw.gamma(4, 10, 600), 0)
        total = monetary * (frequency + 1) + 5
        customers = Customers(frequency, recency, age, monetary, total, total)
        found = fit(customers)
        assert found.no_drop_out
        assert any("no drop-out found" in words for words in found.fall_backs)
        assert (p_alive(found, customers) == 1).all()
        assert np.isfinite(expected_purchases(found, customers, 91)).all()

    def test_an_optimiser_that_does_not_converge_is_started_elsewhere_then_given_up(self, monkeypatch: pytest.MonkeyPatch) -> None:
        lifetimes = pytest.importorskip("lifetimes")
        utils = pytest.importorskip("lifetimes.utils")
        tried = []

        def refuse(_self: object, *_args: object, **given: object) -> None:
            tried.append(given["initial_params"])
            raise utils.ConvergenceError

        monkeypatch.setattr(lifetimes.BetaGeoFitter, "fit", refuse)
        found = fit(cdnow(money=True))
        assert (found.method, found.fall_backs) == (SPEND, (f"BG/NBD could not be fitted: ranked by {SPEND}",))
        assert len(tried) == 7  # its own start, as close as it gets and close enough, three others, two penalties

    def test_the_second_start_is_recorded(self, monkeypatch: pytest.MonkeyPatch) -> None:
        lifetimes = pytest.importorskip("lifetimes")
        utils = pytest.importorskip("lifetimes.utils")
        real = lifetimes.BetaGeoFitter.fit

        def refuse_first(self: object, *args: object, **given: object) -> object:
            if given["initial_params"] is None:
                raise utils.ConvergenceError
            return real(self, *args, **given)

        monkeypatch.setattr(lifetimes.BetaGeoFitter, "fit", refuse_first)
        found = fit(cdnow(money=True))
        assert found.value_method == GAMMA_GAMMA
        assert found.fall_backs == ("BG/NBD converged only from start 2",)
        assert (found.r, found.alpha) == pytest.approx((0.2426, 4.4136), abs=1e-2)


def test_the_baseline_is_monthly_spend_in_the_window_times_months_times_retention() -> None:
    # 94 in 94 days; 91 days; half came back
    customers = replace(few((0, 0, 50, 0.0)), in_window=np.array([94.0]))
    assert baseline(customers, PERIOD, 0.5) == pytest.approx([45.5])
