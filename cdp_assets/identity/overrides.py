"""What people say of two records, whatever the rules find: lists of pairs in the sources, and decisions taken one by one.

Nothing is dropped: a row that cannot be used stays, and its state says why. Of a pair that is said to be always and never
one, never counts, whoever said so: a wrong merge does more harm than a missing one.
"""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
from sqlglot import exp

from cdp_assets.config import ProjectConfig
from cdp_assets.config.guards import PAIR_FIELDS, pair_lists
from cdp_assets.governance import standing
from cdp_assets.governance.tables import DECISIONS
from cdp_assets.identity.rules import event_sources, record_sources
from cdp_assets.identity.tables import MATCH_OVERRIDES
from cdp_assets.identity.visitors import IDENTITIES
from cdp_assets.lake import Column, Stage, columns, everywhere, intermediate, whole
from cdp_assets.lake.nasty import keys, nasty_rows
from cdp_assets.lake.source import literal

_STATED = intermediate(
    "stated pairs",
    """
    origin       | varchar | the list, or decision
    entry        | varchar | its row
    verdict      | varchar | always or never
    left_source  | varchar | source of one record, as stated
    left_key     | varchar | its key
    right_source | varchar | source of the other
    right_key    | varchar | its key
    source_file  | varchar | file of the list
    source_line  | bigint  | line in it
    """,
)
_KNOWN = intermediate("known records", "source | varchar | of a record or visitor\nrecord_key | varchar | its key")
_DECIDED = """
    select 'decision' as origin, subject as entry, case verdict when 'accept' then 'always' else 'never' end as verdict,
        left_source, left_key, right_source, right_key, cast(null as varchar) as source_file, cast(null as bigint) as source_line
    from ({standing}) where kind = {kind} and verdict in ('accept', 'reject')
"""
_LISTED = columns(
    """
    record_key  | varchar | key of the row
    source_file | varchar | file
    source_line | bigint  | line
    """
    + "\n".join(f"{field} | varchar | which record" for field in PAIR_FIELDS)
)

_PLACED = """
    select origin, entry, verdict, source_file, source_line,
        case when turned then right_source else left_source end as left_source,
        case when turned then right_key else left_key end as left_key,
        case when turned then left_source else right_source end as right_source,
        case when turned then left_key else right_key end as right_key
    from (
        select *, coalesce(
            (list_position({names}, left_source), left_key) > (list_position({names}, right_source), right_key), false
        ) as turned
        from "stated pairs"
    )
"""
_STATES = """
    with placed as ({placed}),
    judged as (
        select p.*,
            case
                when left_source is null or left_key is null or right_source is null or right_key is null then 'incomplete'
                when list_position({names}, left_source) is null or list_position({names}, right_source) is null then 'unknown_source'
                when left_source = right_source and left_key = right_key then 'same_record'
                when l.record_key is null or r.record_key is null then 'unknown_record'
                else 'used'
            end as state
        from placed as p
        left join "known records" as l on l.source = p.left_source and l.record_key = p.left_key
        left join "known records" as r on r.source = p.right_source and r.record_key = p.right_key
    )
    select origin, entry, verdict, left_source, left_key, right_source, right_key,
        case when state = 'used' and verdict = 'always' and some_never then 'contradicted' else state end as state,
        case when state = 'used' and verdict = 'always' and some_never then never_said end as contradicted_by,
        source_file, source_line
    from (
        select *,
            bool_or(verdict = 'never' and state = 'used') over pair as some_never,
            min(case when verdict = 'never' and state = 'used'
                then coalesce(source_file || ' line ' || source_line, origin) end) over pair as never_said
        from judged
        window pair as (partition by left_source, left_key, right_source, right_key)
    )
"""

NOTICE = """
    select 'Of the pairs that people stated, ' || string_agg(said, '; ' order by said) || '.'
    from (
        select count(*) || case state
            when 'contradicted' then ' always match and never match; never counts'
            when 'unknown_source' then ' name a source that does not take part'
            when 'unknown_record' then ' name a record that does not exist'
            when 'same_record' then ' name one record twice'
            else ' lack a source or key'
        end || ' (first: ' || min(coalesce(source_file || ' line ' || source_line, 'a decision')
            || coalesce(' against ' || contradicted_by, '')) || ')' as said
        from match_overrides where state <> 'used' and not (origin = 'decision' and state = 'unknown_record') group by state
    ) having count(*) > 0
"""
"""What must be told of the table. A decision about a record that is gone waits for it to come back: that is no fault."""


