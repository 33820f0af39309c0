"""Who is and was a member, from who was one before and for whom the rule holds now.

The day of a change is the day of the run, or the newest day in the history where that is later: time does not run
backwards. What was written for that same day is undone first, so a second run on it gives what one run would have given.
"""

from collections.abc import Sequence
from datetime import date
from functools import cache, partial
from typing import Any

import pyarrow as pa
from sqlglot import exp

from cdp_assets.config import ProjectConfig
from cdp_assets.config.segments import segments_of
from cdp_assets.lake import AS_OF, Check, Column, Stage, anyhow, by, everywhere, intermediate, whole
from cdp_assets.lake.nasty import keys, nasty_rows
from cdp_assets.lake.source import literal
from cdp_assets.segments.rules import HOLDING, entities_of, holding_stages
from cdp_assets.segments.subjects import PROFILES
from cdp_assets.segments.tables import GONE, HOLDS, NO_LONGER, REMOVED, SEGMENT_MEMBERSHIP, SEGMENTS

BEFORE = "segment_membership_before"
_DAY = intermediate("today", "day | date | the day that changes are written for")
_CONFIGURED = intermediate(
    "configured",
    """
    segment   | varchar | name
    of_entity | varchar | customers or contacts
    rule      | varchar | in words
    day       | date    | of the run
    """,
)
_PEOPLE = intermediate("people", "member_id | varchar | a customer or contact\nof_entity | varchar | which of the two")

_DAY_SQL = f"""
    select greatest(max(d.day), max(b.entered_on), max(b.left_on)) as day
    from _as_of as d
    left join {BEFORE} as b on true
"""

# Rows of today are undone: who entered today was no member, and who left today still was one.
_STATE = f"""
    select b.segment, b.member_id, b.entered_on, case when b.left_on < t.day then b.left_on end as left_on, b.reason
    from {BEFORE} as b
    cross join today as t
    where b.entered_on < t.day
"""

_MEMBERSHIP = f"""
    with state as ({_STATE}),
    judged as (
        select
            coalesce(s.segment, h.segment) as segment, coalesce(s.member_id, h.member_id) as member_id,
            s.entered_on, h.segment is not null as holds
        from (select * from state where left_on is null) as s
        full join holding as h on h.segment = s.segment and h.member_id = s.member_id
    )
    select segment, member_id, entered_on, left_on, reason from state where left_on is not null
    union all
    select
        j.segment, j.member_id, coalesce(j.entered_on, t.day) as entered_on, case when not j.holds then t.day end as left_on,
        case
            when j.holds then {literal(HOLDS)}
            when c.segment is null then {literal(REMOVED)}
            when p.member_id is not null then {literal(NO_LONGER)}
            when c.of_entity = 'contacts' then {literal(GONE["contacts"])}
            else {literal(GONE["customers"])}
        end as reason
    from judged as j
    cross join today as t
    left join configured as c on c.segment = j.segment
    left join people as p on p.member_id = j.member_id and p.of_entity = c.of_entity
"""

_SEGMENTS = """
    select
        c.segment, c.of_entity, c.rule,
        count(m.segment) filter (m.left_on is null) as members,
        case when count(m.segment) filter (m.left_on is null) > 0 then 'members' else 'empty' end as state,
        count(m.segment) filter (m.entered_on = c.day and m.left_on is null) as entered,
        count(m.segment) filter (m.left_on = c.day) as departed,
        max(greatest(m.entered_on, m.left_on)) as changed_on
    from configured as c
    left join segment_membership as m on m.segment = c.segment
    group by c.segment, c.of_entity, c.rule
"""


def membership_stages(config: ProjectConfig) -> list[Stage]:
    """The next version of the history; the last stage writes SEGMENT_MEMBERSHIP.

    Reads the profiles of customers, of contacts, or of both, what their rules ask about, and the history before.
    """
    member = by("member_id")
    reads = {BEFORE: member, "holding": member, "people": member, "today": everywhere(), "configured": everywhere()}
    return [
        *holding_stages(config),
        Stage("today", {BEFORE: whole(), AS_OF.name: everywhere()}, _DAY_SQL, _DAY, nasty=partial(_sample, BEFORE, AS_OF.name)),
        _configured(config),
        _people(config),
        Stage("segment_membership", reads, _MEMBERSHIP, SEGMENT_MEMBERSHIP, nasty=partial(_sample, *reads)),
    ]


def segment_stages(config: ProjectConfig) -> list[Stage]:
    """The size of each segment, from `segment_membership` and the day of the run; the last stage writes SEGMENTS."""
    reads = {"configured": by("segment"), "segment_membership": by("segment")}
    return [_configured(config), Stage("segments", reads, _SEGMENTS, SEGMENTS, nasty=partial(_sample, *reads))]


