"""Folders for the intermediate files of questions: asked beside runs, which neither wait for them nor take their files away."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cdp_assets.lake.lock import try_lock

_FOLDER, _LOCK = "aside", "lock"


@contextmanager
def folder_aside(store: Path) -> Iterator[Path]:
    """A folder below the store for as long as a question is asked. One that is left by a killed process is swept by a later run."""
    folder = store / _FOLDER
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH)  # questions share it; they wait only for the moment of a sweep
        with tempfile.TemporaryDirectory(dir=folder) as work:
            yield Path(work)
    finally:
        os.close(descriptor)


def sweep_aside(store: Path) -> None:
    """Remove the folders of questions that are over; while any question is asked, all stay for a later sweep."""
    folder = store / _FOLDER
    if not (folder / _LOCK).exists():
        return
    descriptor = os.open(folder / _LOCK, os.O_RDWR)
    try:
        if try_lock(descriptor, fcntl.LOCK_EX):
            for each in folder.iterdir():
                if each.is_dir():
                    shutil.rmtree(each, ignore_errors=True)
    finally:
        os.close(descriptor)
