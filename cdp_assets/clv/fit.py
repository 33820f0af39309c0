"""Fitting: BG/NBD for how often, Gamma-Gamma for how much, and what is done where one of them cannot be fitted.

Models: Fader, Hardie, Lee (2005), "Counting Your Customers" the Easy Way, Marketing Science 24(2); Fader, Hardie (2013),
The Gamma-Gamma Model of Monetary Value. The fitters are those of `lifetimes`. Time is in days, amounts are divided by
their mean before a fit and multiplied by it afterwards. Parameters are kept with six significant digits, and everything
is computed from these: the optimiser's last digits differ between machines.
"""

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]

BG_NBD = "BG/NBD and Gamma-Gamma"
SPEND = "spend in the active window"
GAMMA_GAMMA = "Gamma-Gamma"
SHRUNK = "shrunk mean"
LEAST_REPEAT_BUYERS = 30
CHANCE = 1.05
"""Variance / mean of repeat purchases up to which they are more regular than chance."""
LEAST_A = 1e-3
"""Below it nobody leaves, as far as the fit can tell."""
_STEEPEST = 1e-5  # largest gradient of the mean log-likelihood that counts as converged
_CLOSE, _CLOSE_ENOUGH = 1e-7, 5e-6  # where the optimiser stops; it cannot always get as close as the first of them
_STARTS: tuple[float | None, ...] = (None, 0.0, -1.0, 1.0)  # None: the fitter's own; else the logarithm of every parameter
_PENALTIES = (0.01, 0.1)


@dataclass(frozen=True)
class Customers:
    """What is known of customers at one day, an entry each, in the order of their ids."""

    frequency: Numbers
    recency: Numbers
    age: Numbers
    monetary: Numbers
    total: Numbers
    in_window: Numbers

    def only(self, chosen: npt.NDArray[np.bool_]) -> "Customers":
        """Some of them."""
        return Customers(*(getattr(self, name)[chosen] for name in self.__dataclass_fields__))


@dataclass(frozen=True)
class Fit:
    """A fitted model; parameters that were not found are None. `mean_amount` is that of a purchase."""

    method: str
    value_method: str
    mean_amount: float
    r: float | None = None
    alpha: float | None = None
    a: float | None = None
    b: float | None = None
    p: float | None = None
    q: float | None = None
    v: float | None = None
    retention: float = 1.0
    no_drop_out: bool = False
    regular: bool = False
    high_value_share: float = 0.0
    fall_backs: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def fit(customers: Customers) -> Fit:
    """Both models on these customers, with the fall-backs in their order; each is recorded in words."""
    purchases = float((customers.frequency + 1).sum())
    mean_amount = rounded(float(customers.total.sum()) / purchases) if purchases else 0.0
    base = Fit(SPEND, SHRUNK, mean_amount)
    buyers = int((customers.frequency > 0).sum())
    if buyers < LEAST_REPEAT_BUYERS:
        words = f"{buyers} customers bought more than once, and {LEAST_REPEAT_BUYERS} are needed for a model: ranked by {SPEND}"
        return replace(base, fall_backs=(words,))
    notes: list[str] = []
    frequency_parameters = _bg_nbd(customers, notes)
    if frequency_parameters is None:
        return replace(base, fall_backs=(*notes, f"BG/NBD could not be fitted: ranked by {SPEND}"))
    r, alpha, a, b = frequency_parameters
    found = replace(base, method=BG_NBD, r=r, alpha=alpha, a=a, b=b)
    if a < LEAST_A or b > 500:
        notes.append("no drop-out found: every customer counts as still buying")
        found = replace(found, no_drop_out=True)
    value_parameters = _gamma_gamma(customers, notes)
    if value_parameters is not None:
        p, q, v = value_parameters
        found = replace(found, value_method=GAMMA_GAMMA, p=p, q=q, v=v)
    warnings = list(_warnings(customers, r))
    return replace(found, regular=_regular(customers, r), fall_backs=tuple(notes), warnings=tuple(warnings))


def rounded(value: float) -> float:
    """With six significant digits."""
    return float(f"{value:.6g}")


def _regular(customers: Customers, r: float) -> bool:
    return r > 50 or dispersion(customers.frequency) <= CHANCE


def dispersion(frequency: Numbers) -> float:
    """Variance / mean of the repeat purchases: 1 for chance alone, below for regular ones."""
    mean = float(frequency.mean()) if len(frequency) else 0.0
    return float(frequency.var()) / mean if mean else 0.0


def _warnings(customers: Customers, r: float) -> Iterator[str]:
    if _regular(customers, r):
        found = dispersion(customers.frequency)
        why = "purchases are more regular than chance" if found <= CHANCE else "customers hardly differ in how often they buy"
        yield f"{why} (variance / mean {found:.2f}): the rank is kept, P(alive) is not shown"
    repeat = customers.only(customers.frequency > 0)
    if float(repeat.frequency.std()) and float(repeat.monetary.std()):
        correlation = float(np.corrcoef(repeat.frequency, repeat.monetary)[0, 1])
        if abs(correlation) > 0.3:
            yield f"number and mean amount of repeat purchases are correlated ({correlation:+.2f}), which Gamma-Gamma assumes they are not"


