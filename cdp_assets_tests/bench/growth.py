"""`make bench`: a refresh of the demo at factor 1, 10 and 100, with processor seconds and peak memory by station.

A factor is a thousand people. Each refresh is in a process of its own, as from the command line, Dagster and all. Between
two sizes stands how many times as many rows a station wrote and how many times as long it worked; a station that grows
faster than its rows is named, with the reason where there is one. A refresh with nothing changed follows at each size. The
last line is JSON.
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from cdp_assets.cli.demo import agree
from cdp_assets.config import load_project
from cdp_assets.demo import generate
from cdp_assets.orchestration.catalogue import steps_of
from cdp_assets.orchestration.refresh import refresh
from cdp_assets_tests.projects import AS_OF, DEMO, USER

FACTORS = (1, 10, 100)
PEOPLE = 1_000  # of factor 1
TOLERANCE = 1.15  # two measurements of the same work differ by this much
LEAST_SECONDS = 0.5  # below it nothing can be said of growth
SAMPLE_SECONDS = 0.02
GIB = 1 << 30

WHY: dict[str, str] = {
    "engagement": "the demo's mail and meetings are of so many companies at most, but their addresses are looked up among all contacts",
}
"""Station -> why it may grow faster than its rows."""


@dataclass
class Station:
    """What the steps of a station took: processor seconds, peak of resident memory in bytes, rows that they wrote."""

    seconds: float = 0.0
    peak: int = 0
    rows: int = 0

    def figures(self) -> dict[str, float]:
        """The same, as they are printed."""
        return {"processor_s": round(self.seconds, 2), "peak_gib": round(self.peak / GIB, 2), "rows": self.rows}


@dataclass
class Meter:
    """Adds up what is taken between the begin and the end of each step."""

    station_of: dict[str, str]
    stations: dict[str, Station] = field(default_factory=dict)
    began: float = 0.0
    at_work: str | None = None

    def step(self, table: str, state: str) -> None:
        """A step began or ended."""
        name = self.station_of.get(table, "orchestration")
        station = self.stations.setdefault(name, Station())
        if state == "started":
            self.began, self.at_work = time.process_time(), name
        else:
            station.seconds += time.process_time() - self.began
            self.at_work = None

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Look at the resident memory while the block runs."""
        over = threading.Event()

        def look() -> None:
            while not over.wait(SAMPLE_SECONDS):
                station = self.stations.get(self.at_work or "")
                if station is not None:
                    station.peak = max(station.peak, resident())

        watcher = threading.Thread(target=look, daemon=True)
        watcher.start()
        try:
            yield
        finally:
            over.set()
            watcher.join()


def resident() -> int:
    """Bytes of this process in memory now; its peak so far where the system does not say."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return pages * os.sysconf("SC_PAGE_SIZE")


def measure(folder: Path) -> dict[str, Any]:
    """Refresh the project in this process; the figures."""
    project = load_project(folder)
    station_of = {step.table.name: step.station for step in steps_of(project)}
    meter = Meter(station_of)
    with meter.watching():
        summary = refresh(project, USER, as_of=AS_OF, progress=meter.step)
    if not summary.ok:
        raise SystemExit(f"The refresh failed: {summary.failed}")
    for table, rows in summary.rows.items():
        meter.stations.setdefault(station_of.get(table, "orchestration"), Station()).rows += rows
    steps = sum(station.seconds for station in meter.stations.values())
    return {
        "processor_s": summary.processor_seconds,
        "between_steps_s": round(summary.processor_seconds - steps, 1),
        "peak_gib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / GIB, 2),
        "rows": sum(station.rows for station in meter.stations.values()),
        "stations": {name: station.figures() for name, station in meter.stations.items()},
    }


def growth(small: dict[str, Any], large: dict[str, Any]) -> list[tuple[str, float, float, str]]:
    """Station, times as many rows, times as long, and what is to be said of it; empty where all is well."""
    found = []
    for name, after in large["stations"].items():
        before = small["stations"].get(name)
        if before is None or not before["rows"] or not before["processor_s"]:
            continue
        rows, seconds = after["rows"] / before["rows"], after["processor_s"] / before["processor_s"]
        faster = after["processor_s"] >= LEAST_SECONDS and seconds > rows * TOLERANCE
        found.append((name, rows, seconds, WHY.get(name, "GROWS FASTER THAN ITS ROWS") if faster else ""))
    return found


def show(figures: dict[int, dict[str, Any]]) -> None:
    """Print the figures, and between two sizes how they grew."""
    for factor, size in figures.items():
        print(f"\nfactor {factor}: {factor * PEOPLE:,} people, {size['rows']:,} rows in all tables")
        print(f"  {'station':<14}{'rows':>14}{'processor s':>14}{'peak GiB':>11}")
        for name, station in size["stations"].items():
            print(f"  {name:<14}{station['rows']:>14,}{station['processor_s']:>14.2f}{station['peak_gib']:>11.2f}")
        print(f"  between steps (Dagster, its records) {size['between_steps_s']:>6.1f} s")
        print(f"  making the world {size['world_s']:.1f} s (not in the sum)")
        print(f"  in all {size['processor_s']:.1f} s, peak {size['peak_gib']:.2f} GiB")
        print(f"  again with nothing changed {size['unchanged_s']:.1f} s")
    for small, large in pairwise(figures):
        print(f"\nfrom factor {small} to {large}:")
        for name, rows, seconds, said in growth(figures[small], figures[large]):
            print(f"  {name:<14} rows x {rows:6.1f}   processor time x {seconds:6.1f}   {said}")


def main() -> None:
    """Make each world, then measure in processes of their own, so that making it does not count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--factors", type=int, nargs="+", default=list(FACTORS))
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measure(options.measure)))
        return
    figures: dict[int, dict[str, Any]] = {}
    for factor in options.factors:
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            shutil.copy(DEMO / "cdp.yaml", folder / "cdp.yaml")
            made = time.process_time()
            generate(folder, people=factor * PEOPLE)
            made = time.process_time() - made
            agree(load_project(folder), USER)  # to mail and meetings: without it engagement has nothing to do
            figures[factor] = _measured(folder)
            figures[factor]["world_s"] = round(made, 1)
            figures[factor]["unchanged_s"] = _measured(folder)["processor_s"]
    show(figures)
    faster = {name for a, b in pairwise(figures) for name, _, _, said in growth(figures[a], figures[b]) if said and name not in WHY}
    print(json.dumps({"factors": figures, "faster_than_rows": sorted(faster)}))


def _measured(folder: Path) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "cdp_assets_tests.bench.growth", "--measure", str(folder)], check=True, capture_output=True, text=True
    )
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


if __name__ == "__main__":
    main()
