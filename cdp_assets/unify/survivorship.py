"""Unified profiles: which of several values a profile shows.

A field shows the value of the most important source that has one; of several records of that source the one with
the greatest key that has one. Where the configuration asks for the newest, the oldest, or for fields that belong
together, ranked.py decides. Only winners of the dedupe have a say. What is not shown stands in profile_lineage.
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa
from sqlglot import exp, parse_one

from cdp_assets.config import ProjectConfig
from cdp_assets.config.clusters import cluster_columns
from cdp_assets.config.unified import keys_column
from cdp_assets.identity import record_sources
from cdp_assets.identity.greatest_key import is_number, key_number
from cdp_assets.lake import Check, Column, Stage, Table, by, columns, intermediate
from cdp_assets.lake.nasty import keys, nasty_rows
from cdp_assets.lake.source import literal, name
from cdp_assets.unify.customer_clusters import cluster_stages, joined
from cdp_assets.unify.deduplicated_tables import TAKEN
from cdp_assets.unify.fields import UnifiedField, unified_fields
from cdp_assets.unify.ranked import PLACE, moments, origin_columns, ranked, taken, units
from cdp_assets.unify.several import having_several, several_of
from cdp_assets.unify.tables import ALTERNATE_KEYS, profiles_table, unified_profiles
from cdp_assets.unify.winners import origins as origins_of

_PEOPLE = """
    customer_id | varchar   | id of the profile
    records     | bigint    | records behind it
    visitors    | bigint    | visitor ids behind it
    first_seen  | timestamp | of its visitors
    last_seen   | timestamp | of its visitors
"""
# Stages of ours have a space in their names: a list that a rule of a cluster reads is a source, and may be called people.
_FORMER = intermediate(
    "ids held before",
    """
    customer_id          | varchar | an id that is held
    previous_customer_id | varchar | another id that one of its records held before
    """,
)
_HOLDINGS = columns(
    """
    source      | varchar | of the record
    record_key  | varchar | of the record
    customer_id | varchar | an id that it holds or held
    held        | boolean | whether it holds it now
    """
)
_VALUES = "values_"
_CUSTOMERS = [f"c{n}" for n in range(9)]

_FIND_FORMER = """
    select h.customer_id, p.customer_id as previous_customer_id
    from customer_ids as h
    join customer_ids as p on p.source = h.source and p.record_key = h.record_key
    where h.held and not p.held
"""

_PROFILES = """
    select
        p.customer_id, p.records > 0 as known, p.records, p.visitors, p.first_seen, p.last_seen,
        coalesce(f.previous_customer_ids, cast([] as varchar[])) as previous_customer_ids
    from "people behind profiles" as p
    left join (
        select customer_id, list(distinct previous_customer_id order by previous_customer_id) as previous_customer_ids
        from "ids held before"
        group by customer_id
    ) as f on f.customer_id = p.customer_id
