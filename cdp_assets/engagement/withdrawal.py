"""Withdrawing the tenant's consent: the decision, and the removal of what was read, at once and with all its versions."""

import os
import shutil
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

from cdp_assets.engagement.consent import KIND
from cdp_assets.engagement.pseudonyms import FILE
from cdp_assets.engagement.tables import ACCOUNT_ENGAGEMENT, INTERACTIONS
from cdp_assets.errors import UserError
from cdp_assets.governance import decide, record, standing
from cdp_assets.governance.tables import DECISIONS
from cdp_assets.lake import Holder, Place, no_values_in_errors, project_lock, session
from cdp_assets.lake.lock import BusyError

TABLES = (INTERACTIONS.name, ACCOUNT_ENGAGEMENT.name)


@dataclass(frozen=True)
class Withdrawal:
    """What was done: subjects whose consent was withdrawn, tables that were removed, whether the key of pseudonyms was."""

    subjects: tuple[str, ...]
    tables: tuple[str, ...]
    key: bool


def withdraw(place: Place, user: str) -> Withdrawal:
    """Withdraw every consent of a tenant that stands, and remove what was read. Who may do so is asked before.

    The configuration is not asked: a tenant that is no longer in it has a right to this, too. Without a standing consent
    only what is left of former ones is removed, so that a withdrawal that broke off can be repeated. UserError while a run
    holds the project; nothing has changed then.
    """
    place.prepare()
    run = str(uuid.uuid4())
    holder = Holder(run, user, os.getpid(), datetime.now(UTC).isoformat(timespec="seconds"))
    try:
        with project_lock(place.lock, holder):
            subjects = _standing_subjects(place)
            for subject in subjects:
                decide(place, user=user, kind=KIND, subject=subject, verdict="withdrawn")
            tables, key = _erase(place, run)
            if tables or key:
                said = [*tables, *(["key of pseudonyms"] if key else [])]
                record(place, user=user, action="erase engagement", subject=KIND, outcome="done", detail=", ".join(said))
    except BusyError as error:
        raise UserError(f"Nothing was withdrawn or removed yet, because a run may be reading. {error.message}") from None
    return Withdrawal(subjects, tables, key)


def _standing_subjects(place: Place) -> tuple[str, ...]:
    sql = f"select subject from ({standing()}) where kind = $kind and verdict = 'given' order by subject"
    with no_values_in_errors(DECISIONS.name), session() as connection:
        connection.execute(f"create temp view {DECISIONS.name} as {place.newest(DECISIONS).sql}")
        return tuple(row[0] for row in connection.execute(sql, {"kind": KIND}).fetchall())


def _erase(place: Place, run: str) -> tuple[tuple[str, ...], bool]:
    """Remove the tables with all versions, what is noted of them, and the key. Only for the holder of the project's lock.

    A table moves out of the lake first: what breaks off leaves a whole table or none, and the rest to the next run's sweep.
    """
    found = tuple(table for table in TABLES if (place.lake / table).exists())
    aside = place.store / "work" / run
    try:
        for table in TABLES:
            (place.ledger.folder / f"{table}.json").unlink(missing_ok=True)
            if table in found:
                aside.mkdir(parents=True, exist_ok=True, mode=0o700)
                (place.lake / table).rename(aside / table)
        # Runs that were killed may have left rows there, too.
        for folder in (place.store / "work").glob("*"):
            shutil.rmtree(folder)
        key = place.store / FILE
        had_key = key.exists()
        key.unlink(missing_ok=True)
    except OSError as error:
        raise UserError(
            f"The consent is withdrawn and nothing more is read, but not all of it could be removed: {error.strerror or 'unknown'}. "
            "Repeat the command; the next refresh empties the tables, too."
        ) from None
    return found, had_key
