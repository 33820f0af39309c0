"""Groups of records that are one person: everything that joined edges connect, and who stays alone."""

from collections.abc import Sequence
from typing import Any

from sqlglot import exp

from cdp_assets.config import ProjectConfig
from cdp_assets.identity.components import group_stage
from cdp_assets.identity.limits import union_all
from cdp_assets.identity.rules import event_sources, record_sources
from cdp_assets.identity.tables import CLUSTERS, MATCH_EDGES
from cdp_assets.identity.visitors import IDENTITIES
from cdp_assets.lake import Check, Column, Stage, anyhow, by, intermediate
from cdp_assets.lake.nasty import keys, nasty_rows
from cdp_assets.lake.source import literal, name

_RECORD = """
    source      | varchar | source of the record or visitor
    record_key  | varchar | its key
    record      | varchar | "source|record_key"
    include_all | boolean | its source keeps records without a match
"""
_RECORDS = intermediate("records", _RECORD)
_MEMBERS = intermediate("members", f"{_RECORD.rstrip()}\n    root | varchar | the smallest record of its group")
_JOINED = intermediate("joined", "a | varchar | one record\nb | varchar | the other")


def stages(config: ProjectConfig) -> list[Stage]:
    """CLUSTERS from match_edges, and from deduplicated_<source> and visitor_identities, so that nobody is missing."""
    return [_joined(), group_stage("groups", _JOINED.name), _records(config), _members(), _clusters()]


def checks(config: ProjectConfig) -> list[Check]:
    """Every record and every visitor is in exactly one cluster."""
    counts = [f"(select count(*) from {name(f'deduplicated_{source}')})" for source in record_sources(config)]
    if events := event_sources(config):
        listing = ", ".join(literal(source) for source in events)
        counts.append(f"(select count(*) from (select distinct source, visitor_id from {IDENTITIES} where source in ({listing})))")
    return [
        Check(
            "conservation", "every record and every visitor is in exactly one cluster",
            f"select abs((select count(*) from clusters) - {' - '.join(counts)})",
        )
    ]  # fmt: skip


def _joined() -> Stage:
    body = """
        select left_source || '|' || left_key as a, right_source || '|' || right_key as b
        from match_edges where status = 'joined'
    """
    return Stage(
        _JOINED.name,
        {MATCH_EDGES.name: anyhow()},
        body,
        _JOINED,
        nasty=lambda: {MATCH_EDGES.name: nasty_rows(MATCH_EDGES.columns, {"status": ["joined", "refused"]})},
    )


def _records(config: ProjectConfig) -> Stage:
    """All records and visitors. The first identity of a visitor stands for it: each has one."""
    selects: list[exp.Query] = [_select(config, source, f"deduplicated_{source}", "record_key") for source in record_sources(config)]
    for source in event_sources(config):
        mine = exp.and_(exp.column("source").eq(source), exp.column("nth").eq(1))
        selects.append(_select(config, source, IDENTITIES, "visitor_id").where(mine))
    visitors = (Column("source", "varchar", "source"), Column("visitor_id", "varchar", "visitor"), Column("nth", "integer", "nth"))
    records = (Column("record_key", "varchar", "key"),)
    tables = dict.fromkeys(
        [*(f"deduplicated_{source}" for source in record_sources(config)), *([IDENTITIES] if event_sources(config) else [])]
    )
    given: dict[str, Sequence[Any]] = {
        "record_key": keys(), "visitor_id": keys(), "source": [*event_sources(config), "other"], "nth": [1, 1, 2],
    }  # fmt: skip
    return Stage(
        _RECORDS.name,
        {table: anyhow() for table in tables},
        union_all(selects),
        _RECORDS,
        nasty=lambda: {table: nasty_rows(visitors if table == IDENTITIES else records, given) for table in tables},
    )


def _select(config: ProjectConfig, source: str, table: str, key: str) -> exp.Select:
    record = exp.DPipe(this=exp.Literal.string(f"{source}|"), expression=exp.column(key))
    return exp.select(
        exp.Literal.string(source).as_("source"), exp.column(key).as_("record_key"), record.as_("record"),
        exp.convert(config.sources[source].include_all_records).as_("include_all"),
    ).from_(exp.Table(this=exp.to_identifier(table, quoted=True)))  # fmt: skip


def _members() -> Stage:
    body = """
        select r.source, r.record_key, r.record, r.include_all, coalesce(g.root, r.record) as root
        from records as r left join groups as g on r.record = g.node
    """
    group = (Column("node", "varchar", "record"), Column("root", "varchar", "smallest"))
    return Stage(
        _MEMBERS.name,
        {_RECORDS.name: by("record"), "groups": by("node")},
        body,
        _MEMBERS,
        nasty=lambda: {
            _RECORDS.name: nasty_rows(_RECORDS.columns, {"record": keys(), "include_all": [True, False]}),
            "groups": nasty_rows(group, {"node": keys()}, rows=30),
        },
    )


def _clusters() -> Stage:
    """A group has a profile when records of two sources met in it, or a source in it keeps all its records."""
    body = """
        select source, record_key, md5(root) as cluster_id, root as smallest_record, records, has_profile
        from members
        join (
            select root, count(*) as records, bool_or(include_all) or min(source) <> max(source) as has_profile from members group by root
        ) as together using (root)
    """
    return Stage(
        CLUSTERS.name, {_MEMBERS.name: by("root")}, body, CLUSTERS,
        nasty=lambda: {
            _MEMBERS.name: nasty_rows(
                _MEMBERS.columns,
                {
                    "source": ["crm", "web", "crm"], "record_key": keys(), "include_all": [False, False, False, True],
                    "root": ["crm|a", "crm|b", "crm|a", "web|c", "crm|d"],
                },
            )
        },
    )  # fmt: skip
