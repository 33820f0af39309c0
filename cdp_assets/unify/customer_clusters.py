"""Households and other clusters: customers who belong together by rules over their profiles, without being one person.

The rules are compared by the code of dedupe, over profiles instead of records. The id of a cluster is the customer id
of its member with the oldest id, so that it stays for as long as that one stays in it, whoever else comes and goes. Who
belongs to nobody is a cluster of one, with the own id. Profiles of unknown visitors are in none.

Junk is alike to nothing here too. An identifier that many share is not taken out: it may be what a cluster is made by.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlglot import exp

from cdp_assets.config import ProjectConfig
from cdp_assets.config.clusters import PROFILES, cluster_columns
from cdp_assets.identity import forms_stages, group_stage, nobody_stages, pair_stages, usable_stages
from cdp_assets.identity.cluster_rules import ClusterRule, forms_of_profiles, rules_of_clusters, with_profiles
from cdp_assets.identity.forms import Forms
from cdp_assets.identity.tables import TERM_FREQUENCIES
from cdp_assets.lake import Column, Stage, Table, anyhow, by, columns, intermediate
from cdp_assets.lake.nasty import keys, nasty_rows
from cdp_assets.lake.source import name

_RECORDS = "profiles to compare"
_BIRTHS = intermediate("births of ids", "customer_id | varchar | id of a customer\nbirth | bigint | registry number in which it was issued")
_HOLDINGS = columns("customer_id | varchar | an id\nbirth | bigint | registry number in which it was issued\nheld | boolean | now")
_GROUPS = columns("node | varchar | a customer\nroot | varchar | the smallest of its group")


def cluster_stages(config: ProjectConfig, profiles: Table) -> list[Stage]:
    """For each cluster a stage `<cluster> ids` of (customer_id, id), from the stage that writes `profiles`, and `customer_ids`.

    Reads the sources of `cluster_lists` too, and `term_frequencies` where words are weighed.
    """
    rules = rules_of_clusters(config)
    if not rules:
        return []
    forms = forms_of_profiles(config)
    wanted = {form.field: form.data_type for form in forms.forms}
    seen = with_profiles(config)
    usable, named = usable_stages(seen, {PROFILES: _RECORDS}, {PROFILES: tuple(wanted)})
    nobody = nobody_stages(seen, [PROFILES]) if usable else []
    comparable = forms_stages({named[PROFILES]: forms}, frozen=TERM_FREQUENCIES.name)
    stages = [_births(), _to_compare(profiles, wanted), *nobody, *usable, *comparable]
    for cluster, its in rules.items():
        stages += _members(cluster, its, forms, cluster_columns(config)[cluster])
    return stages


def joined(config: ProjectConfig, profiles: Table, writes: Table) -> Stage:
    """The profiles with the ids of their clusters; for configurations that have clusters."""
    ids = {ids_of(cluster): column for cluster, column in cluster_columns(config).items()}
    made = {column: table for table, column in ids.items()}
    query = exp.select(*(exp.column(c, table=made.get(c, "p"), quoted=True) for c in writes.column_names))
    query = query.from_(_table(profiles.name, "p"))
    for table in ids:
        same = exp.column("customer_id", table=table, quoted=True).eq(exp.column("customer_id", table="p"))
        query = query.join(_table(table, table), on=same, join_type="left")
    customers = {"customer_id": keys(30)}
    return Stage(
        writes.name,
        dict.fromkeys([profiles.name, *ids], by("customer_id")),
        query,
        writes,
        nasty=lambda: {
            profiles.name: nasty_rows(profiles.columns, customers, rows=30),
            **{table: nasty_rows(_ids(table, column).columns, {"customer_id": keys(20)}, rows=20) for table, column in ids.items()},
        },
    )


def ids_of(cluster: str) -> str:
    """The name of the stage with the ids of a cluster's members."""
    return f"{cluster} ids"


def _ids(title: str, column: str) -> Table:
    return intermediate(title, f"customer_id | varchar | id of the profile\n{column} | varchar | id of its cluster")


def _births() -> Stage:
    body = "select customer_id, min(birth) as birth from customer_ids where held group by customer_id"
    held: dict[str, Any] = {"customer_id": ["a", "b", "c"], "held": [True, True, False]}
    return Stage(
        _BIRTHS.name, {"customer_ids": by("customer_id")}, body, _BIRTHS, nasty=lambda: {"customer_ids": nasty_rows(_HOLDINGS, held)}
    )


