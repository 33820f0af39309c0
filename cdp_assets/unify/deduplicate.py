"""Duplicates inside one source: rows with the same key become one record, and rules put records into groups.

All of a group's records go on to matching; the values of its winner go into the profile. The winner is the record with
the most filled fields, at a tie the one with the greatest key.
"""

from collections.abc import Sequence
from functools import reduce
from typing import Any

import pyarrow as pa
from sqlglot import exp

from cdp_assets.config import ProjectConfig
from cdp_assets.identity import dedupe_rules, forms_of, forms_stages, group_stage, pair_stages
from cdp_assets.lake import Check, Column, Stage, Table, anyhow, by, intermediate
from cdp_assets.lake.nasty import keys, nasty_rows
from cdp_assets.lake.source import name
from cdp_assets.unify.deduplicated_tables import deduplicated, duplicate_pairs

# A field of the configuration has no space in its name: these cannot be taken.
_FILLED = Column("filled fields", "bigint", "number of fields with a value")
_RECORDS = "distinct records"

_ENDS = intermediate(
    "ends of pairs",
    """
    a         | varchar | a record of the pair
    b         | varchar | the other one
    rule      | varchar | name of the rule
    rule_rank | integer | place of the rule
    score     | double  | score of the pair
    """,
)
_STRONGEST = intermediate("strongest pairs", "record_key | varchar | key\nrule | varchar | rule\nscore | double | score")
_MEMBERS = intermediate(
    "members",
    """
    record_key | varchar | key of a record with duplicates
    root       | varchar | name of its group
    filled     | bigint  | number of fields with a value
    rule       | varchar | rule of its strongest pair
    score      | double  | score of that pair
    """,
)
_WINNERS = intermediate(
    "winners",
    """
    record_key | varchar   | key of a record with duplicates
    winner_key | varchar   | key of the winner of its group
    alternates | varchar[] | of a winner: the other keys
    rule       | varchar   | rule of its strongest pair
    score      | double    | score of that pair
    """,
)


def pairs_stages(config: ProjectConfig, source: str) -> list[Stage]:
    """duplicate_pairs_<source> from <source>: every rule is evaluated on every pair. For sources with dedupe rules."""
    rules = dedupe_rules(config, source)
    forms = forms_of(rules, source)
    fields = tuple(dict.fromkeys(form.field for form in forms.forms))
    result = [_distinct(config, source, fields), *forms_stages({_RECORDS: forms})]
    titles = [f"dedupe rule {rule.rank}" for rule in rules]
    for rule, title in zip(rules, titles, strict=True):
        result += pair_stages(rule, forms, forms, title)
    table = duplicate_pairs(source)
    columns = ", ".join("coalesce(status, 'used') as status" if column == "status" else column for column in table.column_names)
    body = " union all ".join(f"select {columns} from {name(title)}" for title in titles)
    all_pairs = Stage(
        table.name,
        {title: anyhow() for title in titles},
        body,
        table,
        nasty=lambda: {
            title: nasty_rows(table.columns, {"left_key": keys(), "rule": [title], "status": [None, "refused"]}) for title in titles
        },
    )
    return [*result, all_pairs]


def stages(config: ProjectConfig, source: str) -> list[Stage]:
    """deduplicated_<source> from <source>, and from duplicate_pairs_<source> where the source has dedupe rules."""
    fields = tuple(config.sources[source].fields)
    records = _distinct(config, source, fields)
    table = deduplicated(config, source)
    if not dedupe_rules(config, source):
        return [records, _alone(table, records, fields)]
    ends = _ends(f"duplicate_pairs_{source}")
    return [records, ends, group_stage("groups", _ENDS.name), _strongest(), _members(records), _winners(), _joined(table, records, fields)]


