"""A condition on one value as SQL: how a value is compared with those of the configuration.

Text is compared as it is written, capital letters included. A moment counts as its day. What has no value fulfils no
condition but `is_not` and `exists: false`: `is_not` holds exactly where `is` does not.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlglot import exp

_BOUNDS = {"above": exp.GT, "at_least": exp.GTE, "below": exp.LT, "at_most": exp.LTE}


def holds(value: exp.Expr, data_type: str, operator: str, values: Sequence[Any]) -> exp.Expr:
    """True or false for every row, never null. `values` are of the lake's type `data_type` (a day: also as ISO text).

    `operator` is `is`, `is_not`, `exists` or a bound: `above`, `at_least`, `below`, `at_most`.
    """
    if operator == "exists":
        missing = value.is_(exp.null())
        return exp.not_(missing) if tuple(values) == (True,) else missing
    if data_type == "timestamp":
        value = exp.cast(value, "date")
    operands = [_literal(data_type, each) for each in values]
    bound = _BOUNDS.get(operator)
    compared = bound(this=value, expression=operands[0]) if bound else value.isin(*operands)
    known = exp.func("coalesce", compared, exp.false())
    return exp.not_(known) if operator == "is_not" else known


def _literal(data_type: str, value: Any) -> exp.Expr:
    if data_type in ("date", "timestamp"):
        return exp.cast(exp.Literal.string(value.isoformat() if isinstance(value, date) else str(value)), "date")
    if isinstance(value, bool):
        return exp.true() if value else exp.false()
    if isinstance(value, int | float):
        number = exp.Literal.number(str(abs(value)))
        return exp.Neg(this=number) if value < 0 else number
    return exp.Literal.string(str(value))
