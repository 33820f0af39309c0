"""`make bench-repeated`: 200 refreshes in a row, each with a new customer, and whether the last ones take longer than the first.

The project is the small one of the fault harness, so that what grows with the number of refreshes (logs of tables, Dagster's
records, files) shows and not what grows with the data. All refreshes are in one process, so starting it does not count. The
upkeep does not run in between. The last line is JSON.
"""

import argparse
import json
import resource
import statistics
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

from cdp_assets.config import Project
from cdp_assets_tests.faults.world import FIRST, world
from cdp_assets_tests.projects import run

REFRESHES = 200
COMPARED = 20  # of the first ones, and as many of the last ones


def refresh_again_and_again(project: Project, refreshes: int) -> list[float]:
    """Processor seconds of each refresh; before each of them somebody new comes into crm."""
    file = project.folder / "sources" / "crm.csv"
    assert run(project, FIRST).ok  # what the first refresh ever makes, and imports, is not compared
    found = []
    for number in range(refreshes):
        with file.open("a") as out:
            out.write(f"n{number},New {number},new{number}@x.example,1990-01-01\n")
        summary = run(project, FIRST + timedelta(days=number // 50))
        assert summary.ok, summary.failed
        found.append(summary.processor_seconds)
    return found


def figures(seconds: list[float], store: Path) -> dict[str, Any]:
    """The medians of the first and last refreshes, their ratio, and what lies on the disk."""
    part = min(COMPARED, len(seconds) // 2)
    first, last = statistics.median(seconds[:part]), statistics.median(seconds[-part:])
    sizes = {name: sum(f.stat().st_size for f in (store / name).rglob("*") if f.is_file()) for name in ("lake", "dagster", "published")}
    return {
        "refreshes": len(seconds),
        "first_s": round(first, 2),
        "last_s": round(last, 2),
        "last_to_first": round(last / first, 3),
        "mb": {name: round(size / 1e6, 1) for name, size in sizes.items()},
        "peak_gib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20), 2),
    }


def main() -> None:
    """Run them and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--refreshes", type=int, default=REFRESHES)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        project = world(Path(temporary))
        seconds = refresh_again_and_again(project, options.refreshes)
        found = figures(seconds, project.store)
    for begin in range(0, len(seconds), COMPARED):
        part = seconds[begin : begin + COMPARED]
        print(f"refreshes {begin + 1:>4} to {begin + len(part):>4}: median {statistics.median(part):.2f} s of processor time")
    print(json.dumps(found))


if __name__ == "__main__":
    main()
