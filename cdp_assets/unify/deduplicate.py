"""Duplicates inside one source: rows with the same key become one record, and rules put records into groups.

All of a group's records go on to matching; the values of its winner go into the profile (winners.py says which record
that is). Pairs that are refused, such as those of an exception, join nobody.
"""

from functools import reduce

import pyarrow as pa
from sqlglot import exp

from cdp_assets.config import ProjectConfig
from cdp_assets.identity import dedupe_rules, forms_of, forms_stages, nobody_stages, pair_stages, usable_stages
from cdp_assets.identity.tables import TERM_FREQUENCIES
from cdp_assets.lake import Check, Column, Stage, Table, anyhow, by
from cdp_assets.lake.nasty import keys, nasty_rows
from cdp_assets.lake.source import name
from cdp_assets.unify.deduplicated_tables import FILLED, deduplicated, duplicate_pairs
from cdp_assets.unify.duplicate_groups import STRONGEST, group_stages
from cdp_assets.unify.primary_keys import key_stages
from cdp_assets.unify.winners import WINNERS, choice, member_stage, winner_columns, winner_stage, winners_example

_RECORDS = "distinct records"


def pairs_stages(config: ProjectConfig, source: str) -> list[Stage]:
    """duplicate_pairs_<source> from <source> and term_frequencies: every rule is evaluated on every pair. For sources with dedupe rules."""
    rules = dedupe_rules(config, source)
    forms = forms_of(rules, source)
    fields = tuple(dict.fromkeys(form.field for form in forms.forms))
    usable, names = usable_stages(config, {source: _RECORDS}, {source: fields})
    distinct = [*nobody_stages(config, [source]), _distinct(config, source, fields)]
    result = [*distinct, *usable, *forms_stages({names[source]: forms}, frozen=TERM_FREQUENCIES.name)]
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
    """deduplicated_<source> from <source>, match_overrides, and duplicate_pairs_<source> where the source has dedupe rules."""
    fields = tuple(config.sources[source].fields)
    records = _distinct(config, source, fields)
    before = [records, *key_stages(config, source, _RECORDS)]
    members, winners = member_stage(config, source, records, STRONGEST), winner_stage(config, source)
    return [*before, *group_stages(config, source, _RECORDS), members, winners, _joined(config, source, records)]


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
