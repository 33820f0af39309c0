"""`cdp status`: the state of every table, what is published, who is at work; the runs of the last days with their durations."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cdp_assets.cli.console import WIDE, plain_console
from cdp_assets.cli.context import Context
from cdp_assets.config import Project, Role
from cdp_assets.governance import require

if TYPE_CHECKING:
    import dagster as dg
    from duckdb import DuckDBPyConnection
    from rich.table import Table as Grid

    from cdp_assets.lake import Place
    from cdp_assets.orchestration.history import History
    from cdp_assets.orchestration.statuses import TableStatus
    from cdp_assets.publish import Pointer

DAYS = 7
FIRST_PLACE = "', first in ' || min_by(source_file || ' line ' || source_line, (source_file, source_line))"
"""File and line of one row: the least of each alone would be a place where no such row is."""
WHY = 200  # letters of a reason in the table; all of it is below the table


def status(
    context: typer.Context,
    past: Annotated[bool, typer.Option("--history", help="The runs of the last days, and where the time of the last one went.")] = False,
    days: Annotated[int, typer.Option(help="With --history: how many days.", min=1, max=3650)] = DAYS,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
) -> None:
    """Show the state of every table with its version, rows and day, what is published, and who holds the project."""
    obj: Context = context.obj
    project = obj.load()
    require(project, obj.user, Role.viewer, "status")
    with _instance(project) as instance:
        if past:
            from cdp_assets.orchestration.history import history

            _show_history(history(project, instance, days), days, as_json=as_json)
        else:
            from cdp_assets.orchestration.statuses import statuses

            _show(project, statuses(project, instance), as_json=as_json)


@contextmanager
def _instance(project: Project) -> "Iterator[dg.DagsterInstance | None]":
    """The project's instance of Dagster; None where there never was a run."""
    if not (project.store / "dagster").is_dir():
        yield None
        return
    import dagster as dg

    from cdp_assets.orchestration.instance import home

    home(project)
    instance = dg.DagsterInstance.get()
    try:
        yield instance
    finally:
        instance.dispose()


def _show(project: Project, states: "list[TableStatus]", *, as_json: bool) -> None:
    from cdp_assets.lake import Place
    from cdp_assets.lake.lock import current_holder
    from cdp_assets.orchestration.catalogue import tables_of
    from cdp_assets.publish import read_pointer

    place = Place(project.store)
    pointer = read_pointer(project.store / "published")
    holder = current_holder(place.lock)
    gone = sorted(set(place.tables()) - {table.name for table in tables_of(project)})
    facts = _facts(project)
    if as_json:
        tables = [{**asdict(state), **facts.get(state.table, {})} for state in states]
        published = str(pointer.as_of) if pointer else None
        typer.echo(json.dumps({"tables": tables, "published": published, "at_work": asdict(holder) if holder else None, "gone": gone}))
        return
    console = plain_console(WIDE)
    console.print(_grid(project, states, facts))
    for state in states:
        if state.why and len(state.why) > WHY:  # what to do stands at the end of a message
            console.print(f"{state.table}: {state.why}")
    for line in _quarantine(project):
        console.print(line)
    if gone:
        console.print(f"No longer in cdp.yaml, and still kept: {', '.join(gone)}.")
    console.print(_published(pointer, states))
    at_work = f"At work: run {holder.run[:8]} of {holder.user} since {holder.since}." if holder else "Nobody is refreshing."
    console.print(at_work)


def _facts(project: Project) -> dict[str, dict[str, Any]]:
    """Table -> version, rows, day and run of what the lake holds."""
    from cdp_assets.lake import Place
    from cdp_assets.lake.digest import rows_in
    from cdp_assets.orchestration.catalogue import tables_of

    place = Place(project.store)
    made = set(place.tables())
    facts: dict[str, dict[str, Any]] = {}
    for table in tables_of(project):
        if table.name in made:
            newest, entry = place.newest(table), place.ledger.read(table.name)
            rows = rows_in(newest.digest) if newest.digest[:1].isdigit() else None
            facts[table.name] = {"version": newest.version, "rows": rows, "as_of": entry.as_of if entry else None}
    return facts


def _grid(project: Project, states: "list[TableStatus]", facts: dict[str, dict[str, Any]]) -> "Grid":
    from rich.table import Table as Grid

    grid = Grid(title=str(project.folder), title_justify="left")
    for column in ("table", "state", "version", "rows", "as of", "run", "why"):
        grid.add_column(column, justify="right" if column in ("version", "rows") else "left", no_wrap=column in ("table", "state"))
    others = facts.keys() - {state.table for state in states}
    for state in states:
        grid.add_row(state.table, state.state, *_cells(facts.get(state.table)), (state.run or "")[:8], _short(state.why or ""))
    for table in sorted(others):
        grid.add_row(table, "", *_cells(facts[table]), "", "")
    return grid


