"""How the demo's files get into their folder: written aside, then put in place; no file of another's is touched.

What the demo made stands in `made.json`. A file of that list may be replaced or removed by the next run; any other
file stays, and if it stands where one of the demo's has to be, the run ends before anything has changed. A file whose
bytes would be the same is left alone, so that nothing that watches the folder sees a change.
"""

from __future__ import annotations

import filecmp
import json
from collections.abc import Iterable
from pathlib import Path

from cdp_assets.errors import UserError

MADE = "truth/made.json"


def put_in_place(aside: Path, folder: Path) -> None:
    """Move all files below `aside` to the same places below `folder`, and remove what the demo made there before.

    Raises UserError, with nothing changed, if a file that the demo did not make stands in the way.
    """
    new = sorted(path.relative_to(aside).as_posix() for path in aside.rglob("*") if path.is_file())
    made = _made(folder)
    foreign = [name for name in new if name not in made and (folder / name).exists()]
    if foreign:
        raise UserError(
            f"{folder / foreign[0]} is not a file of the demo, and the demo has a file of that name. "
            "Move it away, or let the demo write into another folder."
        )
    # Both the old and the new names, before the first move: a run that is stopped half-way leaves nothing unlisted.
    _list(folder, made.union(new))
    for name in new:
        _replace(aside / name, folder / name)
    for name in sorted(made.difference(new)):
        (folder / name).unlink(missing_ok=True)
    _list(folder, new)


def _made(folder: Path) -> frozenset[str]:
    """Return the names of what the demo made below `folder` before."""
    path = folder / MADE
    if not path.exists():
        return frozenset()
    try:
        names = json.loads(path.read_text(encoding="utf-8"))["files"]
        inside = [name for name in names if (folder / name).resolve().is_relative_to(folder.resolve())]
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path} cannot be read as the list of the demo's files. Remove {path.parent} and run again.") from error
    return frozenset(inside)


def _list(folder: Path, names: Iterable[str]) -> None:
    path = folder / MADE
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"made_by": "cdp demo", "files": sorted(names)}, indent=1) + "\n"
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return
    aside = path.with_suffix(".new")
    aside.write_text(text, encoding="utf-8")
    aside.replace(path)


def _replace(source: Path, target: Path) -> None:
    if target.is_file() and filecmp.cmp(source, target, shallow=False):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    source.replace(target)
