"""All pairs of records for which one rule holds, with their score: the lowest of its conditions' scores.

A rule with an exact condition is a join on it. A rule without one is a scan over distinct values that proves for most
pairs, from a few bits each, that they are too far apart (candidates.py).
"""

from fractions import Fraction
from typing import Any

import pyarrow as pa

from cdp_assets.identity.budget import alike_budget, block_budget, exact_columns, scan_budget
from cdp_assets.identity.candidates import CANDIDATES, candidates
from cdp_assets.identity.exceptions import exception_stages
from cdp_assets.identity.forms import Forms
from cdp_assets.identity.normalise import companion_of
from cdp_assets.identity.rules import Rule
from cdp_assets.identity.similarity import Fuzzy
from cdp_assets.identity.tables import pairs as pairs_table
from cdp_assets.lake import Stage, anyhow, by, everywhere, intermediate, whole
from cdp_assets.lake.nasty import nasty_rows
from cdp_assets.lake.source import name
from cdp_assets.lake.table import Table

_NO_REASON = "cast(null as varchar) as reason"


def pair_stages(rule: Rule, left: Forms, right: Forms, title: str) -> list[Stage]:
    """The stages of one rule, reading the forms of both sides; the last one, `title`, has the pairs.

    Pairs for which an exception of the rule holds are among them, as refused, and those that are only for a review.
    Raises BudgetError when it runs and the rule would compare too many pairs.
    """
    met = f"{title} met" if rule.exceptions else title
    found = [*block_budget(rule, left, right, met), _join(rule, left, right, met)] if rule.exact else _scan(rule, left, right, met)
    return [*found, *exception_stages(rule, left, right, met, title)]


def _constants(rule: Rule) -> dict[str, Any]:
    return {"rule": rule.name, "rank": rule.rank, "left_source": rule.left_source, "right_source": rule.right_source}


def _fuzzy(rule: Rule, left: Forms, right: Forms) -> list[Fuzzy]:
    return [Fuzzy.between(c, left, right, rule.review) for c in rule.comparisons if not c.exact]


def _measures(fuzzy: list[Fuzzy]) -> str:
    return "".join(f", {each.distance} as d{n}, {each.longer} as n{n}" for n, each in enumerate(fuzzy))


def _alike(fuzzy: list[Fuzzy], review: Fraction | None = None) -> str:
    return " and ".join(each.near(f"d{n}", f"n{n}", review) for n, each in enumerate(fuzzy)) or "true"


def _status(rule: Rule, fuzzy: list[Fuzzy]) -> str:
    """Null: the rule holds; review: it would with a lower precision."""
    return "cast(null as varchar)" if rule.review is None else f"case when not ({_alike(fuzzy)}) then 'review' end"


def _score(fuzzy: list[Fuzzy]) -> str:
    scores = ", ".join(f"1 - d{n} / n{n}" for n, _ in enumerate(fuzzy))
    return f"round(least({scores}), 6)" if fuzzy else "cast(1 as double)"


def _join(rule: Rule, left: Forms, right: Forms, title: str) -> Stage:
    left_keys, right_keys = exact_columns(rule, left, right)
    conditions = [f"l.{one} = r.{other}" for one, other in zip(left_keys, right_keys, strict=True)]
    if rule.within:
        conditions.append("l.record_key < r.record_key")
    fuzzy = _fuzzy(rule, left, right)
    body = f"""
        select $left_source as left_source, left_key, $right_source as right_source, right_key, $rule as rule, $rank as rule_rank,
            {_score(fuzzy)} as score, {_status(rule, fuzzy)} as status, {_NO_REASON}
        from ({_measured(fuzzy, left, right, " and ".join(conditions))})
        where {_alike(fuzzy, rule.review)}
    """
    reads = {left.stage: by(*left_keys, nulls="drop"), right.stage: by(*right_keys, nulls="drop")}
    return Stage(
        title,
        reads,
        body,
        pairs_table(title),
        params=_constants(rule),
        nasty=lambda: {left.stage: left.nasty(), right.stage: right.nasty()},
        functions=rule.functions,
    )


