"""`cdp status`: what the lake holds, as of when, and who is at work."""

import typer

from cdp_assets.cli.context import Context
from cdp_assets.config import Role
from cdp_assets.governance import require


def status(context: typer.Context) -> None:
    """Show every table with its version, rows and day, what is quarantined, and who holds the project."""
    from rich.console import Console
    from rich.table import Table as Grid

    from cdp_assets.lake import Place
    from cdp_assets.lake.digest import rows_in
    from cdp_assets.lake.lock import current_holder
    from cdp_assets.orchestration.catalogue import tables_of

    obj: Context = context.obj
    project = obj.load()
    require(project, obj.user, Role.viewer, "status")
    place = Place(project.store)
    grid = Grid(title=str(project.folder), title_justify="left")
    for column in ("table", "version", "rows", "as of", "run"):
        grid.add_column(column, justify="right" if column in ("version", "rows") else "left")
    for table in tables_of(project):
        entry = place.ledger.read(table.name)
        if entry is None:
            grid.add_row(table.name, "-", "-", "not yet made", "")
        else:
            grid.add_row(table.name, str(entry.version), f"{rows_in(entry.content or '0'):,}", entry.as_of, entry.run[:8])
    console = Console()
    console.print(grid)
    holder = current_holder(place.lock)
    at_work = f"At work: run {holder.run[:8]} of {holder.user} since {holder.since}." if holder else "Nobody is refreshing."
    console.print(at_work, highlight=False)
