"""Ids that the configuration makes from fields: which cluster asks for which id. Who gets it, the registry decides.

For each field of `id` the first source in match order that has a value counts, with the name of the source; of several
records the one with the greatest key. A cluster that lacks a value for one of them asks for none and has an id of the
registry. Only winners of the dedupe have a say. No value is kept: what stands here is made of their md5.
"""

from typing import Any

import pyarrow as pa
from sqlglot import exp

from cdp_assets.config import ProjectConfig
from cdp_assets.config.customer_id import id_members
from cdp_assets.identity.greatest_key import key_number
from cdp_assets.identity.limits import union_all
from cdp_assets.identity.registry_tables import CONFIGURED, CONFIGURED_IDS
from cdp_assets.lake import Check, Column, Stage, anyhow, by, columns, intermediate
from cdp_assets.lake.nasty import keys, nasty_rows

_VALUE = """
    entry      | integer | place of the field among those of the id
    place      | integer | place of the source in match order
    record_key | varchar | key of the record
    key_number | bigint  | the number that it is, if it is one
    value      | varchar | md5 of the source and the value"""
_VALUES = intermediate("id_values", f"source | varchar | of the record\n{_VALUE.strip()}")
_OF_CLUSTERS = intermediate(
    "cluster_values",
    f"""
    cluster_id      | varchar | the cluster
    smallest_record | varchar | its smallest record
    records         | bigint  | how many it has
    {_VALUE.strip()}
    """,
)
_ASKED = intermediate(
    "asked",
    """
    cluster_id      | varchar | the cluster
    smallest_record | varchar | its smallest record
    records         | bigint  | how many it has
    base_record     | varchar | what its id is made from
    """,
)
_CLUSTERS = columns(
    """
    source          | varchar | of the record
    record_key      | varchar | of the record
    cluster_id      | varchar | its cluster
    smallest_record | varchar | smallest record of the cluster
    records         | bigint  | how many it has
    has_profile     | boolean | whether it becomes a profile
    """
)

_FIND_OF_CLUSTERS = """
    select c.cluster_id, c.smallest_record, c.records, v.entry, v.place, v.record_key, v.key_number, v.value
    from clusters as c
    join id_values as v on v.source = c.source and v.record_key = c.record_key
    where c.has_profile
"""

_FIND_ASKED = f"""
    select
        cluster_id, any_value(smallest_record) as smallest_record, any_value(records) as records,
        '{CONFIGURED}' || md5(string_agg(value, '' order by entry)) as base_record
    from (
        select cluster_id, smallest_record, records, entry, value
        from cluster_values
        qualify row_number() over (partition by cluster_id, entry order by place, key_number desc nulls last, record_key desc) = 1
    ) as firsts
    group by cluster_id
    having count(*) = $fields
"""

_WRITE = """
    select
        cluster_id, smallest_record, records, md5(base_record || '|0') as customer_id, base_record,
        count(*) over (partition by base_record) as clusters
    from asked
"""


def stages(config: ProjectConfig) -> list[Stage]:
    """The ids that clusters ask for; the last stage writes CONFIGURED_IDS. For configurations with `id`.

    Reads `clusters` and for the sources of these fields `deduplicated_<source>`.
    """
    record, cluster = by("source", "record_key"), by("cluster_id")
    clusters = {"source": [*id_sources(config), "crm"], "record_key": keys(), "cluster_id": [*"xyz"], "has_profile": [True, True, False]}
    values: dict[str, list[Any]] = {"cluster_id": ["x", "y"], "entry": [0, 1, 1], "place": [0, 1], "record_key": keys()}
    asked = {"cluster_id": keys(), "base_record": ["a", "b", "a", "c"]}
    examples: dict[str, pa.Table] = {
        "clusters": nasty_rows(_CLUSTERS, clusters),
        "id_values": nasty_rows(_VALUES.columns, {"source": clusters["source"], "record_key": keys()}),
        "cluster_values": nasty_rows(_OF_CLUSTERS.columns, {**values, "smallest_record": ["s"], "records": [2]}),
        "asked": nasty_rows(_ASKED.columns, asked),
    }
    fields = {"fields": len(config.customers.id)}
    return [
        _values(config),
        Stage(
            "cluster_values", {"clusters": record, "id_values": record}, _FIND_OF_CLUSTERS, _OF_CLUSTERS,
            nasty=lambda: _of(examples, "clusters", "id_values"),
        ),
        Stage("asked", {"cluster_values": cluster}, _FIND_ASKED, _ASKED, params=fields, nasty=lambda: _of(examples, "cluster_values")),
        Stage(CONFIGURED_IDS.name, {"asked": by("base_record")}, _WRITE, CONFIGURED_IDS, nasty=lambda: _of(examples, "asked")),
    ]  # fmt: skip


def _of(examples: dict[str, pa.Table], *names: str) -> dict[str, pa.Table]:
    return {name: examples[name] for name in names}


def id_sources(config: ProjectConfig) -> list[str]:
    """The sources whose fields the id is made from."""
    return list(dict.fromkeys(member.source for entry in config.customers.id for member in id_members(config, entry)))


def notice(section: str) -> str:
    """What people are told where several clusters have the same values."""
    text = (
        f"' of {section} have the same values of {section}.id as another one: one of them has the id of these values, "
        "the others have ids of the registry. They stand in configured_ids'"
    )
    return f"select case when count(*) > 0 then count(*) || {text} end from {CONFIGURED_IDS.name} where clusters > 1"


def checks() -> list[Check]:
    """What must hold before they are written."""
    return [
        Check(
            "of_a_cluster",
            "every id is asked for by a cluster with a profile",
            """
            select count(*)
            from configured_ids as i
            left join (select distinct cluster_id from clusters where has_profile) as c on c.cluster_id = i.cluster_id
            where c.cluster_id is null
            """,
        )
    ]


def _values(config: ProjectConfig) -> Stage:
    """The values of all fields in all sources."""
    parts: list[exp.Query] = []
    read: dict[str, dict[str, Column]] = {}
    for entry, name in enumerate(config.customers.id):
        for place, member in enumerate(id_members(config, name)):
            value = exp.column(member.field, quoted=True)
            text = exp.DPipe(this=exp.Literal.string(f"{member.source}|"), expression=exp.cast(value, "varchar"))
            parts.append(
                exp.select(
                    exp.Literal.string(member.source).as_("source"), exp.convert(entry).as_("entry"), exp.convert(place).as_("place")
                )
                .select("record_key", key_number(config, member.source, exp.column("record_key")).as_("key_number"))
                .select(exp.func("md5", text).as_("value"))
                .from_(exp.Table(this=exp.to_identifier(f"deduplicated_{member.source}", quoted=True)))
                .where("is_winner", value.is_(exp.null()).not_())
            )
            kind = config.sources[member.source].fields[member.field].data_type
            read.setdefault(f"deduplicated_{member.source}", {})[member.field] = Column(member.field, kind, "field")
    record = columns("record_key | varchar | key\nis_winner | boolean | it goes on")
    return Stage(
        _VALUES.name,
        dict.fromkeys(read, anyhow()),
        union_all(parts),
        _VALUES,
        nasty=lambda: {table: nasty_rows((*record, *fields.values()), {"record_key": keys()}) for table, fields in read.items()},
    )
