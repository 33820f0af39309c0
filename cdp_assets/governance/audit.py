"""Writing the audit log."""

import uuid
from datetime import UTC, datetime
from typing import Literal

import pyarrow as pa

from cdp_assets.governance.tables import AUDIT_LOG
from cdp_assets.lake import Place, append

Outcome = Literal["allowed", "denied", "done", "failed"]


def record(
    place: Place,
    *,
    user: str,
    action: str,
    outcome: Outcome,
    subject: str | None = None,
    role: str | None = None,
    detail: str | None = None,
) -> None:
    """Add one entry. It is the one table whose time is the clock's, because it says when people acted."""
    row = {
        "entry_id": uuid.uuid4().hex,
        "at": datetime.now(UTC).replace(tzinfo=None),
        "user_name": user,
        "action": action,
        "subject": subject,
        "outcome": outcome,
        "role": role,
        "detail": detail,
    }
    append(place, AUDIT_LOG, pa.Table.from_pylist([row], schema=AUDIT_LOG.arrow_schema()))
