"""One run of an export: who is selected, what may be sent, sending it, and writing down what became of each member.

Nothing leaves before the tables are found to belong together, the connection is confirmed, and every selected member is
in exactly one state. A run that is refused is written down too. The same run twice (a step that is tried again) changes
nothing: what is written down of a run stays.

Before the first file the run writes down that it started; its end is the last that is written. A run that is killed in
between is found by the next one of the same export, which writes down that it never ended.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa

from cdp_assets.config import Project, ProjectConfig
from cdp_assets.config.connections import AnyConnection, FileConnection
from cdp_assets.config.exports import ID_OF, Export, contact_id_of, entity_of
from cdp_assets.errors import UserError
from cdp_assets.exports import dynamics, files, members, words
from cdp_assets.exports.confirmation import Confirmation, confirmation
from cdp_assets.exports.history import LastRun, in_ledger, intent, never_ended, run_of
from cdp_assets.exports.outcome import Counts, Decided, decided_rows, decided_stage, ledger_stage, refused, sum_of_states, summary_stage
from cdp_assets.exports.tables import EXPORT_LEDGER, EXPORT_RUNS, INTERRUPTED, STARTED, export_table
from cdp_assets.lake import (
    Check,
    CheckResult,
    ChecksFailedError,
    NotClosedError,
    Run,
    Source,
    Stage,
    StepResult,
    Table,
    anyhow,
    append,
    closed_state,
    no_values_in_errors,
    session,
)
from cdp_assets.lake.source import name as quoted

CLOSED = Check("closed_state", "every table was made from the very versions of its inputs that the export reads", "select 0")


class ExportRefusedError(UserError):
    """The run is written down as refused or failed; nothing, or nothing whole, has left."""


def run_export(project: Project, name: str, reads: Mapping[str, Table], run: Run) -> StepResult:
    """Run the export of this name with the tables `reads`; the table `export_<name>` is its last run.

    Raises ChecksFailedError where the tables do not belong together or a member would get lost, and ExportRefusedError,
    after the run is written down, where it is refused or every segment failed.
    """
    table = export_table(name)
    _closed(run, table, [each for each in reads if each != "decisions"], _still_there(project, name))
    before = run_of(run.place, run.run_id, name)
    if before is not None:
        result, state, message = _kept(run, table), before.state, before.message
    elif in_ledger(run.place, run.run_id, name):
        result, state, message = _ended_late(project, name, run, table)
    else:
        result, state, message = _first_time(project, name, reads, run, table)
    if state in words.BAD:
        raise ExportRefusedError(message)
    checks = (CheckResult(CLOSED.name, CLOSED.description, 0), *result.checks)
    return replace(result, checks=checks, stages=tuple(lineage_stages(project.config, name)))


def lineage_stages(config: ProjectConfig, name: str) -> list[Stage]:
    """From the tables of the lake to the table of the last run, for the origin of its columns (the same for every run)."""
    return [*members.stages(config, config.exports[name]), decided_stage(), ledger_stage("", name), summary_stage("", name)]


def _closed(run: Run, table: Table, tables: Sequence[str], still_there: str) -> None:
    try:
        closed_state(run, tables, then=table.name, instead="nothing was exported")
    except NotClosedError as error:
        failed = CheckResult(CLOSED.name, CLOSED.description, len(error.stale))
        raise ChecksFailedError(table.name, [failed], error.message + still_there) from None


def _kept(run: Run, table: Table) -> StepResult:
    """The table as this run has made it before."""
    stage = Stage(table.name, {"before": anyhow()}, "select * from before", table)
    checks = [sum_of_states(table.name.removeprefix("export_"))]
    return run.make(table, [stage], {"before": run.read(table)}, checks=checks, settings=run.run_id)


def _ended_late(project: Project, name: str, run: Run, table: Table) -> tuple[StepResult, str, str]:
    """The end of a run that was stopped after its ledger: nothing is sent again, the ledger could not say so."""
    result = _kept(run, table)
    with no_values_in_errors(table.name), session() as connection:
        rows = connection.execute(f"select state, selected, delivered from ({run.read(table).sql})").fetchall()
    state, selected, delivered = words.state_of([row[0] for row in rows]), sum(row[1] for row in rows), sum(row[2] for row in rows)
    said = words.ended_late(delivered, selected)
    _Written(project, name, run, selected, _started(run, name)).write(state, delivered, said)
    return result, state, said


def _started(run: Run, name: str) -> datetime:
    """When this run started: as it was written down where it is tried again, else now."""
    before = [each.started for each in never_ended(run.place, name) if each.run_id == run.run_id]
    return before[0] if before else datetime.now(UTC).replace(tzinfo=None)


def _first_time(project: Project, name: str, reads: Mapping[str, Table], run: Run, table: Table) -> tuple[StepResult, str, str]:
    export = project.config.exports[name]
    connection = project.config.connections[export.connection]
    inputs = {each: run.read(declared) for each, declared in reads.items()}
    _as_in_cdp_yaml(project, name, inputs["segments"])
    planned = _planned(run, table, members.stages(project.config, export), inputs)
    counts = _counts(run, export, planned)
    _nobody_lost(run, name, inputs["segment_membership"], counts)
    of_run = _Written(project, name, run, sum(each.selected for each in counts.values()), _started(run, name))
    unended = never_ended(run.place, name)
    others = [each for each in unended if each.run_id != run.run_id]
    for each in others:
        of_run.close(each)
    if _sends_files(project, export) and len(unended) == len(others):
        of_run.write(STARTED, 0, "Started. Another row of the same run says how it ended; without one it never did.")
    decided, also = _decide(project, name, inputs, planned, counts)
    rows = decided_rows(decided, run.run_id)
    known = {"planned": planned, "decided": rows, "segment_membership": inputs["segment_membership"]}
    work = run.work / table.name
    with no_values_in_errors(EXPORT_LEDGER.name):
        ledger = run.engine.run([ledger_stage(run.run_id, name)], known, work, work)["ledger"].source()
    result = run.make(
        table,
        [summary_stage(run.run_id, name)],
        {**known, "ledger": replace(ledger, digest=run.run_id)},
        checks=[sum_of_states(name)],
        settings=run.run_id,
    )
    if not in_ledger(run.place, run.run_id, name):
        append(run.place, EXPORT_LEDGER, _arrow(ledger, EXPORT_LEDGER))
    state = words.state_of([each.state for each in decided])
    said = words.message(export, connection, contact_id_of(project.config, export), counts, decided, _confirmed(project, export))
    said = " ".join([said, *also, *map(words.never_ended, others)])
    of_run.write(state, sum(counts[each.segment].deliverable for each in decided if each.state == "done"), said)
    return result, state, said


@dataclass(frozen=True)
class _Written:
    """The rows of export_runs that a run adds: its own, and the end of those that never came to one."""

    project: Project
    name: str
    run: Run
    selected: int
    started: datetime

    def write(self, state: str, delivered: int, message: str) -> None:
        """A row of this run."""
        export = self.project.config.exports[self.name]
        self._append(
            {
                "run_id": self.run.run_id,
                "export": self.name,
                "connection": export.connection,
                "kind": self.project.config.connections[export.connection].kind,
                "started": self.started,
                "as_of": self.run.as_of,
                "members_as_of": _members_as_of(self.run),
                "user_name": self.run.user or "unknown",
                "state": state,
                "selected": self.selected,
                "delivered": delivered,
                "message": message,
            }
        )

    def close(self, other: LastRun) -> None:
        """The last row of a run that never ended. This run holds the project, so that the other one cannot be under way."""
        row = intent(self.run.place, other.run_id, self.name)
        self._append({**row, "state": INTERRUPTED, "delivered": 0, "message": words.never_ended(other)})

    def _append(self, row: dict[str, Any]) -> None:
        append(self.run.place, EXPORT_RUNS, pa.Table.from_pylist([row], schema=EXPORT_RUNS.arrow_schema()))


def _as_in_cdp_yaml(project: Project, name: str, segments: Source) -> None:
    """The members must be those of the rules in cdp.yaml: a segment that was added or changed since waits for a refresh."""
    config, export = project.config, project.config.exports[name]
    with no_values_in_errors("segments"), session() as connection:
        computed = {row[0]: row[1:] for row in connection.execute(f"select segment, rule, of_entity from ({segments.sql})").fetchall()}
    wanted = {segment: (config.segments[segment].words(), config.segments[segment].of) for segment in export.segments}
    if late := [segment for segment, rule in wanted.items() if computed.get(segment) != rule]:
        raise UserError(
            f"Added or changed in cdp.yaml since the last refresh: {', '.join(late)}. "
            f"Run `cdp refresh`, then the export. Nothing was exported.{_still_there(project, name)}"
        )


def _planned(run: Run, table: Table, stages: Sequence[Stage], inputs: Mapping[str, Source]) -> Source:
    work = run.work / table.name
    with no_values_in_errors(table.name):
        made = run.engine.run(stages, inputs, work, work)
    return replace(made["planned"].source(), digest=run.run_id)


def _counts(run: Run, export: Export, planned: Source) -> dict[str, Counts]:
    """Members of each segment by planned state, in the order of the export's segments; also those without any."""
    sql = f"""
        select segment, count(*), count(*) filter (state = '{members.DELIVERABLE}'), count(*) filter (state = '{members.SUPPRESSED}'),
            count(*) filter (state = '{members.NO_CONTACT}')
        from ({planned.sql}) group by segment
    """
    with no_values_in_errors("planned"), session(run.work / "spill", memory=run.engine.memory) as connection:
        found = {row[0]: Counts(*row[1:]) for row in connection.execute(sql).fetchall()}
    return {segment: found.get(segment, Counts()) for segment in export.segments}


