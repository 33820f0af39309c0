"""Which files of a source read in increments are to be read now: new ones and those with another content; or all, and why."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cdp_assets.config import RecordsSource
from cdp_assets.lake import digest
from cdp_assets.lake.ledger import replace_text
from cdp_assets.sources.files import SourceFile, find_files, fingerprint

SHOWN = 5
_OF_THE_ROWS = {"primary_key", "fields", "where", "format", "csv", "database", "query", "table"}


@dataclass(frozen=True)
class Remembered:
    """A row of `files_read`."""

    file: str
    fingerprint: str
    deletes: bool
    gone: bool
    settings: str


@dataclass(frozen=True)
class Plan:
    """What is read now. `full`: nothing that was read before counts, because of `why`.

    `upserts` and `deletes` are read; `fingerprints` are of all files that are there. `changed` were read before with another
    content; `gone` were read before and are not there, `newly_gone` since the last run.
    """

    full: bool
    why: str
    upserts: tuple[SourceFile, ...]
    deletes: tuple[SourceFile, ...]
    fingerprints: Mapping[str, str]
    all_deletes: frozenset[str]
    changed: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    newly_gone: tuple[str, ...] = ()
    back: tuple[str, ...] = ()

    @property
    def nothing(self) -> bool:
        """Whether nothing is to be read and nothing to be remembered."""
        return not (self.full or self.upserts or self.deletes or self.newly_gone or self.back)

    @property
    def said(self) -> str | None:
        """What people must be told; None: nothing."""
        parts = []
        if self.changed:
            parts.append(f"{_files(self.changed)} changed since {_was(self.changed)} read: read again and merged")
        if self.newly_gone:
            parts.append(f"{_files(self.newly_gone)} {_is(self.newly_gone)} not there any more: what was read from there stays")
        if self.full and self.why:
            parts.insert(0, f"everything was read anew, because {self.why}")
        if self.full and self.gone:
            they = "it is" if len(self.gone) == 1 else "they are"
            parts.append(f"what came from {_files(self.gone)} could not be rebuilt, because {they} not there any more")
        return "; ".join(parts) or None


def settings_of(source: RecordsSource) -> str:
    """A digest of what cdp.yaml says of the rows: where it changes, rows that were merged before may be other ones."""
    said = source.model_dump(mode="json", include=_OF_THE_ROWS)
    its = source.incremental.model_dump(mode="json", exclude={"look_back"}) if source.incremental else None
    return digest.of([said, its])


def what_changed(before: Sequence[Remembered], settings: str, *, asked: bool, has_table: bool) -> tuple[bool, str]:
    """Whether all is to be read, and why (empty: for the first time)."""
    if asked:
        return True, "that was asked for"
    if not before or not has_table:
        return True, ""
    if any(each.settings != settings for each in before):
        return True, "its key, fields or ways of reading in cdp.yaml are others than before"
    return False, ""


def plan_files(folder: Path, name: str, source: RecordsSource, before: Sequence[Remembered], full: bool, why: str, stamps: Path) -> Plan:
    """What to read of a source of files. Raises SourceError for files that cannot be read, or where there is none at the first time."""
    upserts, deletes = files_of(folder, name, source, required=full)
    prints = fingerprints([*upserts, *deletes], stamps)
    before = [each for each in before if each.fingerprint]  # what is asked of a database is no file
    known = {} if full else {each.file: each for each in before}

    def to_read(files: Sequence[SourceFile], *, lists: bool) -> tuple[SourceFile, ...]:
        return tuple(
            file for file in files
            if file.name not in known or (known[file.name].fingerprint, known[file.name].deletes) != (prints[file.name], lists)
        )  # fmt: skip

    reading = (to_read(upserts, lists=False), to_read(deletes, lists=True))
    gone = tuple(sorted(each.file for each in before if each.file not in prints))
    was_gone = {each.file for each in before if each.gone}
    return Plan(
        full, why, *reading, prints, frozenset(file.name for file in deletes),
        changed=tuple(file.name for files in reading for file in files if file.name in known),
        gone=gone, newly_gone=() if full else tuple(file for file in gone if file not in was_gone),
        back=() if full else tuple(sorted(was_gone & prints.keys())),
    )  # fmt: skip


def files_of(folder: Path, name: str, source: RecordsSource, *, required: bool) -> tuple[tuple[SourceFile, ...], tuple[SourceFile, ...]]:
    """The files with rows of the source, and those that list deleted records. A file of the second kind is none of the first."""
    lists = deletes_of(source)
    deletes = find_files(folder, name, lists, required=False) if lists is not None else ()
    found = find_files(folder, name, source, required=required) if source.database is None else ()
    paths = {file.path for file in deletes}
    upserts = tuple(file for file in found if file.path not in paths)
    return upserts, deletes


def deletes_of(source: RecordsSource) -> RecordsSource | None:
    """The files of deleted records as a source of their own: its fields are the key and, where it is stated, the time; None: no files."""
    deleted = source.incremental.deleted if source.incremental else None
    if deleted is None or deleted.files is None:
        return None
    key = source.fields[source.primary_key]
    column = deleted.key or key.column or source.primary_key
    fields = {source.primary_key: key.model_copy(update={"column": column})}
    if deleted.at is not None:
        time = type(key).model_validate({"type": "timestamp", "column": deleted.at, "format": deleted.at_format})
        fields |= {DELETED_AT if source.primary_key != DELETED_AT else "time_of_deletion": time}
    plain = {"files": deleted.files, "fields": fields, "where": {}, "incremental": None, "database": None, "query": None, "table": None}
    return source.model_copy(update=plain)


DELETED_AT = "deleted_at"  # the field of the time in a list of deleted records


def fingerprints(files: Sequence[SourceFile], stamps: Path) -> dict[str, str]:
    """File -> digest of its content. One whose size and time are as they were is not read for that; `stamps` remembers them.

    Losing that file costs reading the others once.
    """
    try:
        known = json.loads(stamps.read_text())
    except (OSError, ValueError):
        known = {}
    now: dict[str, list[str | int]] = {}
    for file in files:
        stamp = [file.bytes, file.modified]
        was = known.get(file.name) if isinstance(known, dict) and not file.identity else None
        now[file.name] = was if isinstance(was, list) and was[:2] == stamp else [*stamp, fingerprint([file])]
    if now != known:
        stamps.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        replace_text(stamps, json.dumps(now, sort_keys=True))
    return {file: str(entry[2]) for file, entry in now.items()}


def _files(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"{'the file' if len(names) == 1 else f'{len(names)} files'} {', '.join(names[:SHOWN])}{more}"


def _is(names: Sequence[str]) -> str:
    return "is" if len(names) == 1 else "are"


def _was(names: Sequence[str]) -> str:
    return "it was" if len(names) == 1 else "they were"
