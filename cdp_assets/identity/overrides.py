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
from cdp_assets.lake import Stage, columns, intermediate, whole
from cdp_assets.lake.nasty import keys, nasty_rows
from cdp_assets.lake.source import literal

_STATED = intermediate(
    "stated pairs",
    """
    entity       | varchar | customers, accounts or contacts
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
_DECIDED = """
    select {entity} as entity, 'decision' as origin, subject as entry, case verdict when 'accept' then 'always' else 'never' end as verdict,
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
    select entity, origin, entry, verdict, source_file, source_line,
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
                else 'used'
            end as state
        from placed as p
    )
    select entity, origin, entry, verdict, left_source, left_key, right_source, right_key,
        case when state = 'used' and verdict = 'always' and some_never then 'contradicted' else state end as state,
        case when state = 'used' and verdict = 'always' and some_never then never_said end as contradicted_by,
        source_file, source_line
    from (
        select *,
            bool_or(verdict = 'never' and state = 'used') over pair as some_never,
            min(case when verdict = 'never' and state = 'used'
                then coalesce(source_file || ' line ' || source_line, origin) end) over pair as never_said
        from judged
        window pair as (partition by entity, left_source, left_key, right_source, right_key)
    )
"""

NOTICE = """
    select 'Of the pairs that people stated, ' || string_agg(said, '; ' order by said) || '.'
    from (
        select count(*) || case state
            when 'contradicted' then if(count(*) = 1, ' is', ' are') || ' always and never one; never counts'
            when 'unknown_source' then if(count(*) = 1, ' names', ' name') || ' a source that does not take part'
            when 'same_record' then if(count(*) = 1, ' names', ' name') || ' one record twice'
            else if(count(*) = 1, ' lacks', ' lack') || ' a source or key'
        end || ' (first: ' || first(
            coalesce(source_file || ' line ' || source_line, 'a decision') || coalesce(' against ' || contradicted_by, '')
            order by source_file nulls last, source_line, contradicted_by
        ) || ')' as said
        from match_overrides where state <> 'used' group by state
    ) having count(*) > 0
"""
"""What must be told of the table."""


def stages(views: Sequence[ProjectConfig]) -> list[Stage]:
    """MATCH_OVERRIDES from decisions and the lists of pairs of these entities.

    Each entity is a configuration with its section in the place of customers.
    """
    return [_stated(views), _states(views)]


def reads(views: Sequence[ProjectConfig]) -> tuple[str, ...]:
    """The lists of pairs: sources that the stages read."""
    return tuple(dict.fromkeys(n for view in views for n in pair_lists(view.customers)))


def kind_of(config: ProjectConfig) -> str:
    """The kind of decisions about two records of the entity."""
    return f"match_{config.customers.section}"


def _stated(views: Sequence[ProjectConfig]) -> Stage:
    parts: list[str] = []
    lists: dict[str, None] = {}
    for view in views:
        entity = literal(view.customers.section)
        parts.append(_DECIDED.format(standing=standing(), kind=literal(kind_of(view)), entity=entity))
        for source, verdict in pair_lists(view.customers).items():
            fields = [exp.func("nullif", exp.func("trim", exp.column(f, quoted=True)), exp.Literal.string("")).as_(f) for f in PAIR_FIELDS]
            select = exp.select(
                exp.Literal.string(view.customers.section).as_("entity"), exp.Literal.string(source).as_("origin"),
                exp.column("record_key").as_("entry"), exp.Literal.string(verdict).as_("verdict"), *fields, "source_file", "source_line",
            ).from_(exp.Table(this=exp.to_identifier(source, quoted=True)))  # fmt: skip
            parts.append(select.sql(dialect="duckdb"))
            lists[source] = None
    kinds = [kind_of(view) for view in views]

    def nasty() -> dict[str, pa.Table]:
        given: dict[str, Sequence[Any]] = {"decision_id": keys(), "kind": kinds, "verdict": ["accept", "reject", "undo"]}
        return {DECISIONS.name: nasty_rows(DECISIONS.columns, given), **{n: nasty_rows(_LISTED, {"record_key": keys()}) for n in lists}}

    return Stage(_STATED.name, dict.fromkeys((DECISIONS.name, *lists), whole()), " union all ".join(parts), _STATED, nasty=nasty)


def _states(views: Sequence[ProjectConfig]) -> Stage:
    orders = {view.customers.section: [*record_sources(view), *event_sources(view)] for view in views}
    whens = " ".join(f"when {literal(section)} then [{', '.join(map(literal, order))}]" for section, order in orders.items())
    names = f"case entity {whens} end"
    some = [*record_sources(views[0]), "x"]

    def nasty() -> dict[str, pa.Table]:
        given: dict[str, Sequence[Any]] = {
            "entity": [views[0].customers.section], "origin": ["list", "decision"], "entry": keys(), "left_source": some,
            "verdict": ["always", "never", "always"], "right_source": some[::-1], "left_key": ["a", "b", "c"], "right_key": ["b", "a"],
        }  # fmt: skip
        return {_STATED.name: nasty_rows(_STATED.columns, given)}

    return Stage(
        MATCH_OVERRIDES.name,
        {_STATED.name: whole()},
        _STATES.format(placed=_PLACED.format(names=names), names=names),
        MATCH_OVERRIDES,
        nasty=nasty,
    )