def _nobody_lost(run: Run, name: str, membership: Source, counts: Mapping[str, Counts]) -> None:
    """Before anything leaves: as many planned members as the segments have, each in one state."""
    sql = f"select segment, count(distinct member_id) from ({membership.sql}) where {members.OPEN} group by segment"
    with no_values_in_errors("segment_membership"), session(run.work / "spill", memory=run.engine.memory) as connection:
        selected = dict(connection.execute(sql).fetchall())
    wrong = [
        segment
        for segment, each in counts.items()
        if not selected.get(segment, 0) == each.selected == each.deliverable + each.suppressed + each.no_contact
    ]
    if wrong:
        check = sum_of_states(name)
        raise ChecksFailedError(export_table(name).name, [CheckResult(check.name, check.description, len(wrong))])


def _confirmed(project: Project, export: Export) -> Confirmation:
    return confirmation(project, export.connection)


def _sends_files(project: Project, export: Export) -> bool:
    """Whether anything can leave in this run."""
    return isinstance(project.config.connections[export.connection], FileConnection) and _confirmed(project, export) == "confirmed"


def _destination(project: Project, name: str) -> files.Destination | None:
    connection = project.config.connections[project.config.exports[name].connection]
    if not isinstance(connection, FileConnection):
        return None
    return files.destination(project.folder, project.config, connection.folder, name)


