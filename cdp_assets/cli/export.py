"""`cdp export`: run an export, and list what there is."""

import json
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from cdp_assets.cli.console import WIDE, plain_console
from cdp_assets.cli.context import Context
from cdp_assets.config import Project, Role
from cdp_assets.governance import require

if TYPE_CHECKING:
    from cdp_assets.exports import LastRun
    from cdp_assets.orchestration.export_run import ExportSummary

WAIT_SECONDS = 24 * 3600
app = typer.Typer(help="Send segments to files or to Dynamics 365, and see what was sent.", no_args_is_help=True)


@app.command()
def run(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The export's name in cdp.yaml.")],
    as_of: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day the run is for (default: today, UTC).")] = None,
    wait: Annotated[bool, typer.Option("--wait", help="If another run holds the project, wait for it.")] = False,
) -> None:
    """Run one export over what the last refresh made. Administrators; contributors where the connection is shared with them."""
    from cdp_assets.orchestration.export_run import export

    obj: Context = context.obj
    summary = export(obj.load(), obj.user, name, as_of=as_of.date() if as_of else None, wait_seconds=WAIT_SECONDS if wait else 0)
    show(summary)
    typer.echo(json.dumps({**asdict(summary), "states": summary.states, "files": summary.files}, sort_keys=True))
    raise typer.Exit(0 if summary.ok else 1)


@app.command("list")
def list_exports(context: typer.Context) -> None:
    """List the exports of cdp.yaml: connection, whether you may run them, last run, schedule. Needs the role viewer."""
    from rich.table import Table as Grid

    from cdp_assets.exports import confirmation, last_runs, may_run
    from cdp_assets.exports.history import never_ended
    from cdp_assets.exports.words import never_ended as in_words
    from cdp_assets.lake import Place
    from cdp_assets.lake.lock import current_holder

    obj: Context = context.obj
    project, user = obj.load(), obj.user
    require(project, user, Role.viewer, "list exports")
    if not project.config.exports:
        typer.echo("There are no exports in cdp.yaml: add one under `exports:`.")
        return
    place = Place(project.store)
    last, holder = last_runs(place), current_holder(place.lock)
    running = holder.run if holder else None
    grid = Grid(title="Exports", title_justify="left")
    for column in ("export", "connection", "kind", "confirmed", "you may run it", "last run", "schedule"):
        grid.add_column(column)
    for name, export in project.config.exports.items():
        confirmed = confirmation(project, export.connection)
        ended = f"{_state(last[name], running)}, {last[name].started:%Y-%m-%d %H:%M} UTC" if name in last else "never"
        grid.add_row(
            name,
            export.connection,
            project.config.connections[export.connection].kind,
            "yes" if confirmed == "confirmed" else confirmed,
            "yes" if may_run(project, user, name) else "no",
            ended,
            export.schedule or "on demand",
        )
    plain_console(WIDE).print(grid)
    for run_ in (each for name in project.config.exports for each in never_ended(place, name) if each.run_id != running):
        typer.echo(in_words(run_))
    _say_unconfirmed(project)


def _state(run: "LastRun", running: str | None) -> str:
    """The state of a last run; one that has not ended is under way only while it holds the project."""
    if run.state != "started":
        return run.state
    return "running" if run.run_id == running else "never ended"


def _say_unconfirmed(project: Project) -> None:
    from cdp_assets.exports import confirmation

    used = dict.fromkeys(export.connection for export in project.config.exports.values())
    for name in used:
        if confirmation(project, name) != "confirmed":
            typer.echo(f"{name} carries nothing until an administrator runs `cdp connection confirm {name}`.")


def show(summary: "ExportSummary") -> None:
    """Print what became of the members, for people."""
    from rich.table import Table as Grid

    console = plain_console(WIDE)
    if summary.segments:
        grid = Grid(title=f"Export {summary.export} over {summary.connection}: {summary.state}", title_justify="left")
        for column in ("segment", "state", "selected", *summary.states, "file"):
            grid.add_column(column, justify="left" if column in ("segment", "state", "file") else "right")
        for each in summary.segments:
            grid.add_row(each.segment, each.state, f"{each.selected:,}", *(f"{n:,}" for n in each.states.values()), each.file or "-")
        console.print(grid)
    console.print(summary.message)
