"""What a run writes down about itself in Dagster: the configuration it was begun with, and at its end how much it changed.

Both are tags of the run, so that the list of runs shows them and the history need not read the log of each.
"""

from collections.abc import Mapping
from contextlib import suppress

import dagster as dg

from cdp_assets.errors import UserError
from cdp_assets.lake import Run
from cdp_assets.lake.ledger import replace_text
from cdp_assets.lake.run import CONFIGURATION

CONFIGURATION_TAG = "cdp/configuration"
"""The beginning of the sha256 of cdp.yaml."""
CHANGED_TAG = "cdp/changed"
"""Tables that have a new version by the run, and those that it went through: 3 of 60."""
ROWS_TAG = "cdp/rows"
"""Rows of those new versions."""
WARNED_TAG = "cdp/warnings"
"""Tables of which people must be told something although their step went well; without the tag none."""
_DIGITS = 12


def begin(instance: dg.DagsterInstance | None, run: Run, configuration: str) -> None:
    """Record the digest of cdp.yaml; UserError where another process of the same run has begun it with another one.

    Steps in processes of their own load cdp.yaml anew: a run is made with one configuration or not at all.
    """
    file = run.work / CONFIGURATION
    if file.exists():
        if file.read_text() != configuration:
            raise UserError("cdp.yaml was changed while this run is at work, so the run stops here. Start it again: it takes the new one.")
        return
    replace_text(file, configuration)
    stored = instance.get_run_by_id(run.run_id) if instance is not None else None
    if instance is None or stored is None:
        return
    # a run that is started again has the tags of the first one
    fresh = {CHANGED_TAG: "0 of 0", ROWS_TAG: "0", WARNED_TAG: "0"} if CHANGED_TAG in stored.tags else {}
    instance.add_run_tags(run.run_id, {CONFIGURATION_TAG: configuration[:_DIGITS], **fresh})


def end(instance: dg.DagsterInstance | None, run: Run) -> None:
    """Record how much was changed. Each process of a run adds its part. Where that cannot be written (a full disk), it is left out."""
    from sqlalchemy.exc import SQLAlchemyError

    changed = [rows for rows in run.made.values() if rows is not None]
    done, rows, new = len(run.made) + len(run.failed), sum(changed), len(changed)
    if instance is None or not done:
        return
    with suppress(SQLAlchemyError, OSError):
        stored = instance.get_run_by_id(run.run_id)
        if stored is None:
            return
        before = changed_of(stored.tags) or (0, 0, 0)
        said = {CHANGED_TAG: f"{new + before[0]} of {done + before[1]}", ROWS_TAG: str(rows + before[2])}
        warned = len(run.warned) + warnings_of(stored.tags)
        instance.add_run_tags(run.run_id, {**said, **({WARNED_TAG: str(warned)} if warned else {})})


def changed_of(tags: Mapping[str, str]) -> tuple[int, int, int] | None:
    """Tables with a new version, tables gone through, rows of the new versions; None where the run did not say."""
    new, _, done = tags.get(CHANGED_TAG, "").partition(" of ")
    rows = tags.get(ROWS_TAG, "")
    return (int(new), int(done), int(rows)) if new.isdecimal() and done.isdecimal() and rows.isdecimal() else None


def warnings_of(tags: Mapping[str, str]) -> int:
    """The number of tables with something that people must be told."""
    found = tags.get(WARNED_TAG, "0")
    return int(found) if found.isdecimal() else 0
