"""A refresh in a process of its own, and the places in it at which that process may die.

A place is a step that begins or ends, files that are written and belong to no version yet, a commit that is about to happen or has just
happened (before anything else knows of it), a small file that is about to take another's place, or has. They are found by wrapping what the
program calls, in the child alone; the program knows nothing of it.
"""

import os
import signal
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

# imported here once: the processes of the harness are copies of one that has done so
from cdp_assets.config import load_project
from cdp_assets.lake.delta import Commit
from cdp_assets.lake.engine import DuckDBEngine
from cdp_assets.orchestration import build, catalogue, refresh, standing_checks
from cdp_assets_tests import projects

__all__ = ["Places", "refresh_here"]
IMPORTED = (build, catalogue, standing_checks, projects)


class Places:
    """Counts the places that a run comes to; `die_at` is the number of the one where it dies, `seen` a file of their names."""

    def __init__(self, die_at: int | None = None, seen: Path | None = None) -> None:
        self.die_at, self.seen, self.number = die_at, seen, 0

    def come_to(self, name: str) -> None:
        """Note the place, or die there as a process dies that the system kills: nothing is closed, written or cleaned up."""
        self.number += 1
        if self.seen is not None:
            with self.seen.open("a") as file:
                file.write(f"{name}\n")
        if self.number == self.die_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(self) -> None:
        """Wrap what a run calls."""
        self._around(Commit, "apply", lambda commit, *_: f"commit of {commit.table.name}")
        self._around(DuckDBEngine, "run", lambda _, stages, *__: f"files of {stages[-1].writes.name}")
        self._around(Path, "replace", lambda _, target: f"replacement of {Path(target).name}")
        self._around(Path, "rename", lambda _, target: f"renaming of {Path(target).name.split('-')[0]}")

    def _around(self, owner: type, name: str, say: Callable[..., str]) -> None:
        real = getattr(owner, name)

        def wrapped(*arguments: Any, **named: Any) -> Any:
            place = say(*arguments)
            self.come_to(f"before {place}")
            result = real(*arguments, **named)
            self.come_to(f"after {place}")
            return result

        setattr(owner, name, wrapped)


def refresh_here(folder: Path, as_of: date, die_at: int | None = None, seen: Path | None = None) -> None:
    """Refresh the project in this process; exit code 1 where it does not end well."""
    with (folder / "run.log").open("a") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    places = Places(die_at, seen)
    places.watch()
    summary = refresh.refresh(
        load_project(folder), "tester", as_of=as_of, progress=lambda table, state: places.come_to(f"{table} {state}"), wait_seconds=600
    )
    if not summary.ok:
        print(summary.failed)
        os._exit(1)
