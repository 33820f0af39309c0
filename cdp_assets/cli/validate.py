"""`cdp validate`: is the configuration right? Touches no data."""

import dataclasses
import json
from typing import Annotated

import typer

from cdp_assets.cli.context import Context
from cdp_assets.config import ConfigError


def validate(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print the problems as a JSON list, for other programs.")] = False,
) -> None:
    """Check cdp.yaml and say all that is wrong with it at once; no data is read. The exit code is 1 with problems, else 0."""
    obj: Context = context.obj
    try:
        project = obj.load()
    except ConfigError as error:
        if not as_json:
            raise
        typer.echo(json.dumps([dataclasses.asdict(problem) for problem in error.problems], indent=1, ensure_ascii=False))
        raise typer.Exit(1) from None
    if as_json:
        typer.echo("[]")
        return
    config = project.config
    typer.echo(f"{project.file}: valid.")
    typer.echo(f"{len(config.sources)} sources: {', '.join(config.sources)}")
    typer.echo(f"match order: {', '.join(config.customers.match_order) or '-'}; {len(config.customers.match)} match rules")
