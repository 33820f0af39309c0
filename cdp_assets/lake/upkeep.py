"""Upkeep of the lake: what old versions and killed runs left behind goes, many small files become one. Rows never change.

Which files may go says delta-rs (`vacuum`, dry); they are removed here, because its own removal would add two versions to
the table, after which everything made from it would look outdated.
"""

import json
import shutil
import time
import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import unquote

from deltalake import DeltaTable
from deltalake.exceptions import CommitFailedError, DeltaError

from cdp_assets.lake import delta, digest
from cdp_assets.lake.append import APPENDED, is_appended
from cdp_assets.lake.engine import DataFile
from cdp_assets.lake.guard import no_values_in_errors
from cdp_assets.lake.ledger import Entry, private_files
from cdp_assets.lake.run import PINS, Place, source_of
from cdp_assets.lake.session import session
from cdp_assets.lake.source import literal, name
from cdp_assets.lake.table import Table

DAY_SECONDS = 24 * 3600
MOST_FILES = 30  # an appended table with more is written into one file
MOST_LOG_ENTRIES = 10  # since the last checkpoint: each reader of the table reads them


@dataclass(frozen=True)
class Upkeep:
    """What was done to a table. `bytes_freed` counts the files that were removed; `removed`: the table as a whole is gone."""

    table: str
    checkpointed: bool = False
    files_merged: int = 0
    files_removed: int = 0
    bytes_freed: int = 0
    log_entries_removed: int = 0
    removed: bool = False

    @property
    def idle(self) -> bool:
        """Whether nothing had to be done."""
        return self == Upkeep(self.table)


def tend(place: Place, table: Table, keep_days: int, pinned: Collection[int] = ()) -> Upkeep:
    """Tend one table: merge small files, checkpoint, remove files and log entries that no version younger than `keep_days` needs.

    Files of the `pinned` versions stay. For the holder of the project's lock: what a run under way has written is in no
    version yet, and is younger than any sensible `keep_days`.
    """
    path = place.lake / table.name
    with no_values_in_errors(table.name):
        handle = delta.open_table(path)
        if handle is None:
            return Upkeep(table.name)
        merged = _merge_files(place, table, handle)
        handle = delta.open_table(path) or handle
        checkpointed = _entries_since_checkpoint(path) >= MOST_LOG_ENTRIES
        if checkpointed:
            handle.create_checkpoint()
        files, freed = _remove_files(path, handle, keep_days, pinned)
        before = _log_entries(path)
        handle.cleanup_metadata()
    return Upkeep(table.name, checkpointed, merged, files, freed, before - _log_entries(path))


def pinned_versions(place: Place) -> dict[str, set[int]]:
    """Table -> versions that runs which are not over yet have pinned."""
    found: dict[str, set[int]] = {}
    for file in (place.store / "work").glob(f"*/{PINS}"):
        for table, version in json.loads(file.read_text()).items():
            found.setdefault(str(table), set()).add(int(version))
    return found


def forgotten(place: Place, declared: Iterable[str]) -> list[str]:
    """Tables that have a version and that no step declares any more, such as those of a source that cdp.yaml no longer has."""
    return sorted(set(place.tables()) - set(declared))


def remove_forgotten(place: Place, tables: Sequence[str], keep_days: int) -> list[Upkeep]:
    """Remove the folders of these tables, those whose last version is older than `keep_days`, with what is noted about them."""
    removed = []
    for table in tables:
        path = place.lake / table
        handle = delta.open_table(path)
        if handle is None or not _older(path / "_delta_log" / f"{handle.version():020d}.json", keep_days):
            continue
        files = [file for file in path.rglob("*") if file.is_file()]
        removed.append(
            Upkeep(table, files_removed=len(files), bytes_freed=sum(file.stat().st_size for file in files), removed=True),
        )
        # Moved first, to where every run sweeps: a kill in between leaves no half table that somebody could read.
        aside = place.store / "work" / f"removed-{table}-{uuid.uuid4().hex[:8]}"
        path.rename(aside)
        shutil.rmtree(aside, ignore_errors=True)
        place.ledger.forget(table)
    return removed


