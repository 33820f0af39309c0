"""`cdp web`: the people's pages over the published snapshot."""

from typing import Annotated

import typer

from cdp_assets.cli.context import Context
from cdp_assets.config import Role
from cdp_assets.config.last_good import load_last_good
from cdp_assets.governance import require

BROKEN = "cdp.yaml has mistakes (cdp validate lists them), so these pages are served with the last good configuration."


def web(
    context: typer.Context,
    port: Annotated[int | None, typer.Option(help="Port (default: web.port of cdp.yaml).")] = None,
) -> None:
    """Serve the pages: search and customers' cards, from the published snapshot. Needs the role viewer."""
    from cdp_assets.web import serve

    obj: Context = context.obj
    project, broken = load_last_good(obj.chosen)
    if broken is not None:
        typer.echo(f"{broken.message}\nThe pages are served with the last good configuration.", err=True)

    def authorise() -> None:
        require(project, obj.user, Role.viewer, "read customers' cards")

    def ready(address: str) -> None:
        typer.echo(f"Customers of {project.folder}: {address} (stop it with Ctrl-C)")

    serve(project, port=port, authorise=authorise, ready=ready, notice=BROKEN if broken else None)
