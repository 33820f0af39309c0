"""`cdp schema`: the JSON Schema of cdp.yaml, for editors."""

from typing import Annotated

import typer

from cdp_assets.cli.context import Context
from cdp_assets.config import editor_line, project_folder, write_schema
from cdp_assets.config.schema import SCHEMA_FILE, schema_text


def schema(
    context: typer.Context,
    write: Annotated[bool, typer.Option("--write", help=f"Write it as {SCHEMA_FILE} beside cdp.yaml instead of printing it.")] = False,
) -> None:
    """Print the JSON Schema of cdp.yaml: editors complete keys and show mistakes by it. No cdp.yaml is read."""
    obj: Context = context.obj
    if not write:
        typer.echo(schema_text(), nl=False)
        return
    typer.echo(f"{write_schema(project_folder(obj.chosen))}: written. With this first line in cdp.yaml editors find it:")
    typer.echo(editor_line())
