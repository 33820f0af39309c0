"""Rules on pairs of records whatever holds for them, condition by condition: what explanations are made of."""

from dataclasses import replace
from fractions import Fraction

from cdp_assets.identity.forms import Forms
from cdp_assets.identity.normalise import companion_of
from cdp_assets.identity.rules import Rule
from cdp_assets.identity.similarity import Fuzzy
from cdp_assets.lake.source import name

_TEXTS = ("varchar", "varchar[]")


def verdicts(rule: Rule, left: Forms, right: Forms) -> str:
    """SQL for every pair of rows of both forms: what becomes of each condition of the rule, and then of each exception.

    h1, h2, ... say whether the values are as alike as it asks for, s1, s2, ... how alike they are (null where they are only
    equal or not), l1, r1, ... which side has nothing to compare. `met`: all conditions hold; `score` is the rule's then.
    """
    compared = (*rule.comparisons, *(each.comparison for each in rule.exceptions))
    measured, told = [], []
    for n, c in enumerate(compared, start=1):
        one, other = f"l.{left.column(c.left)}", f"r.{right.column(c.right)}"
        measured += [f"{one} is null as l{n}", f"{other} is null as r{n}", f"{one} = {other} as e{n}"]
        holds, score = f"e{n}", "cast(null as double)"
        if c.left.type in _TEXTS:
            # asked for one per cent, the lengths rule out no pair that has a score above it
            beside = None
            if c.weighed:
                beside = (f"l.{left.column(companion_of(c.left))}", f"r.{right.column(companion_of(c.right))}")
            every = Fuzzy(replace(c, share=Fraction(1, 100)), one, other, beside)
            measured += [f"{every.distance} as d{n}", f"{every.longer} as n{n}"]
            holds = holds if c.exact else Fuzzy(c, one, other).near(f"d{n}", f"n{n}")
            score = f"round(coalesce(1 - d{n} / n{n}, 0), 6)"
        told += [f"coalesce({holds}, false) as h{n}", f"case when not l{n} and not r{n} then {score} end as s{n}", f"l{n}", f"r{n}"]
    fuzzy = [f"s{n}" for n, c in enumerate(rule.comparisons, start=1) if not c.exact]
    score = f"least({', '.join(fuzzy)})" if fuzzy else "cast(1 as double)"
    return f"""
        select *, {" and ".join(f"h{n}" for n, _ in enumerate(rule.comparisons, start=1))} as met, {score} as score
        from (
            select left_key, right_key, {", ".join(told)}
            from (
                select l.record_key as left_key, r.record_key as right_key, {", ".join(measured)}
                from {name(left.stage)} as l cross join {name(right.stage)} as r
            )
        )
    """
