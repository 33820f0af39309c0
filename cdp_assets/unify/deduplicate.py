"""Duplicates inside one source: rows with the same key become one record, and rules put records into groups.

All of a group's records go on to matching; the values of its winner go into the profile (winners.py says which record
that is). Pairs that are refused, such as those of an exception, join nobody.
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
from cdp_assets.unify.deduplicated_tables import FILLED, TAKEN, deduplicated, duplicate_pairs
from cdp_assets.unify.primary_keys import key_stages
from cdp_assets.unify.winners import WINNERS, choice, member_stage, winner_columns, winner_stage, winners_example

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
    before = [records, *key_stages(config, source, _RECORDS)]
    if not dedupe_rules(config, source):
        return [*before, _alone(config, source, records)]
    ends = _ends(f"duplicate_pairs_{source}")
    # the one place where pairs become groups
    groups = group_stage("groups", _ENDS.name)
    members, winners = member_stage(config, source, records, _STRONGEST), winner_stage(config, source)
    return [*before, ends, groups, _strongest(), members, winners, _joined(config, source, records)]


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
        total.as_(FILLED.name, quoted=True), *(_field(field, "r").as_(field, quoted=True) for field in fields),
    ).from_(_from(source, "r"))  # fmt: skip
    best = exp.Window(
        this=exp.RowNumber(),
        partition_by=[exp.column("record_key", table="r")],
        order=exp.Order(expressions=[exp.Ordered(this=each, desc=True, nulls_first=False) for each in (total.copy(), *_place())]),
    )
    columns = (
        Column("record_key", "varchar", "key"), Column("source_file", "varchar", "file"), Column("source_line", "bigint", "line"),
        Column("duplicate_rows", "bigint", "rows with this key"), FILLED,
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
    return nasty_rows(records.writes.columns, {"record_key": keys(), FILLED.name: [3, 2, 3, 1]})


def _alone(config: ProjectConfig, source: str, records: Stage) -> Stage:
    """Without rules every record is its own winner, and takes nothing from others."""
    table, fields = deduplicated(config, source), config.sources[source].fields
    taken = [exp.cast(exp.array(dialect="duckdb"), c.type, dialect="duckdb").as_(c.name) for c in TAKEN if c in table.columns]
    body = exp.select(
        "d.record_key", "d.record_key as winner_key", "true as is_winner", "cast(null as varchar) as rule", "cast(null as double) as score",
        "d.duplicate_rows", "cast([] as varchar[]) as alternates", "d.source_file", "d.source_line", *taken,
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


def _joined(config: ProjectConfig, source: str, records: Stage) -> Stage:
    body = exp.select(
        "d.record_key", "coalesce(w.winner_key, d.record_key) as winner_key", "coalesce(w.winner_key = d.record_key, true) as is_winner",
        "w.rule", "w.score", "d.duplicate_rows", "coalesce(w.alternates, cast([] as varchar[])) as alternates",
        "d.source_file", "d.source_line", *winner_columns(choice(config, source)), dialect="duckdb",
    ).from_(_from(_RECORDS, "d")).join(_from(WINNERS, "w"), on="d.record_key = w.record_key", join_type="left")  # fmt: skip
    table, winners = deduplicated(config, source), winners_example(config, source)
    return Stage(
        table.name,
        {_RECORDS: by("record_key"), WINNERS: by("record_key")},
        body,
        table,
        nasty=lambda: {
            _RECORDS: _records_example(records),
            WINNERS: nasty_rows(
                winners.columns, {"record_key": keys(), "winner_key": ["k01", "k02"], "taken_lines": [[2], [3], None]}, rows=30
            ),
        },
    )
