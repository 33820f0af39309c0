"""From visitor identities to edges: a visitor belongs to the record that it is signed in as now, and to no other.

Earlier identities are evidence too, but not used: a device that two people share must not make them one person.
"""

from typing import Any

import pyarrow as pa
from sqlglot import exp

from cdp_assets.config import EventsSource, ProjectConfig
from cdp_assets.identity.judged import ALWAYS, ALWAYS_EDGES, JUDGED, NEVER, stated_and_forced
from cdp_assets.identity.limits import always_example, overrides_example
from cdp_assets.identity.own_values import needed_for, own_value
from cdp_assets.identity.rules import event_sources
from cdp_assets.identity.tables import MATCH_OVERRIDES, evidence
from cdp_assets.lake import Column, Stage, anyhow, by, intermediate
from cdp_assets.lake.nasty import keys, nasty_rows
from cdp_assets.lake.source import literal

IDENTITIES = "visitor_identities"
NO_LONGER = "signed in as another since"
"""Why an earlier identity of a visitor is not used."""
_IDENTITY_COLUMNS = (
    *(Column(n, "varchar", "identity") for n in ("source", "visitor_id", "known_source", "known_field", "known_value")),
    Column("valid_to", "timestamp", "end of the identity"),
)
_KNOWN = intermediate(
    "known records",
    """
    visitor_source | varchar | the source of events
    known_source   | varchar | source of the record
    known_field    | varchar | the field that identifies it
    known_value    | varchar | its value as text
    record_key     | varchar | key of the record
    rule           | varchar | name of the rule
    rule_rank      | integer | place of the rule in known_as
    """,
)
VISITOR_HITS = intermediate(
    "visitor hits",
    """
    source       | varchar | the source of events
    visitor_id   | varchar | the visitor
    known_source | varchar | source of the record
    record_key   | varchar | key of the record
    rule         | varchar | name of the rule
    rule_rank    | integer | place of the rule in known_as
    current      | boolean | the visitor has this identity still
    """,
)


def visitor_stages(config: ProjectConfig, title: str) -> list[Stage]:
    """The stages from visitor_identities and the sources' records to edges; none without a source that is known_as one."""
    known = [(source, *target) for source in event_sources(config) for target in _targets(config, source)]
    if not known:
        return []
    return [_known_records(config, known), _hits(), visitor_edges(config, title)]


def _targets(config: ProjectConfig, source: str) -> list[tuple[int, str, str]]:
    """(rank, source, field) of the records that visitors of this source may be known as, in the order of known_as."""
    events = config.sources[source]
    assert isinstance(events, EventsSource)
    parts = [reference.partition(".") for reference in dict.fromkeys(events.known_as.values())]
    return [(rank, known_source, field) for rank, (known_source, _, field) in enumerate(parts)]


def _known_records(config: ProjectConfig, known: list[tuple[str, int, str, str]]) -> Stage:
    """Records by every field that a visitor may be known as; alternates too, for they lead to their winner."""
    parts: list[exp.Query] = []
    fields: dict[str, list[Column]] = {}
    for visitor_source, rank, source, field in known:
        value = exp.cast(own_value(config, source, field), "varchar")
        table = f"deduplicated_{source}"
        parts.append(
            exp.select(
                exp.Literal.string(visitor_source).as_("visitor_source"), exp.Literal.string(source).as_("known_source"),
                exp.Literal.string(field).as_("known_field"), value.as_("known_value"), exp.column("record_key"),
                exp.Literal.string(f"known_as {source}.{field}").as_("rule"), exp.convert(rank).as_("rule_rank"),
            ).from_(exp.Table(this=exp.to_identifier(table, quoted=True)))
        )  # fmt: skip
        its = Column(field, config.sources[source].fields[field].data_type, "field")
        fields.setdefault(table, []).extend((its, *needed_for(config, source, [field])))
    body = exp.union(*parts, distinct=False) if len(parts) > 1 else parts[0]

    def nasty() -> dict[str, pa.Table]:
        key = Column("record_key", "varchar", "key")
        given: dict[str, list[Any]] = {"record_key": keys(), "taken_fields": [[]], "own_values": [[]]}
        return {t: nasty_rows(dict.fromkeys([key, *columns]), given) for t, columns in fields.items()}

    return Stage(_KNOWN.name, {table: anyhow() for table in fields}, body, _KNOWN, nasty=nasty)


