"""How much the dedupe of each source has found, over all its rules and by rule: what the review of customers shows."""

from collections.abc import Sequence
from typing import Any

from cdp_assets.config import ProjectConfig
from cdp_assets.identity.rules import Rule, dedupe_rules, record_sources
from cdp_assets.lake import Check, Stage, Table, anyhow, columns, whole
from cdp_assets.lake.nasty import keys, nasty_rows
from cdp_assets.lake.source import name
from cdp_assets.unify.deduplicated_tables import duplicate_pairs

DEDUPE_STATISTICS = Table(
    "dedupe_statistics",
    grain="one source, or one dedupe rule of a source",
    key=("source", "rule"),
    columns=columns(
        """
        source         | varchar | source of the records
        rule           | varchar | name of the rule; empty text: the source, over all its rules and the primary key
        rule_rank      | integer | place of the rule, from 0; null of a source
        source_records | bigint  | rows of the source
        unique_records | bigint  | of a source: records that go on; null of a rule
        pairs          | bigint  | pairs of records that are used
        refused_pairs  | bigint  | pairs that an exception keeps apart and, of a source, no other rule joins
        records        | bigint  | of a source: rows that another record stands for; of a rule: records that it found a duplicate of
        share          | double  | these records among the rows of the source
        """,
        required=("source_records", "pairs", "refused_pairs", "records", "share"),
    ),
)
_READ = columns("record_key | varchar | key\nis_winner | boolean | goes on\nduplicate_rows | bigint | rows")


def stages(config: ProjectConfig) -> list[Stage]:
    """DEDUPE_STATISTICS from deduplicated_<source>, and duplicate_pairs_<source> of the sources with dedupe rules."""
    parts = [_counted(source, dedupe_rules(config, source)) for source in record_sources(config)]
    names = ", ".join(DEDUPE_STATISTICS.column_names)
    return [
        *parts,
        Stage(
            DEDUPE_STATISTICS.name,
            {part.name: anyhow() for part in parts},
            " union all ".join(f"select {names} from {name(part.name)}" for part in parts),
            DEDUPE_STATISTICS,
            nasty=lambda: {part.name: nasty_rows(DEDUPE_STATISTICS.columns, {"source": [part.name], "rule": keys()}) for part in parts},
        ),
    ]


def checks() -> list[Check]:
    """The figures of a source fit together."""
    return [
        Check(
            "sums", "the records that go on and those that others stand for are the rows of the source",
            "select count(*) from dedupe_statistics where rule = '' and source_records <> unique_records + records",
        )
    ]  # fmt: skip


def _counted(source: str, rules: Sequence[Rule]) -> Stage:
    """The rows of one source. A rule that found nothing is there too."""
    records, pairs = f"deduplicated_{source}", f"duplicate_pairs_{source}"
    listing = ", ".join(f"($rule{rule.rank}, {rule.rank})" for rule in rules)
    found = f"""
        select left_key, right_key, rule, status = 'used' as used from {name(pairs)}
    """
    nothing = "select null as left_key, null as right_key, null as rule, false as used where false"
    body = f"""
        with totals as (
            select coalesce(sum(duplicate_rows), 0) as rows_read, count(*) filter (is_winner) as going_on from {name(records)}
        ),
        found as ({found if rules else nothing}),
        of_pairs as (select left_key, right_key, bool_or(used) as used from found group by left_key, right_key),
        of_rules as (select rule, count(*) filter (used) as used, count(*) filter (not used) as refused from found group by rule),
        in_groups as (
            select rule, count(distinct record_key) as records
            from (
                select rule, left_key as record_key from found where used union all select rule, right_key from found where used
            )
            group by rule
        ),
        counted as (
            select '' as rule, cast(null as integer) as rule_rank, t.rows_read, t.going_on,
                (select count(*) filter (used) from of_pairs) as pairs, (select count(*) filter (not used) from of_pairs) as refused_pairs,
                t.rows_read - t.going_on as records
            from totals as t
            {
        f'''
            union all
            select l.rule, l.rule_rank, t.rows_read, null, coalesce(r.used, 0), coalesce(r.refused, 0), coalesce(g.records, 0)
            from (values {listing}) as l(rule, rule_rank) cross join totals as t
            left join of_rules as r on r.rule = l.rule
            left join in_groups as g on g.rule = l.rule
            '''
        if rules
        else ""
    }
        )
        select $source as source, rule, rule_rank, cast(rows_read as bigint) as source_records, going_on as unique_records,
            pairs, refused_pairs, cast(records as bigint) as records, coalesce(round(records / nullif(rows_read, 0), 6), 0.0) as share
        from counted
    """
    params: dict[str, Any] = {"source": source, **{f"rule{rule.rank}": rule.name for rule in rules}}
    title = f"dedupe of {source}"
    some = {"left_key": keys(9), "right_key": keys()[::-1], "rule": [rule.name for rule in rules], "status": ["used", "used", "refused"]}
    given = {pairs: nasty_rows(duplicate_pairs(source).columns, some)} if rules else {}
    return Stage(
        title,
        {records: whole(), **({pairs: whole()} if rules else {})},
        body,
        Table(title, f"a rule of {source}", (), DEDUPE_STATISTICS.columns),
        params=params,
        nasty=lambda: {records: nasty_rows(_READ, {"record_key": keys(), "is_winner": [True, True, False]}), **given},
    )
