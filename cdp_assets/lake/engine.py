"""The engine of one machine: runs stages in DuckDB, whole or bucket by bucket, and writes sorted Parquet files."""

import glob
import math
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import duckdb

from cdp_assets.errors import UserError
from cdp_assets.lake.guard import no_values_in_errors
from cdp_assets.lake.session import provide, session
from cdp_assets.lake.source import Source, casts, literal, name, parquet_rows
from cdp_assets.lake.stage import Meet, Stage
from cdp_assets.lake.table import Table

# Parquet is compressed and joins need hash tables: a bucket's input may be this part of the memory, measured on disk.
EXPANSION = 12

# Rows in a part of a file of which single rows are looked up: a tenth of the time of DuckDB's 122,880, for 4 % more bytes.
LOOKED_UP = 20_480


class StageError(UserError):
    """A stage was declared or fed wrongly (a defect of the station, not of the data)."""


@dataclass(frozen=True)
class DataFile:
    """A Parquet file as an engine wrote it; `partition` is the value of the table's partition column, if it has one."""

    path: Path
    rows: int
    bytes: int
    partition: str | None = None


@dataclass(frozen=True)
class Files:
    """All files of one result."""

    table: Table
    files: tuple[DataFile, ...]

    @property
    def rows(self) -> int:
        """Number of rows in all files."""
        return sum(file.rows for file in self.files)

    def source(self) -> Source:
        """These files as an input of a later stage or check."""
        paths = [str(file.path) for file in self.files]
        return Source(self.table, parquet_rows(self.table, paths), sum(file.bytes for file in self.files))


class Engine(Protocol):
    """What runs stages: DuckDB here, DuckDB inside Spark's partitions in a later version."""

    def run(self, stages: Sequence[Stage], inputs: Mapping[str, Source], into: Path, work: Path) -> Mapping[str, Files]:
        """Run the stages in order; results of `writes` with a name of the lake go into `into`, others into `work`."""
        ...


MORE_BUCKETS, MOST_BUCKETS = 4, 256  # where memory was not enough: so many times more, up to so many


@dataclass(frozen=True)
class DuckDBEngine:
    """Runs stages on this machine. `memory` in bytes is for DuckDB; `buckets` forces their number (tests)."""

    memory: int = 2 << 30
    threads: int | None = None
    buckets: int | None = None

    def run(self, stages: Sequence[Stage], inputs: Mapping[str, Source], into: Path, work: Path) -> dict[str, Files]:
        """Run the stages in order; the last one's files go below `into`, the others' below `work`; by stage name."""
        results: dict[str, Files] = {}
        known: dict[str, Source] = dict(inputs)
        work.mkdir(parents=True, exist_ok=True)
        with session(work / "spill", memory=self.memory, threads=self.threads) as connection:
            for stage in stages:
                last = stage is stages[-1]
                target = into if last else work
                with no_values_in_errors(f"{stages[-1].writes.name}, step {stage.name}"):
                    target.mkdir(parents=True, exist_ok=True)
                    order = () if stage.in_order else _order(stage.writes, kept=last)
                    results[stage.name] = self._run_in_memory(connection, stage, known, target, order)
                known[stage.name] = results[stage.name].source()
        return results

    def _run_in_memory(
        self, connection: duckdb.DuckDBPyConnection, stage: Stage, known: Mapping[str, Source], target: Path, order: Sequence[str]
    ) -> Files:
        """Run a stage in as many buckets as its inputs' sizes ask for; in more where that was too few, as a result may be far wider."""
        count = self._count(stage, known)
        splits = not self.buckets and not any(meet.kind == "whole" for meet in stage.reads.values())
        while True:
            try:
                return _run_stage(connection, stage, known, target, order, count)
            except duckdb.OutOfMemoryException:
                if not splits or count >= MOST_BUCKETS or not any(meet.kind in ("by", "anyhow") for meet in stage.reads.values()):
                    raise
                count *= MORE_BUCKETS

    def _count(self, stage: Stage, known: Mapping[str, Source]) -> int:
        """How many buckets: one when the inputs fit the memory, never more for `whole`."""
        missing = sorted(set(stage.reads) - set(known))
        if missing:
            raise StageError(f"stage {stage.name} reads {', '.join(missing)}: no such input or earlier stage")
        meets = stage.reads.values()
        if any(meet.kind == "whole" for meet in meets) or not any(meet.kind in ("by", "anyhow") for meet in meets):
            return 1
        if self.buckets:
            return self.buckets
        size = sum(known[n].bytes for n, meet in stage.reads.items() if meet.kind == "by")
        return max(1, math.ceil(size * EXPANSION / self.memory))


def _run_stage(
    connection: duckdb.DuckDBPyConnection, stage: Stage, known: Mapping[str, Source], target: Path, order: Sequence[str], count: int
) -> Files:
    table = stage.writes
    token = uuid.uuid4().hex[:12]
    provide(connection, stage.functions)
    for n in stage.reads:
        connection.execute(f"create or replace temp view {name('input ' + n)} as {known[n].sql}")
    _check_types(connection, stage)
    written: list[DataFile] = []
    try:
        for bucket in range(count):
            if _open_bucket(connection, stage, bucket, count):
                written += _copy(connection, stage, target, f"{table.name}-{token}-{bucket}", order)
    except BaseException:
        for path in target.rglob(f"{glob.escape(table.name)}-{token}-*"):  # also what was written in part
            path.unlink(missing_ok=True)
        raise
    for n in stage.reads:
        connection.execute(f"drop view {name(n)}")
    return Files(table, tuple(file for file in written if file.rows))


