"""Values that say nothing about who somebody is: they are taken out before records are compared or identifiers counted.

Junk is listed (`guards.junk`); an identifier that too many people share is learnt (`guards.shared_by`, terms.py). Both are told
by one form of each type, however a rule normalises: telephone numbers by their digits, all else in small letters without blanks,
an accent and its letter as one sign.
"""

from collections.abc import Collection, Iterable, Mapping

import pyarrow as pa
from sqlglot import exp

from cdp_assets.config import ProjectConfig
from cdp_assets.identity.normalise import Form, functions_in
from cdp_assets.identity.normalise.forms import only_other_letters, text
from cdp_assets.identity.tables import TERM_FREQUENCIES
from cdp_assets.lake import Column, Stage, anyhow, everywhere, intermediate, whole
from cdp_assets.lake.nasty import keys, nasty_rows
from cdp_assets.lake.source import literal, name
from cdp_assets.lake.stage import Meet
from cdp_assets.lake.table import Table

OF_NOBODY = intermediate("values of nobody", "type | varchar | semantic type\nvalue | varchar | value in the form of its type")
IDENTIFIER, WORD, ALL = "identifier", "word", "all"
"""Kinds of TERM_FREQUENCIES."""


def canonical(meaning: str, column: exp.Expr) -> exp.Expr:
    """The form by which two values of a semantic type are the same identifier; null where nothing is left of the value."""
    value = exp.cast(column, "varchar")
    if meaning == "identity.phone":
        return text(Form("", "varchar", frozenset({"phone"})), value)
    composed = only_other_letters(value, exp.func("nfc_normalize", value.copy(), dialect="duckdb"))
    return text(Form("", "varchar", frozenset({"lower", "whitespace"})), composed)


def _told(meaning: str, column: exp.Expr) -> exp.Expr:
    """The form by which a value of nobody is told; of what is no telephone number (n/a, 0000000000) all that is written."""
    form = canonical(meaning, column)
    return exp.func("coalesce", form, canonical("", column.copy())) if meaning == "identity.phone" else form


def identifying(config: ProjectConfig, source: str) -> dict[str, str]:
    """The fields of a source of which identifiers are learnt: field -> semantic type; none where `shared_by` is off."""
    fields = config.sources[source].fields
    asked = config.customers.guards.shared_by is not None
    return {field: its.type for field, its in fields.items() if asked and its.type.startswith("identity.")}


def doubted(config: ProjectConfig, source: str) -> dict[str, str]:
    """The fields of a source that may hold values of nobody: field -> semantic type."""
    junk = {field: its.type for field, its in config.sources[source].fields.items() if config.customers.guards.junk.get(its.type)}
    return junk | identifying(config, source)


def nobody_stages(config: ProjectConfig, sources: Iterable[str]) -> list[Stage]:
    """OF_NOBODY from TERM_FREQUENCIES, for these sources; nothing where none of their fields is doubted."""
    sources = list(sources)
    if not any(doubted(config, source) for source in sources):
        return []
    junk = [(meaning, value) for meaning, values in sorted(config.customers.guards.junk.items()) for value in values]
    learnt = any(identifying(config, source) for source in sources)
    forms = exp.case()
    for meaning in sorted({meaning for meaning, _ in junk}):
        forms = forms.when(exp.column("type").eq(meaning), _told(meaning, exp.column("value")))
    parts, reads = [], dict[str, Meet]()
    if junk:
        listed = "select unnest($types) as type, unnest($values) as value"
        parts.append(
            f"select type, value from (select type, {forms.sql(dialect='duckdb')} as value from ({listed})) where value is not null"
        )
    if learnt:
        parts.append(f"select type, term as value from {name(TERM_FREQUENCIES.name)} where kind = {literal(IDENTIFIER)}")
        reads[TERM_FREQUENCIES.name] = whole()  # the junk is there once
    body = " union all ".join(parts)
    given = {"kind": [IDENTIFIER, WORD, ALL], "type": ["identity.email", "identity.phone"], "term": ["a", "b", "c"]}
    params = {"types": [meaning for meaning, _ in junk], "values": [value for _, value in junk]} if junk else {}
    return [
        Stage(
            OF_NOBODY.name, reads, body, OF_NOBODY, params=params, functions=functions_in(body),
            nasty=lambda: {table: nasty_rows(TERM_FREQUENCIES.columns, given) for table in reads},
        )
    ]  # fmt: skip


def known(config: ProjectConfig, source: str, field: str, column: exp.Expr) -> exp.Expr:
    """Whether a value is one of nobody, over OF_NOBODY; null for no value, and false for a field that is not doubted."""
    meaning = doubted(config, source).get(field)
    if meaning is None:
        return exp.false()
    listed = exp.select("value").from_(exp.Table(this=exp.to_identifier(OF_NOBODY.name, quoted=True)))
    listed = listed.where(exp.column("type").eq(meaning))
    return exp.In(this=_told(meaning, column), query=exp.Subquery(this=listed))


def usable_stages(
    config: ProjectConfig, tables: Mapping[str, str], fields: Mapping[str, Collection[str]]
) -> tuple[list[Stage], dict[str, str]]:
    """Records (record_key and `fields`) without values of nobody, and for each source the name under which they are.

    `tables`: source -> the input with its records. Reads OF_NOBODY. A source without a doubted field keeps its input.
    """
    names, stages = dict(tables), []
    for source, table in tables.items():
        if set(fields[source]) & doubted(config, source).keys():
            stages.append(usable_stage(config, source, table, fields[source]))
            names[source] = stages[-1].name
    return stages, names


def usable_stage(config: ProjectConfig, source: str, table: str, fields: Collection[str]) -> Stage:
    """The records of one input without values of nobody."""
    columns = ["record_key"]
    for field in fields:
        column = exp.column(field, quoted=True)
        some = exp.case().when(known(config, source, field, column.copy()), exp.null()).else_(column.copy())
        columns.append(f"{some.sql(dialect='duckdb')} as {name(field)}" if field in doubted(config, source) else name(field))
    body = f"select {', '.join(columns)} from {name(table)}"
    types = {field: its.data_type for field, its in config.sources[source].fields.items()}
    its = (Column("record_key", "varchar", "key"), *(Column(field, types[field], "field") for field in fields))
    writes = Table(f"usable {table}", "one record", (), its)
    return Stage(
        writes.name, {table: anyhow(), OF_NOBODY.name: everywhere()}, body, writes, functions=functions_in(body),
        nasty=lambda: {table: nasty_rows(its, {"record_key": keys()}), OF_NOBODY.name: nobodys_example()},
    )  # fmt: skip


def nobodys_example() -> pa.Table:
    """Rows of OF_NOBODY."""
    return nasty_rows(OF_NOBODY.columns, {"type": ["identity.email", "identity.phone"], "value": ["a", "b", "c"]})