"""


def stages(config: ProjectConfig) -> list[Stage]:
    """The profiles; the last stage writes the table that `unified_profiles(config)` declares.

    Reads `alternate_keys`, `customer_ids` and for each source of records `deduplicated_<source>`.
    """
    values = value_stages(config)
    writes = unified_profiles(config)
    profiles = replace(profiles_table(config), name="profiles without clusters") if cluster_columns(config) else writes
    clusters = cluster_stages(config, profiles)
    record, customer = by("source", "record_key"), by("customer_id")
    people = _people(config)
    holdings = {"source": ["crm"], "record_key": ["a", "b", "c"], "customer_id": [*_CUSTOMERS, "c1"]}

    def nasty() -> dict[str, pa.Table]:
        former = nasty_rows(_FORMER.columns, {"customer_id": _CUSTOMERS, "previous_customer_id": ["z", "y", "x", "z"]})
        return {
            people.name: nasty_rows(people.writes.columns, {"customer_id": _CUSTOMERS}, rows=9),
            _FORMER.name: former,
            **nasty_values(values),
        }

    return [
        people,
        Stage(
            _FORMER.name,
            {"customer_ids": record},
            _FIND_FORMER,
            _FORMER,
            nasty=lambda: {"customer_ids": nasty_rows(_HOLDINGS, holdings)},
        ),
        *values,
        Stage(
            profiles.name,
            {people.name: customer, _FORMER.name: customer, **dict.fromkeys((stage.name for stage in values), customer)},
            _profiles(config),
            profiles,
            nasty=nasty,
        ),
        *clusters,
        *([joined(config, profiles, writes)] if clusters else []),
    ]


def checks() -> list[Check]:
    """What must hold before the profiles are written."""
    return [
        Check(
            "conservation",
            "every customer id that is held has one profile, and no other id has any",
            """
            select count(*)
            from (select distinct customer_id from customer_ids where held) as h
            full join unified_profiles as p on p.customer_id = h.customer_id
            where h.customer_id is null or p.customer_id is null
            """,
        ),
    ]


def value_stages(config: ProjectConfig, *, origins: bool = False) -> list[Stage]:
    """For each source of records a stage `values_<source>`: its winners' values under the names of the profile.

    With `origins` also whose value it is, where that may be another record's.
    """
    fields = unified_fields(config)
    return [_values(config, source, fields, origins=origins) for source in record_sources(config)]


def nasty_values(values: Sequence[Stage]) -> dict[str, pa.Table]:
    """Rows that the stages of `value_stages` could have written; the last one of each is of a profile of its own."""
    return {stage.name: _nasty_values(stage) for stage in values}


def _nasty_values(stage: Stage) -> pa.Table:
    """Some profiles have several records of each source, the others one."""
    several = itertools.cycle(_CUSTOMERS)
    customers = [next(several) if n % 2 else f"d{n}" for n in range(len(keys()) - 1)]
    customers.append(f"alone in {stage.name}")
    return nasty_rows(stage.writes.columns, {"customer_id": customers, "record_key": keys()})


def _values(config: ProjectConfig, source: str, fields: Sequence[UnifiedField], *, origins: bool) -> Stage:
    """A row is a winner of the source, with the profile that it belongs to, and how recent it is where that decides."""
    records, title = f"deduplicated_{source}", f"{_VALUES}{source}"
    recency = moments(units(config, fields), source)
    its = config.sources[source].fields
    mine = [(field, member.field) for field in fields for member in field.members if member.source == source]
    shared = [(field, original) for field, original in mine if origins and taken(config, field, source)]
    said = [(name, kind, one) for field, original in shared for (name, kind), one in _origin(config, source, field, original)]
    query = (
        exp.select("k.customer_id", "d.record_key", "d.source_file", "d.source_line")
        .select(*(_column(original, "d").as_(field.name, quoted=True) for field, original in mine))
        .select(*(exp.cast(_column(name, "d"), unit.moment_type).as_(unit.moment, quoted=True) for unit, name in recency))
        .select(*(one.as_(name, quoted=True) for name, _, one in said))
        .from_(_table("alternate_keys", "k"))
        .join(_table(records, "d"), on="d.record_key = k.record_key")
        .where(exp.column("source", "k").eq(exp.Literal.string(source)), "d.is_winner")
    )
    head = columns(
        """
        customer_id | varchar | id of its profile
        record_key  | varchar | key of the record
        source_file | varchar | file of the record
        source_line | bigint  | line of the record in its file
        """
    )
    made = [Column(f.name, f.data_type, f"{source}.{o}") for f, o in mine]
    made += [Column(unit.moment, unit.moment_type, f"{source}.{name}") for unit, name in recency]
    made += [Column(name, kind, "origin of a value") for name, kind, _ in said]
    writes = Table(title, f"a winner of {source}", (), (*head, *made))
    read = dict.fromkeys([*(original for _, original in mine), *(name for _, name in recency)])
    reads = (*head[1:], Column("is_winner", "boolean", "winner"), *(Column(name, its[name].data_type, "field") for name in read))
    lists: dict[str, list[Any]] = {"taken_fields": [[original for _, original in shared[:1]], []], "taken_lines": [[7], []]}
    return Stage(
        title,
        {"alternate_keys": by("record_key"), records: by("record_key")},
        query,
        writes,
        nasty=lambda: {
            "alternate_keys": nasty_rows(ALTERNATE_KEYS.columns, {"source": [source, source, "another"], "record_key": keys()}),
            records: nasty_rows((*reads, *(TAKEN if shared else ())), {**lists, "record_key": keys()[::-1]}, rows=40),
        },
    )


def _origin(config: ProjectConfig, source: str, field: UnifiedField, original: str) -> Iterator[tuple[tuple[str, str], exp.Expr]]:
    """The columns that say whose value a winner shows in a field."""
    yield from zip(origin_columns(field.name).items(), origins_of(config, source, original, "d"), strict=True)


def _profiles(config: ProjectConfig) -> exp.Query:
    """Joins to the people what each source knows best, and what the ranked records give."""
    query = parse_one(_PROFILES, dialect="duckdb")
    assert isinstance(query, exp.Select)
    fields = unified_fields(config)
    together = units(config, fields)
    decided = {field.name: _column(field.name, unit.alias) for unit in together for field in unit.fields}
    for field in fields:
        first = exp.func("coalesce", *(_column(field.name, f"best_{member.source}") for member in field.members))
        query = query.select(decided.get(field.name, first).as_(field.name, quoted=True))
    for source in record_sources(config):
        query = query.select(_column(keys_column(source), "p"))
        names = [f.name for f in fields if f.name not in decided and any(m.source == source for m in f.members)]
        query = _joined(query, _best(config, source, names), f"best_{source}")
        query = query.with_(exp.to_identifier(several_of(source), quoted=True), as_=having_several(source), materialized=True)
    for unit in together:
        names = [field.name for field in unit.fields]
        values = exp.select("customer_id", *(_column(name) for name in names)).from_(ranked(config, unit).subquery("r"))
        query = _joined(query, values.where(_column(PLACE).eq(exp.Literal.number(1))), unit.alias)
    return query


def _people(config: ProjectConfig) -> Stage:
    """How many records and visitors there are behind each profile, and the keys of its records in each source, winners first."""
    keys_, lines = "", _PEOPLE.rstrip()
    for source in record_sources(config):
        column = keys_column(source)
        lines += f"\n    {column} | varchar[] | keys of its records in {source}"
        its = f"list(struct_pack(duplicate := not is_winner, its := record_key)) filter (kind = 'record' and source = {literal(source)})"
        keys_ += f", coalesce(list_transform(list_sort({its}), lambda x: x.its), []) as {name(column)}"
    body = f"""
        select
            customer_id, count(*) filter (kind = 'record') as records, count(*) filter (kind = 'visitor') as visitors,
            min(first_seen) as first_seen, max(last_seen) as last_seen{keys_}
        from alternate_keys
        group by customer_id
    """
    members = {"customer_id": _CUSTOMERS, "kind": ["record", "visitor"], "source": [*record_sources(config), "another"]}
    return Stage(
        "people behind profiles", {"alternate_keys": by("customer_id")}, body, intermediate("people behind profiles", lines),
        nasty=lambda: {"alternate_keys": nasty_rows(ALTERNATE_KEYS.columns, members)},
    )  # fmt: skip


def _joined(query: exp.Select, values: exp.Query, alias: str) -> exp.Select:
    same = _column("customer_id", alias).eq(exp.column("customer_id", "p"))
    return query.join(values.subquery(exp.to_identifier(alias, quoted=True)), join_type="left", on=same)


def _best(config: ProjectConfig, source: str, names: Sequence[str]) -> exp.Query:
    """A customer's value of each field in one source; arg_max passes over records without a value."""
    key: exp.Expr = exp.column("record_key")
    key = key_number(config, source, key) if is_number(config, source) else key
    best = [exp.func("arg_max", _column(name), key.copy(), dialect="duckdb").as_(name, quoted=True) for name in names]
    values = _table(f"values_{source}")
    several = exp.column("customer_id").isin(query=exp.select("customer_id").from_(_table(several_of(source))))
    of_one = exp.select("customer_id", *(_column(name) for name in names)).from_(values).where(several.not_())
    of_several = exp.select("customer_id", *best).from_(values).where(several).group_by("customer_id")
    return exp.union(of_one, of_several, distinct=False)


def _column(name: str, table: str | None = None) -> exp.Column:
    return exp.column(name, table=table, quoted=True)


def _table(name: str, alias: str | None = None) -> exp.Table:
    return exp.Table(this=exp.to_identifier(name, quoted=True), alias=exp.TableAlias(this=exp.to_identifier(alias)) if alias else None)
