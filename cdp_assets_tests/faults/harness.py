"""Runs that are killed, the run that follows, and whether all is as if nothing had been.

Each trial is a copy of a project at one of two moments: before its first refresh, and on its second day. A refresh of it is killed; the
next one must end with every table equal, row by row, to that of a copy that nobody disturbed, and hold every row of the files.
"""

import itertools
import multiprocessing
import random
import shutil
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from signal import SIGKILL

import duckdb

from cdp_assets.config import Project, load_project
from cdp_assets.lake import Place, digest
from cdp_assets.lake.lock import current_holder
from cdp_assets.orchestration.catalogue import tables_of
from cdp_assets.publish import FILE, read_pointer
from cdp_assets_tests.faults import points, world
from cdp_assets_tests.projects import query

NOT_COMPARED = {"audit_log"}  # who did what and when: another run, another entry
PUBLISHED_APART = {"published_version"}  # of the publication: the versions of the tables, and a killed run may have made one more
WITHOUT_VERSIONS = {"facts": "* exclude (contents)"}  # facts.contents is a digest over these versions too
PATIENCE = 600  # seconds for one refresh


@dataclass(frozen=True)
class Moment:
    """A project before a refresh, the day of that refresh, how its tables are after it, and the places that it comes to."""

    name: str
    template: Path
    as_of: date
    expected: dict[str, str] = field(default_factory=dict)
    places: tuple[str, ...] = ()
    seconds: float = 0.0

    def boundaries(self) -> list[int]:
        """Where a step begins, and where a version is committed of which nothing but the table's own log knows."""
        return [n for n, name in enumerate(self.places, 1) if name.endswith(" started") or name.startswith("after commit of ")]


@dataclass(frozen=True)
class Trial:
    """A kill: at a place by its number, or after so many seconds. `twice`: the next run is killed too, at that place."""

    moment: Moment
    at: int | None = None
    after: float = 0.0
    twice: int | None = None

    def __str__(self) -> str:
        where = f"at {self.moment.places[self.at - 1]!r}" if self.at is not None else f"after {self.after:.2f} seconds"
        return f"{self.moment.name} {where}"


@dataclass(frozen=True)
class Outcome:
    """What became of a trial: the kills, how many of them met a run at work, and what differs in the end."""

    trial: Trial
    kills: int
    killed_while_running: int
    differing: tuple[str, ...]


