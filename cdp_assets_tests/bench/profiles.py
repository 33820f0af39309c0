"""`make bench-profiles`: about a million demo-like records from their files to published profiles on this machine.

Prints each step's processor seconds, the peak of resident memory and, as the last line, JSON. The demo world is made in a
temporary folder first; making it is not measured. Options: number of people, folder to keep.
"""

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from cdp_assets.config import load_project
from cdp_assets.demo import generate
from cdp_assets.lake import Place, Run
from cdp_assets_tests.projects import AS_OF, DEMO, ordered_steps

PEOPLE = 540_000  # about two records a person
GIB = 1 << 30


def measure(folder: Path) -> dict[str, float]:
    """Refresh the project in this process, without Dagster; the figures."""
    project = load_project(folder)
    run = Run(Place(project.store), "bench", AS_OF, memory=project.config.engine.memory_bytes, threads=project.config.engine.threads)
    started = time.process_time()
    for step in ordered_steps(project):
        before = time.process_time()
        result = step.run(run)
        seconds = time.process_time() - before
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20)
        print(f"{step.table.name:<24} {result.rows:>12,} rows  {seconds:7.1f} s  peak so far {peak:5.2f} GiB", flush=True)
    shutil.rmtree(run.work, ignore_errors=True)
    tables = {step.table.name: step.table for step in ordered_steps(project)}
    sources = [name for name in project.config.customers.match_order if project.config.sources[name].kind == "records"]
    return {
        "records": sum(run.rows(tables[name]) for name in sources),
        "events": run.rows(tables["events"]),
        "profiles": run.rows(tables["unified_profiles"]),
        "processor_s": round(time.process_time() - started, 1),
        "peak_gib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20), 2),
    }


def main() -> None:
    """Make the world, then measure in a process of its own, so that making it does not count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=PEOPLE)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measure(options.measure)))
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(DEMO / "cdp.yaml", folder / "cdp.yaml")
        generate(folder, people=options.people)
        subprocess.run([sys.executable, "-m", "cdp_assets_tests.bench.profiles", "--measure", str(folder)], check=True)


if __name__ == "__main__":
    main()