def _bg_nbd(customers: Customers, notes: list[str]) -> tuple[float, float, float, float] | None:
    """r, alpha, a, b; equal customers are one row with a weight."""
    if not customers.age.max() > 0:
        notes.append("all customers bought for the first time on the last day")
        return None
    bg_nbd = _lifetimes().BetaGeoFitter
    rows = np.stack([customers.frequency, customers.recency, customers.age], axis=1)
    (frequency, recency, age), weights = _grouped(rows)
    scaled = (frequency, recency / age.max(), age / age.max(), weights)

    def attempt(start: float | None, penalty: float, stop: float) -> Any:
        fitter = _without_errors(bg_nbd)(penalizer_coef=penalty)
        first = None if start is None else np.full(4, start)
        fitter.fit(frequency.astype(int), recency, age, weights=weights, initial_params=first, tol=stop)
        r, alpha, a, b = (float(fitter.params_[name]) for name in ("r", "alpha", "a", "b"))
        logs = np.log([r, alpha / age.max(), a, b])
        return (r, alpha, a, b), _slope(bg_nbd, logs, (*scaled, penalty))

    found = _tried("BG/NBD", attempt, notes)
    return None if found is None else (found[0], found[1], found[2], found[3])


def _gamma_gamma(customers: Customers, notes: list[str]) -> tuple[float, float, float] | None:
    """p, q, v on customers with a repeat purchase; None: the mean is shrunk instead."""
    repeat = customers.only((customers.frequency > 0) & (customers.monetary > 0))
    instead = f"amounts are {SHRUNK}s: (sum + 2 x overall mean) / (purchases + 2)"
    mean = float(repeat.monetary.mean())
    if float(repeat.monetary.std()) / mean < 0.01:
        notes.append(f"amounts hardly differ between customers; {instead}")
        return None
    gamma_gamma = _lifetimes().GammaGammaFitter
    (frequency, monetary), weights = _grouped(np.stack([repeat.frequency, repeat.monetary / mean], axis=1))

    def attempt(start: float | None, penalty: float, stop: float) -> Any:
        fitter = _without_errors(gamma_gamma)(penalizer_coef=penalty)
        first = None if start is None else np.full(3, start)
        fitter.fit(frequency, monetary, weights=weights, initial_params=first, tol=stop)
        found = tuple(float(fitter.params_[name]) for name in ("p", "q", "v"))
        return found, _slope(gamma_gamma, np.log(found), (frequency, monetary, weights, penalty))

    found = _tried("Gamma-Gamma", attempt, notes)
    if found is None:
        notes.append(f"Gamma-Gamma could not be fitted; {instead}")
        return None
    p, q, v = found
    if q <= 1.05 or p > 500 or q > 500:
        notes.append(f"Gamma-Gamma has no usable mean (p {p:.4g}, q {q:.4g}); {instead}")
        return None
    return p, q, rounded(v * mean)


def _grouped(rows: npt.NDArray[Any]) -> tuple[list[Numbers], npt.NDArray[np.int64]]:
    """The columns of the distinct rows in order, and how often each row occurs."""
    distinct, counts = np.unique(rows, axis=0, return_counts=True)
    return [np.ascontiguousarray(distinct[:, place]) for place in range(rows.shape[1])], counts


def _tried(name: str, attempt: Callable[[float | None, float, float], Any], notes: list[str]) -> tuple[float, ...] | None:
    """The parameters of the first attempt that converges: other starts, then penalties. What was needed is noted."""
    not_converged = _lifetimes().utils.ConvergenceError
    tries = [(_STARTS[0], 0.0, _CLOSE), *((start, 0.0, _CLOSE_ENOUGH) for start in _STARTS)]
    for start, penalty, stop in [*tries, *((_STARTS[0], penalty, _CLOSE_ENOUGH) for penalty in _PENALTIES)]:
        try:
            with _silently():
                parameters, slope = attempt(start, penalty, stop)
        except (not_converged, ValueError, ArithmeticError, np.linalg.LinAlgError):
            continue
        if np.all(np.isfinite(parameters)) and min(parameters) > 0 and slope <= _STEEPEST:
            if penalty or start != _STARTS[0]:
                needed = f"with a penalty of {penalty}" if penalty else f"from start {_STARTS.index(start) + 1}"
                notes.append(f"{name} converged only {needed}")
            return tuple(rounded(value) for value in parameters)
    return None


def _slope(fitter: Any, logs: Numbers, arguments: Sequence[Any]) -> float:
    """Largest gradient of the mean log-likelihood at these logarithms of parameters."""
    from autograd import grad  # type: ignore[import-untyped]

    objective: Any = vars(fitter)["_negative_log_likelihood"].__func__
    return float(np.abs(grad(objective)(logs, *arguments)).max())


def _without_errors(fitter: Any) -> Any:
    """The fitter without standard errors: they need the inverse of a matrix that is singular where nobody leaves."""

    class Fitter(fitter):  # type: ignore[misc]
        def _compute_variance_matrix(self) -> None:
            return None

        def _compute_standard_errors(self) -> None:
            return None

        def _compute_confidence_intervals(self) -> None:
            return None

    return Fitter


def _lifetimes() -> Any:
    """The library; when it is imported it warns of what newer versions of pandas left out, and silences warnings of others."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import lifetimes
        import lifetimes.utils
    return lifetimes


@contextlib.contextmanager
def _silently() -> Iterator[None]:
    """The fitter prints its optimiser's report when it does not converge, and warns at every overflow on the way."""
    import warnings

    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere), warnings.catch_warnings(), np.errstate(all="ignore"):  # noqa: PTH123
        warnings.simplefilter("ignore")
        yield
