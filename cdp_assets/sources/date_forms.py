"""How dates and times are often written: which pattern would read a text that the one of the configuration does not read.

The pattern is only told, never used: 03/04/2024 is the third of April to some and the fourth of March to others.
"""

import re
from collections.abc import Sequence

from sqlglot import exp

_DAYS: Sequence[tuple[str, ...]] = (
    ("%Y-%m-%d",), ("%d.%m.%Y",), ("%d/%m/%Y", "%m/%d/%Y"), ("%d-%m-%Y", "%m-%d-%Y"), ("%Y/%m/%d",), ("%Y.%m.%d",), ("%Y%m%d",),
    ("%d %b %Y",), ("%d %B %Y",), ("%d-%b-%Y",), ("%b %d, %Y",), ("%B %d, %Y",),
)  # fmt: skip
"""Patterns of one form, between which a single value may not decide."""
_HOURS = ("", " %H:%M", " %H:%M:%S")
_WITH_HOURS = 5  # of the forms of a day, those that times are written with
_SAID = re.compile(r"; (\S.*?)(?: or (\S.*?))? would read it$")


def with_pattern(reason: str, text: exp.Expr, data_type: str, stated: str | None) -> exp.Expr:
    """The reason why this text is no date or timestamp, as SQL: with the pattern (or the two) that would read it, where one is known."""
    no_digit = exp.not_(exp.func("regexp_matches", text.copy(), exp.Literal.string("[0-9]"), dialect="duckdb"))
    branches: list[tuple[exp.Expr, exp.Expr]] = [(no_digit, exp.Literal.string(reason))]  # DuckDB takes `epoch` for a time in any pattern
    for days in _DAYS if data_type == "date" else _DAYS[:_WITH_HOURS]:
        for hour in _HOURS if data_type == "timestamp" else ("",):
            patterns = [f"{day}{hour}" for day in days if f"{day}{hour}" != stated]
            if len(patterns) > 1:
                both = exp.And(this=_reads(text, patterns[0]), expression=_reads(text, patterns[1]))
                branches.append((both, _literal(reason, *patterns)))
            branches += [(_reads(text, pattern), _literal(reason, pattern)) for pattern in patterns]
    # Put together by hand: the builder's `when` copies all branches for each new one.
    return exp.Case(ifs=[exp.If(this=condition, true=said) for condition, said in branches], default=exp.Literal.string(reason))


def patterns_in(reason: str) -> tuple[str, ...]:
    """The patterns that a reason names."""
    found = _SAID.search(reason)
    return tuple(pattern for pattern in found.groups() if pattern) if found else ()


def _reads(text: exp.Expr, pattern: str) -> exp.Expr:
    moment = exp.func("try_strptime", text.copy(), exp.Literal.string(pattern), dialect="duckdb")
    # %Y reads 86 for the year 86: four digits are meant.
    return exp.GTE(this=moment, expression=exp.cast(exp.Literal.string("1000-01-01"), "timestamp"))


def _literal(reason: str, *patterns: str) -> exp.Expr:
    return exp.Literal.string(f"{reason}; {' or '.join(patterns)} would read it")
