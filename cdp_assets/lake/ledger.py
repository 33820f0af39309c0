"""What was computed from what: one small file a table, beside the lake.

A step that writes equal content makes no new version, and still its table is now known to belong to newer inputs.
That knowledge cannot be in the Delta log (it would be a new version), so it is here. The file is replaced
atomically after the commit; losing it, or a crash in between, costs one computation and nothing else.
"""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

# The digest of a daily table: whether all days that were due have been computed.
DAYS_DONE, DAYS_LEFT = "days", "days left"


@dataclass(frozen=True)
class Entry:
    """The newest confirmed state of a table: its version is the result of `digest` over these input versions."""

    digest: str
    version: int | None
    run: str
    as_of: str
    inputs: Mapping[str, int | None] = field(default_factory=dict)
    content: str = ""
    partitions: Mapping[str, str] = field(default_factory=dict)  # partition -> digest of the step for it


class Ledger:
    """Entries by table name below one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self, table: str) -> Entry | None:
        """The entry of a table; None when there is none or it cannot be read (then the step runs again)."""
        try:
            return Entry(**json.loads((self.folder / f"{table}.json").read_text()))
        except (OSError, ValueError, TypeError):
            return None

    def write(self, table: str, entry: Entry) -> None:
        """Replace the entry of a table."""
        self.folder.mkdir(parents=True, exist_ok=True)
        replace_text(self.folder / f"{table}.json", json.dumps(asdict(entry), sort_keys=True))

    def forget(self, table: str) -> None:
        """Remove the entry of a table; then nothing is known of what it was made from."""
        (self.folder / f"{table}.json").unlink(missing_ok=True)


def replace_text(path: Path, text: str, *, mode: int = 0o600) -> None:
    """Write a file so that a reader sees the old text or the new one, never a part; private to its owner unless `mode` says more."""
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


@contextmanager
def private_files() -> Iterator[None]:
    """Files and folders made in this block, by whatever library, are readable by their owner only."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)