def _measured(fuzzy: list[Fuzzy], left: Forms, right: Forms, same: str) -> str:
    """Pairs of records that meet, with their distances.

    Most are ruled out by numbers alone, and only for those that are left the texts are fetched.
    """
    met = f"""
        select l.record_key as left_key, r.record_key as right_key
        from {_with_lengths(fuzzy, left, 0)} as l join {_with_lengths(fuzzy, right, 1)} as r on {same}
        where {" and ".join(each.possible(f"l.length{n}", f"r.length{n}") for n, each in enumerate(fuzzy)) or "true"}
    """
    if not fuzzy:
        return met
    return f"""
        select left_key, right_key{_measures(fuzzy)}
        from ({met}) as m
        join {name(left.stage)} as l on m.left_key = l.record_key
        join {name(right.stage)} as r on m.right_key = r.record_key
    """


def _with_lengths(fuzzy: list[Fuzzy], forms: Forms, side: int) -> str:
    alias = "lr"[side]
    lengths = "".join(f", {each.lengths[side]} as length{n}" for n, each in enumerate(fuzzy))
    return f"(select {alias}.*{lengths} from {name(forms.stage)} as {alias})"


def _scan(rule: Rule, left: Forms, right: Forms, title: str) -> list[Stage]:
    bounded, weighed = [c for c in rule.comparisons if not c.weighed], [c for c in rule.comparisons if c.weighed]
    assert bounded, "a rule whose conditions all go by the weights of words is refused with the configuration"
    # first what the scan looks at, then what is compared for the pairs that it leaves, each with its weights
    lefts = [c.left for c in bounded] + [form for c in weighed for form in (c.left, companion_of(c.left))]
    rights = [c.right for c in bounded] + [form for c in weighed for form in (c.right, companion_of(c.right))]
    one = _values(f"{title} left values", left, [left.column(form) for form in lefts])
    other = _values(f"{title} right values", right, [right.column(form) for form in rights])
    fuzzy = [Fuzzy(c, f"l.v{n}", f"r.v{n}", floor=rule.review) for n, c in enumerate(bounded, start=1)]
    for n, c in enumerate(weighed):
        text = len(bounded) + 2 * n + 1
        fuzzy.append(Fuzzy(c, f"l.v{text}", f"r.v{text}", (f"l.v{text + 1}", f"r.v{text + 1}"), rule.review))
    example = {stage.name: _values_example(stage.writes) for stage in (one, other)}
    shares = [c.share if rule.review is None else rule.review for c in bounded]
    scan = candidates(rule, shares, one.name, other.name, f"{title} candidates", example)
    alike = _verify(rule, scan.name, one, other, fuzzy, f"{title} alike")
    given: dict[str, list[Any]] = {
        "left_id": list(range(1, 21)),
        "right_id": list(range(1, 31)),
        "status": [None, "review"],
        "comparisons": [4, 10_000],
    }
    found = nasty_rows(alike.writes.columns, given, rows=60)
    return [
        *(one, other, *scan_budget(rule, one.name, other.name, title, example), scan),
        *(alike, *alike_budget(rule, alike.name, title, found)),
        _records(rule, alike.name, one, other, found, title),
    ]


def _values(title: str, forms: Forms, columns: list[str]) -> Stage:
    """Distinct values of the compared columns, numbered in their order, with the keys of the records that have them."""
    values = [f"v{n}" for n in range(1, len(columns) + 1)]
    listing = ", ".join(f"{column} as {value}" for column, value in zip(columns, values, strict=True))
    body = f"""
        select row_number() over (order by {", ".join(values)}) as id, {", ".join(values)}, keys
        from (
            select {listing}, list(record_key order by record_key) as keys
            from {name(forms.stage)}
            where {" and ".join(f"{column} is not null" for column in columns)}
            group by {", ".join(columns)}
        )
    """
    types = {forms.column(form): form.type for form in forms.forms}
    lines = [f"{value} | {types[column]} | comparable form" for column, value in zip(columns, values, strict=True)]
    lines = ["id | bigint | number of the values", *lines, "keys | varchar[] | keys of their records"]
    table = intermediate(title, "\n".join(lines), key=("id",))
    return Stage(title, {forms.stage: whole()}, body, table, nasty=lambda: {forms.stage: forms.nasty()})


