"""What becomes of the edges that nothing speaks against: they are taken one by one, and limits refuse some of them.

First all that is of one source, so that the groups are those of its duplicates, and then the strongest first. What else was
found on two records whose edge is refused is refused with it: the fate of two records is decided once.
"""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from cdp_assets.config import ProjectConfig
from cdp_assets.identity import stated
from cdp_assets.identity.components import constrained_stage, too_large
from cdp_assets.identity.judged import ALWAYS_EDGES
from cdp_assets.identity.limits import limits_of
from cdp_assets.identity.tables import MATCH_EDGES, evidence
from cdp_assets.lake import Column, Stage, anyhow, by, everywhere, whole
from cdp_assets.lake.nasty import keys, nasty_rows
from cdp_assets.lake.source import literal, name
from cdp_assets.lake.stage import intermediate
from cdp_assets.lake.table import Table

_EVIDENCE = ("left_source", "left_key", "right_source", "right_key", "kind", "rule", "rule_rank", "weight", "status", "reason")
_NUMBERED = evidence("evidence", "place | bigint | number of the edge in the order in which edges are taken; null: it is not taken")
_PROPOSED = intermediate(
    "proposed",
    "place | bigint | number of the edge\na | varchar | one record\nb | varchar | the other\nforced | boolean | people state it",
    key=("place",),
)
_REFUSED = intermediate(
    "refused pairs",
    "left_source | varchar | source\nleft_key | varchar | key\nright_source | varchar | source\nright_key | varchar | key\n"
    "reason | varchar | why the edge between the two that would have been taken is not",
)
_JOINS = (Column("place", "bigint", "number"), Column("state", "varchar", "state"), Column("reason", "varchar", "reason"))


def taken(config: ProjectConfig, parts: Sequence[str]) -> list[Stage]:
    """MATCH_EDGES from ALWAYS_EDGES, the judged edges of the stages `parts`, and match_overrides: what becomes of each edge.

    Reads OF_NOBODY where identifiers are limited.
    """
    before, limited = limits_of(config)
    joins = constrained_stage("joins", _PROPOSED.name, limited)
    return [_numbered([ALWAYS_EDGES, *parts]), *before, _proposed(), joins, _refused(), _edges()]


def notice(config: ProjectConfig) -> str:
    """SQL over match_edges for what people must be told: of pairs that they state, and of records that a group was too large for."""
    section, largest = config.customers.section, config.customers.guards.largest_cluster
    cut = f"from match_edges where status = 'refused' and reason = {literal(too_large(largest))}"
    apart = (
        f" records are not joined with others that a rule found for them, because together they would be more than {largest:,} records "
        f"(guards.largest_cluster of {section}). A value that many share may be behind it, or a rule that is too wide: "
        f"`cdp review {section}` shows what each rule joined. Name such a value in guards.junk, lower guards.shared_by, or raise "
        "guards.largest_cluster"
    )
    return f"""
        select string_agg(said, chr(10) order by said) as said from (
            select said from ({stated.notice(config)}) as stated
            union all
            select format('{{:,}}', count(*)) || {literal(apart)} || '.' as said
            from (select left_source, left_key {cut} union select right_source, right_key {cut}) as records
            having count(*) > 0
        ) as notices
    """


def _numbered(parts: Sequence[str]) -> Stage:
    """All edges; those that nothing speaks against are numbered in the order in which they are taken.

    The strongest first, ties by rule, then by keys. The others are never taken, and are often the most: they are not sorted.
    """
    columns = ", ".join(_EVIDENCE)
    if parts:
        everything = " union all ".join(f"select {columns} from {name(part)}" for part in parts)
    else:
        everything = "select " + ", ".join(f"cast(null as {c.type}) as {c.name}" for c in _NUMBERED.columns[:-1]) + " where false"
    first = "case when left_source <> right_source then 3 when kind = 'always' then 1 else 2 end"
    order = f"{first}, kind <> 'always', weight desc, rule_rank, left_source, left_key, right_source, right_key, rule"
    body = f"""
        with everything as not materialized ({everything})
        select {columns}, row_number() over (order by {order}) as place from everything where status is null
        union all
        select {columns}, null as place from everything where status is not null
    """
    return Stage(
        _NUMBERED.name,
        {part: whole() for part in parts},
        body,
        _NUMBERED,
        nasty=lambda: {part: evidence_example(evidence(part), part) for part in parts},
    )


def evidence_example(table: Table, part: str = "e") -> pa.Table:
    """Rows of edges on their way, with each status."""
    given: dict[str, Sequence[Any]] = {
        "left_source": ["crm"], "left_key": keys(), "right_source": ["shop", "crm"], "right_key": ["a", "b", "c"], "kind": ["match"],
        "rule": [f"rule of {part}"], "weight": [1.0, 0.8, 0.8], "status": [None, None, "refused", None, "redundant"],
        "place": list(range(1, 61)),
    }  # fmt: skip
    return nasty_rows(table.columns, given)


def _proposed() -> Stage:
    """The edges that nothing speaks against, as narrow as they can be. A source's name holds no `|`."""
    body = """
        select place, left_source || '|' || left_key as a, right_source || '|' || right_key as b, kind = 'always' as forced
        from evidence where status is null
    """
    return Stage(
        _PROPOSED.name,
        {_NUMBERED.name: anyhow()},
        body,
        _PROPOSED,
        nasty=lambda: {_NUMBERED.name: evidence_example(_NUMBERED)},
    )


def _refused() -> Stage:
    """Pairs between sources whose one edge that was to be taken was refused; as a rule they are few."""
    body = """
        select e.left_source, e.left_key, e.right_source, e.right_key, j.reason
        from evidence as e join joins as j on e.place = j.place
        where j.state = 'refused' and e.left_source <> e.right_source
    """
    return Stage(
        _REFUSED.name, {_NUMBERED.name: by("place", nulls="drop"), "joins": by("place")}, body, _REFUSED, nasty=_joins_example,
    )  # fmt: skip


def _edges() -> Stage:
    """What is said to be redundant has a sister that is taken: where that one was refused, it is, for the same reason."""
    body = f"""
        select e.left_source, e.left_key, e.right_source, e.right_key, e.kind, e.rule, e.rule_rank, e.weight,
            case when r.reason is not null then 'refused' else coalesce(e.status, j.state) end as status,
            coalesce(r.reason, e.reason, j.reason) as reason
        from evidence as e
        left join joins as j on e.place = j.place
        left join {name(_REFUSED.name)} as r
            on case when e.status = 'redundant' then e.left_key end = r.left_key and e.left_source = r.left_source
            and e.right_key = r.right_key and e.right_source = r.right_source
    """
    pairs = {"left_source": ["crm"], "left_key": keys(), "right_source": ["shop"], "right_key": ["a", "b", "c"], "reason": ["too many"]}
    return Stage(
        MATCH_EDGES.name,
        {_NUMBERED.name: by("place"), "joins": by("place"), _REFUSED.name: everywhere()},
        body,
        MATCH_EDGES,
        nasty=lambda: {**_joins_example(), _REFUSED.name: nasty_rows(_REFUSED.columns, pairs, rows=7)},
    )


def _joins_example() -> dict[str, pa.Table]:
    joins: dict[str, Sequence[Any]] = {
        "place": list(range(1, 41)),
        "state": ["joined", "refused", "redundant"],
        "reason": [None, "too many", None],
    }
    return {_NUMBERED.name: evidence_example(_NUMBERED), "joins": nasty_rows(_JOINS, joins, rows=40)}
