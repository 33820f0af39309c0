"""However the deliveries are split over runs, and in whatever order, the tables are those of one full read of everything."""

import shutil
import tempfile
from pathlib import Path
from typing import Any

import duckdb
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from cdp_assets.config import load_project
from cdp_assets.lake import Place
from cdp_assets.sources import QUARANTINE, read_source, table_of
from cdp_assets.sources.incremental_tables import KEYS_REMOVED, ROWS_REJECTED
from cdp_assets_tests.sources.projects import new_run, write

CONFIG = """
version: 1
sources:
  crm:
    files: crm
    primary_key: id
    fields: {name: text, changed: timestamp, points: integer, left: boolean}
    where: {points: {above: 0}}
    incremental: INCREMENTAL
"""
WAYS = {
    "listed": "{updated: changed, deleted: {files: crm/**/Deletes/*.csv, key: who, at: when}}",
    "listed by the hour": "{updated: changed, deleted: {files: crm/**/Deletes/*.csv, key: who}}",
    "flagged": "{updated: changed, deleted: {field: left, equals: true}}",
    "by folder alone": "{deleted: {files: crm/**/Deletes/*.csv, key: who}}",
}
TIMES = ["", "2026-01-01T05:59:59.999999Z", "2026-01-01T05:59:59.999999Z", "2026-01-01T06:59:59.999999Z", "2026-01-02", "soon"]
ROW = st.tuples(
    st.sampled_from(["a", "b", "c", ""]), st.sampled_from(["Ann", "Bob"]), st.sampled_from(TIMES),
    st.sampled_from(["1", "2", "0", "x"]), st.sampled_from(["", "no", "yes"]),
)  # fmt: skip
UPSERTS = st.lists(ROW, min_size=1, max_size=4)
GONE = st.lists(st.tuples(st.sampled_from(["a", "b", "c", ""]), st.sampled_from(TIMES)), min_size=1, max_size=2)
FOLDERS = ["FullData", "IncrementalData/2026/01/01/05/Upserts", "IncrementalData/2026/01/01/06/Upserts"]
PLACES = st.sampled_from([f"crm/{folder}/{file}.csv" for folder in FOLDERS for file in "ab"])
LISTS = st.sampled_from([f"crm/IncrementalData/2026/01/01/0{hour}/Deletes/{file}.csv" for hour in "56" for file in "ab"])
DELIVERIES = st.tuples(st.dictionaries(PLACES, UPSERTS, min_size=1, max_size=4), st.dictionaries(LISTS, GONE, max_size=2))
TABLES = ("crm", "quarantine", "keys_removed", "rows_rejected")


def text(path: str, rows: list[tuple[str, ...]]) -> str:
    header = "who,when" if "/Deletes/" in path else "id,name,changed,points,left"
    return "\n".join([header, *(",".join(row) for row in rows), ""])


def project_in(folder: Path, way: str) -> Path:
    write(folder, cdp_yaml=CONFIG.replace("INCREMENTAL", WAYS[way]))
    return folder


def deliver(folder: Path, files: dict[str, list[tuple[str, ...]]]) -> None:
    for path, rows in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text(path, rows))


def refreshed(folder: Path) -> None:
    project = load_project(folder)
    read_source(new_run(project), project, "crm")


def tables(folder: Path) -> dict[str, Any]:
    """All rows of the tables that a source in increments has, but for the list of the files."""
    project = load_project(folder)
    place = Place(project.store)
    found = {}
    with duckdb.connect() as connection:
        for table in (table_of("crm", project.config.sources["crm"]), QUARANTINE, KEYS_REMOVED, ROWS_REJECTED):
            order = ", ".join(table.key)
            found[table.name] = connection.sql(f"select * from ({place.newest(table).sql}) order by {order}").fetchall()
    return found


@settings(max_examples=12, deadline=None, derandomize=True, phases=[Phase.generate])  # shrinking would take minutes
@given(st.sampled_from(sorted(WAYS)), DELIVERIES, st.randoms(use_true_random=False))
def test_any_split_over_runs_in_any_order_gives_the_tables_of_one_full_read(way, delivered, random):
    files = {**delivered[0], **(delivered[1] if "Deletes" in WAYS[way] else {})}
    root = Path(tempfile.mkdtemp(prefix="cdp-order-"))
    try:
        at_once, parts = project_in(root / "at_once", way), project_in(root / "parts", way)
        deliver(at_once, files)
        refreshed(at_once)
        order = sorted(delivered[0])
        random.shuffle(order)
        rest = [path for path in files if path != order[0]]  # the first run needs a file of the source
        random.shuffle(rest)
        runs: list[list[str]] = [[order[0]]]
        for path in rest:
            if random.random() < 0.5:
                runs.append([])
            runs[-1].append(path)
        for run in runs:
            deliver(parts, {path: files[path] for path in run})
            refreshed(parts)
        assert tables(parts) == tables(at_once)
    finally:
        shutil.rmtree(root)
