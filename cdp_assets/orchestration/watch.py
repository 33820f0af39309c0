"""Which sources have other files than those for which a refresh was asked last: by size and time first, by content where these differ.

A file that is still being written is left alone until it rests. Only files are seen: what changed in a database is not.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from cdp_assets.config import Project, RecordsSource
from cdp_assets.sources import SourceError, SourceFile, find_files, fingerprint, stamp
from cdp_assets.sources.incremental_plan import files_of

QUIET_SECONDS = 15
"""A file that was written to more recently is looked at again at the next tick."""
MOST_FILES = 2000
"""Of a source with more files one entry is kept for all of them."""
MOST_BYTES = 2 << 30
"""What is read for fingerprints in one tick; of further files size and time count alone."""
ALL_FILES, UNREADABLE = "all files", "cannot be read"
SHOWN = 5
_FORM = 2


@dataclass(frozen=True)
class Seen:
    """A file as it was: size, time of its last change in nanoseconds, digest of its content (empty: not known)."""

    bytes: int
    modified: int
    content: str = ""

    def same_stamp(self, other: "Seen | None") -> bool:
        """Whether size and time are the same."""
        return other is not None and (self.bytes, self.modified) == (other.bytes, other.modified)


Files = Mapping[str, Seen]


@dataclass(frozen=True)
class Memory:
    """What the sensor keeps between two ticks: source -> the files of its last request, source -> digest of files not come to rest."""

    asked: Mapping[str, Files] = field(default_factory=dict)
    restless: Mapping[str, str] = field(default_factory=dict)

    def text(self) -> str:
        """As the cursor of the sensor."""
        asked = {source: {name: [s.bytes, s.modified, s.content] for name, s in files.items()} for source, files in self.asked.items()}
        return json.dumps({"form": _FORM, "asked": asked, "restless": dict(self.restless)}, sort_keys=True)


def remembered(cursor: str | None) -> Memory:
    """The memory in a cursor; an empty one at the first tick, or where it cannot be read: then all files are new."""
    try:
        loaded = json.loads(cursor or "null")
        if loaded["form"] != _FORM:
            return Memory()
        asked = {
            str(source): {str(name): Seen(int(size), int(modified), str(content)) for name, (size, modified, content) in files.items()}
            for source, files in loaded["asked"].items()
        }
        return Memory(asked, {str(source): str(digest) for source, digest in loaded["restless"].items()})
    except (ValueError, TypeError, KeyError, AttributeError):
        return Memory()


@dataclass(frozen=True)
class Difference:
    """Names of files, each with its source, that are new, changed and gone."""

    new: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()

    def __str__(self) -> str:
        parts = [(self.new, "new"), (self.changed, "changed"), (self.gone, "gone")]
        return ", ".join(f"{len(files)} {word} ({_some(files)})" for files, word in parts if files)


@dataclass(frozen=True)
class Look:
    """What a tick found: the sources that a refresh is to be asked for, why, those that had not come to rest, and the new memory."""

    touched: tuple[str, ...]
    why: Difference
    waiting: tuple[str, ...]
    files: int
    memory: Memory


def look(project: Project, before: Memory, now: int) -> Look:
    """Look at the files of all sources. `now`: nanoseconds since 1970.

    A source that was added to cdp.yaml is new, one that was removed is forgotten without a request.
    """
    asked: dict[str, Files] = {}
    restless: dict[str, str] = {}
    new: list[str] = []
    changed: list[str] = []
    gone: list[str] = []
    touched: list[str] = []
    budget, count = MOST_BYTES, 0
    for name in project.config.sources:
        found, paths = _listing(project, name)
        count += len(paths) or len(found)
        known = before.asked.get(name, {})
        differ = [file for file, seen in found.items() if not seen.same_stamp(known.get(file))]
        missing = sorted(known.keys() - found.keys())
        if not differ and not missing:
            asked[name] = known
            continue
        digest = _digest(found)
        young = any(not 0 <= now - found[file].modified > QUIET_SECONDS * 10**9 for file in differ if found[file].modified)
        if (young or missing) and before.restless.get(name) != digest:
            restless[name] = digest
            if name in before.asked:
                asked[name] = known
            continue
        looked = {file: known[file] for file in found if file not in differ}
        fresh: list[str] = []
        for file in differ:
            seen, budget = _with_content(found[file], paths.get(file), budget)
            looked[file] = seen
            if file not in known or not seen.content or seen.content != known[file].content:
                fresh.append(file)
        asked[name] = looked
        if fresh or missing:
            touched.append(name)
            new += [f"{name}: {file}" for file in fresh if file not in known]
            changed += [f"{name}: {file}" for file in fresh if file in known]
            gone += [f"{name}: {file}" for file in missing]
    why = Difference(tuple(sorted(new)), tuple(sorted(changed)), tuple(sorted(gone)))
    return Look(tuple(touched), why, tuple(restless), count, Memory(asked, restless))


def _listing(project: Project, name: str) -> tuple[dict[str, Seen], dict[str, SourceFile]]:
    """The files of a source as they are now, and where they are; a source that cannot be read is one entry that says so."""
    try:
        files = _files(project, name)
    except SourceError as error:
        return {UNREADABLE: Seen(0, 0, hashlib.sha256(error.message.encode()).hexdigest()[:16])}, {}
    if len(files) > MOST_FILES:
        return {ALL_FILES: Seen(sum(file.bytes for file in files), max(file.modified for file in files), stamp(files))}, {}
    return {file.name: Seen(file.bytes, file.modified) for file in files}, {file.name: file for file in files}


def _files(project: Project, name: str) -> tuple[SourceFile, ...]:
    """The files of a source, those that list deleted records too; none of one that reads a database and has no such list."""
    source = project.config.sources[name]
    if isinstance(source, RecordsSource) and source.incremental is not None:
        return tuple(file for files in files_of(project.folder, name, source, required=source.database is None) for file in files)
    return find_files(project.folder, name, source) if source.files else ()


def _with_content(seen: Seen, file: SourceFile | None, budget: int) -> tuple[Seen, int]:
    """The file with the digest of its content, as far as the budget of bytes goes."""
    cost = 0 if file is None or file.identity else file.bytes  # a Delta table says which version it is
    if file is None or cost > budget:
        return seen, budget
    try:
        content = fingerprint([file])
    except OSError:
        return seen, budget
    return Seen(seen.bytes, seen.modified, content), budget - cost


def _digest(files: Files) -> str:
    listing = "\0".join(f"{name}\0{seen.bytes}\0{seen.modified}" for name, seen in sorted(files.items()))
    return hashlib.sha256(listing.encode()).hexdigest()[:16]


def _some(files: tuple[str, ...]) -> str:
    return ", ".join(files[:SHOWN]) + (", ..." if len(files) > SHOWN else "")