def _check_types(connection: duckdb.DuckDBPyConnection, stage: Stage) -> None:
    """Refuse keys of unequal types: a double against a bigint loses rows without a word."""
    kinds: dict[int, set[str]] = {}
    for n, meet in stage.reads.items():
        if meet.kind != "by":
            continue
        types = {row[0]: row[1] for row in connection.execute(f"describe {name('input ' + n)}").fetchall()}
        for place, column in enumerate(meet.columns):
            if column not in types:
                raise StageError(f"stage {stage.name}: input {n} has no column {column}")
            kinds.setdefault(place, set()).add(types[column])
    for place, found in kinds.items():
        if len(found) > 1:
            raise StageError(f"stage {stage.name}: key column {place + 1} has unequal types: {', '.join(sorted(found))}")


def _rows_of(n: str, meet: Meet, bucket: int, count: int) -> str:
    origin = name("input " + n)
    if meet.kind == "by":
        keys = ", ".join(name(column) for column in meet.columns)
        conditions = [f"{name(column)} is not null" for column in meet.columns if meet.nulls == "drop"]
        if count > 1:
            conditions.append(f"hash({keys}) % {count} = {bucket}")
        return f"select * from {origin}" + (f" where {' and '.join(conditions)}" if conditions else "")
    if meet.kind == "anyhow" and count > 1:
        return f"select * exclude (_n) from (select *, row_number() over () as _n from {origin}) where _n % {count} = {bucket}"
    return f"select * from {origin}"


def _open_bucket(connection: duckdb.DuckDBPyConnection, stage: Stage, bucket: int, count: int) -> bool:
    """Show the body this bucket's rows under the inputs' names; False when none of the split inputs has any."""
    split = [n for n, meet in stage.reads.items() if meet.kind in ("by", "anyhow")]
    for n, meet in stage.reads.items():
        connection.execute(f"create or replace temp view {name(n)} as {_rows_of(n, meet, bucket, count)}")
        if meet.kind == "whole":
            rows = connection.execute(f"select count(*) from {name(n)}").fetchall()[0][0]
            if rows > meet.max_rows:
                raise StageError(f"stage {stage.name}: {n} has {rows} rows, more than the {meet.max_rows} that one machine may hold")
    return not split or any(connection.execute(f"from {name(n)} limit 1").fetchall() for n in split)


def _body(connection: duckdb.DuckDBPyConnection, stage: Stage) -> str:
    """The bucket's rows as SQL to select from; a Python body has been run and its result is registered."""
    sql = stage.sql()
    if sql is not None:
        return f"({sql})"
    assert callable(stage.body)
    tables = {n: connection.sql(f"from {name(n)}").to_arrow_table() for n in stage.reads}
    connection.register("arrow_output", stage.body(tables, stage.params))
    return "arrow_output"


def _order(table: Table, *, kept: bool) -> tuple[str, ...]:
    """The columns by which rows are sorted. What is not kept and has no key is not: later stages depend on no order."""
    first = (table.partition,) if table.partition else ()
    return tuple(dict.fromkeys([*first, *(table.sort_key if kept else table.key)]))


def _copy(connection: duckdb.DuckDBPyConnection, stage: Stage, target: Path, stem: str, order: Sequence[str]) -> list[DataFile]:
    """Write the body's rows cast to the declared schema and in this order; one file, or one for each partition value."""
    table = stage.writes
    as_text = (f"cast({name(column)} as varchar)" if column in stage.enums else name(column) for column in order)
    by_key = f" order by {', '.join(as_text)}" if order else ""
    select = f"select {casts(table, stage.enums)} from {_body(connection, stage)}{by_key}"
    parameters = dict(stage.params) if stage.sql() is not None and stage.params else None
    options = "format parquet, compression zstd, return_stats true" + (f", row_group_size {LOOKED_UP}" if table.looked_up else "")
    if table.partition is None:
        path = literal(str(target / f"{stem}.parquet"))
        rows = connection.execute(f"copy ({select}) to {path} ({options})", parameters).fetchall()
    else:
        # One thread: with two, the row groups of one partition may be written in the wrong order.
        threads = connection.execute("select current_setting('threads')").fetchall()[0][0]
        connection.execute("set threads = 1")
        options += f", partition_by ({name(table.partition)}), overwrite_or_ignore true, filename_pattern {literal(stem + '-{i}')}"
        rows = connection.execute(f"copy ({select}) to {literal(str(target))} ({options})", parameters).fetchall()
        connection.execute(f"set threads = {int(threads)}")
    if not isinstance(stage.body, str) and callable(stage.body):
        connection.unregister("arrow_output")
    return [DataFile(Path(r[0]), r[1], r[2], (r[5] or {}).get(table.partition) if table.partition else None) for r in rows]