def checks(source: str) -> list[Check]:
    """Every row of the source is in one record; every group has one winner, which leads to itself."""
    rows = name(f"deduplicated_{source}")
    return [
        Check(
            "conservation", "every row of the source is in exactly one record",
            f"select abs((select count(*) from {name(source)}) - (select coalesce(sum(duplicate_rows), 0) from {rows}))",
        ),
        Check(
            "winners", "every record's winner is a record that goes on, and its alternates are all records that it stands for",
            f"""
            select (select count(*) from {rows} as d left join {rows} as w on d.winner_key = w.record_key
                    where w.is_winner is not true or w.winner_key <> w.record_key)
                + abs((select count(*) from {rows} where not is_winner) - (select coalesce(sum(len(alternates)), 0) from {rows}))
            """,
        ),
    ]  # fmt: skip


def _field(field: str, table: str | None = None) -> exp.Column:
    return exp.column(field, table=table, quoted=True)


def _from(table: str, alias: str) -> exp.Table:
    return exp.Table(this=exp.to_identifier(table, quoted=True), alias=exp.TableAlias(this=exp.to_identifier(alias)))


def _distinct(config: ProjectConfig, source: str, fields: tuple[str, ...]) -> Stage:
    """One record a key: the row with the most filled fields, at a tie the last one by file and line."""
    configured = config.sources[source].fields
    filled = [exp.case().when(_field(field, "r").is_(exp.null()), exp.convert(0)).else_(exp.convert(1)) for field in configured]
    total = reduce(lambda one, other: exp.Add(this=one, expression=other), filled, exp.convert(0))
    body = exp.select(
        "r.record_key", "r.source_file", "r.source_line", "count(*) over (partition by r.record_key) as duplicate_rows",
        total.as_(_FILLED.name, quoted=True), *(_field(field, "r").as_(field, quoted=True) for field in fields),
    ).from_(_from(source, "r"))  # fmt: skip
    best = exp.Window(
        this=exp.RowNumber(),
        partition_by=[exp.column("record_key", table="r")],
        order=exp.Order(expressions=[exp.Ordered(this=each, desc=True, nulls_first=False) for each in (total.copy(), *_place())]),
    )
    columns = (
        Column("record_key", "varchar", "key"), Column("source_file", "varchar", "file"), Column("source_line", "bigint", "line"),
        Column("duplicate_rows", "bigint", "rows with this key"), _FILLED,
        *(Column(field, configured[field].data_type, "field") for field in fields),
    )  # fmt: skip
    inputs = (*columns[:3], *(Column(field, its.data_type, "field") for field, its in configured.items()))
    return Stage(
        _RECORDS, {source: by("record_key")}, body.qualify(exp.EQ(this=best, expression=exp.convert(1))),
        Table(_RECORDS, "one record a key", (), columns),
        nasty=lambda: {
            source: nasty_rows(
                inputs,
                {"record_key": ["a", "b", "a", "c", "d", "b", "e"], "source_file": ["1.csv", "2.csv"], "source_line": list(range(2, 62))},
            )
        },
    )  # fmt: skip


def _place() -> tuple[exp.Column, exp.Column]:
    return exp.column("source_file", table="r"), exp.column("source_line", table="r")


def _records_example(records: Stage) -> pa.Table:
    return nasty_rows(records.writes.columns, {"record_key": keys(), _FILLED.name: [3, 2, 3, 1]})


def _alone(table: Table, records: Stage, fields: tuple[str, ...]) -> Stage:
    body = exp.select(
        "d.record_key", "d.record_key as winner_key", "true as is_winner", "cast(null as varchar) as rule", "cast(null as double) as score",
        "d.duplicate_rows", "cast([] as varchar[]) as alternates", "d.source_file", "d.source_line",
        *(_field(field, "d").as_(field, quoted=True) for field in fields), dialect="duckdb",
    ).from_(_from(_RECORDS, "d"))  # fmt: skip
    return Stage(table.name, {_RECORDS: anyhow()}, body, table, nasty=lambda: {_RECORDS: _records_example(records)})


