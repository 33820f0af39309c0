"""Pairs of values that are alike, by a scan over all pairs that misses none.

A signature has one bit for each two letters that stand side by side in a word. One edit changes at most four bits and
the order of words none, so two values whose signatures differ in more than 4 x k bits are more than k edits apart.
Only the few pairs that this leaves are compared letter by letter.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pyarrow as pa

from cdp_assets.identity.budget import BudgetError
from cdp_assets.identity.rules import Rule
from cdp_assets.lake import Stage, anyhow, everywhere, intermediate

CANDIDATES = intermediate(
    "candidates",
    """
    left_id  | bigint | number of the left values
    right_id | bigint | number of the right values
    """,
)

MAX_PAIRS = 50_000_000
"""How many pairs of values may be alike enough."""


def candidates(rule: Rule, shares: Sequence[Fraction], left: str, right: str, title: str, example: Mapping[str, pa.Table]) -> Stage:
    """Pairs of numbered values (stages left and right: id, v1, v2, ...) that are alike in all of v1, v2, ... that have a share.

    Inside one source each pair once, and each value with itself, for it may stand in several records.
    """
    return Stage(
        title,
        {left: everywhere(), right: anyhow()},
        _candidates,
        replace(CANDIDATES, name=title),
        params={
            "left": left,
            "right": right,
            "shares": [[share.numerator, share.denominator] for share in shares],
            "within": rule.within,
            "rule": rule.where,
            "way_out": rule.way_out,
        },
        nasty=lambda: dict(example),
        lineage={"left_id": (f"{left}.id",), "right_id": (f"{right}.id",)},
    )


def _candidates(tables: Mapping[str, pa.Table], params: Mapping[str, Any]) -> pa.Table:
    from cdp_assets.identity import kernels

    left, right = tables[params["left"]], tables[params["right"]]
    columns = [f"v{n}" for n in range(1, len(params["shares"]) + 1)]
    found = kernels.alike(
        kernels.encoded(left, columns), kernels.encoded(right, columns), params["shares"], once=params["within"], most=MAX_PAIRS
    )
    if found is None:
        raise BudgetError(
            f"{params['rule']}: more than {MAX_PAIRS:,} pairs of values are alike enough. "
            f"Raise the precision of its conditions, or add an exact one, such as birth date or postcode.{params['way_out']}"
        )
    return pa.table({"left_id": pa.array(found[0]), "right_id": pa.array(found[1])})