def _values_example(table: Table) -> pa.Table:
    """Values as _values gives them: never null, each id once."""
    texts = ["ann lee", "anne lee", "bob", "lee ann", "jose nunez"]
    given: dict[str, list[Any]] = {"id": list(range(1, 31)), "keys": [["k1"], ["k2", "k3"], ["k4"]]}
    for column in table.columns[1:-1]:
        orders = [[text, " ".join(reversed(text.split()))] for text in texts]
        weights = [[700 + len(word) for word in text.split()] for text in texts]
        examples: dict[str, list[Any]] = {"varchar[]": orders, "integer[]": weights}
        given[column.name] = examples.get(column.type, texts)
    return nasty_rows(table.columns, given, rows=30)


def _verify(rule: Rule, scan: str, one: Stage, other: Stage, fuzzy: list[Fuzzy], title: str) -> Stage:
    """Compare the candidates' values exactly, and count how many pairs of records have those that are alike."""
    body = f"""
        select left_id, right_id, {_score(fuzzy)} as score, {_status(rule, fuzzy)} as status, comparisons
        from (
            select l.id as left_id, r.id as right_id, cast(len(l.keys) as bigint) * len(r.keys) as comparisons{_measures(fuzzy)}
            from {name(scan)} as c
            join {name(one.name)} as l on c.left_id = l.id
            join {name(other.name)} as r on c.right_id = r.id
        )
        where {_alike(fuzzy, rule.review)}
    """
    written = """
        left_id     | bigint | number of the left values
        right_id    | bigint | number of the right values
        score       | double | how alike they are
        status      | varchar | null, or review
        comparisons | bigint | pairs of records that have them
    """
    found = nasty_rows(CANDIDATES.columns, {"left_id": list(range(1, 21)), "right_id": list(range(1, 31))}, rows=60)
    return Stage(
        title,
        {scan: anyhow(), one.name: everywhere(), other.name: everywhere()},
        body,
        intermediate(title, written),
        nasty=lambda: {scan: found, one.name: _values_example(one.writes), other.name: _values_example(other.writes)},
        functions=rule.functions,
    )


def _records(rule: Rule, alike: str, one: Stage, other: Stage, found: pa.Table, title: str) -> Stage:
    """Every pair of records that have values that are alike."""
    ends = "least(left_key, right_key) as left_key, greatest(left_key, right_key) as right_key" if rule.within else "left_key, right_key"
    distinct = "same_values = 0 or left_key < right_key" if rule.within else "true"
    body = f"""
        select $left_source as left_source, left_key, $right_source as right_source, right_key, $rule as rule, $rank as rule_rank, score,
            status, {_NO_REASON}
        from (
            select {ends}, score, status
            from (
                select left_key, unnest(right_keys) as right_key, same_values, score, status
                from (
                    select unnest(l.keys) as left_key, r.keys as right_keys, cast(l.id = r.id as integer) as same_values, c.score, c.status
                    from {name(alike)} as c
                    join {name(one.name)} as l on c.left_id = l.id
                    join {name(other.name)} as r on c.right_id = r.id
                )
            )
            where {distinct}
        )
    """
    return Stage(
        title,
        {alike: anyhow(), one.name: everywhere(), other.name: everywhere()},
        body,
        pairs_table(title),
        params=_constants(rule),
        nasty=lambda: {alike: found, one.name: _values_example(one.writes), other.name: _values_example(other.writes)},
    )
