"""For whom the rule of each segment holds: conditions as SQL over the values of customers and contacts.

Text is compared as it is written, capital letters included. A moment counts as its day. Whoever has no value fulfils no
condition but `is_not` and `exists: false`: `is_not` holds exactly where `is` does not. Nobody said anything: no consent.
"""

from collections.abc import Sequence
from functools import partial

import pyarrow as pa
from sqlglot import exp

from cdp_assets.config import ProjectConfig
from cdp_assets.config.segments import Segment, SegmentCondition, segments_of
from cdp_assets.config.subjects import Subject
from cdp_assets.lake import Column, Stage, anyhow, intermediate
from cdp_assets.lake.condition import holds
from cdp_assets.lake.nasty import keys, nasty_rows
from cdp_assets.segments.subjects import PROFILES, subjects_of, values_stages

HOLDING = intermediate(
    "holding",
    """
    segment   | varchar | a segment
    member_id | varchar | for whom its rule holds
    """,
    ("segment", "member_id"),
)


def entities_of(config: ProjectConfig) -> list[str]:
    """Of whom there are segments: customers, contacts or both."""
    return [entity for entity in PROFILES if segments_of(config, entity)]


def holding_stages(config: ProjectConfig) -> list[Stage]:
    """For whom each rule holds; the last stage is `holding`. At least one segment must be configured."""
    entities = entities_of(config)
    values = [stage for entity in entities for stage in values_stages(config, entity)]
    selects = [
        _members(name, segment, entity, subjects_of(config, entity))
        for entity in entities
        for name, segment in segments_of(config, entity).items()
    ]
    query: exp.Query = exp.union(*selects, distinct=False) if len(selects) > 1 else selects[0]
    reads = {f"{entity}_values": anyhow() for entity in entities}
    declared = {stage.name: stage.writes.columns for stage in values}
    return [*values, Stage("holding", reads, query, HOLDING, nasty=partial(_nasty, {name: declared[name] for name in reads}))]


def _members(name: str, segment: Segment, entity: str, subjects: dict[str, tuple[str, Subject]]) -> exp.Select:
    rules = [_holds(condition, *subjects[condition.what]) for condition in segment.all]
    if segment.any:
        rules.append(exp.or_(*(_holds(condition, *subjects[condition.what]) for condition in segment.any)))
    return exp.select(exp.Literal.string(name).as_("segment"), "member_id").from_(f"{entity}_values").where(exp.and_(*rules))


def _holds(condition: SegmentCondition, column: str, subject: Subject) -> exp.Expr:
    """True or false for every row, never null."""
    value: exp.Expr = exp.column(column)
    if subject.kind == "consent" and condition.operator != "exists":
        value = exp.func("coalesce", value, exp.false())
    return holds(value, subject.data_type, condition.operator, condition.values)


def _nasty(tables: dict[str, Sequence[Column]]) -> dict[str, pa.Table]:
    return {name: nasty_rows(columns, {"member_id": keys()}) for name, columns in tables.items()}
