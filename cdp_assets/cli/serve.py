"""`cdp serve`: the processes of a server, each by itself, as containers or a service manager start them; `cdp dev` is all of them.

The code server holds the project's definitions and runs what is launched; the UI and the daemon ask it, so that a run can be cancelled from
the UI wherever each of them runs, and a changed cdp.yaml is loaded by one click on Reload.
"""

import os
import signal
import sys
from typing import Annotated

import typer

from cdp_assets.cli.context import Context
from cdp_assets.config import Project, Role
from cdp_assets.errors import UserError
from cdp_assets.governance import require
from cdp_assets.orchestration.instance import home, workspace

app = typer.Typer(help="The processes of a server, each by itself: code, daemon, ui. `cdp dev` is all of them.", no_args_is_help=True)
LOCAL = "127.0.0.1"
Code = Annotated[str, typer.Option(help="Where `cdp serve code` listens, as HOST:PORT.")]
Host = Annotated[str, typer.Option(help="Address to listen on. There is no login: whoever reaches it can do all.")]


@app.command()
def code(context: typer.Context, port: Annotated[int, typer.Option(help="Port.")] = 4000, host: Host = LOCAL) -> None:
    """Hold the project's definitions and run what is launched. Needs the role administrator."""
    home(_project(context, "serve the definitions"))
    module = ["-m", "cdp_assets.definitions", "--location-name", "cdp"]
    become("dagster", "code-server", "start", *module, "-h", host, "-p", str(port), "--use-python-environment-entry-point")


@app.command()
def ui(
    context: typer.Context, code: Code = f"{LOCAL}:4000", port: Annotated[int, typer.Option(help="Port.")] = 3000, host: Host = LOCAL
) -> None:
    """Serve Dagster's UI alone. Needs the role administrator."""
    file = workspace(_project(context, "serve Dagster's UI"), _address(code))
    become("dagster_webserver", "-w", str(file), "-h", host, "-p", str(port))


@app.command()
def daemon(context: typer.Context, code: Code = f"{LOCAL}:4000") -> None:
    """Run Dagster's daemon alone: schedules, sensors, backfills, the queue of runs. Needs the role administrator."""
    file = workspace(_project(context, "run Dagster's daemon"), _address(code))
    become("dagster._daemon", "run", "-w", str(file))


def _project(context: typer.Context, action: str) -> Project:
    obj: Context = context.obj
    project = obj.load()
    require(project, obj.user, Role.administrator, action)
    return project


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise UserError(f"--code: {text!r} is no address; write HOST:PORT, such as {LOCAL}:4000.")
    return host.strip("[]"), int(port)


def become(module: str, *arguments: str) -> None:
    """The process itself, not a child: it gets the signals that are meant for it. Ends only by them.

    A shell that starts us in the background has it ignore SIGINT, and Dagster answers SIGTERM with what it does at SIGINT.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.execv(sys.executable, [sys.executable, "-m", module, *arguments])  # noqa: S606 - our own interpreter