def _ends(pairs: str) -> Stage:
    """Each pair that is used, seen from both of its records."""
    body = f"""
        select left_key as a, right_key as b, rule, rule_rank, score from {name(pairs)} where status = 'used'
        union all
        select right_key as a, left_key as b, rule, rule_rank, score from {name(pairs)} where status = 'used'
    """
    return Stage(
        _ENDS.name,
        {pairs: anyhow()},
        body,
        _ENDS,
        nasty=lambda: {pairs: nasty_rows(duplicate_pairs("x").columns, _some_pairs())},
    )


def _some_pairs() -> dict[str, Sequence[Any]]:
    return {"left_key": keys(), "right_key": ["l", "m", "n"], "status": ["used", "used", "refused"]}


def _strongest() -> Stage:
    body = """
        select a as record_key, rule, score from "ends of pairs"
        qualify row_number() over (partition by a order by score desc, rule_rank, b, rule) = 1
    """
    example = {"a": ["k1", "k2", "k3"], "b": ["l", "m", "n", "o"], "rule": ["one", "two"]}
    return Stage(_STRONGEST.name, {_ENDS.name: by("a")}, body, _STRONGEST, nasty=lambda: {_ENDS.name: nasty_rows(_ENDS.columns, example)})


def _members(records: Stage) -> Stage:
    body = """
        select r.record_key, g.root, r."filled fields" as filled, s.rule, s.score
        from "distinct records" as r
        join groups as g on r.record_key = g.node
        join "strongest pairs" as s on r.record_key = s.record_key
    """
    group = (Column("node", "varchar", "record"), Column("root", "varchar", "group"))
    return Stage(
        _MEMBERS.name,
        {_RECORDS: by("record_key"), "groups": by("node"), _STRONGEST.name: by("record_key")},
        body,
        _MEMBERS,
        nasty=lambda: {
            _RECORDS: _records_example(records),
            "groups": nasty_rows(group, {"node": keys(), "root": ["k1", "k2"]}, rows=40),
            _STRONGEST.name: nasty_rows(_STRONGEST.columns, {"record_key": keys()}, rows=40),
        },
    )


def _winners() -> Stage:
    body = """
        with ranked as (
            select record_key, root, rule, score,
                first_value(record_key) over (partition by root order by filled desc, record_key desc) as winner_key
            from members
        ),
        others as (
            select winner_key, list(record_key order by record_key) as alternates
            from ranked where record_key <> winner_key group by winner_key
        )
        select r.record_key, r.winner_key, o.alternates, r.rule, r.score
        from ranked as r left join others as o on r.record_key = o.winner_key
    """
    return Stage(
        _WINNERS.name,
        {_MEMBERS.name: by("root")},
        body,
        _WINNERS,
        nasty=lambda: {
            _MEMBERS.name: nasty_rows(_MEMBERS.columns, {"record_key": keys(), "root": ["a", "b", "a", "c"], "filled": [3, 3, 2]})
        },
    )


def _joined(table: Table, records: Stage, fields: tuple[str, ...]) -> Stage:
    body = exp.select(
        "d.record_key", "coalesce(w.winner_key, d.record_key) as winner_key", "coalesce(w.winner_key = d.record_key, true) as is_winner",
        "w.rule", "w.score", "d.duplicate_rows", "coalesce(w.alternates, cast([] as varchar[])) as alternates",
        "d.source_file", "d.source_line", *(_field(field, "d").as_(field, quoted=True) for field in fields), dialect="duckdb",
    ).from_(_from(_RECORDS, "d")).join(_from(_WINNERS.name, "w"), on="d.record_key = w.record_key", join_type="left")  # fmt: skip
    return Stage(
        table.name,
        {_RECORDS: by("record_key"), _WINNERS.name: by("record_key")},
        body,
        table,
        nasty=lambda: {
            _RECORDS: _records_example(records),
            _WINNERS.name: nasty_rows(_WINNERS.columns, {"record_key": keys(), "winner_key": ["k01", "k02"]}, rows=30),
        },
    )
