"""What goes into a snapshot: the SQL that fills each of its tables from the tables of the lake."""

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb
import sqlglot
from sqlglot import exp

from cdp_assets.config.unified import called
from cdp_assets.lake import Source, Table
from cdp_assets.lake.source import casts, literal, name
from cdp_assets.publish import card_contents, tables, tokens, words
from cdp_assets.publish.card_contents import SERVE

# Integers in place of ids of 32 letters: the search is several times faster and the file a third smaller.
_SAID = f"""
    select distinct c.number as customer, s.kind, s.value
    from ({{said}}) s join {SERVE}.customer c on c.customer_id = s.customer_id
    where s.value is not null
"""

_CUSTOMER_KEY = """
    select customer_id, kind, source, record_key, is_winner, source_file, source_line, identified_at, first_seen, last_seen, events
    from alternate_keys
"""

_VISITOR_IDENTITY = """
    select k.customer_id, v.source, v.visitor_id, v.nth, v.known_source, v.known_field, v.known_value,
           v.valid_from, v.valid_to, v.identified_at
    from visitor_identities v
    join alternate_keys k on k.kind = 'visitor' and k.source = v.source and k.record_key = v.visitor_id
"""

_FACTS = f"""
    select $contents as contents, cast($as_of as date) as as_of, count(*) as customers, count(*) filter (known) as known,
           coalesce(sum(records), 0) as records, coalesce(sum(visitors), 0) as visitors
    from {SERVE}.customer
"""


def meanings_of(unified_profiles: Table, meanings: Mapping[str, str]) -> dict[str, str]:
    """The fields of the profile with their types in cdp.yaml, in declared order; text where none is given."""
    fields = [c.name for c in unified_profiles.columns if c.name not in tables.PROFILE_FACTS and not c.type.endswith("[]")]
    return {field: meanings.get(field, "text") for field in fields}


def fill(
    connection: duckdb.DuckDBPyConnection,
    inputs: Mapping[str, Source],
    meanings: Mapping[str, str],
    account_meanings: Mapping[str, str],
    contents: str,
    as_of: str,
    labels: Mapping[str, str],
) -> None:
    """Fill every table of the attached, empty file `serve`, sorted by key; `meanings` as from meanings_of, `labels` of renamed fields."""
    words.teach(connection)
    for each, source in inputs.items():
        connection.execute(f"create or replace temp view {name(each)} as {source.sql}")
    connection.execute("create or replace temp table searched (attribute varchar, kind varchar)")
    for field, kind in tokens.searched(meanings).items():
        connection.execute("insert into searched values ($field, $kind)", {"field": field, "kind": kind})
    unified = inputs["unified_profiles"].table
    profile = tables.profile(unified)
    _create(connection, tables.CUSTOMER, _customer(meanings).sql(dialect="duckdb"))
    connection.execute(f"create or replace temp table said as {_SAID.format(said=tokens.said(meanings))}")
    _create(connection, profile, f"select {', '.join(name(c) for c in profile.column_names)} from unified_profiles")
    _create(connection, tables.PROFILE_COLUMN, _rows(tables.PROFILE_COLUMN, _columns(unified, meanings, labels)))
    _create(connection, tables.SEARCH_TOKEN, tokens.TOKENS)
    _create(connection, tables.ATTRIBUTE_ORIGIN, f"select {_plain(tables.ATTRIBUTE_ORIGIN)} from profile_lineage")
    _create(connection, tables.CUSTOMER_KEY, _CUSTOMER_KEY)
    _create(connection, tables.VISITOR_IDENTITY, _VISITOR_IDENTITY)
    _create(connection, tables.REDIRECT, f"select {_plain(tables.REDIRECT)} from customer_id_redirects")
    for table, sql in card_contents.contents(inputs, account_meanings).items():
        _create(connection, table, sql or card_contents.nothing(table).sql(dialect="duckdb"))
    versions = [(each, source.version, source.digest) for each, source in sorted(inputs.items())]
    _create(connection, tables.PUBLISHED_VERSION, _rows(tables.PUBLISHED_VERSION, versions))
    _create(connection, tables.FACTS, _FACTS, {"contents": contents, "as_of": as_of})
    for left in ("said", "searched"):
        connection.execute(f"drop table {left}")
    for each in inputs:
        connection.execute(f"drop view {name(each)}")
    # A list of hits is fetched by ids from all over the table: 5 ms with this index, 120 ms without it at 1 M rows.
    for indexed, column in (("customer", "customer_id"), ("customer", "number"), ("redirect", "customer_id"), ("account", "account_id")):
        connection.execute(f"create unique index {indexed}_{column} on {SERVE}.{indexed} ({column})")


def _create(connection: duckdb.DuckDBPyConnection, table: Table, sql: str, parameters: Mapping[str, Any] | None = None) -> None:
    order = ", ".join(name(column) for column in table.sort_key)
    statement = f"create table {SERVE}.{name(table.name)} as select {casts(table)} from ({sql}) order by {order}"
    connection.execute(statement, dict(parameters) if parameters else None)


def _plain(table: Table) -> str:
    return ", ".join(name(column) for column in table.column_names)


def _columns(unified_profiles: Table, meanings: Mapping[str, str], labels: Mapping[str, str]) -> list[tuple[Any, ...]]:
    declared = {c.name: c for c in unified_profiles.columns}
    return [
        (position, field, labels.get(field, called(field)), declared[field].type, meaning, declared[field].personal)
        for position, (field, meaning) in enumerate(meanings.items(), start=1)
    ]


def _rows(table: Table, rows: Sequence[tuple[Any, ...]]) -> str:
    """A few rows of ours as SQL."""
    if not rows:
        return f"select {', '.join(f'cast(null as {c.type}) as {name(c.name)}' for c in table.columns)} where false"
    listing = ", ".join("(" + ", ".join(_value(value) for value in row) + ")" for row in rows)
    return f"select * from (values {listing}) as given ({_plain(table)})"


def _value(value: str | int | bool | None) -> str:
    if value is None:
        return "null"
    return literal(value) if isinstance(value, str) else str(value).lower()


def _customer(meanings: Mapping[str, str]) -> exp.Select:
    """The head of each customer, from the first field of each meaning."""

    def first(meaning: str) -> exp.Expression:
        found = tokens.of_meaning(meanings, meaning)
        return tokens.column(found[0]) if found else exp.cast(exp.null(), "varchar")

    def joined(separator: str, *meanings_: str) -> exp.Func:
        text = exp.func("concat_ws", exp.Literal.string(separator), *(first(m) for m in meanings_), dialect="duckdb")
        return exp.func("nullif", text, exp.Literal.string(""), dialect="duckdb")

    person = joined(" ", "person.first_name", "person.last_name")
    title = exp.func("coalesce", first("person.full_name"), person, first("organization.name"), dialect="duckdb")
    facts = ("known", "records", "visitors", "first_seen", "last_seen")
    return exp.select(
        exp.column("customer_id"),
        exp.alias_(sqlglot.parse_one("row_number() over (order by customer_id)", dialect="duckdb"), "number"),
        exp.alias_(title, "name"),
        exp.alias_(first("identity.email"), "email"),
        exp.alias_(joined(", ", "location.city", "location.country"), "place"),
        *(exp.column(fact) for fact in facts),
    ).from_("unified_profiles")
