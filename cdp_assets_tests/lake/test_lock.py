"""One writer a project."""

import multiprocessing
import os
import signal
from pathlib import Path

import pytest

from cdp_assets.lake import BusyError, Holder, project_lock
from cdp_assets.lake.lock import current_holder

ANN = Holder("run-a", "ann", 1, "2026-11-20T04:00:00")
BOB = Holder("run-b", "bob", 2, "2026-11-20T04:01:00")


def test_a_second_run_is_told_who_holds_the_project(tmp_path: Path) -> None:
    with project_lock(tmp_path / "lock", ANN), pytest.raises(BusyError, match="run-a of ann"), project_lock(tmp_path / "lock", BOB):
        pass


def test_processes_of_the_same_run_share_the_lock(tmp_path: Path) -> None:
    with project_lock(tmp_path / "lock", ANN):
        with project_lock(tmp_path / "lock", ANN):
            pass
        with pytest.raises(BusyError), project_lock(tmp_path / "lock", BOB):
            pass


def test_the_lock_is_free_after_its_holder_left(tmp_path: Path) -> None:
    with project_lock(tmp_path / "lock", ANN):
        assert current_holder(tmp_path / "lock") == ANN
    assert current_holder(tmp_path / "lock") is None
    with project_lock(tmp_path / "lock", BOB):
        assert current_holder(tmp_path / "lock") == BOB


def _hold(path: Path, ready: "multiprocessing.synchronize.Event") -> None:
    with project_lock(path, ANN):
        ready.set()
        signal.pause()


def test_the_system_frees_the_lock_of_a_killed_process_and_a_waiting_run_gets_it(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    process = context.Process(target=_hold, args=(tmp_path / "lock", ready))
    process.start()
    assert ready.wait(30)
    with pytest.raises(BusyError), project_lock(tmp_path / "lock", BOB):
        pass
    assert process.pid
    os.kill(process.pid, signal.SIGKILL)
    with project_lock(tmp_path / "lock", BOB, wait_seconds=30):
        pass
    process.join()
