"""Whole projects in temporary folders, refreshed as the command line does it."""

import itertools
import shutil
from collections.abc import Iterator, Mapping
from datetime import date
from graphlib import TopologicalSorter
from pathlib import Path

import duckdb

from cdp_assets.config import Project, load_project
from cdp_assets.demo import generate
from cdp_assets.lake import Place, Run, Step, StepResult, Table
from cdp_assets.orchestration.catalogue import steps_of, tables_of
from cdp_assets.orchestration.refresh import Summary, refresh

DEMO = Path(__file__).parents[1] / "data" / "demo"
AS_OF = date(2026, 11, 20)
USER = "tester"


def demo_project(folder: Path, people: int = 160, days: int | None = 5) -> Project:
    """A small demo world with the demo's configuration; `days` of web events, None: three years."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(DEMO / "cdp.yaml", folder / "cdp.yaml")
    generate(folder, people=people, days=days)
    return load_project(folder)


def small_project(folder: Path, config: str, files: Mapping[str, str]) -> Project:
    """A project of these files (name -> content)."""
    for name, content in {"cdp.yaml": config, **files}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    return load_project(folder)


def run(project: Project, as_of: date = AS_OF) -> Summary:
    """Refresh the project as it is on disk now."""
    return refresh(load_project(project.folder), USER, as_of=as_of)


_numbers = itertools.count(1)


def ordered_steps(project: Project) -> list[Step]:
    """All steps, each after those whose tables it reads."""
    steps = {step.table.name: step for step in steps_of(project)}
    order = TopologicalSorter({n: {t.name for t in step.reads.values()} & (steps.keys() - {n}) for n, step in steps.items()})
    return [steps[n] for n in order.static_order()]


def run_steps(project: Project, as_of: date = AS_OF) -> dict[str, StepResult]:
    """Run all steps without Dagster; an error goes through."""
    project = load_project(project.folder)
    opened = Run(Place(project.store), f"run-{next(_numbers)}", as_of, user=USER, memory=1 << 30)
    return {step.table.name: step.run(opened) for step in ordered_steps(project)}


def run_up_to(project: Project, *last: str, as_of: date = AS_OF) -> Iterator[StepResult]:
    """Run the steps of these tables and of all that they are made from, without Dagster; each result as it comes."""
    project = load_project(project.folder)
    steps = {step.table.name: step for step in ordered_steps(project)}
    wanted: set[str] = set()
    left = list(last)
    while left:
        table = left.pop()
        if table in steps and table not in wanted:
            wanted.add(table)
            left += [each.name for each in steps[table].reads.values()]
    engine = project.config.engine
    opened = Run(Place(project.store), f"run-{next(_numbers)}", as_of, user=USER, memory=engine.memory_bytes, threads=engine.threads)
    for table, step in steps.items():
        if table in wanted:
            yield step.run(opened)
    opened.clean()


def table_of(project: Project, name: str) -> Table:
    """The declaration of a table by its name."""
    return next(table for table in tables_of(project) if table.name == name)


def query(project: Project, sql: str) -> list[tuple[object, ...]]:
    """Rows of a query over the tables of the lake, each under its name."""
    with duckdb.connect() as connection:
        for table in tables_of(project):
            connection.execute(f'create view "{table.name}" as {Place(project.store).newest(table).sql}')
        return connection.execute(sql).fetchall()


def contents(project: Project) -> dict[str, str]:
    """The content digest of every table but the audit log: equal digests, equal rows."""
    place = Place(project.store)
    return {table.name: place.newest(table).digest for table in tables_of(project) if table.name != "audit_log"}


def versions(project: Project) -> dict[str, int | None]:
    """The version of every table but the audit log."""
    place = Place(project.store)
    return {table.name: place.newest(table).version for table in tables_of(project) if table.name != "audit_log"}
