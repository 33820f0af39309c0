"""Daily tables: which days are due, and how some days become a version of a partitioned table in one log entry."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cdp_assets.lake import digest
from cdp_assets.lake.checks import Check, CheckResult, declared, run_checks
from cdp_assets.lake.guard import no_values_in_errors
from cdp_assets.lake.ledger import DAYS_DONE, DAYS_LEFT, Entry, private_files
from cdp_assets.lake.run import NO_ROWS, Reads, Run, StepResult, discarded_on_failure, only
from cdp_assets.lake.session import session
from cdp_assets.lake.source import Source
from cdp_assets.lake.stage import Stage
from cdp_assets.lake.table import Table


def make_days(
    run: Run,
    table: Table,
    stages: Sequence[Stage],
    reads: Reads,
    *,
    day_of: Mapping[str, str],
    days: Sequence[str] | None = None,
    checks: Sequence[Check] = (),
    settings: Any = None,
    code: str = "",
    on_plan: Callable[[int], None] | None = None,
) -> StepResult:
    """Compute the due days of a table that is partitioned by day, all of them at once.

    A day is due when the rows of that day in the inputs, or what the step does, changed since it was computed.
    `day_of` names, for each input that is divided by day, its day column (values as ISO dates); other inputs count
    for every day. `days` (ISO) limits the work to these. Only when no day is left over is the table confirmed as the
    result of its inputs' versions.
    """
    assert table.partition is not None
    inputs = run.sources(reads)
    entry = run.place.ledger.read(table.name) or Entry("", run.version(table.name), "", "")
    pinned = run.version(table.name)
    done = dict(entry.partitions) if entry.version == pinned and pinned is not None else {}
    wanted = _wanted(run, stages, inputs, day_of, settings, code)
    due = sorted(day for day in {*wanted, *done} if wanted.get(day, NO_ROWS) != done.get(day, NO_ROWS))
    chosen = due if days is None else sorted(set(due) & set(days))
    if on_plan:
        on_plan(len(chosen))
    everything = [*declared(table), *checks]
    results: Sequence[CheckResult] = [CheckResult(c.name, c.description, 0) for c in everything]
    before = run.read(table)
    version, content, same = before.version, before.digest, True
    parts = before.partitions
    if chosen or pinned is None:
        some = {n: (only(s, day_of[n], chosen) if n in day_of else s) for n, s in inputs.items()}
        with private_files(), no_values_in_errors(table.name):
            files = run.compute(table, stages, some)
            with discarded_on_failure(files):
                results = run_checks(everything, table, files.source(), some, run.work / "spill", run.engine.memory)
                made = run.content(files)
            parts = {day: part for day, part in before.partitions.items() if day not in chosen} | made
            content = digest.combined(parts)
            scope = tuple(chosen) if pinned is not None else None
            version, same = run.commit(table, files, scope, content, parts, entry.digest, run.versions(inputs))
    left = [day for day in due if day not in chosen]
    done = {day: state for day, state in {**done, **{day: wanted.get(day, NO_ROWS) for day in chosen}}.items() if state != NO_ROWS}
    confirmed = run.versions(inputs) if not left else entry.inputs
    run.confirm(table.name, Entry(DAYS_LEFT if left else DAYS_DONE, version, run.run_id, str(run.as_of), confirmed, content, done))
    return StepResult(
        table,
        version,
        digest.rows_in(content),
        content,
        same,
        tuple(results),
        tuple(stages),
        tuple(chosen),
        run.versions(inputs),
        {day: digest.rows_in(part) for day, part in parts.items()},
    )


def _wanted(
    run: Run, stages: Sequence[Stage], inputs: Mapping[str, Source], day_of: Mapping[str, str], settings: Any, code: str
) -> dict[str, str]:
    """Day -> digest of the step for it."""
    others = {n: s.digest for n, s in inputs.items() if n not in day_of}
    by_input: dict[str, dict[str, str]] = {}
    for n, column in day_of.items():
        source = inputs[n]
        if source.partitions and source.table.partition == column:
            by_input[n] = source.partitions
        else:
            with no_values_in_errors(n), session(run.work / "spill", memory=run.engine.memory) as connection:
                by_input[n] = digest.of_rows(connection, source, column)
    days = {day for parts in by_input.values() for day in parts}
    does = digest.of_stages(stages)
    return {
        day: digest.of_step(does, {**others, **{n: parts.get(day, NO_ROWS) for n, parts in by_input.items()}}, settings, None, code)
        for day in days
    }