def drop_partitions(place: Place, table: Table, keep: Collection[str]) -> list[str]:
    """Take out of a partitioned table what belongs to none of the partitions to keep; gives their names.

    Such as the quarantine of a source that cdp.yaml no longer has. One new version, without their rows.
    """
    path = place.lake / table.name
    with private_files(), no_values_in_errors(table.name):
        handle = delta.open_table(path)
        if handle is None:
            return []
        metadata = delta.commit_metadata(path, handle.version())
        parts: dict[str, str] = metadata.get("partitions", {})
        gone = sorted(set(parts) - set(keep))
        if not gone:
            return []
        left = {value: content for value, content in parts.items() if value not in gone}
        metadata = {**metadata, "partitions": left, "content": digest.combined(left)}
        version = delta.Commit(table, path, (), tuple(gone), metadata).apply(handle)
    entry = place.ledger.read(table.name) or Entry("partitions", version, "", "")
    place.ledger.write(table.name, replace(entry, version=version, content=metadata["content"]))
    for value in gone:
        place.ledger.forget(f"{table.name}.{value}")
    return gone


def _merge_files(place: Place, table: Table, handle: DeltaTable) -> int:
    """Write an appended table with many small files into one; the files that became one, 0 where it was not due.

    Whoever appends meanwhile wins: then it stays as it is until the next time.
    """
    path = place.lake / table.name
    files = delta.files_of(path, handle)
    if len(files) <= MOST_FILES or table.partition is not None or not is_appended(place, table.name, handle.version()):
        return 0
    file = path / f"{table.name}-{uuid.uuid4().hex[:12]}.parquet"
    order = ", ".join(name(column) for column in table.sort_key)
    rows = source_of(path, table, handle.version()).sql
    with private_files(), session() as connection:
        connection.execute(f"copy (select * from ({rows}) order by {order}) to {literal(str(file))} (format parquet)")
        count = connection.execute(f"select count(*) from read_parquet({literal(str(file))})").fetchall()[0][0]
    try:
        delta.Commit(table, path, (DataFile(file, count, file.stat().st_size),), None, APPENDED).apply(handle)
    except CommitFailedError:
        file.unlink()
        return 0
    return len(files)


def _remove_files(path: Path, handle: DeltaTable, keep_days: int, pinned: Collection[int]) -> tuple[int, int]:
    """Remove the files that no kept version has: (how many, their bytes)."""
    there = [version for version in sorted(pinned) if version <= handle.version() and _readable(path, version)]
    listed = handle.vacuum(
        retention_hours=keep_days * 24, dry_run=True, enforce_retention_duration=False, full=True, keep_versions=there or None
    )
    removed = freed = 0
    for relative in listed:
        # Places from the log are encoded, those of files that no log entry names are not.
        file = next((each for each in (path / unquote(relative), path / relative) if each.is_file()), None)
        if file is not None:  # what an earlier upkeep removed is listed until its log entry is gone
            removed, freed = removed + 1, freed + file.stat().st_size
            file.unlink()
    return removed, freed


def _readable(path: Path, version: int) -> bool:
    try:
        return delta.open_table(path, version) is not None
    except DeltaError:  # its log entry is gone
        return False


def _log_entries(path: Path) -> int:
    return len(list((path / "_delta_log").glob("*.json")))


def _entries_since_checkpoint(path: Path) -> int:
    log = path / "_delta_log"
    try:
        last = int(json.loads((log / "_last_checkpoint").read_text())["version"])
    except (OSError, ValueError, KeyError):
        last = -1
    return sum(1 for entry in log.glob("*.json") if entry.stem.isdigit() and int(entry.stem) > last)


def _older(file: Path, days: int) -> bool:
    return not file.exists() or time.time() - file.stat().st_mtime > days * DAY_SECONDS
