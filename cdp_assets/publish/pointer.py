"""The folder of the publications: which one is the current one, and which are kept. Knows nothing of what is in them."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path

from cdp_assets.lake.ledger import replace_text

CURRENT = "CURRENT"
FILE = "serve.duckdb"
KEPT = 3
_BUILDING = ".building-"


@dataclass(frozen=True)
class Pointer:
    """What the file CURRENT says.

    The folder to read, the date and the digest of its contents, the layout of its tables, and the folders that are kept.
    """

    folder: str
    as_of: str
    contents: str
    layout: str
    kept: tuple[str, ...] = ()


def read_pointer(published: Path) -> Pointer | None:
    """The current publication; None when nothing is published, or the file cannot be read."""
    try:
        found = json.loads((published / CURRENT).read_text())
        folder, as_of, contents, layout = (str(found[each]) for each in ("folder", "as_of", "contents", "layout"))
        pointer = Pointer(folder, as_of, contents, layout, tuple(map(str, found["kept"])))
        date.fromisoformat(pointer.as_of)
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return pointer if Path(pointer.folder).name == pointer.folder else None


def write_pointer(published: Path, pointer: Pointer) -> None:
    """Switch readers to another publication, in one step."""
    replace_text(published / CURRENT, json.dumps(asdict(pointer)))


@contextmanager
def building(published: Path, run_id: str) -> Iterator[Path]:
    """A folder to build in, which no reader sees; removed when the building fails, as are those of killed runs."""
    published.mkdir(parents=True, exist_ok=True, mode=0o700)
    for left in published.glob(f"{_BUILDING}*"):
        shutil.rmtree(left, ignore_errors=True)
    aside = published / f"{_BUILDING}{run_id}"
    aside.mkdir(mode=0o700)
    try:
        yield aside
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def switch(published: Path, built: Path, finished: Pointer) -> Pointer:
    """Make a finished folder the current publication and remove those that are no longer kept.

    `finished` says all of it but the folder, and keeps what is kept so far.
    A path is never used twice: a process that has a file open would be given the old one again (DuckDB keeps open
    databases by path).
    """
    (built / FILE).chmod(0o444)
    run_id = built.name.removeprefix(_BUILDING)
    names = (run_id, *(f"{run_id}-{n}" for n in range(2, 1000)))
    folder = next(name for name in names if not (published / name).exists())
    built.rename(published / folder)
    kept = (folder, *finished.kept)[:KEPT]
    pointer = replace(finished, folder=folder, kept=kept)
    write_pointer(published, pointer)
    for old in published.iterdir():
        if old.is_dir() and old.name not in kept and not old.name.startswith("."):
            shutil.rmtree(old, ignore_errors=True)
    return pointer