def _to_compare(profiles: Table, wanted: Mapping[str, str]) -> Stage:
    """The compared fields of known customers, as records whose key is the customer's id."""
    columns_ = [Column("record_key", "varchar", "id of the customer"), *(Column(f, kind, "field") for f, kind in wanted.items())]
    body = (
        exp.select("customer_id as record_key", *(exp.column(f, quoted=True) for f in wanted)).from_(_table(profiles.name)).where("known")
    )
    writes = Table(_RECORDS, "a known customer", (), tuple(columns_))
    example: dict[str, Any] = {"customer_id": keys(), "known": [True, True, False]}
    return Stage(_RECORDS, {profiles.name: anyhow()}, body, writes, nasty=lambda: {profiles.name: nasty_rows(profiles.columns, example)})


def _members(cluster: str, rules: Sequence[ClusterRule], forms: Forms, column: str) -> list[Stage]:
    """Pairs by each rule, groups of them, and for each known customer the oldest member of its group."""
    titles = [f"{cluster} rule {rule.rank}" for rule in rules]
    stages = [stage for rule, title in zip(rules, titles, strict=True) for stage in pair_stages(rule, forms, forms, title)]
    ends, groups = f"{cluster} pairs", f"{cluster} groups"
    found = " union all ".join(
        f"select left_key as a, right_key as b from {name(t)} where coalesce(status, 'used') = 'used'" for t in titles
    )
    pair = columns("left_key | varchar | a customer\nright_key | varchar | another\nstatus | varchar | null: used")
    example: dict[str, Any] = {"left_key": keys(20), "right_key": ["k03", "k09"], "status": [None, None, "refused"]}
    stages.append(
        Stage(
            ends,
            {title: anyhow() for title in titles},
            found or "select cast(null as varchar) as a, cast(null as varchar) as b where false",
            intermediate(ends, "a | varchar | a customer\nb | varchar | another"),
            nasty=lambda: {title: nasty_rows(pair, example) for title in titles},
        )
    )
    return [*stages, group_stage(groups, ends), *_oldest(cluster, groups, column)]


def _oldest(cluster: str, groups: str, column: str) -> list[Stage]:
    """For each known customer the member of its group whose id is the oldest."""
    members, title = f"{cluster} members", ids_of(cluster)
    rooted = intermediate(members, "customer_id | varchar | a customer\nroot | varchar | its group\nbirth | bigint | of its id")
    gathered = f"""
        select p.record_key as customer_id, coalesce(g.root, p.record_key) as root, b.birth
        from {name(_RECORDS)} as p
        left join {name(groups)} as g on g.node = p.record_key
        left join {name(_BIRTHS.name)} as b on b.customer_id = p.record_key
    """
    first = f"""
        select customer_id, first_value(customer_id) over (partition by root order by birth, customer_id) as {name(column)}
        from {name(members)}
    """
    record = columns("record_key | varchar | id of the customer")
    births: dict[str, Any] = {"customer_id": keys(50), "birth": [3, 1, 2, 1]}
    return [
        Stage(
            members,
            {_RECORDS: by("record_key"), groups: by("node"), _BIRTHS.name: by("customer_id")},
            gathered,
            rooted,
            nasty=lambda: {
                _RECORDS: nasty_rows(record, {"record_key": keys()}),
                groups: nasty_rows(_GROUPS, {"node": keys(40), "root": ["k00", "k01"]}, rows=40),
                _BIRTHS.name: nasty_rows(_BIRTHS.columns, births, rows=50),
            },
        ),
        Stage(
            title,
            {members: by("root")},
            first,
            _ids(title, column),
            nasty=lambda: {members: nasty_rows(rooted.columns, {"customer_id": keys(), "root": ["a", "b", "a"], "birth": [2, 1, 1]})},
        ),
    ]


def _table(title: str, alias: str | None = None) -> exp.Table:
    called = exp.TableAlias(this=exp.to_identifier(alias, quoted=True)) if alias else None
    return exp.Table(this=exp.to_identifier(title, quoted=True), alias=called)
