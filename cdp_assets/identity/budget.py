"""A rule that would compare too many pairs is refused before it starts, with a number and what to do about it."""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from cdp_assets.errors import UserError
from cdp_assets.identity.forms import Forms
from cdp_assets.identity.rules import Rule
from cdp_assets.lake import Stage, by, intermediate, whole
from cdp_assets.lake.source import name

MAX_PAIRS = 100_000_000
"""How many pairs a rule with an exact condition may look at."""
MAX_COMPARISONS = 20_000_000_000
"""How many pairs of distinct values a rule without one may look at."""
SMALL_BLOCK = 10_000
"""Blocks of fewer pairs are not counted: however many there are, they are cheap."""


class BudgetError(UserError):
    """A rule of the configuration would compare more pairs than can be compared in acceptable time."""


def block_budget(rule: Rule, left: Forms, right: Forms, title: str) -> list[Stage]:
    """Refuse a rule whose exact conditions are met by too many pairs, because some values stand in very many records."""
    left_keys, right_keys = exact_columns(rule, left, right)
    numbered = [f"b{n}" for n in range(1, len(left_keys) + 1)]

    def counts(forms: Forms, columns: list[str]) -> str:
        keys = ", ".join(f"{column} as {b}" for column, b in zip(columns, numbered, strict=True))
        return f"(select {keys}, count(*) as n from {name(forms.stage)} group by {', '.join(columns)})"

    body = f"""
        select l.n * r.n as comparisons
        from {counts(left, left_keys)} as l join {counts(right, right_keys)} as r using ({", ".join(numbered)})
        where l.n * r.n >= {SMALL_BLOCK}
    """
    reads = {left.stage: by(*left_keys, nulls="drop"), right.stage: by(*right_keys, nulls="drop")}
    blocks = intermediate(f"{title} blocks", "comparisons | bigint | pairs of records with equal values in the exact conditions")
    advice = "Some values of its exact conditions stand in very many records: add another exact condition, such as birth date or postcode."
    return [
        Stage(blocks.name, reads, body, blocks, nasty=lambda: {left.stage: left.crowded(), right.stage: right.crowded()}),
        _guard(rule, blocks.name, title, MAX_PAIRS, f"{advice}{rule.way_out}"),
    ]


def scan_budget(rule: Rule, left: str, right: str, title: str, example: Mapping[str, pa.Table]) -> list[Stage]:
    """Refuse a rule without an exact condition when both sides have too many distinct values (stages left and right)."""
    body = f"select (select count(*) from {name(left)}) * (select count(*) from {name(right)}) as comparisons"
    size = intermediate(f"{title} size", "comparisons | bigint | pairs of distinct values of both sides")
    advice = "No condition of the rule is exact: add one, such as birth date or postcode; then only records that agree there are compared."
    return [
        Stage(size.name, {left: whole(), right: whole()}, body, size, nasty=lambda: dict(example)),
        _guard(rule, size.name, title, MAX_COMPARISONS, f"{advice}{rule.way_out}"),
    ]


def alike_budget(rule: Rule, alike: str, title: str, example: pa.Table) -> list[Stage]:
    """Refuse a rule without an exact condition when its pairs of values (stage alike) stand for too many pairs of records."""
    body = f"select comparisons from {name(alike)} where comparisons >= {SMALL_BLOCK}"
    pairs = intermediate(f"{title} fan-out", "comparisons | bigint | pairs of records that have values that are alike")
    advice = "Some values that are alike stand in very many records: add an exact condition, such as birth date or postcode."
    return [
        Stage(pairs.name, {alike: whole()}, body, pairs, nasty=lambda: {alike: example}),
        _guard(rule, pairs.name, pairs.name, MAX_PAIRS, f"{advice}{rule.way_out}"),
    ]


def exact_columns(rule: Rule, left: Forms, right: Forms) -> tuple[list[str], list[str]]:
    """The columns of both sides that must be equal."""
    exact = [comparison for comparison in rule.comparisons if comparison.exact]
    return [left.column(comparison.left) for comparison in exact], [right.column(comparison.right) for comparison in exact]


def _guard(rule: Rule, counted: str, title: str, most: int, advice: str) -> Stage:
    total = intermediate(f"{title} budget", "comparisons | bigint | pairs that the rule looks at, small blocks not counted")
    return Stage(
        total.name,
        {counted: whole()},
        _within_budget,
        total,
        params={"counted": counted, "rule": rule.where, "most": most, "advice": advice},
        nasty=lambda: {counted: pa.table({"comparisons": pa.array([10_000, 20_000], pa.int64())})},
        lineage={"comparisons": (f"{counted}.comparisons",)},
    )


def _within_budget(tables: Mapping[str, pa.Table], params: Mapping[str, Any]) -> pa.Table:
    total = pc.sum(tables[params["counted"]]["comparisons"]).as_py() or 0
    if total > params["most"]:
        raise BudgetError(
            f"{params['rule']}: it would compare about {total:,} pairs; at most {params['most']:,} are allowed. {params['advice']}"
        )
    return pa.table({"comparisons": pa.array([total], pa.int64())})
