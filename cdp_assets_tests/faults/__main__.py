"""`make faults`: kill a refresh at every step boundary and at random times, run again, compare; the last line is JSON."""

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

from cdp_assets_tests.faults.harness import Harness, planned

IN_MEMORY = Path("/dev/shm")  # what is killed is the process, not the machine: nothing has to reach a disk


def main() -> int:
    """Print a line for each kill and the figures at the end; 1 where a table differs or too few kills met a run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=7, help="of the random times")
    parser.add_argument("--random", type=int, default=16, help="kills at random times")
    parser.add_argument("--every", type=int, default=1, help="each n-th of the step boundaries only")
    parser.add_argument("--workers", type=int, default=2, help="trials at a time")
    given = parser.parse_args()
    base = IN_MEMORY if os.access(IN_MEMORY, os.W_OK) else None
    folder = Path(tempfile.mkdtemp(prefix="cdp-faults-", dir=base))
    started = time.monotonic()
    try:
        harness = Harness(folder)
        moments = harness.moments()
        kills = met = compared = 0
        differing: list[str] = []
        trials = planned(*moments, given.seed, given.random, given.every)
        for number, outcome in enumerate(harness.run_all(trials, given.workers), 1):
            kills += outcome.kills
            met += outcome.killed_while_running
            compared += len(outcome.trial.moment.expected)
            differing += [f"{outcome.trial}: {each}" for each in outcome.differing]
            ended = "equal" if not outcome.differing else f"DIFFERENT: {', '.join(outcome.differing)}"
            print(f"{number}/{len(trials)} killed {outcome.trial}: {ended}", flush=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    steps = {moment.name: round(moment.seconds, 1) for moment in moments}
    figures = {"kills": kills, "killed_while_running": met, "tables_compared": compared, "differing": differing}
    print(json.dumps({**figures, "seconds_undisturbed": steps, "seconds": round(time.monotonic() - started)}))
    return 1 if differing or met < len(trials) // 2 else 0


if __name__ == "__main__":
    sys.exit(main())