class Harness:
    """Makes moments and runs trials below a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.context: ForkServerContext = multiprocessing.get_context("forkserver")
        self.context.set_forkserver_preload([points.__name__])
        self._numbers = itertools.count(1)

    def moments(self) -> tuple[Moment, Moment]:
        """The first refresh and that of the second day, undisturbed."""
        first = self.folder / "first"
        world.world(first)
        before = self._undisturbed("first", first, world.FIRST)
        # the lineage of columns is a cache by statement: deriving it takes longer than all steps together
        shutil.copytree(self.folder / "first undisturbed" / ".cdp" / "lineage", first / ".cdp" / "lineage")
        second = self.folder / "second"
        shutil.copytree(self.folder / "first undisturbed", second)
        world.next_day(second)
        return before, self._undisturbed("second", second, world.SECOND)

    def _undisturbed(self, name: str, template: Path, as_of: date) -> Moment:
        here, seen = self.folder / f"{name} undisturbed", self.folder / f"{name} places"
        shutil.copytree(template, here)
        started = time.monotonic()
        self.refreshed(here, as_of, seen=seen)
        seconds = time.monotonic() - started
        assert not lost(load_project(here)), lost(load_project(here))
        return Moment(name, template, as_of, contents(load_project(here)), tuple(seen.read_text().splitlines()), seconds)

    def start(self, folder: Path, as_of: date, *, die_at: int | None = None, seen: Path | None = None) -> ForkServerProcess:
        """A refresh at work in a process of its own."""
        process = self.context.Process(target=points.refresh_here, args=(folder, as_of, die_at, seen))
        process.start()
        return process

    def refreshed(self, folder: Path, as_of: date, *, seen: Path | None = None) -> None:
        """A refresh that ends well."""
        process = self.start(folder, as_of, seen=seen)
        process.join(PATIENCE)
        assert process.exitcode == 0, (process.exitcode, (folder / "run.log").read_text()[-2000:])

    def killed(self, folder: Path, as_of: date, *, at: int | None = None, after: float = 0.0) -> bool:
        """A refresh that is killed; whether it was still at work."""
        process = self.start(folder, as_of, die_at=at)
        process.join(PATIENCE if at is not None else after)
        if process.is_alive():
            process.kill()
            process.join(PATIENCE)
        return process.exitcode == -SIGKILL

    def run(self, trial: Trial) -> Outcome:
        """Kill, run again, compare."""
        here = self.folder / f"trial {next(self._numbers)}"
        shutil.copytree(trial.moment.template, here)
        try:
            kills = [self.killed(here, trial.moment.as_of, at=trial.at, after=trial.after)]
            if trial.twice is not None:
                kills.append(self.killed(here, trial.moment.as_of, at=trial.twice))
            try:
                self.refreshed(here, trial.moment.as_of)
                differing = differences(here, trial.moment.expected)
            except AssertionError as error:
                differing = (f"the next run failed: {error}",)
            return Outcome(trial, len(kills), sum(kills), differing)
        finally:
            shutil.rmtree(here, ignore_errors=True)

    def run_all(self, trials: Sequence[Trial], workers: int = 2) -> Iterator[Outcome]:
        """Outcomes in the order of the trials."""
        with ThreadPoolExecutor(workers) as pool:
            yield from pool.map(self.run, trials)


def planned(first: Moment, second: Moment, seed: int, by_chance: int, every: int = 1) -> list[Trial]:
    """Every step boundary of the second day and each fourth of the first (or each n-th of these), and kills at times by chance.

    Of those by chance a third is followed by a second kill, of the run that was to mend the first.
    """
    chance = random.Random(seed)
    trials = [Trial(second, at=number) for number in second.boundaries()[::every]]
    trials += [Trial(first, at=number) for number in first.boundaries()[:: 4 * every]]
    for number in range(by_chance):
        moment = (second, first)[number % 2]
        twice = chance.choice(moment.boundaries()) if number % 3 == 0 else None
        trials.append(Trial(moment, after=chance.uniform(0.05, 0.95) * moment.seconds, twice=twice))
    return trials


def contents(project: Project) -> dict[str, str]:
    """A digest of the rows of every table of the lake, and of every table of the publication: read, not believed."""
    place, found = Place(project.store), {}
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        for table in tables_of(project):
            if table.name not in NOT_COMPARED:
                rows = digest.of_rows(connection, place.newest(table))
                found[table.name] = next(iter(rows.values()), digest.of([]))
    pointer = read_pointer(project.store / "published")
    if pointer is not None:
        with duckdb.connect(str(project.store / "published" / pointer.folder / FILE), read_only=True) as connection:
            names = [row[0] for row in connection.execute("select table_name from duckdb_tables()").fetchall()]
            for name in sorted(set(names) - PUBLISHED_APART):
                rows = f'select {WITHOUT_VERSIONS.get(name, "*")} from "{name}"'
                sql = f"select count(*), sum(cast(hash(t) as hugeint)), bit_xor(hash(t)) from ({rows}) t"
                found[f"published: {name}"] = str(connection.execute(sql).fetchall())
        found["published as of"] = pointer.as_of
    return found


def lost(project: Project) -> list[str]:
    """Sources whose files hold other rows than the table and the quarantine together, and activities that do not add up."""
    found = []
    for source, rows in world.rows_of_files(project.folder).items():
        faulty = f"select count(distinct (source_file, source_line)) from quarantine where source = '{source}'"
        kept = query(project, f'select (select count(*) from "{source}") + ({faulty})')[0][0]
        if kept != rows:
            found.append(f"{source}: {rows} rows in its files, {kept} in its table and in quarantine")
    wrong = query(
        project, "select activity from activity_totals where rows_in <> activities + quarantined or money_in <> money + money_quarantined"
    )
    return [*found, *(f"activity {row[0]} does not add up" for row in wrong)]


def left_behind(project: Project) -> list[str]:
    """What a run that is over may not leave: intermediate files, half a publication, a lock that is held."""
    store = project.store
    left = [*(store / "work").glob("*"), *(store / "published").glob(".building*"), *store.rglob(".*.json.*")]
    return [str(path.relative_to(store)) for path in left] + (["run.lock"] if current_holder(Place(store).lock) else [])


def differences(folder: Path, expected: dict[str, str]) -> tuple[str, ...]:
    """The tables that differ from an undisturbed run, rows that are lost, and what was left behind."""
    project = load_project(folder)
    found = contents(project)
    differing = sorted(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name))
    return (*differing, *lost(project), *left_behind(project))
