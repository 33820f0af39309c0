"""Fifty random edits of records, sources and rules in a whole project: ids change exactly as the change of the partition implies."""

import random
import shutil
from collections import Counter
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from cdp_assets.config import Project, load_project
from cdp_assets.lake import Place
from cdp_assets_tests.identity.test_id_changes import by_definition as causes_by_definition
from cdp_assets_tests.identity.test_registry_properties import Registry, as_table, by_definition, groups_of
from cdp_assets_tests.projects import run_up_to, small_project, table_of, versions

pytestmark = pytest.mark.pipeline
TABLES = ("clusters", "customer_ids", "customer_id_redirects", "customer_id_changes")
EDITS = 50


class World:
    """Three sources of a few records each; what is written to disk is what stands here."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder, self.draw = folder, random.Random(seed)
        self.rows = {source: {f"{n}": self.values() for n in range(12)} for source in ("crm", "shop", "club")}
        self.active = {"mail": True, "phone": True, "inside": True}
        self.keeps_all = {"crm": True, "shop": True, "club": False}
        self.sources = ["crm", "shop", "club"]

    def values(self) -> tuple[str, str]:
        return (self.draw.choice(["", *"abcdefgh"]), self.draw.choice(["", *"12345678"]))

    def edit(self) -> None:
        """One edit: of a record's values, of who is there, of a rule, of a source."""
        source = self.draw.choice(self.sources)
        kind = self.draw.choice(["value"] * 4 + ["gone", "new", "new", "rule", "keeps", "source"])
        if kind == "value" and self.rows[source]:
            self.rows[source][self.draw.choice(sorted(self.rows[source]))] = self.values()
        elif kind == "gone" and len(self.rows[source]) > 3:
            del self.rows[source][self.draw.choice(sorted(self.rows[source]))]
        elif kind == "new":
            self.rows[source][f"{self.draw.randrange(20)}"] = self.values()  # often one that was there before
        elif kind == "rule":
            rule = self.draw.choice(sorted(self.active))
            self.active[rule] = not self.active[rule]
            self.active["mail"] |= not self.active["phone"]  # without any rule a source has no way to the others
        elif kind == "keeps":
            self.keeps_all[source] = not self.keeps_all[source]
        elif kind == "source":
            self.sources = ["crm", "shop"] if "club" in self.sources else ["crm", "shop", "club"]

    def write(self, *, shuffled: bool = False) -> Project:
        files: dict[str, str] = {}
        for source in self.sources:
            lines = [f"{key},{mail},{phone}" for key, (mail, phone) in self.rows[source].items()]
            if shuffled:
                self.draw.shuffle(lines)
            files[f"{source}.csv"] = "\n".join(["key,mail,phone", *lines, ""])
        return small_project(self.folder, self.config(), files)

    def config(self) -> str:
        fields = "{key: text, mail: identity.email, phone: identity.phone}"
        sources = [
            f"  {s}: {{files: {s}.csv, primary_key: key, fields: {fields}, include_all_records: {on(self.keeps_all[s])}}}"
            for s in self.sources
        ]
        pairs = [pair for pair in (("crm", "shop"), ("crm", "club"), ("shop", "club")) if pair[1] in self.sources]
        rules = [
            f"    - {{name: {rule} {one} {other}, left: {one}, right: {other}, active: {on(self.active[rule])}, all: [{{field: {rule}}}]}}"
            for one, other in pairs for rule in ("mail", "phone")
        ]  # fmt: skip
        inside = f"{{name: inside, active: {on(self.active['inside'])}, all: [{{field: mail}}, {{field: phone}}]}}"
        dedupe = ", ".join(f"{s}: {{rules: [{inside}]}}" for s in self.sources)
        return "\n".join(["version: 1", "sources:", *sources, "customers:", f"  dedupe: {{{dedupe}}}", "  match:", *rules, ""])


def on(value: bool) -> str:
    """A yes or no as YAML writes it."""
    return str(value).lower()


def refreshed(project: Project) -> dict[str, pa.Table]:
    """The tables of this test after a refresh of them, in the order of their keys."""
    for _ in run_up_to(project, *TABLES):
        pass
    found = {}
    with duckdb.connect() as connection:
        for each in TABLES:
            declared = table_of(load_project(project.folder), each)
            sql = f"select * from ({Place(project.store).newest(declared).sql}) order by {', '.join(declared.key)}"
            found[each] = connection.sql(sql).to_arrow_table()
    return found


def held(ids: pa.Table) -> dict[str, str]:
    """Record -> its id now."""
    return {f"{row['source']}|{row['record_key']}": row["customer_id"] for row in ids.to_pylist() if row["held"]}


def new_changes(log: pa.Table, known: int) -> dict[str, str]:
    """Record -> cause, of the changes after the first `known` sets."""
    return {f"{row['source']}|{row['record_key']}": row["cause"] for row in log.to_pylist() if row["change_set"] > known}


def test_fifty_edits_change_exactly_the_ids_that_the_change_of_the_partition_implies(tmp_path: Path) -> None:
    world = World(tmp_path / "project", seed=6)
    definition, was, seen, sets = Registry(), dict[str, str](), set[str](), 0
    counted: Counter[str] = Counter()
    for edit in range(EDITS + 1):
        if edit:
            world.edit()
        now = refreshed(world.write())
        definition = by_definition(definition, groups_of(now["clusters"]))
        assert now["customer_ids"].cast(as_table(definition).schema).equals(as_table(definition))
        has = held(now["customer_ids"])
        there = {f"{row['source']}|{row['record_key']}" for row in now["clusters"].to_pylist()}
        causes = new_changes(now["customer_id_changes"], sets)
        assert causes == causes_by_definition(was, has, seen, there)
        counted += Counter(causes.values())
        was, seen = has, seen | has.keys()
        sets = max(now["customer_id_changes"]["change_set"].to_pylist())
    assert {"new record", "came back", "record gone", "no profile", "merged", "split"} <= counted.keys()
    assert counted["unexplained"] == 0


def test_ids_outlive_shuffled_files_a_source_without_matches_and_a_rebuild(tmp_path: Path) -> None:
    world = World(tmp_path / "project", seed=7)
    world.sources = ["crm", "shop"]
    refreshed(world.write())
    for _ in range(5):
        world.edit()
    before = refreshed(world.write())
    same = versions(world.write())

    again = refreshed(world.write())
    assert all(again[each].equals(before[each]) for each in TABLES)
    assert versions(world.write()) == same, "a second refresh of the same input writes no new version"

    shuffled = refreshed(world.write(shuffled=True))
    assert all(shuffled[each].equals(before[each]) for each in TABLES)

    world.sources, world.keeps_all["club"] = ["crm", "shop", "club"], True
    world.rows["club"] = {f"{n}": (f"nobody{n}", f"0{n}") for n in range(5)}
    added = refreshed(world.write())
    assert held(before["customer_ids"]).items() <= held(added["customer_ids"]).items()
    assert set(new_changes(added["customer_id_changes"], max(before["customer_id_changes"]["change_set"].to_pylist())).values()) == {
        "new record"
    }

    lake = world.write().store / "lake"
    for folder in [each for each in lake.iterdir() if each.name not in TABLES[1:]]:
        shutil.rmtree(folder)
    rebuilt = refreshed(world.write())
    assert all(rebuilt[each].equals(added[each]) for each in TABLES)
