"""Exceptions of a rule: of the pairs that it found, those for which one holds are refused, and stay as evidence.

Twins have the same last name, birth date and address: the exception `{field: first_name, differs: true}` keeps them
apart. An exception is of its rule alone: another rule may still join the two.
"""

from collections.abc import Sequence
from typing import Any

from cdp_assets.identity.forms import Forms
from cdp_assets.identity.normalise import Form, companion_of
from cdp_assets.identity.rules import Rule, Unless
from cdp_assets.identity.similarity import Fuzzy
from cdp_assets.identity.tables import pairs as pairs_table
from cdp_assets.lake import Column, Stage, Table, by
from cdp_assets.lake.nasty import keys, nasty_rows
from cdp_assets.lake.source import name


def exception_stages(rule: Rule, left: Forms, right: Forms, met: str, title: str) -> list[Stage]:
    """The stage `title`: the pairs of the stage `met`, refused where an exception holds; none for a rule without exceptions."""
    if not rule.exceptions:
        return []
    seen = _with_left_side(rule, left, met, f"{title} seen from the left")
    return [seen, _decided(rule, right, seen, title)]


def _with_left_side(rule: Rule, left: Forms, met: str, title: str) -> Stage:
    """The pairs with the left record's values, x1, x2, ... for the exceptions in their order, and the weights of words, y1, ..."""
    pairs = pairs_table(met)
    forms: dict[str, Form] = {}
    for n, each in enumerate(rule.exceptions, start=1):
        forms[f"x{n}"] = each.comparison.left
        if each.comparison.weighed:
            forms[f"y{n}"] = companion_of(each.comparison.left)
    values = ", ".join(f"l.{left.column(form)} as {column}" for column, form in forms.items())
    body = f"""
        select {", ".join(f"p.{column}" for column in pairs.column_names)}, {values}
        from {name(met)} as p join {name(left.stage)} as l on p.left_key = l.record_key
    """
    columns = (*pairs.columns, *(Column(column, form.type, "comparable form") for column, form in forms.items()))
    return Stage(
        title,
        {met: by("left_key"), left.stage: by("record_key")},
        body,
        Table(title, f"intermediate rows of {title}", (), columns),
        nasty=lambda: {met: nasty_rows(pairs.columns, {"left_key": keys()}), left.stage: left.nasty()},
    )


def _decided(rule: Rule, right: Forms, seen: Stage, title: str) -> Stage:
    """The first exception that holds gives the reason."""
    held = [_holds(each, n, right) for n, each in enumerate(rule.exceptions, start=1)]
    reasons = "\n".join(f"when {condition} then $reason{n}" for n, condition in enumerate(held, start=1))
    pairs = pairs_table(title)
    kept = ", ".join(column for column in pairs.column_names if column not in ("status", "reason"))
    body = f"""
        select {kept}, case when reason is null then status else 'refused' end as status, reason
        from (
            select p.*, case {reasons} end as reason
            from (select * exclude (reason) from {name(seen.name)}) as p
            join {name(right.stage)} as r on p.right_key = r.record_key
        )
    """
    params: dict[str, Any] = {f"reason{n}": each.reason for n, each in enumerate(rule.exceptions, start=1)}
    return Stage(
        title,
        {seen.name: by("right_key"), right.stage: by("record_key")},
        body,
        pairs,
        params=params,
        nasty=lambda: {seen.name: nasty_rows(seen.writes.columns, _some_right_keys(seen.writes)), right.stage: right.nasty()},
        functions=rule.functions,
    )


def _some_right_keys(seen: Table) -> dict[str, Sequence[Any]]:
    words: dict[str, Sequence[Any]] = {}
    for column in seen.columns:
        if column.type == "integer[]":  # as many weights as the text beside them has words
            words |= {f"x{column.name[1:]}": ["ann lee", None, "anne lee"], column.name: [[700, 800], None, [900, 800]]}
    return {"right_key": keys()[::-1], "status": [None], "reason": [None], **words}


def _holds(unless: Unless, number: int, forms: Forms) -> str:
    """The condition in SQL, never null: a missing value is neither alike nor different."""
    left, right = f"p.x{number}", f"r.{forms.column(unless.comparison.right)}"
    if unless.comparison.exact:
        alike = f"{left} = {right}"
    else:
        weighed = unless.comparison.weighed
        weights = (f"p.y{number}", f"r.{forms.column(companion_of(unless.comparison.right))}") if weighed else None
        fuzzy = Fuzzy(unless.comparison, left, right, weights)
        alike = fuzzy.near(f"({fuzzy.distance})", f"({fuzzy.longer})")
    known = f"{left} is not null and {right} is not null"
    return f"({known} and {'not ' if unless.differs else ''}coalesce({alike}, false))"
