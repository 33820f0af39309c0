"""The runs that were: the last one of each export, the one of a run id, and those that started and never ended."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cdp_assets.exports.tables import EXPORT_LEDGER, EXPORT_RUNS, STARTED
from cdp_assets.lake import Place, no_values_in_errors, session


@dataclass(frozen=True)
class LastRun:
    """A run of an export, as it was written down."""

    run_id: str
    export: str
    state: str
    started: datetime
    user_name: str
    selected: int
    delivered: int
    message: str


_COLUMNS = "run_id, export, state, started, user_name, selected, delivered, message"


def last_runs(place: Place) -> dict[str, LastRun]:
    """The last run of each export that ever ran; its state is `started` where it has not ended."""
    order = f"started desc, run_id desc, state = '{STARTED}'"
    sql = f"select {_COLUMNS} from runs qualify row_number() over (partition by export order by {order}) = 1 order by export"
    return {run.export: run for run in _ask(place, sql, {})}


def run_of(place: Place, run_id: str, export: str) -> LastRun | None:
    """The run of this id; None when the export did not get to its end in it."""
    sql = f"select {_COLUMNS} from runs where run_id = $run_id and export = $export and state <> '{STARTED}'"
    found = _ask(place, sql, {"run_id": run_id, "export": export})
    return found[0] if found else None


def never_ended(place: Place, export: str) -> list[LastRun]:
    """The runs of an export that started to write files and of which no end is written down, oldest first.

    One of them may be under way: whoever does not hold the project asks who does.
    """
    ended = f"(select run_id from runs where export = $export and state <> '{STARTED}')"
    sql = f"select {_COLUMNS} from runs where export = $export and run_id not in {ended} order by started, run_id"
    return _ask(place, sql, {"export": export})


def intent(place: Place, run_id: str, export: str) -> dict[str, Any]:
    """The whole row that the run wrote when it started; it must have written one."""
    with no_values_in_errors(EXPORT_RUNS.name), session() as connection:
        names, rows = EXPORT_RUNS.column_names, place.newest(EXPORT_RUNS).sql
        sql = f"select {', '.join(names)} from ({rows}) where run_id = $run_id and export = $export and state = '{STARTED}'"
        row = connection.execute(sql, {"run_id": run_id, "export": export}).fetchall()[0]
    return dict(zip(names, row, strict=True))


def in_ledger(place: Place, run_id: str, export: str) -> bool:
    """Whether the members of this run are in the ledger (they get there all at once)."""
    with no_values_in_errors(EXPORT_LEDGER.name), session() as connection:
        sql = f"select 1 from ({place.newest(EXPORT_LEDGER).sql}) where run_id = $run_id and export = $export limit 1"
        return bool(connection.execute(sql, {"run_id": run_id, "export": export}).fetchall())


def _ask(place: Place, sql: str, parameters: dict[str, str]) -> list[LastRun]:
    with no_values_in_errors(EXPORT_RUNS.name), session() as connection:
        connection.execute(f"create temp view runs as {place.newest(EXPORT_RUNS).sql}")
        return [LastRun(*row) for row in connection.execute(sql, parameters).fetchall()]
