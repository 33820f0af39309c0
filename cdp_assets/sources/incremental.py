"""Reading a source in increments: what is new is read, and merged by key into what the run before left.

Four tables take part, committed in this order: `keys_removed` and `rows_rejected`, the source's own table, its part of the
quarantine, and at last `files_read`. A run that is killed in between reads the same files again, and merging them twice changes
nothing (incremental_stages.py says why).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from cdp_assets.config import Project, RecordsSource
from cdp_assets.lake import CheckResult, EngineError, Run, Source, Stage, StepResult, Table, anyhow, digest, no_values_in_errors, session
from cdp_assets.lake.checks import declared
from cdp_assets.lake.source import literal, parquet_rows
from cdp_assets.lake.source import name as quoted
from cdp_assets.sources import incremental_stages as stages
from cdp_assets.sources.database import database_rows
from cdp_assets.sources.files import SourceError
from cdp_assets.sources.incremental_plan import Plan, Remembered, deletes_of, files_of, plan_files, settings_of, what_changed
from cdp_assets.sources.incremental_tables import FILES_READ, KEYS_REMOVED, ROWS_REJECTED
from cdp_assets.sources.raw import Raw, raw_rows
from cdp_assets.sources.tables import QUARANTINE, table_of
from cdp_assets.sources.typed import RAW


@dataclass
class _Reading:
    """What one run does with one source."""

    run: Run
    project: Project
    name: str
    source: RecordsSource
    code: str

    @property
    def table(self) -> Table:
        return table_of(self.name, self.source)

    def part(self, table: Table, *, full: bool = False) -> Source:
        """This source's part of a table of remembered rows, as an input; empty where nothing of before counts."""
        if full:
            return Source(table, parquet_rows(table, []), digest="none")
        found = self.run.read(table, [self.name])
        content = found.partitions.get(self.name, "none")
        return replace(found, table=replace(table, name=f"{table.name} of {self.name}"), digest=content, version=None)

    def before(self, *, full: bool) -> Source:
        """The source's table as the run before left it."""
        table = replace(self.table, name=f"{self.name} before")
        if full:
            return Source(table, parquet_rows(table, []), digest="none")
        return replace(self.run.read(self.table), table=table, version=None)

    def made(self, what: list[Stage], inputs: Mapping[str, Source], folder: str) -> Source:
        """Rows that only this run needs, computed once for all tables that are made of them."""
        for each in inputs.values():
            if each.prepare is not None:
                each.prepare()
        place = self.run.work / folder / self.name
        files = self.run.engine.run(what, inputs, place, place)[what[-1].name]
        content = digest.of([[digest.of_stage(stage) for stage in what], {n: each.digest for n, each in inputs.items()}, self.code])
        return replace(files.source(), digest=content)

    def rows_of(self, sql: str, *, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with no_values_in_errors(self.name), session(memory=self.run.engine.memory) as connection:
            return connection.execute(sql, list(parameters)).fetchall()


def read_incremental(run: Run, project: Project, name: str, source: RecordsSource, code: str) -> tuple[StepResult, StepResult]:
    """Bring a source that is read in increments up to date: (what became of its part of the quarantine, of its table).

    Raises SourceError, with nothing committed, when it cannot be read, or when all must be read anew and rows would be lost by
    that; ChecksFailedError when the numbers of rows do not add up.
    """
    its = _Reading(run, project, name, source, code)
    before, newest = _remembered(its)
    settings = settings_of(source)
    full, why = what_changed(before, settings, asked=name in run.full, has_table=run.version(name) is not None)
    with no_values_in_errors(f"source {name}"):
        plan = plan_files(project.folder, name, source, before, full, why, run.place.store / "fingerprints" / f"{name}.json")
    if full and name not in run.full:
        _refuse_loss(its, plan)
    if plan.nothing and source.database is None and (kept := _as_it_was(its)) is not None:
        return kept
    since = None if full or source.database is None else _since(its, newest)
    raw, lists = _raw(its, plan, since)
    try:
        return _merge(its, plan, raw, lists, settings, newest)
    except EngineError:
        for each in (raw, lists):
            if each is not None:
                each.check_readable(name, run.engine.memory)
        raise
    finally:
        for each in (raw, lists):
            if each is not None:
                each.discard()


def watched_files(folder: Path, name: str, source: RecordsSource) -> tuple[Any, ...]:
    """All files that a refresh of the source would look at: those with its rows, and those that list deleted records."""
    upserts, deletes = files_of(folder, name, source, required=False)
    return (*upserts, *deletes)


def _remembered(its: _Reading) -> tuple[list[Remembered], datetime | None]:
    """The files that are merged into the table already, and the newest change seen in a database."""
    table = its.run.read(FILES_READ, [its.name])
    if table.version is None:
        return [], None
    rows = its.rows_of(f"select file, fingerprint, deletes, gone, settings, newest from ({table.sql}) order by file")
    return [Remembered(*row[:5]) for row in rows], max((row[5] for row in rows if row[5]), default=None)


def _refuse_loss(its: _Reading, plan: Plan) -> None:
    """All must be read anew, and files that were read are gone: rows would be lost by a change of cdp.yaml."""
    if not plan.gone:
        return
    files = "(select unnest(?))"
    parts = [(its.run.read(its.table), "rows of the table"), (its.run.read(KEYS_REMOVED, [its.name]), "deletions")]
    counts = [
        (its.rows_of(f"select count(*) from ({part.sql}) where source_file in {files}", parameters=[list(plan.gone)])[0][0], what)
        for part, what in parts
    ]
    if lost := " and ".join(f"{count:,} {what}" for count, what in counts if count):
        shown = ", ".join(plan.gone[:5]) + (f" and {len(plan.gone) - 5} more" if len(plan.gone) > 5 else "")
        message = (
            f"everything would have to be read anew, because {plan.why}; but files that were read are not there any more ({shown}), "
            f"and {lost} came from them and cannot be rebuilt. Put the files back, or undo the change, or give that up with "
            f"`cdp refresh --full {its.name}`."
        )
        raise SourceError(its.name, [message])


def _as_it_was(its: _Reading) -> tuple[StepResult, StepResult] | None:
    """The results where there is nothing to read; None where it is not known what the table was made from."""
    run, now = its.run, its.run.read(its.table)
    entry = run.place.ledger.read(its.name)
    if entry is None or now.version is None or entry.version != now.version:
        return None
    run.confirm(its.name, replace(entry, run=run.run_id, as_of=str(run.as_of)))
    kept = tuple(CheckResult(check.name, check.description, 0) for check in [*declared(its.table), *stages.checks(its.name, its.source)])
    rows = StepResult(its.table, now.version, digest.rows_in(now.digest), now.digest, True, kept, (), inputs=entry.inputs)
    quarantine = run.read(QUARANTINE)
    content = quarantine.partitions.get(its.name, "0")
    return StepResult(QUARANTINE, quarantine.version, digest.rows_in(content), content, True, (), ()), rows


def _since(its: _Reading, newest: datetime | None) -> datetime | None:
    """From when on rows of a database are asked for; None: from the beginning. A time after the day of the run does not count."""
    assert its.source.incremental is not None
    return None if newest is None else min(newest, _end_of_day(its.run)) - its.source.incremental.look_back


def _end_of_day(run: Run) -> datetime:
    return datetime.combine(run.as_of, time()) + timedelta(days=1)


def _raw(its: _Reading, plan: Plan, since: datetime | None) -> tuple[Raw | None, Raw | None]:
    """The raw rows that are new, of the source and of the files of deleted records; None where there are none."""
    run, lists = its.run, deletes_of(its.source)
    with no_values_in_errors(f"source {its.name}"):
        deletes = (
            raw_rows(its.project.folder, its.name, lists, run.work / "deletes", files=plan.deletes) if lists and plan.deletes else None
        )
        if its.source.database is not None:
            return database_rows(its.name, its.source, run.work, run.engine.memory, since), deletes
        rows = raw_rows(its.project.folder, its.name, its.source, run.work, files=plan.upserts) if plan.upserts else None
    return rows, deletes


def _merge(
    its: _Reading, plan: Plan, raw: Raw | None, lists: Raw | None, settings: str, newest: datetime | None
) -> tuple[StepResult, StepResult]:
    run, name, source = its.run, its.name, its.source
    arrived = stages.arrived_table(name, source)
    faults = stages.REJECTED_TABLE
    inputs = {
        RAW: _rows(raw), stages.RAW_DELETES: _rows(lists),
        stages.ARRIVED: _nothing(arrived), stages.DELETES: _nothing(stages.DELETES_TABLE), stages.REJECTED: _nothing(faults),
    }  # fmt: skip
    if raw is not None:
        inputs[stages.ARRIVED] = its.made(stages.arrived_stages(name, source, raw.places), {RAW: raw.rows}, "arrived")
        inputs[stages.REJECTED] = its.made(stages.rejected_stages(name, source, raw.places), {RAW: raw.rows}, "rejected")
    if lists is not None:
        of_lists = deletes_of(source)
        assert of_lists is not None
        inputs[stages.DELETES] = its.made(stages.deletes_stages(name, source, lists.places), {RAW: lists.rows}, "deletes")
        wrong = its.made(stages.rejected_stages(name, of_lists, lists.places), {RAW: lists.rows}, "rejected_deletes")
        inputs[stages.REJECTED] = _together(inputs[stages.REJECTED], wrong)

    common: dict[str, Any] = {"code": its.code, "settings": plan.full}
    some = {each: inputs[each] for each in (stages.ARRIVED, stages.DELETES)}
    some[stages.REMOVED_BEFORE] = its.part(KEYS_REMOVED, full=plan.full)
    removed = run.make(KEYS_REMOVED, [stages.removed_stage(name, source)], some, partition=name, **common)
    files = [file.name for file in (*plan.upserts, *plan.deletes)]
    some = {each: inputs[each] for each in (stages.ARRIVED, stages.REJECTED)}
    some[stages.REJECTED_BEFORE] = its.part(ROWS_REJECTED, full=plan.full)
    rejected = run.make(ROWS_REJECTED, [stages.all_rejected_stage(name, source, files)], some, partition=name, **common)
    inputs |= {stages.BEFORE: its.before(full=plan.full), stages.REMOVED: its.part(KEYS_REMOVED)}
    rows = run.make(its.table, [stages.merged_stage(name, source)], inputs, checks=stages.checks(name, source), **common)
    numbers = _numbers(its, inputs)
    read = {
        name: replace(run.read(its.table), version=None),
        stages.ALL_REJECTED: its.part(ROWS_REJECTED),
        stages.REMOVED: inputs[stages.REMOVED],
    }
    faulty = run.make(QUARANTINE, [stages.quarantine_of_stage(name, source)], read, partition=name, **common)
    files_read = _write_down(its, plan, settings, _newest(its, inputs, newest if not plan.full else None))
    return faulty, replace(rows, numbers=numbers, notice=plan.said, also=(removed, rejected, files_read))


def _rows(raw: Raw | None) -> Source:
    if raw is not None:
        return raw.rows
    return _nothing(stages.NO_FILES)


def _nothing(table: Table) -> Source:
    return Source(table, parquet_rows(table, []), digest="none")


def _together(one: Source, other: Source) -> Source:
    return replace(one, sql=f"{one.sql} union all {other.sql}", bytes=one.bytes + other.bytes, digest=digest.of([one.digest, other.digest]))


def _numbers(its: _Reading, inputs: Mapping[str, Source]) -> dict[str, float]:
    """What is published of the increment."""
    with no_values_in_errors(f"{its.name}, numbers"), session(its.run.work / "spill", memory=its.run.engine.memory) as connection:
        for each, source in {**inputs, its.name: its.run.read(its.table)}.items():
            connection.execute(f"create temp view {quoted(each)} as {source.sql}")
        return {label: float(connection.execute(sql).fetchall()[0][0]) for label, sql in stages.numbers_sql(its.name).items()}


def _newest(its: _Reading, inputs: Mapping[str, Source], before: datetime | None) -> datetime | None:
    """The newest change seen in the database so far; what is dated after the day of the run does not count."""
    if its.source.database is None:
        return None
    times = f"select _at as t from ({inputs[stages.ARRIVED].sql}) union all select updated_at from ({inputs[stages.REJECTED].sql})"
    found = its.rows_of(f"select max(t) from ({times}) where t < ?", parameters=[_end_of_day(its.run)])[0][0]
    return max((each for each in (before, found) if each is not None), default=None)


def _write_down(its: _Reading, plan: Plan, settings: str, newest: datetime | None) -> StepResult:
    """What is merged now: the last commit, so that a run that was killed before it reads the same again."""
    rows: dict[str, tuple[str, bool, bool, datetime | None]] = {
        file: (fingerprint, file in plan.all_deletes, False, None) for file, fingerprint in plan.fingerprints.items()
    }
    if not plan.full:
        before, _ = _remembered(its)
        rows |= {each.file: (each.fingerprint, each.deletes, True, None) for each in before if each.file in plan.gone}
    if its.source.database is not None:
        rows[its.source.read_from] = ("", False, False, newest)
    listed = [dict(zip(FILES_READ.column_names, (its.name, file, *row, settings), strict=True)) for file, row in sorted(rows.items())]
    path = its.run.work / "files" / f"{its.name}.read.parquet"
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    from pyarrow import parquet

    parquet.write_table(pa.Table.from_pylist(listed, schema=FILES_READ.arrow_schema()), path)
    given = Source(replace(FILES_READ, name="_files"), f"select * from read_parquet({literal(str(path))})", digest=digest.of(listed))
    stage = Stage("files", {"_files": anyhow()}, "select * from _files", FILES_READ)
    made = its.run.make(FILES_READ, [stage], {"_files": given}, partition=its.name)
    path.unlink()
    return made