def _hits() -> Stage:
    body = f"""
        select i.source, i.visitor_id, k.known_source, k.record_key, k.rule, k.rule_rank, i.valid_to is null as current
        from {IDENTITIES} as i join "known records" as k
            on i.source = k.visitor_source and i.known_source = k.known_source and i.known_field = k.known_field
            and i.known_value = k.known_value
    """
    ends = ("known_source", "known_field", "known_value")
    reads = {
        IDENTITIES: by("source", *ends, nulls="drop"),
        _KNOWN.name: by("visitor_source", *ends, nulls="drop"),
    }
    fixed = {"known_source": ["crm"], "known_field": ["email", "contact_id"]}
    return Stage(
        VISITOR_HITS.name,
        reads,
        body,
        VISITOR_HITS,
        nasty=lambda: {
            IDENTITIES: nasty_rows(_IDENTITY_COLUMNS, {"source": ["web"], **fixed}),
            _KNOWN.name: nasty_rows(_KNOWN.columns, {"visitor_source": ["web"], "record_key": keys(), **fixed}),
        },
    )


def visitor_edges(config: ProjectConfig, title: str) -> Stage:
    """Of all records that a visitor is known as, by the first rule that finds one now, that with the greatest key."""
    body = f"""
        select left_source, left_key, right_source, right_key, rule, rule_rank,
            'visitor' as kind, cast(1 as double) as weight,
            case
                when never or forced and not always then 'refused'
                when forced then 'redundant'
                when place = 1 and current then null
                when some_current and left_source = first_source and left_key = first_key then 'redundant'
                else 'refused'
            end as status,
            case
                when never then {literal(NEVER)}
                when forced and not always then {literal(ALWAYS)}
                when forced or place = 1 and current or some_current and left_source = first_source and left_key = first_key then null
                when not current then {literal(NO_LONGER)}
                when rule_rank > first_rank then 'an earlier rule matched'
                else 'a better hit'
            end as reason
        from (
            select left_source, left_key, right_source, right_key, rule, rule_rank, current, never, forced, always,
                row_number() over best as place,
                first_value(current) over best as some_current,
                first_value(rule_rank) over best as first_rank,
                first_value(left_source) over best as first_source,
                first_value(left_key) over best as first_key
            from (
                select h.*, {JUDGED}
                from (
                    select known_source as left_source, record_key as left_key, source as right_source, visitor_id as right_key, rule,
                        rule_rank, bool_or(current) as current
                    from "visitor hits"
                    group by source, visitor_id, known_source, record_key, rule, rule_rank
                ) as h {stated_and_forced(config)}
            )
            window best as (
                partition by right_source, right_key, never order by current desc, rule_rank, left_key desc, left_source
            )
        )
    """
    return Stage(
        title,
        {
            VISITOR_HITS.name: by("source", "visitor_id"),
            **dict.fromkeys((MATCH_OVERRIDES.name, ALWAYS_EDGES), by("right_source", "right_key")),
        },
        body,
        evidence(title),
        nasty=lambda: {
            MATCH_OVERRIDES.name: overrides_example(config),
            ALWAYS_EDGES: always_example(),
            VISITOR_HITS.name: nasty_rows(
                VISITOR_HITS.columns, {"source": ["web", "app"], "visitor_id": ["v1", "v2", "v3"], "current": [True, False, False, True]}
            ),
        },
    )
