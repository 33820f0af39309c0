"""A run: which versions it reads, how a step's result becomes a version, and what is not done again.

Write, audit, publish: the engine writes files, the blocking checks are asked of these files, and only then one log
entry makes them the newest version. What a run reads is the version of a table that it made itself, otherwise the
newest one from before it began.
"""

import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
from deltalake.exceptions import CommitFailedError

from cdp_assets.errors import UserError
from cdp_assets.lake import delta, digest
from cdp_assets.lake.aside import sweep_aside
from cdp_assets.lake.checks import Check, CheckResult, declared, run_checks
from cdp_assets.lake.engine import DuckDBEngine, Files
from cdp_assets.lake.guard import no_values_in_errors
from cdp_assets.lake.ledger import Entry, Ledger, private_files, replace_text
from cdp_assets.lake.lock import nobody_at_work
from cdp_assets.lake.session import session
from cdp_assets.lake.source import AS_OF, Source, as_of_row, name, parquet_rows
from cdp_assets.lake.stage import Stage
from cdp_assets.lake.table import Table

Reads = Mapping[str, Table | Source]
PINS = "pins.json"
CONFIGURATION = "configuration"  # the digest of cdp.yaml that a run was begun with, for its other processes
# delta-rs decodes %20, turns \\ into / and refuses control characters, DuckDB takes what follows ? for options.
UNREADABLE_IN_PATHS = frozenset("%\\?\x7f").union(map(chr, range(32)))
NO_ROWS = "0"  # the content digest of no rows


@dataclass(frozen=True)
class StepResult:
    """What a step did: the version that the table now has, its rows, and the answers of its checks."""

    table: Table
    version: int | None
    rows: int
    content: str
    unchanged: bool
    checks: tuple[CheckResult, ...]
    stages: tuple[Stage, ...]
    partitions: tuple[str, ...] = ()  # those that were computed
    inputs: Mapping[str, int | None] = field(default_factory=dict)
    rows_by_partition: Mapping[str, int] = field(default_factory=dict)
    numbers: Mapping[str, float] = field(default_factory=dict)
    also: tuple["StepResult", ...] = ()  # other tables that the step committed before its own
    notice: str | None = None  # what people must be told although the step went well; never a value of a record


@dataclass(frozen=True)
class Place:
    """The folders of a project's store (`<project>/.cdp`)."""

    store: Path

    @property
    def lake(self) -> Path:
        """The tables, one folder each."""
        return self.store / "lake"

    @property
    def ledger(self) -> Ledger:
        """What was computed from what."""
        return Ledger(self.store / "steps")

    @property
    def lock(self) -> Path:
        """The file whose lock makes a run the project's one writer."""
        return self.store / "run.lock"

    @property
    def turn(self) -> Path:
        """The file whose lock lets one step of that run work at a time."""
        return self.store / "turn.lock"

    def prepare(self) -> None:
        """Create the store, readable by its owner only; UserError where its path is none that the libraries can read."""
        if found := sorted(UNREADABLE_IN_PATHS.intersection(str(self.store))):
            message = (
                f"The path {self.store} has {' and '.join(found)} in it, which the storage libraries read as something else. "
                "Move or rename the folder; spaces and letters of any language are fine."
            )
            raise UserError("".join(each if each.isprintable() else repr(each)[1:-1] for each in message))
        for folder in (self.store, self.lake, self.ledger.folder, self.store / "work"):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def sweep(self, keep: str | None) -> None:
        """Remove what runs that are over left behind, but for run `keep`. Only for the holder of the project's lock."""
        for folder in (self.store / "work").glob("*"):
            if folder.name != keep:
                shutil.rmtree(folder, ignore_errors=True)
        sweep_aside(self.store)

    def tables(self) -> list[str]:
        """Names of all tables that have a version."""
        return sorted(path.parent.name for path in self.lake.glob("*/_delta_log"))

    def newest(self, table: Table) -> Source:
        """The newest version of a table for readers outside a run; typed and empty when there is none."""
        with no_values_in_errors(table.name):
            return source_of(self.lake / table.name, table, None)


def source_of(path: Path, table: Table, version: int | None, partitions: Sequence[str] | None = None) -> Source:
    """A version of a table (None: the newest) as an input; only the given partitions where said."""
    handle = delta.open_table(path, version)
    if handle is None:
        return Source(table, parquet_rows(table, []), digest="none")
    files = delta.files_of(path, handle, table.partition, partitions)
    size = sum(file.stat().st_size for file in files)
    metadata = delta.commit_metadata(path, handle.version())
    return Source(
        table,
        parquet_rows(table, [str(file) for file in files]),
        size,
        metadata.get("content", f"version {handle.version()}"),
        handle.version(),
        metadata.get("partitions", {}),
    )


