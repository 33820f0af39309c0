"""Lists of aliases and of values to bypass, as the forms that are compared: a list is normalised as the values are.

An alias is an equality. Whatever is connected by pairs is one value, the smallest of them; so chains of pairs work, and a
circle (a is b, b is c, c is a) says nothing new. Of a value to bypass nothing is left, and of its aliases neither.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa
from sqlglot import exp

from cdp_assets.config.value_lists import AliasList, BypassList
from cdp_assets.identity.normalise import Form, functions_in
from cdp_assets.identity.normalise.forms import text
from cdp_assets.lake import Column, Stage, everywhere, intermediate, whole
from cdp_assets.lake.nasty import nasty_rows
from cdp_assets.lake.source import name
from cdp_assets.lake.stage import Meet

MAX_VALUES = 5_000_000
"""How many rows a list may have."""


def list_stages(forms: Iterable[Form]) -> list[Stage]:
    """The stages of the lists that these forms use, each list once."""
    stages: dict[str, Stage] = {}
    for form in forms:
        if form.alias and form.aliases not in stages:
            pairs = _values(form, form.alias, f"{form.aliases} pairs", ("value", "same_as"))
            stages |= {pairs.name: pairs, form.aliases: _closed(form.aliases, pairs.name)}
        if form.bypass and form.bypassed not in stages:
            values = _values(form, form.bypass, f"{form.bypassed} values", ("value",))
            stages |= {values.name: values, form.bypassed: _bypassed(form, values.name)}
    return list(stages.values())


def sources_of(forms: Iterable[Form]) -> list[str]:
    """The sources in which lists of these forms stand."""
    listed = (each for form in forms for each in (form.alias, form.bypass))
    return list(dict.fromkeys(each.source for each in listed if each is not None and each.source is not None))


def example(stage: str) -> pa.Table:
    """Rows as a stage of a list gives them."""
    columns = [Column(n, "varchar", n) for n in (("value", "same_as") if stage.startswith("aliases") else ("value",))]
    return nasty_rows(columns, {"value": ["bob", "ann lee"], "same_as": ["ann lee", "ann lee"]}, rows=2)


def _values(form: Form, its: AliasList | BypassList, stage: str, columns: tuple[str, ...]) -> Stage:
    """The values of a list in the form in which they are compared."""
    params: dict[str, Any] = {}
    reads: dict[str, Meet] = {}
    if its.source is None:
        rows = its.pairs if isinstance(its, AliasList) else [(value,) for value in its.values or ()]
        params = {column: [row[n] for row in rows or ()] for n, column in enumerate(columns)}
        origin = "select " + ", ".join(f"unnest(${column}) as {column}" for column in columns)
    else:
        reads = {its.source: whole(MAX_VALUES)}
        fields = {column: str(getattr(its, column)) for column in columns}
        listing = ", ".join(f"{name(field)} as {column}" for column, field in fields.items())
        origin = f"select {listing} from {name(its.source)}"
    made = ", ".join(f"{text(form, exp.column(column)).sql(dialect='duckdb')} as {column}" for column in columns)
    table = intermediate(stage, "\n".join(f"{column} | varchar | comparable form" for column in columns))
    body = f"select {made} from ({origin})"
    inputs = [Column(str(getattr(its, column)), "varchar", "a field of the list") for column in columns]
    return Stage(
        stage, reads, body, table, params=params, nasty=lambda: {each: nasty_rows(inputs) for each in reads},
        functions=functions_in(body),
    )  # fmt: skip


def _closed(stage: str, pairs: str) -> Stage:
    table = intermediate(stage, "value | varchar | a value\nsame_as | varchar | the value that stands for it", key=("value",))
    columns = [Column(n, "varchar", n) for n in ("value", "same_as")]
    return Stage(
        stage, {pairs: whole(MAX_VALUES)}, _smallest, table, params={"pairs": pairs},
        nasty=lambda: {pairs: nasty_rows(columns, {"value": ["a", "b", "c", None, "e"], "same_as": ["b", "c", "a", "d"]})},
        lineage={"value": (f"{pairs}.value", f"{pairs}.same_as"), "same_as": (f"{pairs}.value", f"{pairs}.same_as")},
    )  # fmt: skip


def _smallest(tables: Mapping[str, pa.Table], params: Mapping[str, Any]) -> pa.Table:
    """For each value the smallest of all values that are connected with it."""
    parents: dict[str, str] = {}

    def root(value: str) -> str:
        while parents.setdefault(value, value) != value:
            parents[value] = parents[parents[value]]
            value = parents[value]
        return value

    pairs = tables[params["pairs"]]
    for one, other in zip(pairs["value"].to_pylist(), pairs["same_as"].to_pylist(), strict=True):
        if one is not None and other is not None:
            a, b = sorted((root(one), root(other)))
            parents[b] = a
    values = sorted(parents)
    return pa.table({"value": pa.array(values, pa.string()), "same_as": pa.array([root(value) for value in values], pa.string())})


def _bypassed(form: Form, values: str) -> Stage:
    table = intermediate(form.bypassed, "value | varchar | a value that is alike to nothing", key=("value",))
    aliases = f" left join {name(form.aliases)} as a on v.value = a.value" if form.alias else ""
    result = "coalesce(a.same_as, v.value)" if form.alias else "v.value"
    body = f"select distinct {result} as value from {name(values)} as v{aliases} where v.value is not null"
    reads = {values: whole(MAX_VALUES), **({form.aliases: everywhere()} if form.alias else {})}
    return Stage(
        form.bypassed, reads, body, table,
        nasty=lambda: {values: nasty_rows([Column("value", "varchar", "value")]), **{n: example(n) for n in reads if n != values}},
    )  # fmt: skip
