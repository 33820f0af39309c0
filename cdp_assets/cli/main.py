"""The command `cdp`: its subcommands, and how errors become a line for people and an exit code."""

import _thread
import errno
import signal
import sqlite3
import sys
import threading
from typing import TYPE_CHECKING, Annotated

import typer
from typer.exceptions import TyperException

from cdp_assets.cli import (
    connection,
    consent,
    demo,
    dev,
    export,
    init,
    maintain,
    match,
    refresh,
    review_clv,
    review_contacts,
    review_customers,
    review_sources,
    schema,
    serve,
    status,
    suggest,
    validate,
    web,
    why,
)
from cdp_assets.cli.context import Context
from cdp_assets.errors import UserError
from cdp_assets.orchestration import postgres

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

app = typer.Typer(
    help="An open-source customer data platform: from source files and web events to unified profiles with stable ids.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for command in (
    init.init,
    demo.demo,
    refresh.refresh,
    validate.validate,
    suggest.suggest,
    schema.schema,
    status.status,
    maintain.maintain,
    web.web,
    dev.dev,
    why.why,
    why.why_not,
):
    app.command()(command)
review = typer.Typer(help="What a part of the pipeline will do, and what it did last.", no_args_is_help=True)
review.command("clv")(review_clv.review_clv)
review.command("contacts")(review_contacts.review_contacts)
review.command("customers")(review_customers.review_customers)
review.command("accounts")(review_customers.review_accounts)
review.command("sources")(review_sources.review_sources)
for name, group in (
    ("review", review),
    ("serve", serve.app),
    ("consent", consent.app),
    ("connection", connection.app),
    ("export", export.app),
    ("match", match.app),
):
    app.add_typer(group, name=name)

USER_ERROR = 1
PROJECT_HELP = "Project folder (default: CDP_PROJECT, else the present folder if it holds a cdp.yaml, else data/demo)."
INTERRUPTED = 130


@app.callback()
def options(
    context: typer.Context,
    project: Annotated[str | None, typer.Option("--project", "-p", help=PROJECT_HELP)] = None,
    as_: Annotated[str | None, typer.Option("--as", help="The acting user (default: CDP_USER, else the system's user).")] = None,
) -> None:
    """Options of every command."""
    context.obj = Context(project, as_)


def main() -> None:
    """Entry point: mistakes of users are messages, never stack traces."""
    sys.unraisablehook = _interrupt_again
    try:
        code = app(standalone_mode=False) or 0
        if code == INTERRUPTED:  # typer has made an exit code of Ctrl-C
            raise KeyboardInterrupt
        sys.exit(code)
    except UserError as error:
        sys.exit(_say(error.message))
    except (typer.Abort, KeyboardInterrupt):
        print("Stopped. Tables keep their last whole versions; the next refresh is whole.", file=sys.stderr)
        sys.exit(INTERRUPTED)
    except TyperException as error:
        sys.exit(_say(_misused(error)))
    except Exception as error:
        message = _cause(error)
        if message is None:
            raise
        sys.exit(_say(message))


def _misused(error: TyperException) -> str:
    """What was wrong with a command's words, and how it is used."""
    said, context = error.format_message().rstrip("."), getattr(error, "ctx", None)
    if context is None or context.parent is None:
        return f"{said} (`cdp --help` lists commands and options)"
    each, names = context, list[str]()
    while each.parent is not None:
        names, each = [str(each.info_name), *names], each.parent
    command = " ".join(["cdp", *names])
    usage = " ".join([command, *(piece.strip("{}") for piece in context.command.collect_usage_pieces(context))])
    return f"{said}. Usage: `{usage}`; `{command} --help` says more."


def _cause(error: Exception) -> str | None:
    """What to tell people of an error of the system around us; None: it is a fault of ours, and a trace helps to mend it."""
    if _disk_is_full(error):
        return "The disk is full. Free some space and try again; nothing was written in part."
    if isinstance(error, OSError) and error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"No permission: {error.filename}. Check the owner and the rights of the project's folder."
    if isinstance(error, OSError) and error.errno in (errno.EISDIR, errno.ENOTDIR, errno.EEXIST):
        kind = "a folder, and a file is needed" if error.errno == errno.EISDIR else "a file, and a folder is needed"
        return f"{error.filename}: at this place, or above it, is {kind}. Move it away and try again."
    if _records_are_damaged(error):
        return "Dagster's records are damaged. Remove the folder .cdp/dagster: the tables are not in it, only the history of runs."
    if postgres.is_gone(error):
        return "Dagster's database stopped answering. Tables keep their last whole versions; the next refresh is whole."
    return None


def _interrupt_again(ignored: "UnraisableHookArgs") -> None:
    """Python drops an exception that is raised in the callback of a weak reference: a request to stop must not be lost so."""
    if issubclass(ignored.exc_type, KeyboardInterrupt):
        # a shell that starts us in the background has us ignore SIGINT; then what answers SIGTERM interrupts
        by = signal.SIGINT if callable(signal.getsignal(signal.SIGINT)) else signal.SIGTERM
        threading.Timer(0.05, _thread.interrupt_main, (by,)).start()
    else:
        sys.__unraisablehook__(ignored)


def _disk_is_full(error: BaseException | None) -> bool:
    """Whether a full disk is anywhere behind an error: Dagster's own databases are the first to meet it sometimes."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            return True
        if isinstance(error, sqlite3.OperationalError) and "disk is full" in str(error):
            return True
        error = error.__cause__ or error.__context__
    return False


def _records_are_damaged(error: BaseException | None) -> bool:
    """Whether a file of Dagster's is no database any more: nothing else here is kept in SQLite."""
    while error is not None:
        if isinstance(error, sqlite3.DatabaseError) and any(each in str(error) for each in ("not a database", "malformed")):
            return True
        error = error.__cause__ or error.__context__
    return False


def _say(message: str) -> int:
    print(message, file=sys.stderr)
    return USER_ERROR


if __name__ == "__main__":
    main()
