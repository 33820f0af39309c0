"""From pairs of one source's records to groups: what people state and the limits of a profile count here as everywhere.

The pairs are taken in the order in which `match_edges` takes them, so that a group of duplicates is one cluster there.
"""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from cdp_assets.config import ProjectConfig
from cdp_assets.identity import OF_NOBODY, constrained_stage, dedupe_rules, group_stage, limits_of, nobody_stages
from cdp_assets.identity.tables import MATCH_OVERRIDES
from cdp_assets.lake import Column, Stage, by, intermediate, whole
from cdp_assets.lake.nasty import keys, nasty_rows
from cdp_assets.lake.source import literal, name
from cdp_assets.unify.deduplicated_tables import duplicate_pairs

GROUPS = "groups"
STRONGEST = intermediate("strongest pairs", "record_key | varchar | key\nrule | varchar | rule\nscore | double | score")
_PAIR = """
    rule      | varchar | name of the rule
    rule_rank | integer | place of the rule
    score     | double  | score of the pair
"""
_TAKEN = intermediate(
    "pairs taken",
    f"""
    place     | bigint  | number of the pair in the order in which pairs are taken
    left_key  | varchar | the smaller key
    right_key | varchar | the greater key
    a         | varchar | "source|key" of the one
    b         | varchar | and of the other
    forced    | boolean | people state it
    {_PAIR.strip()}
    """,
)
_ENDS = intermediate("ends of pairs", f"a | varchar | a record of the pair\nb | varchar | the other one\n{_PAIR.strip()}")


def group_stages(config: ProjectConfig, source: str, records: str) -> list[Stage]:
    """Stages up to `groups` (node, root) and STRONGEST, from match_overrides, the pairs, and the stage with the source's records."""
    before, limited = limits_of(config, {source: records})
    joins = constrained_stage("joins", _TAKEN.name, limited)
    nobodys = nobody_stages(config, [source]) if before[-1].reads.keys() & {OF_NOBODY.name} else []
    return [_taken(config, source, records), *nobodys, *before, joins, _ends(), group_stage(GROUPS, _ENDS.name), _strongest()]


def _taken(config: ProjectConfig, source: str, records: str) -> Stage:
    pairs = f"duplicate_pairs_{source}" if dedupe_rules(config, source) else None
    mine, entity = literal(source), literal(config.customers.section)
    found = f"""
        union all
        select f.left_key, f.right_key, f.rule, f.rule_rank, f.score, false as forced
        from {name(pairs or "")} as f
        anti join (select * from stated where verdict = 'never') as n on f.left_key = n.left_key and f.right_key = n.right_key
        where f.status = 'used'
    """
    body = f"""
        with stated as (
            select distinct left_key, right_key, verdict from match_overrides
            where state = 'used' and entity = {entity} and left_source = {mine} and right_source = {mine}
        )
        select row_number() over (order by not forced, score desc, rule_rank, left_key, right_key, rule) as place, left_key, right_key,
            {mine} || '|' || left_key as a, {mine} || '|' || right_key as b, forced, rule, rule_rank, score
        from (
            select s.left_key, s.right_key, 'always-match' as rule, cast(0 as integer) as rule_rank, cast(1 as double) as score,
                true as forced
            from stated as s
            semi join {name(records)} as l on l.record_key = s.left_key
            semi join {name(records)} as r on r.record_key = s.right_key
            where s.verdict = 'always'
            {found if pairs else ""}
        )
    """

    def nasty() -> dict[str, pa.Table]:
        given: dict[str, Sequence[Any]] = {
            "entity": [config.customers.section], "origin": ["list"], "entry": keys(), "verdict": ["always", "never"], "state": ["used"],
            "left_source": [source], "right_source": [source], "left_key": ["k01", "k02", "k03"], "right_key": ["k11", "k12"],
        }  # fmt: skip
        rows = {
            MATCH_OVERRIDES.name: nasty_rows(MATCH_OVERRIDES.columns, given),
            records: nasty_rows([Column("record_key", "varchar", "key")], {"record_key": keys(20)}, rows=20),
        }
        some = {"left_key": keys(), "right_key": ["l", "m", "n"], "status": ["used", "used", "refused"]}
        return {**rows, **({pairs: nasty_rows(duplicate_pairs("x").columns, some)} if pairs else {})}

    return Stage(
        _TAKEN.name, dict.fromkeys([MATCH_OVERRIDES.name, records, *([pairs] if pairs else [])], whole()), body, _TAKEN, nasty=nasty
    )


def _ends() -> Stage:
    """Each pair that is not refused, seen from both of its records."""
    body = """
        select unnest([left_key, right_key]) as a, unnest([right_key, left_key]) as b, rule, rule_rank, score
        from "pairs taken" as t join joins as j on t.place = j.place where j.state <> 'refused'
    """
    joins = (Column("place", "bigint", "number"), Column("state", "varchar", "state"))
    return Stage(
        _ENDS.name,
        {_TAKEN.name: by("place"), "joins": by("place")},
        body,
        _ENDS,
        nasty=lambda: {
            _TAKEN.name: nasty_rows(_TAKEN.columns, {"place": list(range(1, 61)), "left_key": keys(), "right_key": ["l", "m", "n"]}),
            "joins": nasty_rows(joins, {"place": list(range(1, 41)), "state": ["joined", "refused", "redundant"]}, rows=40),
        },
    )


def _strongest() -> Stage:
    body = """
        select a as record_key, rule, score from "ends of pairs"
        qualify row_number() over (partition by a order by score desc, rule_rank, b, rule) = 1
    """
    example = {"a": ["k1", "k2", "k3"], "b": ["l", "m", "n", "o"], "rule": ["one", "two"]}
    return Stage(STRONGEST.name, {_ENDS.name: by("a")}, body, STRONGEST, nasty=lambda: {_ENDS.name: nasty_rows(_ENDS.columns, example)})
