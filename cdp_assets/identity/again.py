"""The edges of an earlier version judged once more, under other statements of people: what a decision would do, and why.

No record is compared: `match_edges` has every pair for which a rule holds, the refused and redundant ones too.
"""

from collections.abc import Sequence

import pyarrow as pa

from cdp_assets.config import ProjectConfig
from cdp_assets.identity.match import (
    DUPLICATE_EDGES,
    DUPLICATES_FOUND,
    HITS,
    MATCHES,
    VISITOR_EDGES,
    best_hits,
    duplicate_edges,
)
from cdp_assets.identity.rules import record_sources
from cdp_assets.identity.stated import always_edges
from cdp_assets.identity.tables import MATCH_EDGES
from cdp_assets.identity.taken import taken
from cdp_assets.identity.usable import nobody_stages
from cdp_assets.identity.visitors import NO_LONGER, VISITOR_HITS, visitor_edges
from cdp_assets.lake import Stage, Table, anyhow
from cdp_assets.lake.nasty import keys, nasty_rows
from cdp_assets.lake.source import literal

BEFORE = "edges before"
"""The name under which the stages read the earlier version."""
_KEPT = "(status = 'review' or reason like 'exception%')"  # what the rules themselves do not take for a match
_FOUND = f"""
    select left_source, left_key, right_source, right_key, rule, rule_rank, kind, weight,
        case when {_KEPT} then status end as status, case when {_KEPT} then reason end as reason
    from "{BEFORE}" where kind = 'duplicate'
"""
_HITS = f"""
    select left_source, left_key, right_source, right_key, rule, rule_rank, weight as score,
        case when {_KEPT} then status end as status, case when {_KEPT} then reason end as reason
    from "{BEFORE}" where kind = 'match'
"""
_VISITORS = f"""
    select right_source as source, right_key as visitor_id, left_source as known_source, left_key as record_key, rule, rule_rank,
        coalesce(reason, '') <> {literal(NO_LONGER)} as current
    from "{BEFORE}" where kind = 'visitor'
"""


def stages(config: ProjectConfig) -> list[Stage]:
    """MATCH_EDGES from `edges before` (rows of MATCH_EDGES), match_overrides, and term_frequencies where identifiers are limited."""
    found = [_from_before(DUPLICATES_FOUND, _FOUND), _from_before(HITS, _HITS), _from_before(VISITOR_HITS, _VISITORS)]
    return [
        *nobody_stages(config, record_sources(config)),
        *always_edges(config),
        *found,
        duplicate_edges(config),
        best_hits(config, [HITS.name]),
        visitor_edges(config, VISITOR_EDGES),
        *taken(config, (DUPLICATE_EDGES, MATCHES, VISITOR_EDGES)),
    ]


def _from_before(table: Table, body: str) -> Stage:
    return Stage(table.name, {BEFORE: anyhow()}, body, table, nasty=lambda: {BEFORE: _example()})


def _example() -> pa.Table:
    given: dict[str, Sequence[str | None]] = {
        "left_key": keys(),
        "right_key": keys(),
        "kind": ["match", "duplicate", "visitor"],
        "status": ["joined", "refused", "review", "redundant"],
        "reason": [None, NO_LONGER, "exception: x", None, "a better hit"],
    }
    return nasty_rows(MATCH_EDGES.columns, given)
