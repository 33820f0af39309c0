"""All evidence of an entity becomes `match_edges`: what people state, duplicates, matches between sources, visitors' identities.

Each rule is evaluated on all records, whatever the others find, and gets a rank; then one record keeps the best hit of
its first rule that found any. The others stay as refused, with the reason. What is left is taken one by one (taken.py).
"""

from collections.abc import Sequence

from sqlglot import exp

from cdp_assets.config import ProjectConfig
from cdp_assets.identity.forms import forms_stages
from cdp_assets.identity.greatest_key import greatest_first
from cdp_assets.identity.judged import ALWAYS, ALWAYS_EDGES, JUDGED, NEVER, NEVER_SAID, stated, stated_and_forced
from cdp_assets.identity.limits import always_example, overrides_example, union_all
from cdp_assets.identity.own_values import own_stages
from cdp_assets.identity.pairs import pair_stages
from cdp_assets.identity.rules import dedupe_rules, forms_of, match_rules, record_sources
from cdp_assets.identity.stated import always_edges
from cdp_assets.identity.tables import MATCH_OVERRIDES, TERM_FREQUENCIES, evidence, pairs
from cdp_assets.identity.taken import evidence_example, taken
from cdp_assets.identity.usable import nobody_stages, usable_stages
from cdp_assets.identity.visitors import visitor_stages
from cdp_assets.lake import Check, Column, Stage, anyhow, by
from cdp_assets.lake.nasty import keys, nasty_rows
from cdp_assets.lake.source import literal, name

_PAIR = ("left_source", "left_key", "right_source", "right_key", "rule", "rule_rank", "score", "status", "reason")
_DUPLICATES = (
    *(Column(n, "varchar", "duplicate pair") for n in ("left_key", "right_key", "rule")),
    Column("rule_rank", "integer", "place of the rule"),
    Column("score", "double", "score"),
    Column("status", "varchar", "used, refused or review"),
    Column("reason", "varchar", "why it is refused"),
)
DUPLICATES_FOUND, HITS = evidence("duplicates found"), pairs("hits")
"""What rules found inside sources and between them, before anything is judged, where it is read off earlier edges."""
DUPLICATE_EDGES, MATCHES, VISITOR_EDGES = "duplicate edges", "matches", "visitor edges"


def stages(config: ProjectConfig) -> list[Stage]:
    """MATCH_EDGES from deduplicated_<source>, duplicate_pairs_<source>, match_overrides, visitor_identities and term_frequencies."""
    nobodys = nobody_stages(config, record_sources(config))
    found = [*_duplicates(config), *_matches(config), *visitor_stages(config, VISITOR_EDGES)]
    return [
        *nobodys,
        *always_edges(config),
        *found,
        *taken(config, [stage.name for stage in found if stage.name in (DUPLICATE_EDGES, MATCHES, VISITOR_EDGES)]),
    ]


def checks(config: ProjectConfig) -> list[Check]:
    """Every duplicate pair is an edge; no record and no visitor is led to two others."""
    counts = [f"(select count(*) from {name(table)})" for table in _duplicate_tables(config).values()]
    return [
        Check(
            "conservation", "every duplicate pair is an edge, and each of these edges such a pair",
            f"select abs({' + '.join(counts) or '0'} - (select count(*) from match_edges where kind = 'duplicate'))",
        ),
        Check(
            "one_match_a_record", "a record or visitor is led to no more than one record of the sources above it",
            """
            select count(*) from (
                select 1 from match_edges where kind not in ('duplicate', 'always') and status not in ('refused', 'review')
                group by right_source, right_key having count(distinct left_source || '|' || left_key) > 1
            )
            """,
        ),
    ]  # fmt: skip


def _duplicate_tables(config: ProjectConfig) -> dict[str, str]:
    """The tables of duplicate pairs by source: of sources that take part and have rules."""
    return {source: f"duplicate_pairs_{source}" for source in record_sources(config) if dedupe_rules(config, source)}


def _duplicates(config: ProjectConfig) -> list[Stage]:
    tables = _duplicate_tables(config)
    if not tables:
        return []
    selects: list[exp.Query] = []
    for source, table in tables.items():
        columns = [
            exp.Literal.string(source).as_("left_source"), exp.column("left_key"), exp.Literal.string(source).as_("right_source"),
            exp.column("right_key"), exp.Literal.string("duplicate").as_("kind"), exp.column("rule"), exp.column("rule_rank"),
            exp.column("score").as_("weight"), exp.func("nullif", exp.column("status"), exp.Literal.string("used")).as_("status"),
            exp.column("reason"),
        ]  # fmt: skip
        selects.append(exp.select(*columns).from_(exp.Table(this=exp.to_identifier(table, quoted=True))))
    return [
        Stage(
            DUPLICATES_FOUND.name,
            {table: anyhow() for table in tables.values()},
            union_all(selects),
            DUPLICATES_FOUND,
            nasty=lambda: {table: nasty_rows(_DUPLICATES, {"status": ["used", "refused"]}) for table in tables.values()},
        ),
        duplicate_edges(config),
    ]


