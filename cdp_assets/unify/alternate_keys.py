"""The way from any key of a source, or any visitor id, to the customer that it belongs to now."""

from collections.abc import Sequence

from sqlglot import exp

from cdp_assets.config import ProjectConfig
from cdp_assets.identity import event_sources, record_sources
from cdp_assets.lake import Check, Stage, anyhow, by, columns, intermediate
from cdp_assets.lake.nasty import keys, nasty_rows
from cdp_assets.unify.tables import ALTERNATE_KEYS

_RECORDS = intermediate(
    "records",
    """
    source      | varchar | of the record
    record_key  | varchar | its key
    is_winner   | boolean | whether it goes on for its duplicates
    source_file | varchar | its file
    source_line | bigint  | its line
    """,
)
_VISITORS = intermediate(
    "visitors",
    """
    source        | varchar   | of the events
    visitor_id    | varchar   | the visitor
    identified_at | timestamp | first event that said who it is, of those that led to its record; null: unknown
    first_seen    | timestamp | first event
    last_seen     | timestamp | last event
    events        | bigint    | number of events
    """,
)
_IDENTITIES = columns(
    """
    source        | varchar   | of the events
    visitor_id    | varchar   | the visitor
    known_source  | varchar   | source of the known id
    known_field   | varchar   | field of the known id
    valid_to      | timestamp | end of the identity
    identified_at | timestamp | first event that gave the id
    first_seen    | timestamp | first event
    last_seen     | timestamp | last event
    events        | bigint    | number of events
    """
)
_EDGES = columns(
    """
    right_source | varchar | of the events
    right_key    | varchar | the visitor
    kind         | varchar | kind of the edge
    rule         | varchar | name of the rule
    status       | varchar | whether it is used
    """
)
_HOLDINGS = columns(
    """
    source      | varchar | of the record
    record_key  | varchar | its key
    customer_id | varchar | an id that it holds or held
    held        | boolean | whether it holds it now
    """
)

# Only what the visitor is signed in as now counts, and only where it led to a record: other ids say nothing of this one.
_VISITOR_ROWS = """
    select v.source, v.visitor_id, i.identified_at, v.first_seen, v.last_seen, v.events
    from (
        select source, visitor_id, min(first_seen) as first_seen, max(last_seen) as last_seen, max(events) as events
        from visitor_identities
        group by source, visitor_id
    ) as v
    left join (
        select i.source, i.visitor_id, min(i.identified_at) as identified_at
        from visitor_identities as i
        join match_edges as e
            on e.right_source = i.source and e.right_key = i.visitor_id
            and e.rule = 'known_as ' || i.known_source || '.' || i.known_field
        where i.valid_to is null and e.kind = 'visitor' and e.status in ('joined', 'redundant')
        group by i.source, i.visitor_id
    ) as i on i.source = v.source and i.visitor_id = v.visitor_id
"""

_RECORD_KEYS = """
    select
        k.source, k.record_key, k.customer_id, 'record' as kind, r.is_winner, r.source_file, r.source_line,
        cast(null as timestamp) as identified_at, cast(null as timestamp) as first_seen,
        cast(null as timestamp) as last_seen, cast(null as bigint) as events
    from customer_ids as k
    join records as r on r.source = k.source and r.record_key = k.record_key
    where k.held
"""

_VISITOR_KEYS = """
    select
        k.source, k.record_key, k.customer_id, 'visitor' as kind, false as is_winner, cast(null as varchar) as source_file,
        cast(null as bigint) as source_line, v.identified_at, v.first_seen, v.last_seen, v.events
    from customer_ids as k
    join visitors as v on v.source = k.source and v.visitor_id = k.record_key
    where k.held
"""


def stages(config: ProjectConfig) -> list[Stage]:
    """All keys of all profiles; the last stage writes ALTERNATE_KEYS.

    Reads `customer_ids`; for each source of records `deduplicated_<source>`; where there is a source of events
    `visitor_identities` and `match_edges`.
    """
    record = by("source", "record_key")
    reads, parts, before = {"customer_ids": record}, list[str](), list[Stage]()
    ids: dict[str, Sequence[object]] = {
        "source": ["crm", "crm", "web", "web"],
        "record_key": keys(),
        "customer_id": ["c1", "c2"],
        "held": [True, True, True, False, True],
    }
    examples = {"customer_ids": nasty_rows(_HOLDINGS, ids)}
    if sources := record_sources(config):
        before.append(_records(sources))
        reads["records"] = record
        parts.append(_RECORD_KEYS)
        examples["records"] = nasty_rows(_RECORDS.columns, {"source": ["crm"], "record_key": keys(50)[::-1]}, rows=50)
    if event_sources(config):
        before.append(_visitors())
        reads["visitors"] = by("source", "visitor_id")
        parts.append(_VISITOR_KEYS)
        examples["visitors"] = nasty_rows(_VISITORS.columns, {"source": ["web"], "visitor_id": keys(50)[::-1]}, rows=50)
    return [*before, Stage("alternate_keys", reads, "union all".join(parts), ALTERNATE_KEYS, nasty=lambda: examples)]


def checks() -> list[Check]:
    """What must hold before the keys are written; the check reads `clusters`, so the step has to read them too."""
    return [
        Check(
            "conservation",
            "every record and visitor of a cluster with a profile leads to a customer, and no other does",
            """
            select count(*)
            from (select source, record_key from clusters where has_profile) as c
            full join alternate_keys as k on k.source = c.source and k.record_key = c.record_key
            where c.source is null or k.source is null
            """,
        ),
    ]


def _records(sources: list[str]) -> Stage:
    """The records of all sources under one another."""
    tables = {source: f"deduplicated_{source}" for source in sources}
    parts = [
        exp.select(exp.Literal.string(source).as_("source"), "record_key", "is_winner", "source_file", "source_line")
        .from_(exp.Table(this=exp.to_identifier(table, quoted=True)))
        for source, table in tables.items()
    ]  # fmt: skip
    body = exp.union(*parts, distinct=False) if len(parts) > 1 else parts[0]
    return Stage(
        "records",
        dict.fromkeys(tables.values(), anyhow()),
        body,
        _RECORDS,
        nasty=lambda: {table: nasty_rows(_RECORDS.columns[1:], {"record_key": keys()}) for table in tables.values()},
    )


def _visitors() -> Stage:
    """One row a visitor."""
    who = {
        "source": ["web", "app", "web"],
        "visitor_id": ["v1", "v2", "v3", "v4", "v1"],
        "known_source": ["crm"],
        "known_field": ["email", "contact_id"],
    }
    used = {
        "right_source": ["web", "app"],
        "right_key": ["v1", "v2", "v3"],
        "kind": ["visitor"],
        "status": ["joined", "redundant", "refused"],
        "rule": ["known_as crm.email", "known_as crm.contact_id", "known_as x.y"],
    }
    return Stage(
        "visitors",
        {"visitor_identities": by("source", "visitor_id"), "match_edges": by("right_source", "right_key")},
        _VISITOR_ROWS,
        _VISITORS,
        nasty=lambda: {"visitor_identities": nasty_rows(_IDENTITIES, who), "match_edges": nasty_rows(_EDGES, used)},
    )
