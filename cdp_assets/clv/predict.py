"""From a fitted model to what each customer is expected to spend. A customer's score depends on the customer and the model alone."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from cdp_assets.clv.fit import BG_NBD, GAMMA_GAMMA, LEAST_A, Customers, Fit, Numbers

DIGITS = 6
"""Decimals of a score: with more, the last one would depend on the machine, and so would the order of equal customers."""


@dataclass(frozen=True)
class Period:
    """How far a prediction looks ahead, and the active window that it looks back on."""

    horizon_days: int
    window_days: int


@dataclass(frozen=True)
class Expected:
    """What is expected of each customer; `purchases` and `value` are NaN where the score is no product of them."""

    score: Numbers
    purchases: Numbers
    value: Numbers
    alive: Numbers


def expected(fit: Fit, customers: Customers, period: Period) -> Expected:
    """Expected purchases x expected amount; where no model could be fitted, the baseline."""
    if fit.method != BG_NBD:
        score = baseline(customers, period, fit.retention)
        nothing = np.full(len(score), np.nan)
        return Expected(np.round(score, DIGITS), nothing, nothing, nothing)
    purchases = expected_purchases(fit, customers, period.horizon_days)
    value = expected_value(fit, customers)
    alive = np.full(len(purchases), np.nan) if fit.regular else p_alive(fit, customers)
    return Expected(np.round(purchases * value, DIGITS), np.round(purchases, DIGITS), np.round(value, DIGITS), np.round(alive, DIGITS))


def baseline(customers: Customers, period: Period, retention: float) -> Numbers:
    """The simple rule: average monthly purchase in the active window x months of the prediction period x retention."""
    return customers.in_window / period.window_days * period.horizon_days * retention


def expected_purchases(fit: Fit, customers: Customers, days: int) -> Numbers:
    """Purchases in the coming days: equation (10) of Fader, Hardie, Lee (2005) after Euler's transformation.

    Euler's form has the number of purchases in one parameter only, so nothing overflows; see Abramowitz, Stegun 15.3.3.
    """
    from scipy.special import hyp2f1  # type: ignore[import-untyped]

    r, alpha, a, b = _frequency_parameters(fit)
    x, age = customers.frequency, customers.age
    odds = 0.0 if fit.no_drop_out else _odds(fit, customers)
    a = 1 + 1e-6 if abs(a - 1) < 1e-6 else a
    z = days / (alpha + age + days)
    with np.errstate(all="ignore"):
        series = hyp2f1(a + b - 1 - r, a - 1, a + b + x - 1, z)
        found = (a + b + x - 1) / (a - 1) * (1 - (1 - z) ** (a - 1) * series) / (1 + odds)
    # Nobody leaves, in the limit: Gamma-Poisson. Also taken where the formula leaves the numbers a machine can hold.
    limit = (r + x) / (alpha + age) * days / (1 + odds)
    usable = np.isfinite(found) & (found >= 0) & (a >= LEAST_A)
    return np.asarray(np.where(usable, found, limit), dtype=np.float64)


def p_alive(fit: Fit, customers: Customers) -> Numbers:
    """Probability that a customer still buys; 1 where the model found nobody who leaves."""
    if fit.no_drop_out:
        return np.ones(len(customers.frequency))
    return np.asarray(1 / (1 + _odds(fit, customers)), dtype=np.float64)


def expected_value(fit: Fit, customers: Customers) -> Numbers:
    """Amount of a purchase: equation (5) of Fader, Hardie (2013), or the mean shrunk towards that of all purchases."""
    if fit.value_method != GAMMA_GAMMA or fit.p is None or fit.q is None or fit.v is None:
        return (customers.total + 2 * fit.mean_amount) / (customers.frequency + 1 + 2)
    weight = fit.p * customers.frequency / (fit.p * customers.frequency + fit.q - 1)
    return (1 - weight) * fit.v * fit.p / (fit.q - 1) + weight * customers.monetary


def _odds(fit: Fit, customers: Customers) -> Numbers:
    """Of having left against still buying."""
    r, alpha, a, b = _frequency_parameters(fit)
    x = customers.frequency
    with np.errstate(all="ignore"):
        logs = (r + x) * np.log((alpha + customers.age) / (alpha + customers.recency)) + np.log(a / (b + np.maximum(x, 1) - 1))
        return np.asarray(np.where(x > 0, np.exp(np.minimum(logs, 700)), 0.0), dtype=np.float64)


def _frequency_parameters(fit: Fit) -> tuple[float, float, float, float]:
    assert fit.r is not None
    assert fit.alpha is not None
    assert fit.a is not None
    assert fit.b is not None
    return fit.r, fit.alpha, fit.a, fit.b


def fit_of(row: Mapping[str, Any], prefix: str = "") -> Fit:
    """The fit that a row of CLV_MODEL holds."""
    values = {field.name: row[prefix + field.name] for field in fields(Fit)}
    lists = {name: tuple(values[name] or ()) for name in ("fall_backs", "warnings")}
    flags = {name: bool(values[name]) for name in ("no_drop_out", "regular")}
    return Fit(**{**values, **lists, **flags})


def row_of(fit: Fit, prefix: str = "") -> dict[str, Any]:
    """A fit as columns of CLV_MODEL."""
    values = {field.name: getattr(fit, field.name) for field in fields(Fit)}
    return {prefix + name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


def by_score(scores: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """Positions from the highest score to the lowest; ties stay in their order, which is that of the ids."""
    return np.argsort(-scores, kind="stable")
