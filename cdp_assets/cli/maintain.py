"""`cdp maintain`: the upkeep of what is stored."""

from typing import Annotated

import typer

from cdp_assets.cli.context import Context

WAIT_SECONDS = 24 * 3600


def maintain(
    context: typer.Context,
    drop_removed: Annotated[
        bool, typer.Option("--drop-removed", help="Remove tables that cdp.yaml no longer has at once, however young they are.")
    ] = False,
    wait: Annotated[bool, typer.Option("--wait", help="If another run holds the project, wait for it.")] = False,
) -> None:
    """Remove superseded versions, what killed runs left behind and old runs, as `upkeep` in cdp.yaml says. Needs the role administrator."""
    from cdp_assets.orchestration.upkeep_run import maintain as tend

    obj: Context = context.obj
    typer.echo(tend(obj.load(), obj.user, drop_removed=drop_removed, wait_seconds=WAIT_SECONDS if wait else 0))
