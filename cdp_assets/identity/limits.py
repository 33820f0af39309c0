"""What a group of records may not hold, as stages: pairs that are never one, and the identifiers that are counted.

A node is a record as "source|key"; a source's name holds no `|`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
from sqlglot import exp

from cdp_assets.config import ProjectConfig
from cdp_assets.identity.components import Limited
from cdp_assets.identity.judged import ALWAYS_EDGES
from cdp_assets.identity.normalise import functions_in
from cdp_assets.identity.own_values import needed_for, own_value
from cdp_assets.identity.rules import event_sources, record_sources
from cdp_assets.identity.tables import MATCH_OVERRIDES, evidence
from cdp_assets.identity.usable import OF_NOBODY, canonical, doubted, known, nobodys_example
from cdp_assets.lake import Column, Stage, anyhow, by, everywhere, intermediate
from cdp_assets.lake.nasty import keys, nasty_rows
from cdp_assets.lake.source import literal
from cdp_assets.lake.stage import Meet

_NEVER = intermediate("never pairs", "a | varchar | one record\nb | varchar | the other")
_HELD = intermediate("identifiers", "node | varchar | a record\ntype | varchar | type\nvalue | varchar | in the form of its type")
_PAIR = ("left_source", "left_key", "right_source", "right_key")


def limits_of(config: ProjectConfig, tables: Mapping[str, str] | None = None) -> tuple[list[Stage], Limited]:
    """The limits of groups; the stages read match_overrides and the records of each source in `tables`.

    Without tables these are the records of the entity, deduplicated_<source>. Where identifiers are limited that may be values
    of nobody, they read OF_NOBODY too (usable.py).
    """
    judged = {source: f"deduplicated_{source}" for source in record_sources(config)} if tables is None else tables
    guards, held = config.customers.guards, _identifiers(config, judged, own=tables is None)
    most = {kind: guards.identifiers[kind] for kind in sorted(guards.identifiers)} if held else {}
    limited = Limited(_NEVER.name, guards.largest_cluster, _HELD.name if held else None, most, tuple(event_sources(config)))
    return [_never(config), *held], limited


def overrides_example(config: ProjectConfig) -> pa.Table:
    """Rows of match_overrides: each pair stated once or twice, some of no use."""
    given = {
        "entity": [config.customers.section], "origin": ["list"], "entry": keys(), "verdict": ["never", "always", "never"],
        "left_source": ["crm"], "left_key": keys(12),
        "right_source": ["shop", "crm", "web"], "right_key": ["a", "b", "c", "d"], "state": ["used", "used", "unknown_source"],
    }  # fmt: skip
    return nasty_rows(MATCH_OVERRIDES.columns, given)


def always_example() -> pa.Table:
    """Edges for pairs that people say are one, of the same records as `overrides_example`."""
    given = {
        "left_source": ["crm", "shop"],
        "left_key": keys(12),
        "right_source": ["shop", "crm", "web"],
        "right_key": ["a", "b", "c", "d"],
    }
    return nasty_rows(evidence(ALWAYS_EDGES).columns, {**given, "status": [None, None, "refused"]})


def _never(config: ProjectConfig) -> Stage:
    body = f"""
        select distinct left_source || '|' || left_key as a, right_source || '|' || right_key as b
        from match_overrides where state = 'used' and verdict = 'never' and entity = {literal(config.customers.section)}
    """
    return Stage(
        _NEVER.name, {MATCH_OVERRIDES.name: by(*_PAIR)}, body, _NEVER, nasty=lambda: {MATCH_OVERRIDES.name: overrides_example(config)}
    )


def _identifiers(config: ProjectConfig, tables: Mapping[str, str], *, own: bool) -> list[Stage]:
    """One stage with the identifiers of the types that are limited; none where no record has such a field.

    `own`: the tables are deduplicated_<source>, and what counts is what each record itself has.
    """
    selects: list[exp.Query] = []
    reads: dict[str, list[Column]] = {}
    taken: dict[str, tuple[Column, ...]] = {}
    listed = False
    for source, table in tables.items():
        for field, its in config.sources[source].fields.items():
            if its.type in config.customers.guards.identifiers:
                value = own_value(config, source, field) if own else exp.column(field, quoted=True)
                node = exp.DPipe(this=exp.Literal.string(f"{source}|"), expression=exp.column("record_key"))
                mine = exp.Table(this=exp.to_identifier(table, quoted=True))
                selects.append(
                    exp.select(node.as_("node"), exp.Literal.string(its.type).as_("type"), canonical(its.type, value).as_("value"))
                    .from_(mine)
                    .where(canonical(its.type, value.copy()).is_(exp.null()).not_())
                    .where(exp.not_(known(config, source, field, value.copy())))
                )
                listed |= field in doubted(config, source)
                reads.setdefault(table, []).append(Column(field, its.data_type, "field"))
                taken |= {table: needed_for(config, source, [field])} if own and needed_for(config, source, [field]) else {}
    if not selects:
        return []
    key = Column("record_key", "varchar", "key")

    def nasty() -> dict[str, pa.Table]:
        given: dict[str, list[Any]] = {"record_key": keys(), "taken_fields": [[]], "own_values": [[]]}
        rows = {table: nasty_rows((key, *fields, *taken.get(table, ())), given) for table, fields in reads.items()}
        return {**rows, **({OF_NOBODY.name: nobodys_example()} if listed else {})}

    met: dict[str, Meet] = {**dict.fromkeys(reads, anyhow()), **({OF_NOBODY.name: everywhere()} if listed else {})}
    body = union_all(selects)
    return [Stage(_HELD.name, met, body, _HELD, nasty=nasty, functions=functions_in(body.sql(dialect="duckdb")))]


def union_all(selects: Sequence[exp.Query]) -> exp.Query:
    """The rows of all these selects."""
    return exp.union(*selects, distinct=False) if len(selects) > 1 else selects[0]
