"""The grade: how many of the truly high-value customers the model finds, against the simple rule that it has to beat.

- high-value share p: the share of active customers, largest total spend first, who made 80 % of the spend before the
  origin; or the percentage set by hand;
- K = p x active customers who bought in the test period, rounded up; the truth is the K of them who spent most;
- the model's list and the baseline's list have K customers too; ties go to the smaller customer id;
- success rate = customers in the list who are in the truth / K; lift = the model's / the baseline's - 1;
- A: lift of at least 5 %, B: 0 to less than 5 %, C: below 0. Not available where K < 10 or the baseline finds nobody.
"""

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from cdp_assets.clv.fit import Numbers
from cdp_assets.clv.predict import by_score

LEAST_K = 10
FORMULA_FROM_K = 100
DRAWS = 1000
SEED = 20101201
POSSIBLE = 0.05
Z_90 = 1.6448536269514722  # 95 % quantile of the normal distribution

Letter = Literal["A", "B", "C"]
WORDS: dict[str, str] = {
    "A": "excellent: at least 5 % more high-value customers found than by the baseline",
    "B": "good: 0 to 5 % more high-value customers found than by the baseline",
    "C": "poor: fewer high-value customers found than by the baseline",
}


@dataclass(frozen=True)
class Lists:
    """Which customers are in the truth and in the three lists, by position."""

    k: int
    truth: npt.NDArray[np.bool_]
    model: npt.NDArray[np.bool_]
    baseline: npt.NDArray[np.bool_]
    strong: npt.NDArray[np.bool_]


def high_value_customers(total_spend: Numbers, percent: int | None) -> tuple[int, int]:
    """The high-value share as a fraction (numerator, denominator): of 100 by hand, else of the customers given.

    80/20: the fewest customers, largest first, who together made at least 80 % of the spend.
    """
    if percent is not None:
        return percent, 100
    if not len(total_spend):
        return 0, 1
    cents = np.sort(np.rint(total_spend * 100).astype(np.int64))[::-1]
    reached = 5 * np.cumsum(cents) >= 4 * cents.sum()
    return int(np.argmax(reached)) + 1, len(cents)


