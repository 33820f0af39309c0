"""A hundred random customers' worlds, side by side in one project: what is decided and undone leaves the tables as if it had never been."""

import random
from collections import defaultdict
from pathlib import Path

import duckdb
import pytest

from cdp_assets.config import Project, load_project
from cdp_assets.identity.outlook import Record, Verdict
from cdp_assets.lake import Place
from cdp_assets.orchestration.match_decisions import decide_pair
from cdp_assets_tests.projects import run_up_to, small_project, table_of

pytestmark = pytest.mark.pipeline
CASES = 100
CONFIG = """
version: 1
engine: {memory: 512MiB, threads: 1}
sources:
  crm: {files: crm.csv, primary_key: id, fields: {name: person.full_name, mail: identity.email, phone: identity.phone}}
  shop: {files: shop.csv, primary_key: id, fields: {name: person.full_name, mail: identity.email, phone: identity.phone}}
  web: {kind: events, files: web/, visitor: visitor, time: ts, known_as: {user: crm.id}, include_all_records: true}
customers:
  match_order: [crm, shop, web]
  guards: {largest_cluster: 6, identifiers: {identity.phone: 3}}
  dedupe: {crm: {rules: [{name: same mail, all: [{field: mail}]}]}, shop: {rules: []}}
  match:
    - {name: mail, left: crm, right: shop, all: [{field: mail}]}
    - {name: phone, left: crm, right: shop, all: [{field: phone}]}
"""
# What a refresh knows of the past and nobody calls a customer by: in which version a record got an id and gave it up, the ids
# that it held in between, and which ids a customer's records held before.
MAY_DIFFER = {"customer_ids": ("since", "until"), "unified_profiles": ("previous_customer_ids",)}
ONLY = {"customer_ids": "held"}
TABLES = ("match_edges", "clusters", "customer_ids", "unified_profiles", "profile_lineage", "alternate_keys")


def world(draw: random.Random) -> dict[str, str]:
    """The files of all cases; nothing that records of two cases have is equal."""
    files: dict[str, list[str]] = defaultdict(list)
    for case in range(CASES):
        for source, most in (("crm", 5), ("shop", 4)):
            for n in range(draw.randint(2, most)):
                mail, phone = draw.choice(["", *"abcd"]), draw.choice(["", *"123"])
                values = [f"{case}-{n}", f"Name {n} {case}", mail and f"{mail}{case}@x.example", phone and f"+49301{case:03}{phone}00"]
                files[f"{source}.csv"].append(",".join(values))
        for n in range(2):
            user = draw.choice(["", f"{case}-0", f"{case}-1"])
            files["web/1.csv"].append(f"e{case}-{n},view,v{case}-{n},{user},2026-11-19T1{n}:00:00")
    heads = {"web/1.csv": "event_id,event,visitor,user,ts"}
    return {name: "\n".join([heads.get(name, "id,name,mail,phone"), *lines, ""]) for name, lines in files.items()}


def refreshed(project: Project) -> dict[str, list[tuple[object, ...]]]:
    """The rows of the tables after a refresh, less the columns that may differ."""
    for _ in run_up_to(project, *TABLES):
        pass
    found = {}
    for each in TABLES:
        declared = table_of(load_project(project.folder), each)
        columns = ", ".join(f'"{c}"' for c in declared.column_names if c not in MAY_DIFFER.get(each, ()))
        rows = f"select {columns} from ({Place(project.store).newest(declared).sql}) where {ONLY.get(each, 'true')} order by all"
        found[each] = duckdb.execute(rows).fetchall()
    return found


def holders(found: dict[str, list[tuple[object, ...]]]) -> dict[Record, object]:
    """Record -> the id that it holds."""
    return {(str(row[0]), str(row[1])): row[2] for row in found["customer_ids"]}


def of_case(record: Record) -> int:
    return int(record[1].removeprefix("v").split("-")[0])


def changed_cases(one: dict[Record, object], other: dict[Record, object]) -> set[int]:
    """The cases in which some record has another id."""
    return {of_case(record) for record in one if one[record] != other[record]}


def test_a_hundred_times_what_was_decided_and_undone_leaves_the_tables_of_never(tmp_path: Path) -> None:
    draw = random.Random(9)
    project = small_project(tmp_path / "project", CONFIG, world(draw))
    never = refreshed(project)
    cases: dict[int, list[Record]] = defaultdict(list)
    for record in sorted(holders(never)):
        cases[of_case(record)].append(record)
    decided: list[tuple[tuple[Record, Record], Verdict]] = []
    for records in cases.values():
        for _ in range(draw.choice([1, 1, 2])):
            one, other = draw.sample(records, 2)
            together = holders(never)[one] == holders(never)[other]
            decided.append(((one, other), "reject" if together else "accept"))
    for pair, verdict in decided:
        decide_pair(project, "ann", "customers", pair, verdict)
    wrong = refreshed(project)
    changed = changed_cases(holders(never), holders(wrong))
    assert len(cases) == CASES
    assert len(changed) >= CASES * 0.9, "nearly every decision makes other customers"
    for pair, _ in decided:
        decide_pair(project, "ann", "customers", pair, "undo")
    undone = refreshed(project)
    assert changed_cases(holders(never), holders(undone)) == set()
    assert undone == never
