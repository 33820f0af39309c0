"""`cdp refresh`: everything that is due, with a progress display and a summary."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from cdp_assets.cli.console import plain_console
from cdp_assets.cli.context import Context
from cdp_assets.config import Project

if TYPE_CHECKING:
    from cdp_assets.orchestration.refresh import Summary

WAIT_SECONDS = 24 * 3600


class Part(StrEnum):
    """Parts of a refresh."""

    matching = "matching"
    profiles = "profiles"
    dependents = "dependents"


class Of(StrEnum):
    """Whose parts."""

    customers = "customers"
    accounts = "accounts"
    contacts = "contacts"


ONLY_HELP = (
    "Only a part, with the sources it is made from: matching (which records are one), profiles, or dependents (profiles and all that "
    "depends on them)."
)


def refresh(
    context: typer.Context,
    as_of: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day the refresh is for (default: today, UTC).")] = None,
    wait: Annotated[bool, typer.Option("--wait", help="If another run holds the project, wait for it.")] = False,
    only: Annotated[Part | None, typer.Option("--only", help=ONLY_HELP)] = None,
    of: Annotated[Of, typer.Option("--of", help="With --only: of customers, accounts or contacts.")] = Of.customers,
    full: Annotated[list[str] | None, typer.Option("--full", help="Read this incremental source in full once. May be repeated.")] = None,
    learn: Annotated[bool, typer.Option("--learn", help="Learn anew how rare words are and which identifiers too many share.")] = False,
) -> None:
    """Refresh everything that is due: sources to the published snapshot. Needs the role contributor."""
    obj: Context = context.obj
    part = (only.value, of.value) if only else None
    project = obj.load()
    summary = run(project, obj.user, as_of.date() if as_of else None, wait=wait, part=part, full=full or (), learn=learn)
    show(summary, project)
    typer.echo(json.dumps(asdict(summary), sort_keys=True))
    raise typer.Exit(0 if summary.ok else 1)


def run(
    project: Project,
    user: str,
    as_of: date | None,
    *,
    wait: bool,
    part: tuple[str, str] | None = None,
    full: Sequence[str] = (),
    learn: bool = False,
) -> "Summary":
    """Refresh, or a part of a refresh, with a progress display."""
    from cdp_assets.orchestration.refresh import refresh as refresh_project

    with _display() as display:
        return refresh_project(
            project,
            user,
            as_of=as_of,
            wait_seconds=WAIT_SECONDS if wait else 0,
            progress=display.step,
            on_count=display.count,
            part=part,
            full=full,
            learn=learn,
        )


class _Display:
    """A line that grows with the steps; without a terminal one line a table."""

    def __init__(self) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        self.console = plain_console(errors=True)
        self.progress = Progress(
            TextColumn("{task.description:<32}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self.console,
            transient=True,
            disable=not self.console.is_terminal,
        )
        self.task = self.progress.add_task("starting", total=None)

    def count(self, steps: int) -> None:
        """How many steps there will be."""
        self.progress.update(self.task, total=steps)

    def step(self, table: str, state: str) -> None:
        """A step began or ended."""
        if state == "started":
            self.progress.update(self.task, description=table)
        else:
            self.progress.advance(self.task)
            if not self.console.is_terminal and state != "unchanged":
                self.console.print(f"{table}: {state}")


@contextmanager
def _display() -> Iterator[_Display]:
    display = _Display()
    with display.progress:
        yield display


def show(summary: "Summary", project: Project) -> None:
    """Print what a refresh did, for people; with the folder, as a command without one may have taken another than was meant."""
    from rich.table import Table

    console = plain_console()
    table = Table(title=f"Refresh of {project.folder} as of {summary.as_of}", title_justify="left")
    table.add_column("table")
    table.add_column("rows", justify="right")
    table.add_column("")
    table.add_column("figures")
    for name, rows in summary.rows.items():
        figures = ", ".join(f"{k} {v:,}" for k, v in summary.numbers.get(name, {}).items())
        table.add_row(name, f"{rows:,}", "unchanged" if name in summary.unchanged else "new version", figures)
    console.print(table)
    if any(summary.quarantined.values()):
        counts = ", ".join(f"{source} {rows:,}" for source, rows in summary.quarantined.items() if rows)
        console.print(f"In quarantine: {counts}. `cdp status` shows why.")
    for name, notice in summary.notices.items():
        console.print(f"NOTE {name}: {notice}")
    for name, message in summary.failed.items():
        console.print(f"FAILED {name}: {message}")
    if summary.skipped:
        console.print(f"Skipped, because they depend on what failed: {', '.join(summary.skipped)}")
    for problem in summary.not_told:
        console.print(f"NOTE {problem}")
    if summary.ok and "published_snapshot" not in summary.rows:
        console.print("The pages and the segments show what they showed before: a refresh without --only publishes.")
    state = "Refreshed" if summary.ok else "Refreshed in part; tables that failed or were skipped keep their last version"
    console.print(f"{state}: {summary.seconds} s, {summary.processor_seconds} s of processor time.")
