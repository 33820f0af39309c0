"""`cdp connection`: list the places outside to which data may go, and confirm them."""

from typing import Annotated

import typer

from cdp_assets.cli.console import WIDE, plain_console
from cdp_assets.cli.context import Context
from cdp_assets.config import Role
from cdp_assets.errors import UserError
from cdp_assets.governance import require

app = typer.Typer(help="The places outside to which exports may send data.", no_args_is_help=True)


@app.command()
def confirm(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The connection's name in cdp.yaml.")],
    agree: Annotated[bool, typer.Option("--agree", help="Agree without being asked.")] = False,
) -> None:
    """Agree that data leave this product over a connection, as it is in cdp.yaml now. Needs the role administrator."""
    from cdp_assets.exports import confirm as confirm_connection
    from cdp_assets.exports.confirmation import of_administrator

    obj: Context = context.obj
    project = obj.load()
    connection = of_administrator(project, obj.user, name, "confirm connection")
    for setting, value in connection.model_dump(mode="json").items():
        typer.echo(f"  {setting}: {', '.join(value) or 'nobody but administrators' if isinstance(value, list) else value}")
    if not agree:
        try:
            typer.confirm("Data may leave this product over this connection. I agree", abort=True)
        except typer.Abort:
            raise UserError("Not confirmed; nothing was changed.") from None
    confirm_connection(project, obj.user, name)
    typer.echo(f"Confirmed: exports may use {name}. A change of its settings needs a new confirmation.")


@app.command()
def withdraw(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The connection's name in cdp.yaml.")],
) -> None:
    """Withdraw the confirmation of a connection: its exports are refused until it is confirmed again. Needs the role administrator."""
    from cdp_assets.exports import withdraw as withdraw_connection

    obj: Context = context.obj
    withdraw_connection(obj.load(), obj.user, name)
    typer.echo(f"Withdrawn: exports over {name} are refused until an administrator runs `cdp connection confirm {name}`.")
    typer.echo("Files that were written before are still there.")


@app.command("list")
def list_connections(context: typer.Context) -> None:
    """List the connections of cdp.yaml, their exports, and whether they are confirmed. Needs the role viewer."""
    from rich.table import Table as Grid

    from cdp_assets.exports import confirmation

    obj: Context = context.obj
    project = obj.load()
    require(project, obj.user, Role.viewer, "list connections")
    if not project.config.connections:
        typer.echo("There are no connections in cdp.yaml: an administrator adds one under `connections:`.")
        return
    grid = Grid(title="Connections", title_justify="left")
    for column in ("connection", "name", "kind", "shared with", "confirmed", "exports"):
        grid.add_column(column)
    for name, connection in project.config.connections.items():
        exports = [export for export, its in project.config.exports.items() if its.connection == name]
        state = confirmation(project, name)
        shared = ", ".join(connection.share_with) or "nobody"
        grid.add_row(name, connection.name, connection.kind, shared, "yes" if state == "confirmed" else state, ", ".join(exports) or "none")
    plain_console(WIDE).print(grid)