def _short(why: str) -> str:
    return why if len(why) <= WHY else f"{why[:WHY].rstrip()} ..."


def _published(pointer: "Pointer | None", states: "list[TableStatus]") -> str:
    if pointer is None:
        return "Nothing is published yet: `cdp refresh`."
    behind = any(each.table == "published_snapshot" and each.state in ("Failed", "Skipped", "Canceled") for each in states)
    return f"Published: as of {pointer.as_of}" + (", the last good state: the last refresh did not come to it." if behind else ".")


def _cells(fact: dict[str, Any] | None) -> tuple[str, str, str]:
    if fact is None:
        return "", "", ""
    return str(fact["version"]), "-" if fact["rows"] is None else f"{fact['rows']:,}", fact["as_of"] or "-"


def _quarantine(project: Project) -> list[str]:
    """What is in quarantine by source, field and reason, and what belongs to nobody; reasons hold no values."""
    from cdp_assets.lake import Place, no_values_in_errors, session
    from cdp_assets.sources import QUARANTINE

    place = Place(project.store)
    sql = f"""
        select source, field, reason, count(*), {FIRST_PLACE} from ({place.newest(QUARANTINE).sql})
        group by source, field, reason order by source, count(*) desc, field, reason
    """
    with no_values_in_errors("quarantine"), session() as connection:
        rows = connection.execute(sql).fetchall()
        left_out = list(_left_out(place, connection))
    lines = [f"  {s}: {n:,} x {r}{f' ({f})' if f else ''}{first}" for s, f, r, n, first in rows]
    return [*(["In quarantine:", *lines] if lines else ["Nothing is in quarantine."]), *left_out]


def _left_out(place: "Place", connection: "DuckDBPyConnection") -> Iterator[str]:
    """Rows that can be read and yet count for nobody: they have tables of their own, so `quarantine` says nothing of them."""
    from cdp_assets.activities import tables as activities
    from cdp_assets.contacts import tables as contacts

    for table, title, by, words, place_of_first in (
        (activities.ACTIVITY_QUARANTINE, "Rows that are nobody's activity", "activity", activities.REASONS, FIRST_PLACE),
        (contacts.CONTACT_QUARANTINE, "Records of contacts without their account", "source", contacts.REASONS, "null"),
    ):
        sql = f"""
            select {by}, reason, count(*), {place_of_first} from ({place.newest(table).sql})
            group by {by}, reason order by {by}, count(*) desc, reason
        """
        rows = connection.execute(sql).fetchall() if table.name in place.tables() else []
        if rows:
            yield f"{title}, each in the table {table.name}:"
            yield from (f"  {name}: {count:,} x {words.get(reason, reason)}{first or ''}" for name, reason, count, first in rows)


def _show_history(found: "History", days: int, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(asdict(found)))
        return
    console = plain_console(WIDE)
    if not found.runs:
        console.print(f"No runs in the last {days} days.")
        return
    console.print(_runs(found, days))
    if not found.last or not found.stations:
        return
    total = sum(found.stations.values())
    stations = ", ".join(f"{station} {seconds:g} s" for station, seconds in found.stations.items())
    console.print(f"Run {found.last[:8]}, {total:.1f} s in steps: {stations}.")
    console.print(f"Slowest: {', '.join(f'{table} {seconds:g} s' for table, seconds in found.slowest)}.")


def _runs(found: "History", days: int) -> "Grid":
    from rich.table import Table as Grid

    title = f"Runs of the last {days} days; * with another cdp.yaml than the run before; times are UTC"
    grid = Grid(title=title, title_justify="left")
    for column in ("run", "job", "by", "as of", "started", "seconds", "state", "changed", "rows", "failed"):
        grid.add_column(column, justify="right" if column in ("seconds", "rows") else "left", no_wrap=column in ("run", "started", "state"))
    for run in found.runs:
        failed = ", ".join(run.failed) + (f" ({run.skipped} skipped)" if run.skipped else "")
        grid.add_row(
            run.run[:8] + ("*" if run.configuration_changed else ""),
            run.job,
            run.by,
            run.as_of,
            (run.started or "-")[:19].replace("T", " "),
            "-" if run.seconds is None else f"{run.seconds:,.1f}",
            run.status,
            "-" if run.changed is None else f"{run.changed} of {run.tables}",
            "-" if run.rows is None else f"{run.rows:,}",
            failed,
        )
    return grid
