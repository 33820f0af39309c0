"""What a run writes down about itself in Dagster: the configuration it was begun with, and at its end how much it changed.

Both are tags of the run, so that the list of runs shows them and the history need not read the log of each.
"""

from collections.abc import Mapping

import dagster as dg

from cdp_assets.errors import UserError
from cdp_assets.lake import Run
from cdp_assets.lake.ledger import replace_text

CONFIGURATION_TAG = "cdp/configuration"
"""The beginning of the sha256 of cdp.yaml."""
CHANGED_TAG = "cdp/changed"
"""Tables that have a new version by the run, and those that it went through: 3 of 60."""
ROWS_TAG = "cdp/rows"
"""Rows of those new versions."""
_DIGITS = 12


def begin(instance: dg.DagsterInstance | None, run: Run, configuration: str) -> None:
    """Record the digest of cdp.yaml; UserError where another process of the same run has begun it with another one.

    Steps in processes of their own load cdp.yaml anew: a run is made with one configuration or not at all.
    """
    file = run.work / "configuration"
    if file.exists():
        if file.read_text() != configuration:
            raise UserError("cdp.yaml was changed while this run is at work, so the run stops here. Start it again: it takes the new one.")
        return
    replace_text(file, configuration)
    tag(instance, run.run_id, {CONFIGURATION_TAG: configuration[:_DIGITS]})


def end(instance: dg.DagsterInstance | None, run: Run) -> None:
    """Record how much was changed. Each process of a run adds its part."""
    changed = [rows for rows in run.made.values() if rows is not None]
    done, rows, new = len(run.made) + len(run.failed), sum(changed), len(changed)
    stored = instance.get_run_by_id(run.run_id) if instance is not None and done else None
    if stored is None:
        return
    before = changed_of(stored.tags)
    if before is not None:
        new, done, rows = new + before[0], done + before[1], rows + before[2]
    tag(instance, run.run_id, {CHANGED_TAG: f"{new} of {done}", ROWS_TAG: str(rows)})


def changed_of(tags: Mapping[str, str]) -> tuple[int, int, int] | None:
    """Tables with a new version, tables gone through, rows of the new versions; None where the run did not say."""
    new, _, done = tags.get(CHANGED_TAG, "").partition(" of ")
    rows = tags.get(ROWS_TAG, "")
    return (int(new), int(done), int(rows)) if new.isdecimal() and done.isdecimal() and rows.isdecimal() else None


def tag(instance: dg.DagsterInstance | None, run_id: str, tags: dict[str, str]) -> None:
    """Add tags to a run, where Dagster knows it."""
    if instance is not None and instance.has_run(run_id):
        instance.add_run_tags(run_id, tags)