def share_of(customers: int, share: tuple[int, int]) -> int:
    """That share of so many customers, rounded up; exact, without fractions in floating point."""
    return -(-customers * share[0] // share[1])


def lists(score: Numbers, in_window: Numbers, total: Numbers, truth: Numbers, share: tuple[int, int]) -> Lists:
    """The truth and the three lists of K customers; customers are in the order of their ids."""
    k = share_of(int((truth > 0).sum()), share)
    return Lists(k, _top(truth, k), _top(score, k), _top(in_window, k), _top(total, k))


def _top(values: Numbers, k: int) -> npt.NDArray[np.bool_]:
    chosen = np.zeros(len(values), dtype=np.bool_)
    chosen[by_score(values)[:k]] = True
    return chosen


def letter(hits: int, baseline_hits: int) -> Letter:
    """The grade; in whole numbers, so that exactly 5 % more is an A."""
    if 100 * hits >= 105 * baseline_hits:
        return "A"
    return "B" if hits >= baseline_hits else "C"


def standard_error(caught_by_one: int, baseline_hits: int) -> float:
    """Of the lift with the lists fixed: sqrt(d) / h0, d in exactly one of the two lists, h0 in the baseline's."""
    return math.sqrt(caught_by_one) / baseline_hits


@dataclass(frozen=True)
class Draws:
    """1,000 draws of the customers with replacement: the lift's 5 % and 95 % quantile, and the share of each letter."""

    low: float
    high: float
    shares: tuple[float, float, float]


def bootstrap(found: Lists) -> Draws:
    """Customers drawn with the lists fixed. Only four kinds of customers differ, so their numbers are drawn at once."""
    model, base = found.truth & found.model, found.truth & found.baseline
    kinds = np.array([(model & base).sum(), (model & ~base).sum(), (base & ~model).sum()], dtype=np.int64)
    customers = len(found.truth)
    odds = [*(kinds / customers), 1 - kinds.sum() / customers]
    drawn = np.random.default_rng(SEED).multinomial(customers, odds, size=DRAWS)
    hits, base_hits = drawn[:, 0] + drawn[:, 1], drawn[:, 0] + drawn[:, 2]
    with np.errstate(divide="ignore", invalid="ignore"):
        lifts = np.where(base_hits > 0, hits / np.maximum(base_hits, 1) - 1, np.where(hits > 0, np.inf, 0.0))
    a, b = (100 * hits >= 105 * base_hits) & (hits > 0), hits >= base_hits
    count_a = int(a.sum())
    count_b = int((b & ~a).sum())
    shares = (count_a / DRAWS, count_b / DRAWS, (DRAWS - count_a - count_b) / DRAWS)
    low, high = np.quantile(lifts, [0.05, 0.95], method="inverted_cdf")
    return Draws(float(low), float(high), shares)


def graded(found: Lists) -> dict[str, Any]:
    """The grade and its arithmetic as columns of CLV_MODEL."""
    hits, base = int((found.truth & found.model).sum()), int((found.truth & found.baseline).sum())
    row: dict[str, Any] = {
        "k": found.k,
        "hits": hits,
        "baseline_hits": base,
        "strong_hits": int((found.truth & found.strong).sum()),
        "caught_by_one": int((found.truth & (found.model ^ found.baseline)).sum()),
    }
    if reason := _not_available(found.k, base):
        return {**row, "grade": None, "grade_reason": reason, "summary": f"not available: {reason}"}
    draws = bootstrap(found)
    lift = hits / base - 1
    error = standard_error(row["caught_by_one"], base)
    formula = found.k >= FORMULA_FROM_K
    low, high = (lift - Z_90 * error, lift + Z_90 * error) if formula else (draws.low, draws.high)
    grade = letter(hits, base)
    return {
        **row,
        "grade": grade,
        "grade_reason": WORDS[grade],
        "summary": summary(grade, lift, (low, high), draws.shares),
        "lift": lift,
        "standard_error": error,
        "interval_low": low,
        "interval_high": high,
        "interval_method": "formula" if formula else "bootstrap",
        **dict(zip(("share_a", "share_b", "share_c"), draws.shares, strict=True)),
    }


def _not_available(k: int, baseline_hits: int) -> str | None:
    if k < LEAST_K:
        return f"the test period has {k} high-value customers, and {LEAST_K} are needed"
    return "the baseline found none of the high-value customers, so there is nothing to compare with" if not baseline_hits else None


def summary(grade: str, lift: float, interval: tuple[float, float], shares: tuple[float, float, float]) -> str:
    """The grade in one line: `A  +10.3 % (90 %: +5 % to +15 %; B possible: A 95 %, B 5 %)`; possible: at least 5 % of the draws."""
    likely = {name: share for name, share in zip("ABC", shares, strict=True) if share >= POSSIBLE}
    others = " and ".join(name for name in likely if name != grade)
    listing = ", ".join(f"{name} {100 * share:.0f} %" for name, share in likely.items())
    possible = f"{others} possible: {listing}" if others else f"no other letter possible: {listing}"
    low, high = (f"{_whole(each)} %" for each in interval)
    return f"{grade}  {100 * lift:+.1f} % (90 %: {low} to {high}; {possible})"


def _whole(share: float) -> str:
    return f"{100 * share:+.0f}" if math.isfinite(share) else "more than +1000"


def errors(predicted: Numbers, truth: Numbers) -> tuple[float, float]:
    """Root mean squared error, and the same with both sides cut at the 99 % quantile of the truth."""
    if not len(truth):
        return 0.0, 0.0
    cut = float(np.quantile(truth, 0.99, method="inverted_cdf"))
    return _rmse(predicted, truth), _rmse(np.minimum(predicted, cut), np.minimum(truth, cut))


def _rmse(predicted: Numbers, truth: Numbers) -> float:
    return float(np.sqrt(np.mean((predicted - truth) ** 2)))
