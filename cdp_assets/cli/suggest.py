"""`cdp suggest`: semantic types for the fields of a project that is there, and fields for columns that nothing reads."""

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cdp_assets.cli.context import Context
from cdp_assets.config import Project, Role
from cdp_assets.governance import record, require

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cdp_assets.start import SourceFields


def suggest(
    context: typer.Context,
    source: Annotated[str | None, typer.Argument(help="Only this source (default: all).")] = None,
    write: Annotated[
        bool,
        typer.Option(
            "--write", help="Add all columns that no field reads to cdp.yaml, whose other lines stay as they are. An administrator may."
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
) -> None:
    """Look at the files of the sources and suggest semantic types and further fields, with the reasons.

    What is printed can be pasted below `fields` of the source; cdp.yaml is changed with --write only, which adds the columns and leaves
    the fields that are there alone. Counts and forms of values are told, never a value.
    """
    from cdp_assets.start import suggest_fields

    obj: Context = context.obj
    project = obj.load()
    if write:
        role = require(project, obj.user, Role.administrator, "suggest", "cdp.yaml")
    else:
        role = require(project, obj.user, Role.contributor, "suggest")
    found = suggest_fields(project, source)
    if write:
        _write(project, obj.user, role, found, as_json=as_json)
        return
    if as_json:
        typer.echo(json.dumps([_facts(each) for each in found], ensure_ascii=False))
        return
    for number, each in enumerate(found):
        if number:
            typer.echo("")
        _show(each)
    if any(each.types or each.columns for each in found):
        typer.echo("")
        all_ = " `--write` adds all of the columns." if any(each.columns for each in found) else ""
        typer.echo(f"Nothing is changed: paste what you want into {project.file}, and run `cdp validate`.{all_}")


def _write(project: Project, user: str, role: Role, found: "Sequence[SourceFields]", *, as_json: bool) -> None:
    """Add the columns and say of each source what was added, or why nothing was."""
    from cdp_assets.lake import Place
    from cdp_assets.start import add_columns

    added = add_columns(project, found, user)
    written = [each for each in added if each.fields]
    if written:
        names = ", ".join(each.source for each in written)
        record(Place(project.store), user=user, action="suggest", subject="cdp.yaml", outcome="done", role=role.name, detail=names)
    if as_json:
        typer.echo(
            json.dumps([{"source": each.source, "added": list(each.fields), "left": each.left} for each in added], ensure_ascii=False)
        )
        return
    told = {each.source: each for each in added}
    for each in found:
        its = told.get(each.source)
        if its is not None and its.fields:
            typer.echo(f"{each.source}: {len(its.fields):,} added: {', '.join(its.fields)}")
        else:
            why = f"it {each.left}" if each.left else its.left if its else "there is no column to add"
            typer.echo(f"{each.source}: nothing added: {why}.")
    if written:
        typer.echo(f"{project.file} is written, and valid; its other lines are as they were. `cdp refresh` reads the new fields.")
    else:
        typer.echo(f"Nothing was added: {project.file} is as it was.")


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
