"""`cdp suggest`: semantic types for the fields of a project that is there, and fields for columns that nothing reads."""

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cdp_assets.cli.context import Context
from cdp_assets.config import Role
from cdp_assets.governance import require

if TYPE_CHECKING:
    from cdp_assets.start import SourceFields


def suggest(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
) -> None:
    """Look at the files of the sources and suggest semantic types and further fields, with the reasons; cdp.yaml is not changed.

    What is printed can be pasted below `fields` of the source. Counts and forms of values are told, never a value.
    """
    from cdp_assets.start import suggest_fields

    obj: Context = context.obj
    project = obj.load()
    require(project, obj.user, Role.contributor, "suggest")
    found = suggest_fields(project)
    if as_json:
        typer.echo(json.dumps([_facts(each) for each in found], ensure_ascii=False))
        return
    for number, each in enumerate(found):
        if number:
            typer.echo("")
        _show(each)
    if any(each.types or each.columns for each in found):
        typer.echo("")
        typer.echo(f"Nothing is changed: paste what you want into {project.file}, and run `cdp validate`.")


def _show(its: "SourceFields") -> None:
    typer.echo(f"{its.source}: {its.mapped} fields with a semantic type, {its.unmapped} without")
    if its.left:
        typer.echo(f"  It {its.left}.")
        return
    if not its.types and not its.columns:
        typer.echo("  There is nothing to suggest.")
    for title, suggested in (
        ("Fields that have no semantic type", its.types),
        ("Columns that no field reads", its.columns),
    ):
        if suggested:
            typer.echo(f"  {title}:")
            for text in its.lines(suggested):
                typer.echo(text)


def _facts(its: "SourceFields") -> dict[str, Any]:
    return {
        "source": its.source,
        "mapped": its.mapped,
        "unmapped": its.unmapped,
        "left": its.left,
        "suggested": [
            {
                "field": each.field,
                "column": each.meaning.seen.column,
                "type": each.meaning.type,
                "format": each.meaning.format,
                "present": each.present,
                "why": each.why,
            }
            for each in (*its.types, *its.columns)
        ],
    }
