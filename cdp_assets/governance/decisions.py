"""What people decide, such as a tenant's consent: written once, never changed; the newest decision stands."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

import pyarrow as pa

from cdp_assets.governance.audit import record
from cdp_assets.governance.tables import DECISIONS
from cdp_assets.lake import Place, append, no_values_in_errors, session
from cdp_assets.lake.source import name

Verdict = Literal["given", "withdrawn", "accept", "reject", "undo"]


@dataclass(frozen=True)
class Decision:
    """The decision that stands on a subject."""

    kind: str
    subject: str
    verdict: Verdict
    at: datetime
    user_name: str
    content: str | None
    detail: str | None

    def given(self, content: str | None = None) -> bool:
        """Whether it is a yes; where `content` is said, a yes to exactly that."""
        return self.verdict == "given" and (content is None or content == self.content)


def decide(
    place: Place,
    *,
    user: str,
    kind: str,
    subject: str,
    verdict: Verdict,
    content: str | None = None,
    detail: str | None = None,
    pair: tuple[tuple[str, str], tuple[str, str]] | None = None,
) -> str:
    """Add a decision, and an entry in the audit log; returns its id. Who may decide is asked before, with `require`.

    `content`: a digest of what was agreed to, so that a change of it needs a new yes. `pair`: the two records, by source
    and key, where the decision is about such. The time is the clock's, as in
    the audit log, because it says when people acted.
    """
    row = {
        "decision_id": uuid.uuid4().hex,
        "at": datetime.now(UTC).replace(tzinfo=None),
        "user_name": user,
        "kind": kind,
        "subject": subject,
        "verdict": verdict,
        "content": content,
        "detail": detail,
        **({"left_source": pair[0][0], "left_key": pair[0][1], "right_source": pair[1][0], "right_key": pair[1][1]} if pair else {}),
    }
    append(place, DECISIONS, pa.Table.from_pylist([row], schema=DECISIONS.arrow_schema()))
    record(place, user=user, action=f"decide {kind}", subject=subject, outcome="done", detail=verdict)
    return str(row["decision_id"])


def standing(decisions: str = DECISIONS.name) -> str:
    """SQL over the table of that name: the decision that stands, one row for each kind and subject, all its columns.

    The newest one stands; of two at the same time a withdrawal, or that two records are not one.
    """
    order = """"at" desc, case when verdict in ('withdrawn', 'reject') then 0 else 1 end, decision_id"""
    return f"select * from {name(decisions)} qualify row_number() over (partition by kind, subject order by {order}) = 1"


def latest(place: Place, kind: str, subject: str) -> Decision | None:
    """The decision that stands on a subject in the newest version of the table; None: nobody has decided."""
    rows = place.newest(DECISIONS)
    sql = f'select kind, subject, verdict, "at", user_name, content, detail from ({standing()}) where kind = $kind and subject = $subject'
    with no_values_in_errors(DECISIONS.name), session() as connection:
        connection.execute(f"create temp view {name(DECISIONS.name)} as {rows.sql}")
        found = connection.execute(sql, {"kind": kind, "subject": subject}).fetchall()
    return Decision(*found[0]) if found else None