def membership_checks(config: ProjectConfig) -> list[Check]:
    """The history agrees with the rules, asked once more of the inputs; and nothing of before is forgotten."""
    stages = ", ".join(f"{stage.name} as ({stage.sql()})" for stage in (*holding_stages(config), _configured(config), _people(config)))
    return [
        Check(
            "conservation",
            "members of a segment = those for whom its rule holds",
            f"""
            with {stages}
            select count(*)
            from (select segment, member_id from segment_membership where left_on is null) as m
            full join holding as h on h.segment = m.segment and h.member_id = m.member_id
            where m.segment is null or h.segment is null
            """,
        ),
        Check(
            "members_exist",
            "every member is a customer or contact of today",
            f"""
            with {stages}
            select count(*)
            from segment_membership as m
            left join configured as c on c.segment = m.segment
            where m.left_on is null
                and not exists (select 1 from people as p where p.member_id = m.member_id and p.of_entity = c.of_entity)
            """,
        ),
        Check(
            "one_time_at_a_time",
            "the times of a member in a segment do not overlap, and none ends before it begins",
            """
            select count(*)
            from (
                select entered_on, left_on, lead(entered_on) over (partition by segment, member_id order by entered_on) as next_on
                from segment_membership
            ) as times
            where left_on <= entered_on or (next_on is not null and (left_on is null or left_on >= next_on))
            """,
        ),
        Check(
            "history_stays",
            "times that began before the day of the run are still there",
            f"""
            select count(*)
            from {BEFORE} as b
            left join segment_membership as m
                on m.segment = b.segment and m.member_id = b.member_id and m.entered_on = b.entered_on
            where m.segment is null and b.entered_on < (select day from _as_of)
            """,
        ),
    ]


def segment_checks(config: ProjectConfig) -> list[Check]:
    """Every segment is listed, with all its members."""
    listed = " union all ".join(f"select {literal(name)} as segment" for name in config.segments)
    return [
        Check(
            "conservation",
            "members of the segments = members in the history",
            f"""
            select abs(
                (select coalesce(sum(members), 0) from segments)
                - (select count(*) from segment_membership where left_on is null and segment in (select segment from ({listed})))
            )
            """,
        ),
        Check(
            "all_segments",
            "every segment of cdp.yaml is listed, an empty one too",
            f"select abs((select count(*) from ({listed})) - (select count(*) from segments))",
        ),
    ]


def _configured(config: ProjectConfig) -> Stage:
    """The segments of the configuration, the empty ones too."""
    selects = [
        exp.select(
            exp.Literal.string(name).as_("segment"), exp.Literal.string(segment.of).as_("of_entity"),
            exp.Literal.string(segment.words()).as_("rule"), "day",
        ).from_(AS_OF.name)
        for entity in entities_of(config)
        for name, segment in segments_of(config, entity).items()
    ]  # fmt: skip
    body: exp.Query = exp.union(*selects, distinct=False) if len(selects) > 1 else selects[0]
    return Stage("configured", {AS_OF.name: everywhere()}, body, _CONFIGURED, nasty=partial(_sample, AS_OF.name))


def _people(config: ProjectConfig) -> Stage:
    """Everybody of whom a segment can be made."""
    tables = {PROFILES[entity]: entity for entity in entities_of(config)}
    selects = [
        exp.select(exp.column(key).as_("member_id"), exp.Literal.string(entity).as_("of_entity")).from_(table)
        for (table, key), entity in tables.items()
    ]
    body: exp.Query = exp.union(*selects, distinct=False) if len(selects) > 1 else selects[0]

    def nasty() -> dict[str, pa.Table]:
        return {table: nasty_rows([Column(key, "varchar", "id")], {key: keys()}) for table, key in tables}

    return Stage("people", {table: anyhow() for table, _ in tables}, body, _PEOPLE, nasty=nasty)


@cache
def _samples() -> dict[str, pa.Table]:
    members = ["a", "b", "c", "d", "e"]
    segments = ["high", "also", "low", "gone"]
    history: dict[str, Sequence[Any]] = {
        "segment": segments,
        "member_id": members,
        "entered_on": [date(2024, 1, 1), date(2024, 1, 2), date(2024, 1, 5)],
        "left_on": [None, date(2024, 1, 4), None, date(2024, 1, 5), None],
    }
    distinct = {"segment": [*["high"] * 5, *["low"] * 5], "member_id": [*members, *"abxyz"]}
    return {
        BEFORE: nasty_rows(SEGMENT_MEMBERSHIP.columns, history),
        "segment_membership": nasty_rows(SEGMENT_MEMBERSHIP.columns, history),
        "holding": nasty_rows(HOLDING.columns, distinct, rows=10),
        "people": nasty_rows(_PEOPLE.columns, {"member_id": [*"abcdxy"], "of_entity": ["customers"]}, rows=6),
        "today": nasty_rows(_DAY.columns, {"day": [date(2024, 1, 5)]}, rows=1),
        AS_OF.name: nasty_rows(AS_OF.columns, {"day": [date(2024, 1, 5)]}, rows=1),
        "configured": nasty_rows(
            _CONFIGURED.columns,
            {"segment": ["high", "low", "empty"], "of_entity": ["customers"], "rule": ["x"], "day": [date(2024, 1, 5)]},
            rows=3,
        ),
    }


def _sample(*names: str) -> dict[str, pa.Table]:
    return {name: _samples()[name] for name in names}