def duplicate_edges(config: ProjectConfig) -> Stage:
    """The duplicates that rules found, less those that people say are never one."""
    body = f"""
        select h.left_source, h.left_key, h.right_source, h.right_key, h.rule, h.rule_rank, h.kind, h.weight,
            case when h.status is null and never then 'refused' else h.status end as status,
            case when h.status is null and never then {literal(NEVER)} else h.reason end as reason
        from (select h.*, {NEVER_SAID} from {name(DUPLICATES_FOUND.name)} as h {stated(config)}) as h
    """
    pair = by("left_source", "left_key", "right_source", "right_key")
    return Stage(
        DUPLICATE_EDGES,
        {DUPLICATES_FOUND.name: pair, MATCH_OVERRIDES.name: pair},
        body,
        evidence(DUPLICATE_EDGES),
        nasty=lambda: {DUPLICATES_FOUND.name: evidence_example(DUPLICATES_FOUND), MATCH_OVERRIDES.name: overrides_example(config)},
    )


def _matches(config: ProjectConfig) -> list[Stage]:
    rules = match_rules(config)
    if not rules:
        return []
    sources = [s for s in record_sources(config) if any(s in (r.left_source, r.right_source) for r in rules)]
    forms = {source: forms_of(rules, source) for source in sources}
    compared = {source: list(dict.fromkeys(form.field for form in forms[source].forms)) for source in sources}
    own, owned = own_stages(config, compared)
    usable, names = usable_stages(config, owned, compared)
    result = [*own, *usable, *forms_stages({names[source]: forms[source] for source in sources}, frozen=TERM_FREQUENCIES.name)]
    titles = [f"match rule {rule.rank}" for rule in rules]
    for rule, title in zip(rules, titles, strict=True):
        result += pair_stages(rule, forms[rule.left_source], forms[rule.right_source], title)
    return [*result, best_hits(config, titles)]


def best_hits(config: ProjectConfig, titles: Sequence[str]) -> Stage:
    """What becomes of the pairs that the stages `titles` have.

    A record's first rule that found anything decides; of its hits the best score, then the greatest key. What an exception
    of its rule has refused is no hit, and a pair that is never one counts for nothing; where people state what a record
    belongs to, no rule is asked.
    """
    greatest = greatest_first(config, record_sources(config), "left_source", "left_key")
    found = " union all ".join(f"select {', '.join(_PAIR)} from {name(title)}" for title in titles)
    body = f"""
        with found as not materialized ({found}),
        judged as (
            select h.*, {JUDGED}
            from found as h {stated_and_forced(config)}
            where h.status is null
        )
        select left_source, left_key, right_source, right_key, rule, rule_rank, 'match' as kind, score as weight,
            case
                when never then 'refused'
                when forced and not always then 'refused'
                when forced then 'redundant'
                when place = 1 then null
                when same_pair then 'redundant'
                else 'refused'
            end as status,
            case
                when never then {literal(NEVER)}
                when forced and not always then {literal(ALWAYS)}
                when forced or place = 1 or same_pair then null
                when rule_rank > first_rank then 'an earlier rule matched'
                else 'a better hit'
            end as reason
        from (
            select left_source, left_key, right_source, right_key, rule, rule_rank, score, never, forced, always,
                row_number() over best as place,
                first_value(rule_rank) over best as first_rank,
                left_source = first_value(left_source) over best and left_key = first_value(left_key) over best as same_pair
            from judged
            window best as (partition by right_source, right_key, never order by rule_rank, score desc, {greatest}, left_source)
        )
        union all
        select left_source, left_key, right_source, right_key, rule, rule_rank, 'match' as kind, score as weight, status, reason
        from found where status is not null
    """
    record = by("right_source", "right_key")
    pairs_found = nasty_rows(
        HITS.columns,
        {
            "left_source": ["crm", "crm", "loyalty"], "left_key": keys(), "right_source": ["shop", "web"],
            "right_key": ["a", "b", "c", "d"], "rule_rank": [0, 1, 2], "status": [None, None, None, "refused", None],
        },
    )  # fmt: skip
    return Stage(
        MATCHES, dict.fromkeys([*titles, MATCH_OVERRIDES.name, ALWAYS_EDGES], record), body, evidence(MATCHES),
        nasty=lambda: {
            **dict.fromkeys(titles, pairs_found),
            MATCH_OVERRIDES.name: overrides_example(config),
            ALWAYS_EDGES: always_example(),
        },
    )  # fmt: skip
