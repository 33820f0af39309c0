"""What people state of two records, as edges and as a judgement of what the rules found."""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from cdp_assets.config import ProjectConfig
from cdp_assets.identity.judged import ALWAYS_EDGES
from cdp_assets.identity.limits import overrides_example
from cdp_assets.identity.rules import event_sources, record_sources
from cdp_assets.identity.tables import MATCH_OVERRIDES, evidence
from cdp_assets.identity.visitors import IDENTITIES
from cdp_assets.lake import Column, Stage, everywhere, intermediate, whole
from cdp_assets.lake.nasty import keys, nasty_rows
from cdp_assets.lake.source import literal, name

_KNOWN = intermediate("named records", "source | varchar | of a record or visitor\nrecord_key | varchar | its key")
_MINE = "state = 'used' and entity = {entity}"
UNKNOWN = "a record that does not exist"
"""Why an always-match is refused whose other record is not there, or not there any more."""
_NOTICE = """
    select case count(*) when 1 then '1 pair that people say is one names' else count(*) || ' pairs that people say are one name' end
        || ' ' || {unknown} || ' (first: ' || first(coalesce(source_file || ' line ' || source_line, 'a decision')
            order by source_file nulls last, source_line) || '); see {see} and the lists of pairs.' as said
    from (
        select distinct on (e.left_source, e.left_key, e.right_source, e.right_key) o.source_file, o.source_line
        from match_edges as e
        join match_overrides as o on o.state = 'used' and o.verdict = 'always' and o.entity = {entity}
            and (o.left_source, o.left_key, o.right_source, o.right_key) = (e.left_source, e.left_key, e.right_source, e.right_key)
        where e.kind = 'always' and e.reason = {unknown}
        order by e.left_source, e.left_key, e.right_source, e.right_key, o.source_file nulls last, o.source_line
    ) having count(*) > 0
"""


def notice(config: ProjectConfig) -> str:
    """What people are told of always-matches with records that do not exist: how many, and where the first stands."""
    section = config.customers.section
    see = "`cdp match list`" if section == "customers" else f"`cdp match list --of {section}`"
    return _NOTICE.format(unknown=literal(UNKNOWN), entity=literal(section), see=see)


def always_edges(config: ProjectConfig) -> list[Stage]:
    """An edge for each pair that people say is one; refused where one of the two does not exist."""
    body = f"""
        select p.left_source, p.left_key, p.right_source, p.right_key, 'always-match' as rule, cast(0 as integer) as rule_rank,
            'always' as kind, cast(1 as double) as weight,
            case when l.record_key is null or r.record_key is null then 'refused' end as status,
            case when l.record_key is null or r.record_key is null then {literal(UNKNOWN)} end as reason
        from (
            select distinct left_source, left_key, right_source, right_key from match_overrides
            where verdict = 'always' and {_MINE.format(entity=literal(config.customers.section))}
        ) as p
        left join {name(_KNOWN.name)} as l on l.source = p.left_source and l.record_key = p.left_key
        left join {name(_KNOWN.name)} as r on r.source = p.right_source and r.record_key = p.right_key
    """

    def nasty() -> dict[str, pa.Table]:
        known = nasty_rows(_KNOWN.columns, {"source": ["crm"], "record_key": keys(12)}, rows=12)
        return {MATCH_OVERRIDES.name: overrides_example(config), _KNOWN.name: known}

    reads = {MATCH_OVERRIDES.name: whole(), _KNOWN.name: whole()}
    return [_known(config), Stage(ALWAYS_EDGES, reads, body, evidence(ALWAYS_EDGES), nasty=nasty)]


def _known(config: ProjectConfig) -> Stage:
    """Of the records that are named, those that exist."""
    mine = f"from match_overrides where {_MINE.format(entity=literal(config.customers.section))}"
    named = f"select left_source as source, left_key as record_key {mine} union select right_source, right_key {mine}"
    tables = {source: f"deduplicated_{source}" for source in record_sources(config)}
    selects = [
        f"select {literal(source)} as source, record_key from {name(table)} "
        f"where record_key in (select record_key from named where source = {literal(source)})"
        for source, table in tables.items()
    ]
    if events := event_sources(config):
        these = f"source in ({', '.join(map(literal, events))}) and (source, visitor_id) in (select source, record_key from named)"
        selects.append(f"select source, visitor_id from {IDENTITIES} where {these}")
    body = f"with named as ({named}) select distinct source, record_key from ({' union all '.join(selects)})"
    key = (Column("record_key", "varchar", "key"),)
    visitor = (Column("source", "varchar", "source"), Column("visitor_id", "varchar", "visitor"))

    def nasty() -> dict[str, pa.Table]:
        given: dict[str, Sequence[Any]] = {"left_source": [*record_sources(config), "x"], "left_key": keys(9), "right_key": keys(7)}
        given |= {"entity": [config.customers.section], "state": ["used"], "entry": keys(), "origin": ["list"], "verdict": ["always"]}
        rows = {table: nasty_rows(key, {"record_key": keys(30)}) for table in tables.values()}
        if events:
            rows[IDENTITIES] = nasty_rows(visitor, {"source": events, "visitor_id": keys(30)})
        return {MATCH_OVERRIDES.name: nasty_rows(MATCH_OVERRIDES.columns, given), **rows}

    records = [*tables.values(), *([IDENTITIES] if events else [])]
    return Stage(_KNOWN.name, {MATCH_OVERRIDES.name: everywhere(), **dict.fromkeys(records, whole())}, body, _KNOWN, nasty=nasty)
