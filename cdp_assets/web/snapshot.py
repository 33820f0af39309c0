"""The reader of publications: opens the current one read-only, and changes to a newer one while pages are served."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import duckdb

from cdp_assets.errors import UserError
from cdp_assets.publish import FILE, LAYOUT, Pointer, read_pointer

CHECK_SECONDS = 2.0
MEMORY = "192MiB"
THREADS = "2"


NOTHING = (
    "The pages show data once they are published, and after an update of the program once they are published again. An operator can "
    "start it in Dagster (job refresh) or with `cdp refresh`; then reload this page."
)


class NoSnapshotError(UserError):
    """Nothing is published that could be shown."""


@dataclass
class _Open:
    """A publication that is open, and how many requests are reading it."""

    pointer: Pointer
    connection: duckdb.DuckDBPyConnection
    readers: int = 0
    retired: bool = False
    closed: bool = field(default=False, repr=False)


@dataclass(frozen=True)
class Snapshot:
    """What one request reads. `outdated`: a newer publication is there and could not be opened."""

    connection: duckdb.DuckDBPyConnection
    as_of: date
    outdated: bool


class Snapshots:
    """Hands every request a connection to the current publication.

    CURRENT is looked at every two seconds at most. An old publication is closed when its last request ends; one that
    cannot be opened leaves the last good one in use.
    """

    def __init__(self, published: Path, *, check_seconds: float = CHECK_SECONDS, clock: Callable[[], float] = time.monotonic) -> None:
        self._published, self._check_seconds, self._clock = published, check_seconds, clock
        self._lock = threading.Lock()
        self._current: _Open | None = None
        self._outdated = False
        self._looked_at: float | None = None

    @contextmanager
    def reading(self) -> Iterator[Snapshot]:
        """Read the current publication; NoSnapshotError when there is none."""
        with self._lock:
            self._look()
            mine, outdated = self._current, self._outdated
            if mine is None:
                raise NoSnapshotError(NOTHING)
            mine.readers += 1
            as_of = date.fromisoformat(mine.pointer.as_of)
        try:
            with mine.connection.cursor() as cursor:
                yield Snapshot(cursor, as_of, outdated)
        finally:
            with self._lock:
                mine.readers -= 1
                _close_if_done(mine)

    def close(self) -> None:
        """Close what is open (requests that still read end first)."""
        with self._lock:
            self._retire()

    def _look(self) -> None:
        now = self._clock()
        if self._looked_at is not None and now - self._looked_at < self._check_seconds:
            return
        self._looked_at = now
        pointer = read_pointer(self._published)
        if pointer is None or pointer.layout != LAYOUT:
            self._outdated = self._current is not None
            return
        if self._current is not None and pointer.folder == self._current.pointer.folder:
            self._current.pointer, self._outdated = pointer, False
            return
        try:
            connection = _connect(self._published / pointer.folder / FILE)
        except (duckdb.Error, OSError):
            self._outdated = True
            return
        self._retire()
        self._current, self._outdated = _Open(pointer, connection), False

    def _retire(self) -> None:
        if self._current is not None:
            self._current.retired = True
            _close_if_done(self._current)
            self._current = None


def _close_if_done(opened: _Open) -> None:
    if opened.retired and not opened.readers and not opened.closed:
        opened.closed = True
        opened.connection.close()


def _connect(file: Path) -> duckdb.DuckDBPyConnection:
    """Open read-only, and so that no statement can reach a file, load code or change a setting."""
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": MEMORY,
        "threads": THREADS,
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "enable_external_access": "false",
        "lock_configuration": "true",
    }
    return duckdb.connect(str(file), read_only=True, config=config)
