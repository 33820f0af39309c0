"""The steps of activities and measures in a store: from the tables before them to figures, and on a later day."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from cdp_assets.activities.assets import steps as activity_steps
from cdp_assets.config import Project, ProjectConfig
from cdp_assets.lake import Run, Source, Stage, Step, Table, anyhow
from cdp_assets.lake.source import name
from cdp_assets.measures.assets import steps as measure_steps
from cdp_assets_tests.activities.world import DAY, EVENTS, ORDERS, config, given
from cdp_assets_tests.conftest import Runs
from cdp_assets_tests.measures.world import config as with_measures

TODAY = date.fromisoformat(DAY)


def project(found: ProjectConfig) -> Project:
    return Project(Path("p"), Path("p/cdp.yaml"), found, "")


def all_steps(found: ProjectConfig) -> list[Step]:
    return [*activity_steps(project(found)), *measure_steps(project(found))]


def put(run: Run, table: Table, rows: pa.Table, folder: Path) -> None:
    """Make rows a version of a table; columns that they lack are null."""
    file = folder / f"{table.name}.parquet"
    with duckdb.connect() as connection:
        connection.register("given", rows)
        connection.execute(f"copy given to '{file}' (format parquet)")
    columns = ", ".join(name(c.name) if c.name in rows.column_names else f"null as {name(c.name)}" for c in table.columns)
    stage = Stage(table.name, {"given": anyhow()}, f"select {columns} from given", table)
    declared = Table("given", "given", (), tuple(c for c in table.columns if c.name in rows.column_names))
    loose = replace(table, key=(), columns=tuple(replace(c, nullable=True) for c in table.columns))
    run.make(loose, [stage], {"given": Source(declared, f"from '{file}'", 1, DAY)})


def world(run: Run, folder: Path) -> list[Step]:
    """The tables that the steps read, of which the run sees its own."""
    found = with_measures()
    late = f"{ORDERS}\no | 2 | 1 | 1 | 1 | {DAY} | 10 |\no | 3 | 2 | 2 | 3 | {TODAY + timedelta(days=1)} | 5 |"
    rows = given(found, web=EVENTS, orders=late)
    rows["unified_profiles"] = pa.table({"customer_id": ["ann", "bob", "stranger"]})
    steps = all_steps(found)
    inputs = {table.name: table for step in steps for table in step.reads.values()}
    for n, each in rows.items():
        if n in inputs:
            put(run, inputs[n], each, folder)
    return steps


def test_a_project_without_activities_and_measures_has_no_steps() -> None:
    assert all_steps(config("")) == []


def test_a_project_without_accounts_reads_none() -> None:
    orders = "activities: {o: {source: orders, type: SalesOrder, of: {buyer: crm.contact_id}, time: at, amount: total}}"
    assert {n for step in activity_steps(project(config(orders))) for n in step.reads} == {
        "orders", "alternate_keys", "activity_quarantine", "unified_activities",
    }  # fmt: skip


def test_every_stage_reads_what_its_step_reads_or_the_day() -> None:
    for step in all_steps(with_measures()):
        stages = step.stages()
        outer = {n for stage in stages for n in stage.reads} - {stage.name for stage in stages}
        assert outer - {"_as_of"} <= set(step.reads), step.table.name
        assert ("_as_of" in outer) <= step.uses_as_of


@pytest.mark.parametrize(("days", "rows", "spend"), [(0, 4, 10.0), (1, 6, 15.0)])
def test_the_steps_run_and_what_was_in_the_future_counts_when_its_day_has_come(
    new_run: Runs, tmp_path: Path, days: int, rows: int, spend: float
) -> None:
    run = new_run(TODAY + timedelta(days=days))
    found: dict[str, float] = {}
    for step in world(run, tmp_path):
        result = step.run(run)
        assert all(check.passed for check in result.checks)
        found |= {f"{step.table.name}.{label}": value for label, value in step.measure(run).items()}
        assert step.origins(run, result.stages)
    assert found["unified_activities.activities"] == rows
    assert found["activity_quarantine.quarantined"] == (2 if days == 0 else 0)
    assert found["activity_totals.events_without_profile"] == 1
    assert found["customer_measures.average_spend"] * 3 == pytest.approx(spend)