def stages(config: ProjectConfig) -> list[Stage]:
    """MATCH_OVERRIDES from decisions, the lists of pairs, and the keys of all records and visitors."""
    return [_stated(config), _known(config), _states(config)]


def reads(config: ProjectConfig) -> tuple[str, ...]:
    """The sources that the stages read: lists, and those whose records may be named."""
    return (*pair_lists(config.customers), *record_sources(config))


def kind_of(config: ProjectConfig) -> str:
    """The kind of decisions about two records of the entity."""
    return f"match_{config.customers.section}"


def _stated(config: ProjectConfig) -> Stage:
    parts: list[str] = [_DECIDED.format(standing=standing(), kind=literal(kind_of(config)))]
    for source, verdict in pair_lists(config.customers).items():
        fields = [exp.func("nullif", exp.func("trim", exp.column(f, quoted=True)), exp.Literal.string("")).as_(f) for f in PAIR_FIELDS]
        select = exp.select(
            exp.Literal.string(source).as_("origin"), exp.column("record_key").as_("entry"), exp.Literal.string(verdict).as_("verdict"),
            *fields, "source_file", "source_line",
        ).from_(exp.Table(this=exp.to_identifier(source, quoted=True)))  # fmt: skip
        parts.append(select.sql(dialect="duckdb"))
    lists = tuple(pair_lists(config.customers))
    return Stage(
        _STATED.name,
        dict.fromkeys((DECISIONS.name, *lists), whole()),
        " union all ".join(parts),
        _STATED,
        nasty=lambda: {
            DECISIONS.name: nasty_rows(
                DECISIONS.columns,
                {"decision_id": keys(), "kind": [kind_of(config)], "verdict": ["accept", "reject", "undo"]},
            ),
            **{each: nasty_rows(_LISTED, {"record_key": keys()}) for each in lists},
        },
    )


def _known(config: ProjectConfig) -> Stage:
    """Of the records that are named, those that exist."""
    named = """
        select left_source as source, left_key as record_key from "stated pairs"
        union select right_source, right_key from "stated pairs"
    """
    selects: list[str] = []
    for source in record_sources(config):
        table = exp.Table(this=exp.to_identifier(source, quoted=True)).sql(dialect="duckdb")
        selects.append(
            f"select {literal(source)} as source, record_key from {table} where record_key in "
            f"(select record_key from named where source = {literal(source)})"
        )
    if events := event_sources(config):
        listing = ", ".join(literal(source) for source in events)
        mine = f"source in ({listing}) and (source, visitor_id) in (select source, record_key from named)"
        selects.append(f"select source, visitor_id from {IDENTITIES} where {mine}")
    body = f"with named as ({named}) select distinct source, record_key from ({' union all '.join(selects)})"
    tables = [*record_sources(config), *([IDENTITIES] if event_sources(config) else [])]
    key = (Column("record_key", "varchar", "key"),)
    visitor = (Column("source", "varchar", "source"), Column("visitor_id", "varchar", "visitor"))

    def nasty() -> dict[str, pa.Table]:
        given: dict[str, Sequence[Any]] = {"left_source": [*record_sources(config), "x"], "left_key": keys(9), "right_key": keys(7)}
        stated = nasty_rows(_STATED.columns, given)
        return {
            _STATED.name: stated,
            **{t: nasty_rows(visitor if t == IDENTITIES else key, {"record_key": keys(30), "visitor_id": keys(30)}) for t in tables},
        }

    return Stage(_KNOWN.name, {_STATED.name: everywhere(), **dict.fromkeys(tables, whole())}, body, _KNOWN, nasty=nasty)


def _states(config: ProjectConfig) -> Stage:
    names = "[" + ", ".join(literal(source) for source in (*record_sources(config), *event_sources(config))) + "]"
    some = [*record_sources(config), "x"]

    def nasty() -> dict[str, pa.Table]:
        given: dict[str, Sequence[Any]] = {
            "origin": ["list", "decision"], "entry": keys(), "verdict": ["always", "never", "always"], "left_source": some,
            "right_source": some[::-1], "left_key": ["a", "b", "c"], "right_key": ["b", "a"],
        }  # fmt: skip
        known = nasty_rows(_KNOWN.columns, {"source": some[:-1] or ["x"], "record_key": ["a", "b"]}, rows=len(some) * 2 - 2 or 1)
        return {_STATED.name: nasty_rows(_STATED.columns, given), _KNOWN.name: known}

    return Stage(
        MATCH_OVERRIDES.name,
        {_STATED.name: whole(), _KNOWN.name: whole()},
        _STATES.format(placed=_PLACED.format(names=names), names=names),
        MATCH_OVERRIDES,
        nasty=nasty,
    )
