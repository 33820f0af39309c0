"""`make bench-why`: how long `cdp why` and `cdp why-not` take to answer at a million records, inside one process.

A demo world is made and unified first (not measured). Then questions are drawn with a fixed seed: half of them for two
records of one profile, half for two records of different ones, of these half with evidence between them. The last line is
JSON. Options: number of people, number of questions, folder to keep (a folder with an unified world is used again).
"""

import argparse
import json
import shutil
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from cdp_assets.cli.entities import config_of, tables_of
from cdp_assets.config import Project, load_project
from cdp_assets.demo import generate
from cdp_assets.identity.explain import Reader, why, why_not
from cdp_assets.lake import Place
from cdp_assets_tests.projects import DEMO, run_up_to

PEOPLE = 500_000  # about two records a person
DAYS = 30  # of web events
LAST = "alternate_keys"


def questions(reader: Reader, many: int) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Pairs of records of one profile, and pairs of different ones: half of these have evidence between them."""
    ask = reader.connection.execute
    one = ask(f"""
        select min(source || ':' || record_key), max(source || ':' || record_key) from clusters where records > 1
        group by cluster_id order by md5(cluster_id || 'one') limit {many}
    """).fetchall()
    refused = ask(f"""
        select left_source || ':' || left_key, right_source || ':' || right_key from match_edges where status = 'refused'
        order by md5(left_key || right_key || rule) limit {many}
    """).fetchall()
    some = ask(f"select source || ':' || record_key from clusters order by md5(source || record_key || 'some') limit {2 * many}").fetchall()
    apart = [pair for pair in refused if len({each.cluster for each in reader.find(*pair)}) == 2][: many // 2]
    apart += [(a[0], b[0]) for a, b in zip(some[::2], some[1::2], strict=True)][: many - len(apart)]
    return one, apart


def seconds(reader: Reader, pairs: Sequence[tuple[str, str]], *, same: bool) -> tuple[list[float], list[float]]:
    """The time of each answer and its processor time (of both threads), each in order of size."""
    found, processor = [], []
    for a, b in pairs:
        started, before = time.perf_counter(), time.process_time()
        one, other = reader.find(a, b)
        if same:
            assert why(reader, one, other)
        elif one.cluster != other.cluster:
            assert why_not(reader, one, other)
        found.append(time.perf_counter() - started)
        processor.append(time.process_time() - before)
    return sorted(found), sorted(processor)


def measure(project: Project, many: int) -> dict[str, float]:
    """Ask; the figures in milliseconds."""
    started = time.perf_counter()
    with Reader(Place(project.store), config_of(project, "customers"), tables_of(project, "customers"), many=True) as reader:
        figures: dict[str, float] = {"open_ms": round(1000 * (time.perf_counter() - started))}
        figures["records"] = reader.connection.execute("select count(*) from clusters").fetchall()[0][0]
        figures["edges"] = reader.connection.execute("select count(*) from match_edges").fetchall()[0][0]
        one, apart = questions(reader, many)
        for what, pairs, same in (("why", one, True), ("why_not", apart, False)):
            for clock, times in zip(("", "cpu_"), seconds(reader, pairs, same=same), strict=True):
                for share in (50, 95):
                    figures[f"{what}_{clock}p{share}_ms"] = round(1000 * times[len(times) * share // 100], 1)
    return figures


def main() -> None:
    """Make and unify the world where it is not there, then ask."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=PEOPLE)
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(DEMO / "cdp.yaml", folder / "cdp.yaml")
        if not (folder / "sources").exists():
            generate(folder, people=options.people, days=DAYS)
        project = load_project(folder)
        if not (project.store / "lake" / LAST).exists():
            for result in run_up_to(project, LAST):
                print(f"{result.table.name:<24} {result.rows:>12,} rows", flush=True)
        print(json.dumps(measure(project, options.questions)))


if __name__ == "__main__":
    main()
