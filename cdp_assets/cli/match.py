"""`cdp match`: say of two records that they are one, or that they are not, after seeing what would follow."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from cdp_assets.cli.console import WIDE, plain_console
from cdp_assets.cli.context import Context
from cdp_assets.cli.refresh import Of
from cdp_assets.config import Project, Role
from cdp_assets.errors import UserError
from cdp_assets.governance import require

if TYPE_CHECKING:
    from cdp_assets.identity.outlook import Verdict
    from cdp_assets.orchestration.match_decisions import Foreseen

app = typer.Typer(help="Decide on two records, whatever the rules say. Decisions survive every refresh and rebuild.", no_args_is_help=True)

One = Annotated[str, typer.Argument(help="A record as source:key, such as crm:C0000134; a visitor likewise.")]
Other = Annotated[str, typer.Argument(help="The other record.")]
OfEntity = Annotated[Of, typer.Option("--of", help="Whose records they are: of customers, accounts or contacts.")]
Yes = Annotated[bool, typer.Option("--yes", help="Decide without being asked.")]
MOST_SHOWN = 20


@app.command()
def accept(context: typer.Context, one: One, other: Other, of: OfEntity = Of.customers, yes: Yes = False) -> None:
    """The two records are the same: they are always matched. Needs the role contributor."""
    _decide(context.obj, "accept", (one, other), of, yes=yes)


@app.command()
def reject(context: typer.Context, one: One, other: Other, of: OfEntity = Of.customers, yes: Yes = False) -> None:
    """The two records are not the same: they never share a profile; this undoes a wrong merge. Needs the role contributor."""
    _decide(context.obj, "reject", (one, other), of, yes=yes)


@app.command()
def undo(context: typer.Context, one: One, other: Other, of: OfEntity = Of.customers, yes: Yes = False) -> None:
    """Take the decision on the two records back: the rules alone count again. Needs the role contributor."""
    _decide(context.obj, "undo", (one, other), of, yes=yes)


@app.command("list")
def list_decisions(context: typer.Context, of: OfEntity = Of.customers) -> None:
    """List the decisions that stand, newest first, and whether they count. Needs the role contributor."""
    from rich.table import Table as Grid

    from cdp_assets.orchestration.match_decisions import standing_decisions

    obj: Context = context.obj
    project = obj.load()
    require(project, obj.user, Role.contributor, "list decisions")
    found = standing_decisions(project, of.value)
    if not found:
        typer.echo(f"Nobody has decided on two records of {of.value}.")
        return
    grid = Grid(title=f"Decisions on {of.value}", title_justify="left")
    for column in ("when (UTC)", "by", "one", "other", "decided", "at the last refresh"):
        grid.add_column(column)
    for each in found:
        said = {"accept": "the same", "reject": "not the same"}[each.verdict]
        grid.add_row(f"{each.when:%Y-%m-%d %H:%M}", each.user, _written(each.pair[0]), _written(each.pair[1]), said, each.state)
    plain_console(WIDE).print(grid)


def _decide(obj: Context, verdict: "Verdict", written: Sequence[str], of: Of, *, yes: bool) -> None:
    from cdp_assets.contacts.outdated import OUTDATED
    from cdp_assets.orchestration.match_decisions import decide_pair, foresee

    project = obj.load()
    require(project, obj.user, Role.contributor, f"{verdict} a match")
    pair = (_record(project, written[0]), _record(project, written[1]))
    foreseen = foresee(project, of.value, pair, verdict)
    if foreseen.why_not:
        raise UserError(f"{foreseen.why_not} Nothing was changed.")
    for line in [*_lines(foreseen, verdict), *([OUTDATED] if foreseen.outdated else [])]:
        typer.echo(line)
    if not yes:
        try:
            typer.confirm("Decide so", abort=True)
        except typer.Abort:
            raise UserError("Not decided; nothing was changed.") from None
    decide_pair(project, obj.user, of.value, pair, verdict)
    after = "." if verdict == "undo" else "; `cdp match undo` with the same records takes it back."
    typer.echo(f"{'Taken back' if verdict == 'undo' else 'Decided'}. It takes effect with the next refresh (`cdp refresh`){after}")
    typer.echo(json.dumps({"verdict": verdict, "moved": len(foreseen.moved), "segments": foreseen.segments, "exports": foreseen.exports}))


def _record(project: Project, written: str) -> tuple[str, str]:
    source, separator, key = written.partition(":")
    if not separator or not key:
        raise UserError(f'"{written}" is no record: write source:key, such as {next(iter(project.config.sources))}:4711.')
    return source, key


def _written(record: tuple[str, str]) -> str:
    return ":".join(record)


def _lines(foreseen: "Foreseen", verdict: "Verdict") -> list[str]:
    """What would follow, for people."""
    no_effect = foreseen.outlook.no_effect
    if not foreseen.moved and no_effect:
        return [f"No profile changes: as things are it has no effect ({no_effect})."]
    if not foreseen.moved:
        return ["No profile changes." if verdict == "undo" else "No profile changes: it only makes sure that later refreshes keep it so."]
    lines = ["What would follow:", *([f"  The two do not become one ({no_effect})."] if no_effect else [])]
    for record, (before, after) in list(foreseen.moved.items())[:MOST_SHOWN]:
        new = " (a new id)" if after in foreseen.new_ids else " (a former id)" if after in foreseen.outlook.former else ""
        lines.append(f"  {_written(record)}: {before or 'no profile'} -> {after or 'no profile'}{new}")
    if len(foreseen.moved) > MOST_SHOWN:
        lines.append(f"  and {len(foreseen.moved) - MOST_SHOWN:,} records more")
    segments = [f"{name} ({count})" for name, count in foreseen.segments.items()]
    lines.append(f"  Segments with members among these profiles: {', '.join(segments) or 'none'}.")
    lines.append(f"  Exports that send these segments: {', '.join(foreseen.exports) or 'none'}.")
    profiles = "1 profile" if len(foreseen.touched) == 1 else f"{len(foreseen.touched):,} profiles"
    lines.append(f"  Values, activities and links of {profiles} are computed anew.")
    return lines
