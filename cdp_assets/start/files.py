"""Which files of a folder belong together: a file, a folder of files of the same columns, or files whose names differ in a number."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from pydantic import ValidationError

from cdp_assets.config import RecordsSource
from cdp_assets.config.loader import FILE
from cdp_assets.config.schema import SCHEMA_FILE
from cdp_assets.sources.files import SourceError, find_files
from cdp_assets.sources.layout import Layout
from cdp_assets.sources.layouts import layouts
from cdp_assets.start.names import source_name

REPORT = "cdp-quality.md"
_OURS = (FILE, SCHEMA_FILE, REPORT)
_DIGITS = re.compile(r"[0-9]+([-_.T][0-9]+)*")
_MOST_FILES = 20_000


@dataclass(frozen=True)
class Group:
    """Files that are one source: its name, what `files` says, and the layouts of its files."""

    name: str
    files: str
    layouts: tuple[Layout, ...]
    encoding: str | None = None
    """That of CSV files where they do not say it themselves: the usual one of Windows, to be looked at."""
    stated: Mapping[str, object] = field(default_factory=dict)
    """What cdp.yaml says of how they are written, where it names them already."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of each of its files."""
        return self.layouts[0].columns


@dataclass(frozen=True)
class Found:
    """What a folder holds: sources, and per file that is left alone why."""

    groups: tuple[Group, ...]
    left: tuple[str, ...]


def look_around(folder: Path) -> Found:
    """The sources that the files below the folder make. Hidden files and those of the program are passed over."""
    readable: list[tuple[str, Layout]] = []
    left: list[str] = []
    candidates = list(islice(_candidates(folder), _MOST_FILES))
    for files in candidates:
        try:
            readable += [(files, layout) for layout in _layout(folder, files)]
        except SourceError as error:
            left += error.problems
        except ValidationError:  # a name that `files` may not have, such as one that begins with ~
            left.append(f"{_shown(files)} has a name that cdp.yaml cannot hold. Rename it.")
    if len(candidates) == _MOST_FILES:
        left.append(f"Only the first {_MOST_FILES:,} files and folders have been looked at.")
    groups: list[Group] = []
    taken: set[str] = set()
    for stem, files, members in _together(folder, readable):
        name = source_name(stem, taken)
        taken.add(name)
        groups.append(Group(name, files, tuple(members)))
    return Found(tuple(groups), tuple(left))


def probe(files: str, **settings: object) -> RecordsSource:
    """A source of these files as far as it is known before its columns are: to ask the station `sources` about them."""
    return RecordsSource.model_validate({"files": files, "primary_key": "none", "fields": {}, **settings})


def _candidates(folder: Path) -> Iterator[str]:
    """Paths of files relative to the folder, and of folders that are Delta tables, in order."""
    inside_delta: set[Path] = set()
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if any(part.startswith((".", "_")) for part in relative.parts) or relative.as_posix() in _OURS:
            continue
        if any(above in inside_delta for above in path.parents):
            continue
        if path.is_dir() and (path / "_delta_log").is_dir():
            inside_delta.add(path)
            yield relative.as_posix()
        elif path.is_file():
            yield relative.as_posix()


def _layout(folder: Path, files: str) -> tuple[Layout, ...]:
    return layouts(_shown(files), find_files(folder, _shown(files), probe(files)), {})


def _shown(files: str) -> str:
    """A path as it can be printed: other bytes than UTF-8, which Python keeps as halves of characters, as question marks."""
    return files.encode(errors="replace").decode()


def _together(folder: Path, readable: Sequence[tuple[str, Layout]]) -> Iterator[tuple[str, str, list[Layout]]]:
    """Name, `files` and layouts of what belongs together, in the order of the paths."""
    by_folder: dict[Path, list[tuple[str, Layout]]] = defaultdict(list)
    for files, layout in readable:
        by_folder[Path(files).parent].append((files, layout))
    for above, members in by_folder.items():
        below = sum(path.is_relative_to(above) for path in by_folder)
        if len(members) > 1 and below == 1 and above != Path() and _alike(layout for _, layout in members):
            yield above.name, f"{above.as_posix()}/", [layout for _, layout in members]
        else:
            yield from _by_name(folder, above, members)


def _by_name(folder: Path, above: Path, members: Sequence[tuple[str, Layout]]) -> Iterator[tuple[str, str, list[Layout]]]:
    by_stem: dict[tuple[str, str], list[tuple[str, Layout]]] = defaultdict(list)
    for files, layout in members:
        path = Path(files)
        by_stem[_DIGITS.sub("#", path.stem), path.suffix].append((files, layout))
    for (stem, suffix), alike in by_stem.items():
        pattern = (above / f"{stem.replace('#', '*')}{suffix}").as_posix()
        same = len(alike) > 1 and _alike(layout for _, layout in alike)
        if same and _matching(folder, pattern) == sorted(files for files, _ in alike):
            yield stem.replace("#", " ").strip(" -_.") or above.name or "file", pattern, [layout for _, layout in alike]
        else:
            for files, layout in alike:
                yield Path(files).stem, files, [layout]


def _matching(folder: Path, pattern: str) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.glob(pattern))


def _alike(found: Iterable[Layout]) -> bool:
    """Whether files have the same columns in the same format, so that they are parts of one whole."""
    return len({(layout.columns, layout.file.format) for layout in found}) == 1
