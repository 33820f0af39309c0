"""One writer a project: a file lock that the system frees when its holder dies. Readers never come here."""

import errno
import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from cdp_assets.errors import UserError

POLL_SECONDS = 0.1
# `current_holder` holds the lock for an instant: whoever wants it asks more than once before it says "busy".
PATIENCE_SECONDS = 0.3


@dataclass(frozen=True)
class Holder:
    """Who holds the lock."""

    run: str
    user: str
    process: int
    since: str


class BusyError(UserError):
    """Another run holds the project."""

    def __init__(self, holder: Holder | None) -> None:
        who = f"run {holder.run[:8]} of {holder.user} (process {holder.process}, since {holder.since})" if holder else "another run"
        super().__init__(f"The project is being refreshed by {who}. Wait for it (`cdp refresh --wait`), or cancel it, then try again.")
        self.holder = holder


@contextmanager
def project_lock(file: Path, holder: Holder, *, wait_seconds: float = 0) -> Iterator[None]:
    """Hold the project for a run. Processes of the same run share it; any other run waits or gets BusyError.

    The first process of a run takes the lock for itself alone, writes down who it is, and then shares it.
    """
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + max(wait_seconds, PATIENCE_SECONDS)
    try:
        while not _try(descriptor, holder):
            if time.monotonic() >= deadline:
                raise BusyError(_read(descriptor))
            time.sleep(POLL_SECONDS)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def turn(file: Path) -> Iterator[None]:
    """One step of a run at a time: it waits where another process of the same run is at work.

    With an executor that starts a process for each step, somebody else's or `refresh_isolated`, several would commit at once.
    Nothing may be yielded while it is held: a generator that is not resumed would keep it.
    """
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def nobody_at_work(file: Path) -> bool:
    """Whether no process of the run has its turn now."""
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        return try_lock(descriptor, fcntl.LOCK_EX)
    finally:
        os.close(descriptor)


def current_holder(file: Path) -> Holder | None:
    """Who holds the project now; None when nobody does."""
    if not file.exists():
        return None
    descriptor = os.open(file, os.O_RDONLY)
    try:
        return None if try_lock(descriptor, fcntl.LOCK_EX) else _read(descriptor)
    finally:
        os.close(descriptor)


def try_lock(descriptor: int, kind: int) -> bool:
    """Take the lock of an open file without waiting for it; whether that went well."""
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
            return False
        raise
    return True


def _try(descriptor: int, holder: Holder) -> bool:
    if try_lock(descriptor, fcntl.LOCK_EX):
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps(asdict(holder)).encode(), 0)
        return try_lock(descriptor, fcntl.LOCK_SH)
    if not try_lock(descriptor, fcntl.LOCK_SH):
        return False
    found = _read(descriptor)
    if found is not None and found.run == holder.run:
        return True
    fcntl.flock(descriptor, fcntl.LOCK_UN)
    return False


def _read(descriptor: int) -> Holder | None:
    try:
        return Holder(**json.loads(os.pread(descriptor, 4096, 0) or b"null"))
    except (ValueError, TypeError):
        return None
