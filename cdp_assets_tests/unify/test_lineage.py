"""The lineage is the same whether a profile's values stand in one row of a join or are put in order one by one."""

from pathlib import Path
from unittest.mock import patch

import duckdb
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cdp_assets.lake import Source, Table
from cdp_assets.lake.engine import DuckDBEngine
from cdp_assets.unify import lineage
from cdp_assets.unify.tables import ALTERNATE_KEYS, PROFILE_LINEAGE
from cdp_assets_tests.support import rows, run_tables
from cdp_assets_tests.unify.profile_world import config, tables

TABLES = tables()
NAMES = {"crm": ("name", "email", "other_email"), "loyalty": ("full_name", "mail"), "shop": ("customer", "other_email")}
VALUES = st.sampled_from(["", "", "Ann", "Anne", "Bo"])
RECORD = st.tuples(st.sampled_from(["c1", "c2", "c3"]), st.sampled_from(list(NAMES)), st.lists(VALUES, min_size=3, max_size=3))
GROUPED = "{contact: {group: [name, email]}}"


def world(records: list[tuple[str, str, list[str]]]) -> dict[str, pa.Table]:
    """What the stages read; a record has its number for a key."""
    made = {source: [f"record_key | source_file | source_line | is_winner | {' | '.join(NAMES[source])}"] for source in NAMES}
    keys = ["source | record_key | customer_id | kind | is_winner"]
    for number, (customer, source, values) in enumerate(records):
        made[source].append(f"{number} | f | {number} | true | {' | '.join(values[: len(NAMES[source])])}")
        keys.append(f"{source} | {number} | {customer} | record | true")
    found = {f"deduplicated_{source}": rows("\n".join(lines), TABLES[f"deduplicated_{source}"]) for source, lines in made.items()}
    return {**found, "alternate_keys": rows("\n".join(keys), ALTERNATE_KEYS)}


def told(given: dict[str, pa.Table], merge: str, *, one_by_one: bool) -> list[dict[str, object]]:
    if not one_by_one:
        return run_tables(lineage.stages(config(merge)), given).to_pylist()
    every_profile = " union ".join(f'select customer_id from "values_{source}"' for source in ("crm", "loyalty", "shop"))
    with patch.object(lineage, "several_of_any", lambda _: every_profile):
        return run_tables(lineage.stages(config(merge)), given).to_pylist()


@pytest.mark.parametrize("merge", ["", "{email: {importance: [shop, loyalty]}}", GROUPED], ids=["plain", "importance", "group"])
@settings(deadline=None, max_examples=15, suppress_health_check=list(HealthCheck))
@given(records=st.lists(RECORD, max_size=8))
def test_profiles_with_one_record_a_source_are_told_of_as_the_others(merge: str, records: list[tuple[str, str, list[str]]]) -> None:
    given = world(records)
    assert told(given, merge, one_by_one=False) == told(given, merge, one_by_one=True)


def test_files_have_the_profiles_in_order(tmp_path: Path) -> None:
    """First those with one record a source, then the others."""
    records = [("c3", "crm", ["Ann"] * 3), ("c1", "crm", ["Ann"] * 3), ("c2", "shop", ["Bo"] * 3), ("c2", "shop", ["Al"] * 3)]
    inputs = {}
    for name, table in world(records).items():
        with duckdb.connect() as connection:
            connection.register("given", table)
            connection.execute(f"copy given to '{tmp_path}/{name}.parquet' (format parquet)")
        inputs[name] = Source(Table(name, "given by a test", (), ()), f"select * from read_parquet('{tmp_path}/{name}.parquet')", 1)
    made = DuckDBEngine(threads=2).run(lineage.stages(config()), inputs, tmp_path / "into", tmp_path / "work")
    [file] = made[PROFILE_LINEAGE.name].files
    with duckdb.connect() as connection:
        found = connection.execute(f"select customer_id from read_parquet('{file.path}')").fetchall()
    assert list(dict.fromkeys(customer for [customer] in found)) == ["c1", "c3", "c2"]
