"""`cdp dev`: Dagster's UI over the project, with its daemon for schedules, sensors and backfills."""

from typing import Annotated

import typer

from cdp_assets.cli.context import Context
from cdp_assets.cli.serve import become
from cdp_assets.config import Role
from cdp_assets.governance import require
from cdp_assets.orchestration.instance import home, workspace


def dev(
    context: typer.Context,
    port: Annotated[int, typer.Option(help="Port of Dagster's UI.")] = 3000,
    host: Annotated[str, typer.Option(help="Address to listen on. The UI has no login: whoever reaches it can do all.")] = "127.0.0.1",
) -> None:
    """Serve Dagster's UI with its daemon (materialise, schedules, sensors, backfills). Needs the role administrator."""
    obj: Context = context.obj
    project = obj.load()
    require(project, obj.user, Role.administrator, "serve Dagster's UI")
    home(project)
    typer.echo(f"Dagster's UI for {project.folder}: http://{host}:{port} (stop it with Ctrl-C)")
    become("dagster", "dev", "-w", str(workspace(project)), "-h", host, "-p", str(port))
