"""`cdp status`: what the lake holds, as of when, what is published, and who is at work."""

import sys
from typing import TYPE_CHECKING

import typer

from cdp_assets.cli.context import Context
from cdp_assets.config import Project, Role
from cdp_assets.governance import require

if TYPE_CHECKING:
    from rich.table import Table as Grid


def status(context: typer.Context) -> None:
    """Show every table with its version, rows and day, what is published, and who holds the project."""
    from rich.console import Console

    from cdp_assets.lake import Place
    from cdp_assets.lake.lock import current_holder
    from cdp_assets.orchestration.catalogue import tables_of
    from cdp_assets.publish import read_pointer

    obj: Context = context.obj
    project = obj.load()
    require(project, obj.user, Role.viewer, "status")
    console = Console(width=None if sys.stdout.isatty() else 140)
    console.print(_tables(project))
    for line in _quarantine(project):
        console.print(line, highlight=False, markup=False)
    pointer = read_pointer(project.store / "published")
    if gone := sorted(set(Place(project.store).tables()) - {table.name for table in tables_of(project)}):
        console.print(f"No longer in cdp.yaml, and still kept: {', '.join(gone)}.", highlight=False)
    console.print(f"Published: as of {pointer.as_of}." if pointer else "Nothing is published yet: `cdp refresh`.", highlight=False)
    holder = current_holder(Place(project.store).lock)
    at_work = f"At work: run {holder.run[:8]} of {holder.user} since {holder.since}." if holder else "Nobody is refreshing."
    console.print(at_work, highlight=False)


def _tables(project: Project) -> "Grid":
    from rich.table import Table as Grid

    from cdp_assets.lake import Place
    from cdp_assets.lake.digest import rows_in
    from cdp_assets.orchestration.catalogue import tables_of

    place = Place(project.store)
    made = set(place.tables())
    grid = Grid(title=str(project.folder), title_justify="left")
    for column in ("table", "version", "rows", "as of", "run"):
        grid.add_column(column, justify="right" if column in ("version", "rows") else "left")
    for table in tables_of(project):
        if table.name not in made:
            continue
        newest, entry = place.newest(table), place.ledger.read(table.name)
        rows = f"{rows_in(newest.digest):,}" if newest.digest[:1].isdigit() else "-"
        grid.add_row(table.name, str(newest.version), rows, entry.as_of if entry else "-", entry.run[:8] if entry else "")
    return grid


def _quarantine(project: Project) -> list[str]:
    """What is in quarantine by source, field and reason; reasons hold no values."""
    from cdp_assets.lake import Place, no_values_in_errors, session
    from cdp_assets.sources import QUARANTINE

    sql = f"""
        select source, field, reason, count(*), min(source_file), min(source_line) from ({Place(project.store).newest(QUARANTINE).sql})
        group by source, field, reason order by source, count(*) desc, field, reason
    """
    with no_values_in_errors("quarantine"), session() as connection:
        rows = connection.execute(sql).fetchall()
    lines = [f"  {s}: {n:,} x {r}{f' ({f})' if f else ''}, first in {file} line {line}" for s, f, r, n, file, line in rows]
    return ["In quarantine:", *lines] if lines else ["Nothing is in quarantine."]
