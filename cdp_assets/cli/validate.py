"""`cdp validate`: is the configuration right? Touches no data."""

import typer

from cdp_assets.cli.context import Context


def validate(context: typer.Context) -> None:
    """Check cdp.yaml and say all that is wrong with it at once; no data is read."""
    obj: Context = context.obj
    project = obj.load()
    config = project.config
    typer.echo(f"{project.file}: valid.")
    typer.echo(f"{len(config.sources)} sources: {', '.join(config.sources)}")
    typer.echo(f"match order: {', '.join(config.customers.match_order) or '-'}; {len(config.customers.match)} match rules")
