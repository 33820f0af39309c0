"""From `files` in cdp.yaml to paths: a file, a folder or a pattern; and which links on the way are followed.

Whoever writes cdp.yaml may name a place outside the project, also by a link. A link that only lies in a folder or matches a
pattern is another matter: whoever may write there could have any file of this machine read. So it must stay inside.
"""

import glob
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cdp_assets.sources.delta_log import is_delta


@dataclass(frozen=True)
class Found:
    """A file or Delta table; `problem` says, after its name, why it is not read."""

    path: Path
    problem: str | None = None


def find(folder: Path, files: str) -> Iterator[Found]:
    """What `files` stands for below the project's folder; nothing when there is none."""
    exact = folder / files
    if is_delta(exact) or exact.is_file():
        yield Found(exact)
    elif exact.is_dir():
        yield from _in_folder(exact, _Inside(folder, exact))
    elif exact.is_symlink():
        yield Found(exact, _BROKEN)
    else:
        inside = _Inside(folder, _before_pattern(exact))
        for match in glob.glob(files, root_dir=folder, recursive=True):  # noqa: PTH207 - Path.glob refuses ../
            path = folder / match
            if path.is_file() or is_delta(path) or (path.is_symlink() and not path.exists()):
                yield inside.judged(path)


_BROKEN = "is a link that leads nowhere. Mend it, or remove it."


class _Inside:
    """Where links may lead: into the project, or into the folder that cdp.yaml names."""

    def __init__(self, project: Path, named: Path) -> None:
        self.places = (project.resolve(), named.resolve())

    def judged(self, path: Path) -> Found:
        if path.is_symlink() and not path.exists():
            return Found(path, _BROKEN)
        real = path.resolve()
        if any(real.is_relative_to(place) for place in self.places):
            return Found(path)
        return Found(
            path,
            "is reached by a link that leads out of the project folder, so it is not read. "
            "Copy the file here, or name the place where it lies under `files` in cdp.yaml.",
        )


def _in_folder(folder: Path, inside: _Inside) -> Iterator[Found]:
    with os.scandir(folder) as entries:
        names = sorted(entry.name for entry in entries if not entry.name.startswith((".", "_")))
    for name in names:
        path = folder / name
        if path.is_dir() and path.is_symlink():
            yield Found(path, "is a link to a folder, and these are not followed. Name that folder under `files` of a source of its own.")
        elif path.is_dir() and not is_delta(path):
            yield from _in_folder(path, inside)
        elif path.is_file() or path.is_dir() or path.is_symlink():
            yield inside.judged(path)


def _before_pattern(path: Path) -> Path:
    """The part of the path before the first step with a pattern in it: what cdp.yaml names for certain."""
    named = Path(path.parts[0])
    for part in path.parts[1:]:
        if glob.has_magic(part):
            break
        named /= part
    return named
