"""What became of each member, and the sum of it by segment: the rows of the ledger and of the last run."""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from cdp_assets.exports.members import DELIVERABLE, OPEN
from cdp_assets.exports.tables import EXPORT_LEDGER, STATES, export_table
from cdp_assets.lake import Check, Source, Stage, Table, anyhow, by, columns, everywhere
from cdp_assets.lake.source import literal, name

DECIDED = Table(
    "decided",
    grain="what was decided on a segment",
    key=("segment",),
    columns=columns(
        """
        segment | varchar | name of the segment
        state   | varchar | done, dry_run, refused or failed
        whole   | varchar | the state of all its members, whatever was planned; null: as planned
        sent    | varchar | the state of those that could be sent
        reason  | varchar | why it was refused or failed
        file    | varchar | the file that was written
        """
    ),
)


@dataclass(frozen=True)
class Counts:
    """Members of a segment: all, and those of each planned state."""

    selected: int = 0
    deliverable: int = 0
    suppressed: int = 0
    no_contact: int = 0


@dataclass(frozen=True)
class Decided:
    """What happened to a segment. `whole`: the state that all its members have, whatever was planned for them."""

    segment: str
    state: str
    sent: str
    whole: str | None = None
    reason: str | None = None
    file: str | None = None


def refused(segment: str, reason: str) -> Decided:
    """A segment that was refused whole, before anything was sent."""
    return Decided(segment, "refused", "refused", "refused", reason)


def decided_rows(decided: Sequence[Decided], digest: str) -> Source:
    """The decisions on the segments as an input of stages."""
    names = DECIDED.column_names
    rows = ", ".join("(" + ", ".join(_value(getattr(each, column)) for column in names) + ")" for each in decided)
    return Source(DECIDED, f"select * from (values {rows}) as v({', '.join(map(name, names))})", digest=digest)


def _value(text: str | None) -> str:
    return f"cast({'null' if text is None else literal(text)} as varchar)"


def decided_stage() -> Stage:
    """What stands for the decisions where the origin of columns is derived: they are made by the step, from no column."""
    return Stage("decided", {}, lambda _tables, _params: _decided_rows(), DECIDED, nasty=dict)


def ledger_stage(run_id: str, export: str) -> Stage:
    """The final state of every planned member."""
    body = f"""
        select $run_id as run_id, $export as export, p.segment, p.member_id,
            case when d.whole is not null then d.whole when p.state = '{DELIVERABLE}' then d.sent else p.state end as state,
            case when d.whole is not null or p.state = '{DELIVERABLE}' then d.reason else p.reason end as reason,
            p.target_id
        from planned p join decided d on p.segment = d.segment
    """
    return Stage(
        "ledger",
        {"planned": anyhow(), "decided": everywhere()},
        body,
        EXPORT_LEDGER,
        params={"run_id": run_id, "export": export},
        nasty=lambda: {"planned": _planned_rows(), "decided": _decided_rows()},
    )


def summary_stage(run_id: str, export: str) -> Stage:
    """How many members of each segment are in which state. What was selected is counted anew, from the memberships."""
    counts = ", ".join(f"count(*) filter (state = '{state}') as {state}" for state in STATES)
    body = f"""
        select d.segment, $run_id as run_id, d.state, coalesce(m.selected, 0) as selected,
            {", ".join(f"coalesce(l.{state}, 0) as {state}" for state in STATES)}, d.reason, d.file
        from decided d
        left join (
            select segment, count(distinct member_id) as selected from segment_membership where {OPEN} group by segment
        ) m on d.segment = m.segment
        left join (select segment, {counts} from ledger group by segment) l on d.segment = l.segment
    """
    return Stage(
        export_table(export).name,
        {"decided": by("segment"), "segment_membership": by("segment"), "ledger": by("segment")},
        body,
        export_table(export),
        params={"run_id": run_id},
        nasty=lambda: {"decided": _decided_rows(), "segment_membership": _membership_rows(), "ledger": _planned_rows()},
    )


def sum_of_states(export: str) -> Check:
    """The check that no member is lost and none is in two states."""
    total = " + ".join(STATES)
    return Check(
        "selected_is_the_sum_of_states",
        "every selected member of a segment is in exactly one state: delivered, dry_run, suppressed, no_contact, refused or failed",
        f"select count(*) from {export_table(export).name} where selected <> {total}",
    )


def _decided_rows() -> pa.Table:
    rows = [
        Decided("a", "done", "delivered"),
        Decided("b", "failed", "failed", reason="full"),
        refused("c", "limit"),
        Decided("d", "done", "delivered"),
    ]
    schema = DECIDED.arrow_schema()
    return pa.table({column: [getattr(each, column) for each in rows] for column in DECIDED.column_names}, schema=schema)


def _planned_rows() -> pa.Table:
    states = (DELIVERABLE, "suppressed", "no_contact", "delivered", "refused")
    rows = [(segment, f"{member}{state}", state) for segment in "abc" for state in states for member in "xyz"]
    texts = {column: pa.array([row[place] for row in rows], pa.string()) for place, column in enumerate(("segment", "member_id", "state"))}
    return pa.table({**texts, "reason": pa.nulls(len(rows), pa.string()), "target_id": pa.nulls(len(rows), pa.string())})


def _membership_rows() -> pa.Table:
    rows = [(segment, member, left) for segment in "abce" for member in "xyz" for left in (None, "2026-01-01")]
    return pa.table(
        {column: pa.array([row[place] for row in rows], pa.string()) for place, column in enumerate(("segment", "member_id", "left_on"))}
    )
