"""`make bench-rules`: unification by rules - how good on Contoso, how fast at 100 thousand and a million demo people.

How good: Contoso with what `cdp init` proposes, with the rule for names alone, without e-mails, and with typos; what the
errors that remain are is said before the figures. Whether ids jump: refreshes of a copy of the smaller world (churn.py).

How fast: the three sources of records of the demo and its rules, without web events and everything downstream. What counts
is the station: normalising, duplicates, matching, clusters, ids, profiles and their lineage; reading the files does not.
Seconds are of the processor, all threads together; those of the clock stand beside the load of the computer. The last line
is JSON.
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from cdp_assets.config import load_project
from cdp_assets.demo import generate
from cdp_assets.lake import Place, Run
from cdp_assets_tests import contoso
from cdp_assets_tests.bench.churn import DAYS, churn
from cdp_assets_tests.identity.test_contoso import NAME_AND_MAIL
from cdp_assets_tests.identity.test_contoso import run as with_rules
from cdp_assets_tests.projects import AS_OF, DEMO, ordered_steps

PEOPLE = (100_000, 1_000_000)
SOURCES = ("crm", "loyalty", "shop")
STATIONS = ("unify", "identity")


def project_of_records(folder: Path, people: int) -> None:
    """The demo's three sources of records with its rules, as a project of their own."""
    folder.mkdir(parents=True, exist_ok=True)
    document = YAML(typ="safe").load((DEMO / "cdp.yaml").read_text())
    customers = document["customers"]
    customers["match_order"] = list(SOURCES)
    kept = {
        "version": document["version"],
        "engine": document["engine"],
        "sources": {name: document["sources"][name] for name in SOURCES},
        "customers": customers,
    }
    with (folder / "cdp.yaml").open("w") as out:
        YAML(typ="safe").dump(kept, out)
    generate(folder, people=people, days=DAYS)


def measure(folder: Path) -> dict[str, Any]:
    """Unify the project in this process, without Dagster: processor seconds, records, profiles, peak of memory."""
    project = load_project(folder)
    shutil.rmtree(project.store, ignore_errors=True)  # of an earlier bench
    run = Run(Place(project.store), "bench", AS_OF, memory=project.config.engine.memory_bytes, threads=project.config.engine.threads)
    total, clock = 0.0, 0.0
    for step in ordered_steps(project):
        before, started = time.process_time(), time.perf_counter()
        result = step.run(run)
        seconds = time.process_time() - before
        mine = step.station in STATIONS
        total += seconds if mine else 0
        clock += time.perf_counter() - started if mine else 0
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20)
        counted = "" if mine else " (not counted)"
        print(f"{step.table.name:<28} {result.rows:>12,} rows {seconds:7.1f} s{counted}  peak so far {peak:5.2f} GiB", flush=True)
    shutil.rmtree(run.work, ignore_errors=True)
    tables = {step.table.name: step.table for step in ordered_steps(project)}
    return {
        "records": sum(run.rows(tables[name]) for name in SOURCES),
        "profiles": run.rows(tables["unified_profiles"]),
        "cpu_s": round(total, 1),
        "clock_s": round(clock, 1),
        "load": round(os.getloadavg()[1], 1),
        "peak_gib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20), 2),
    }


def measured(folder: Path, people: int) -> dict[str, Any]:
    """The figures of a world of so many people, in a process of its own, so that making it does not count."""
    if not (folder / "cdp.yaml").exists():
        command = [sys.executable, "-m", "cdp_assets_tests.bench.rules", "--make", str(folder), "--people", str(people)]
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    command = [sys.executable, "-m", "cdp_assets_tests.bench.rules", "--measure", str(folder)]
    ended = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=os.environ)
    *lines, last = ended.stdout.splitlines()
    print(f"{people:,} people", *lines, sep="\n", flush=True)
    found: dict[str, Any] = json.loads(last)
    return found


def how_good(folder: Path) -> dict[str, float | None]:
    """The figures of Contoso, and in words those of its harder copies; without the data nothing but the reason."""
    if not contoso.THERE:
        print(f"Contoso: skipped, {contoso.MISSING}")
        return {"contoso_matched": None, "contoso_precision": None, "contoso_f1": None}
    found = contoso.unified(contoso.started(folder / "proposed"))
    print(f"Contoso, what `cdp init` proposes: {found.told()}", flush=True)
    (folder / "name").mkdir()
    with_rules(folder / "name", "Contoso, the rule of name and e-mail alone", NAME_AND_MAIL)
    print(f"Contoso without e-mails: {contoso.unified(contoso.without_mail(folder / 'no mail')).told()}", flush=True)
    print(f"Contoso with typos: {contoso.unified(contoso.with_typos(folder / 'typos')).told()}", flush=True)
    return {"contoso_matched": round(found.share, 5), "contoso_precision": round(found.precision, 5), "contoso_f1": round(found.f1, 5)}


def main() -> None:
    """Measure all and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, nargs="*", default=PEOPLE, help="a smaller and a larger world")
    parser.add_argument("--folder", type=Path, help="where the worlds stand, to use them again")
    parser.add_argument("--make", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.make:
        project_of_records(options.make, options.people[0])
        return
    if options.measure:
        print(json.dumps(measure(options.measure)))
        return
    with tempfile.TemporaryDirectory() as temporary:
        aside, base = Path(temporary), options.folder or Path(temporary) / "worlds"
        figures: dict[str, Any] = how_good(aside)
        small, *_, large = (measured(base / str(people), people) for people in options.people)
        changes = churn(aside / "churn", options.people[0], base / str(options.people[0]))
    for each in (small, large):
        print(json.dumps(each))
    for change in changes:
        print(change.told())
    figures["rules_1m_cpu_s"] = large["cpu_s"]
    figures["rules_growth_10x"] = round(large["cpu_s"] / small["cpu_s"], 2)
    figures["peak_gib"] = large["peak_gib"]
    figures["id_churn_unexplained"] = sum(each.unexplained for each in changes) / max(1, sum(each.records for each in changes))
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