def _still_there(project: Project, name: str) -> str:
    """Of a run that wrote nothing: the files of the last one, said after a sentence."""
    to = _destination(project, name)
    return "".join(f" {each}" for each in words.still_there(len(files.earlier(to)), to.shown)) if to else ""


def _decide(
    project: Project, name: str, inputs: Mapping[str, Source], planned: Source, counts: dict[str, Counts]
) -> tuple[list[Decided], list[str]]:
    """What happens to each segment, and what is to be said of files of earlier runs; for files this writes them."""
    export = project.config.exports[name]
    connection: AnyConnection = project.config.connections[export.connection]
    state = _confirmed(project, export)
    if state != "confirmed":
        still_there = _still_there(project, name).strip()
        refusals = [refused(segment, f"the connection {export.connection} is {state}") for segment in counts]
        return refusals, [still_there] if still_there else []
    to = _destination(project, name)
    if to is not None:
        entity = entity_of(project.config, export)
        profiles = inputs[PROFILES_OF[entity]]
        written = files.deliver(to, counts, planned, profiles, ID_OF[entity], export.fields)
        return written, words.removed(*files.tidy(to, [each.segment for each in written if each.file is not None]))
    decided = dynamics.decide(connection.kind, counts)
    if dynamics.no_contact_known(counts, decided):
        return dynamics.refuse_all(decided, "of no member a contact is known"), []
    return decided, []


PROFILES_OF = {"customers": "unified_profiles", "contacts": "contact_profiles"}
"""The table with the fields of a member."""


def _arrow(rows: Source, table: Table) -> pa.Table:
    listing = ", ".join(map(quoted, table.column_names))
    with no_values_in_errors(table.name), session() as connection:
        return connection.sql(f"select {listing} from ({rows.sql}) order by segment, member_id").to_arrow_table()


def _members_as_of(run: Run) -> date | None:
    entry = run.place.ledger.read("segment_membership")
    return date.fromisoformat(entry.as_of) if entry else None
