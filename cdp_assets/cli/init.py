"""`cdp init`: a first cdp.yaml and a first report on the quality of the data, from the files of a folder."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cdp_assets.cli.console import WIDE, plain_console
from cdp_assets.cli.context import Context
from cdp_assets.config import editor_line, write_schema
from cdp_assets.config.loader import FILE
from cdp_assets.errors import UserError

if TYPE_CHECKING:
    from cdp_assets.start import Suggestion

_ON_SCREEN = 40


def init(
    context: typer.Context,
    folder: Annotated[str | None, typer.Argument(help="The folder with the files (default: --project, else the present folder).")] = None,
    print_only: Annotated[bool, typer.Option("--print", help="Print the suggested cdp.yaml and write nothing.")] = False,
) -> None:
    """Look at the files of a folder and write a commented cdp.yaml for them, with the reason for everything it suggests.

    A report on the quality of the data is printed and written beside it: counts and forms of values, never a value. An existing
    cdp.yaml is never overwritten; the files themselves are only read.
    """
    from cdp_assets.start import REPORT, config_text, report_lines, suggest

    obj: Context = context.obj
    where = Path(folder or obj.folder or ".").expanduser().resolve()
    _refuse(where, print_only)
    told = (lambda name: print(f"  {name}", file=sys.stderr)) if sys.stderr.isatty() else (lambda _name: None)
    suggestion = suggest(where, told)
    if not suggestion.parts and not suggestion.left:
        raise UserError(f"There is no file in {where}. Put files of people, web events or purchases there: CSV, JSON lines, Parquet.")
    text = config_text(suggestion, editor_line())
    if print_only:
        typer.echo(text, nl=False)
        return
    _show(suggestion)
    _new_file(where / FILE, text)
    (where / REPORT).write_text("\n".join([*report_lines(suggestion), ""]), encoding="utf-8")
    write_schema(where)
    used = [part.name for part in suggestion.parts if part.wanting is None]
    typer.echo("")
    typer.echo(f"Written: {where / FILE} ({len(used)} of {len(suggestion.parts)} sources can be used), and {REPORT} with these figures.")
    for part in suggestion.parts:
        if part.wanting:
            typer.echo(f"Not used yet: {part.look.group.files}: {part.wanting}.")
    for message in suggestion.left:
        typer.echo(f"Left alone: {message}")
    project = "" if where == Path.cwd() else f" --project {where}"
    if used:
        typer.echo(f"Next: read it through, then `cdp{project} validate` and `cdp{project} refresh`.")
    else:
        typer.echo("No source can be used yet, so there is nothing to refresh: the comments in cdp.yaml say what is missing.")


def _refuse(where: Path, print_only: bool) -> None:
    if not where.is_dir():
        raise UserError(f"There is no folder {where}.")
    if not os.access(where, os.R_OK | os.X_OK):
        raise UserError(f"The folder {where} may not be read. Give your user the right to read it.")
    if print_only:
        return
    if (where / FILE).exists() or (where / FILE).is_symlink():
        raise UserError(
            f"{where / FILE} is there already, and is never overwritten. `cdp init --print` shows the suggestion without writing it; "
            "to write it, move the file away first."
        )
    if not os.access(where, os.W_OK):
        raise UserError(f"Nothing can be written to {where}. Give your user the right, or use `cdp init --print`.")


def _new_file(file: Path, text: str) -> None:
    """Write a file that must not be there: what somebody put there meanwhile stays."""
    try:
        with file.open("x", encoding="utf-8") as opened:
            opened.write(text)
    except FileExistsError:
        raise UserError(f"{file} has been written by somebody else meanwhile, and is not overwritten.") from None


def _show(suggestion: "Suggestion") -> None:
    from rich.table import Table as Grid

    from cdp_assets.start.report import COLUMNS, NUMBERS, remark, rows

    console = plain_console(WIDE)
    for part in suggestion.parts:
        lines = list(rows(part))
        title = f"{part.name}  {part.look.rows:,} rows" + (f", {part.look.unreadable:,} cannot be read" if part.look.unreadable else "")
        grid = Grid(title=title, title_justify="left", caption_justify="left", caption=remark(part) or None)
        for column in COLUMNS:
            grid.add_column(column, justify="right" if column in NUMBERS else "left", overflow="ellipsis", no_wrap=column != COLUMNS[-1])
        for line in lines[:_ON_SCREEN]:
            grid.add_row(*(_plain(cell) for cell in line))
        console.print(grid)
        if len(lines) > _ON_SCREEN:
            console.print(f"and {len(lines) - _ON_SCREEN:,} more columns, in the report")


def _plain(cell: str) -> str:
    """A cell of one line, without letters that a terminal would take for a command."""
    return "".join(letter if letter.isprintable() else " " for letter in cell)