class Run:
    """One run over a project. Use it within the project's lock."""

    def __init__(
        self, place: Place, run_id: str, as_of: date, *, user: str = "", memory: int = 2 << 30, threads: int | None = None
    ) -> None:
        self.place, self.run_id, self.as_of, self.user = place, run_id, as_of, user
        # Arrow tables, kernels and Python share the project's memory with DuckDB.
        self.engine = DuckDBEngine(memory=memory // 2, threads=threads)
        place.prepare()
        self.pins = self._pin()
        self.failed: list[str] = []  # tables whose step failed
        self.full: frozenset[str] = frozenset()  # sources that are read in full, although they are read in increments otherwise
        self.learn: frozenset[str] = frozenset()  # frozen tables that are learnt anew
        self.made: dict[str, int | None] = {}  # tables whose step went well: the rows of a new version, None where the old one stayed
        self.warned: list[str] = []  # tables whose step went well with something that people must be told
        self.progress: Callable[[str, str], None] = lambda _table, _state: None
        self._seen: dict[tuple[str, int, tuple[str, ...]], Source] = {}  # versions never change, and opening one reads its log
        self._reader: duckdb.DuckDBPyConnection | None = None
        self._open = ExitStack()

    @property
    def work(self) -> Path:
        """The folder for intermediate files of this run."""
        return self.place.store / "work" / self.run_id

    def clean(self) -> None:
        """Remove the intermediate files. The pinned versions stay for the run's other processes; a later run sweeps them.

        Where another process of the run is at work, all stays, for that process or the next run.
        """
        self._open.close()
        self._reader = None
        if not nobody_at_work(self.place.turn):
            return
        for path in self.work.glob("*"):
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            elif path.name not in (PINS, CONFIGURATION):
                path.unlink(missing_ok=True)

    def _pin(self) -> dict[str, int]:
        """The newest version of every table when the run began; written down for its other processes."""
        file = self.work / PINS
        if file.exists():
            return {str(k): int(v) for k, v in json.loads(file.read_text()).items()}
        pins: dict[str, int] = {}
        for table in self.place.tables():
            with no_values_in_errors(table):
                handle = delta.open_table(self.place.lake / table)
            if handle is not None:
                pins[table] = handle.version()
        self.work.mkdir(parents=True, exist_ok=True, mode=0o700)
        replace_text(file, json.dumps(pins))
        return pins

    def version(self, table: str) -> int | None:
        """The version that this run reads; None when it is to see no version."""
        entry = self.place.ledger.read(table)
        if entry is not None and entry.run == self.run_id:
            return entry.version
        return self.pins.get(table)

    def read(self, table: Table, partitions: Sequence[str] | None = None) -> Source:
        """The rows of a table that this run is to see."""
        version = self.version(table.name)
        if version is None:
            return Source(table, parquet_rows(table, []), digest="none")
        key = (table.name, version, table.column_names)
        if partitions is None and key in self._seen:
            return self._seen[key]
        with no_values_in_errors(table.name):
            found = source_of(self.place.lake / table.name, table, version, partitions)
        if partitions is None:
            self._seen[key] = found
        return found

    def reader(self) -> duckdb.DuckDBPyConnection:
        """A connection for small questions about tables, the same for the whole run: opening one takes longer than most answers."""
        if self._reader is None:
            self._reader = self._open.enter_context(session(memory=self.engine.memory))
        return self._reader

    def rows(self, table: Table) -> int:
        """The number of rows of the version that this run sees, read off its digest."""
        content = self.read(table).digest
        return digest.rows_in(content) if content and content != "none" else 0

    def sources(self, reads: Reads) -> dict[str, Source]:
        """The inputs of a step by the names that its stages use."""
        return {n: each if isinstance(each, Source) else self.read(each) for n, each in reads.items()}

    def make(
        self,
        table: Table,
        stages: Sequence[Stage],
        reads: Reads,
        *,
        checks: Sequence[Check] = (),
        settings: Any = None,
        uses_as_of: bool = False,
        code: str = "",
        partition: str | None = None,
        frozen: bool = False,
    ) -> StepResult:
        """Compute a table and make it the newest version, unless nothing it depends on has changed.

        `settings`: the part of the configuration it depends on beyond what is in the stages. `partition`: the value of
        the partition column that is replaced, where the rest of the table stays. `uses_as_of`: stages and checks may read
        AS_OF. `frozen`: rows that are there stay although the inputs have changed, unless `learn` names the table.
        Raises ChecksFailedError and commits nothing when a blocking check fails.
        """
        inputs = self.sources(reads)
        done = partial(digest.of_step, digest.of_stages(stages), settings=settings, as_of=self.as_of if uses_as_of else None, code=code)
        read = {n: s.digest for n, s in inputs.items()}
        step = done(inputs={} if frozen and self.rows(table) else read)
        everything = [*declared(table), *checks]
        key = table.name if partition is None else f"{table.name}.{partition}"
        entry = self.place.ledger.read(key)
        versions = self.versions(inputs)
        if uses_as_of:
            inputs[AS_OF.name] = as_of_row(self.as_of)
        before = self.read(table)
        asked = frozen and table.name in self.learn
        if entry is not None and entry.digest == step and not asked and self._still_there(entry, before, partition):
            self.confirm(key, replace(entry, version=before.version, run=self.run_id, as_of=str(self.as_of), inputs=versions))
            kept = tuple(CheckResult(c.name, c.description, 0) for c in everything)
            return StepResult(table, before.version, digest.rows_in(entry.content), entry.content, True, kept, tuple(stages), (), versions)
        with private_files(), no_values_in_errors(table.name):
            files = self.compute(table, stages, inputs)
            with discarded_on_failure(files):
                results = run_checks(everything, table, files.source(), inputs, self.work / "spill", self.engine.memory)
                made = self.content(files)
            parts = {} if partition is None else {**{p: c for p, c in before.partitions.items() if p != partition}, **made}
            mine = next(iter(made.values()), NO_ROWS)
            content = digest.combined(parts) if table.partition else mine
            scope = None if partition is None else (partition,)
            step = done(inputs={} if frozen and files.rows else read)  # what was learnt from nothing is learnt as soon as there is anything
            version, same = self.commit(table, files, scope, content, parts, step, versions)
        self.confirm(key, Entry(step, version, self.run_id, str(self.as_of), versions, mine))
        if partition is not None:
            self.confirm(table.name, Entry("partitions", version, self.run_id, str(self.as_of), {}, content))
        return StepResult(table, version, files.rows, mine, same, tuple(results), tuple(stages), (), versions)

    @staticmethod
    def _still_there(entry: Entry, before: Source, partition: str | None) -> bool:
        """Whether the rows that the entry speaks of are those of the version that this run reads."""
        if partition is None:
            return before.version is not None and entry.version == before.version
        return before.version is not None and before.partitions.get(partition, NO_ROWS) == entry.content

    def compute(self, table: Table, stages: Sequence[Stage], inputs: Mapping[str, Source]) -> Files:
        """Run the stages; the files are in the table's folder and belong to no version yet."""
        target = self.place.lake / table.name
        target.mkdir(parents=True, exist_ok=True, mode=0o700)
        for source in inputs.values():
            if source.prepare is not None:
                source.prepare()
        made = self.engine.run(stages, inputs, target, self.work / table.name)
        return made[stages[-1].name]

    def content(self, files: Files) -> dict[str, str]:
        """Content digests of new rows, by partition value (one under "" where the table has none)."""
        with session(self.work / "spill", memory=self.engine.memory) as connection:
            return digest.of_rows(connection, files.source(), files.table.partition)

    def commit(
        self,
        table: Table,
        files: Files,
        scope: tuple[str, ...] | None,
        content: str,
        partitions: Mapping[str, str],
        step: str,
        versions: Mapping[str, int | None],
    ) -> tuple[int, bool]:
        """The version that holds these rows, and whether it was there before.

        A refused commit discards the files. An interrupted one may have happened, so then they stay: if they belong to
        no version, the upkeep removes them.
        """
        path = self.place.lake / table.name
        pinned = self.version(table.name)
        handle = delta.open_table(path, pinned) if pinned is not None else None
        if handle is not None and delta.commit_metadata(path, handle.version()).get("content") == content:
            discard(files)
            return handle.version(), True
        metadata = {
            "run": self.run_id,
            "as_of": str(self.as_of),
            "inputs": dict(versions),
            "step": step,
            "content": content,
            "partitions": dict(partitions),
        }
        try:
            return delta.Commit(table, path, files.files, scope, metadata).apply(handle), False
        except CommitFailedError:
            discard(files)
            raise

    def confirm(self, key: str, entry: Entry) -> None:
        """Write down that a table (or partition) is now known to be the result of these inputs."""
        self.place.ledger.write(key, entry)

    @staticmethod
    def versions(inputs: Mapping[str, Source]) -> dict[str, int | None]:
        """Table -> version of the inputs."""
        return {source.table.name: source.version for source in inputs.values()}


@contextmanager
def discarded_on_failure(files: Files) -> Iterator[None]:
    """Remove the files when the block fails. Only before the commit: afterwards they are a version's."""
    try:
        yield
    except BaseException:
        discard(files)
        raise


def discard(files: Files) -> None:
    """Remove files that did not become a version (a killed run leaves them to the upkeep)."""
    for file in files.files:
        file.path.unlink(missing_ok=True)


def only(source: Source, column: str, values: Sequence[str]) -> Source:
    """The rows of a source whose column, as text, is one of the values."""
    listing = ", ".join(f"'{value}'" for value in sorted(values) if "'" not in value) or "null"
    sql = f"select * from ({source.sql}) where cast({name(column)} as varchar) in ({listing})"
    return replace(source, sql=sql)
