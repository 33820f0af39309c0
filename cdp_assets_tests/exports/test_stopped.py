"""Runs that are stopped between their files and their end: what is written down, and what the next run says."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cdp_assets.cli.context import Context
from cdp_assets.cli.export import app
from cdp_assets.config import Project
from cdp_assets.exports import last_runs, run
from cdp_assets.exports.history import never_ended
from cdp_assets.exports.run import ExportRefusedError
from cdp_assets.exports.tables import EXPORT_LEDGER, EXPORT_RUNS
from cdp_assets.lake import Place
from cdp_assets_tests.conftest import Runs
from cdp_assets_tests.exports.world import ask, confirmed, fill, project, run_export


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path / "p" / ".cdp")


@pytest.fixture
def made(tmp_path: Path, new_run: Runs) -> Project:
    made = confirmed(tmp_path / "p")
    fill(new_run(), made)
    return made


def states(made: Project) -> list[tuple]:
    return ask(made, "select run_id, state from export_runs order by started, run_id, state = 'started' desc")


def stop_at(patch: pytest.MonkeyPatch, table: str, *, after: int = 0) -> None:
    """Be interrupted where rows are to be added to a table, after so many times."""
    real, seen = run.append, []

    def stopped(place, added, rows) -> None:
        if added.name == table:
            seen.append(rows)
            if len(seen) > after:
                raise KeyboardInterrupt
        real(place, added, rows)

    patch.setattr(run, "append", stopped)


def test_a_run_that_is_stopped_before_its_ledger_is_found_and_closed_by_the_next(made: Project, new_run: Runs) -> None:
    with pytest.MonkeyPatch.context() as patch:
        stop_at(patch, EXPORT_LEDGER.name)
        with pytest.raises(KeyboardInterrupt):
            run_export(new_run(), made, "ids")
    assert (made.folder / "exports/ids/high_value.csv").is_file()
    assert states(made) == [("run-2", "started")]
    assert last_runs(Place(made.store))["ids"].state == "started"
    run_export(new_run(), made, "ids")
    assert states(made) == [("run-2", "started"), ("run-2", "interrupted"), ("run-3", "started"), ("run-3", "done")]
    never = "and never ended: files may have been written, what became of its members is not known."
    assert never in last_runs(Place(made.store))["ids"].message
    assert never in ask(made, "select message from export_runs where state = 'interrupted'")[0][0]
    kept = "connection, kind, started, as_of, members_as_of, user_name, selected"
    assert ask(made, f"select count(distinct ({kept})) from export_runs where run_id = 'run-2'") == [(1,)]
    assert never_ended(Place(made.store), "ids") == []
    run_export(new_run(), made, "ids")
    assert "never ended" not in last_runs(Place(made.store))["ids"].message


KILLED = """
import os, signal, sys
from datetime import date
from pathlib import Path
from cdp_assets.config import load_project
from cdp_assets.exports import run
from cdp_assets.lake import Place, Run
from cdp_assets_tests.exports.world import run_export

real = run.append

def append(place, table, rows):
    if table.name == "export_ledger":
        os.kill(os.getpid(), signal.SIGKILL)
    real(place, table, rows)

run.append = append
project = load_project(Path(sys.argv[1]))
run_export(Run(Place(project.store), "killed", date(2026, 11, 20), memory=1 << 30, threads=1), project, "ids")
"""


def test_a_run_that_is_killed_is_in_the_list_until_the_next_run(made: Project, new_run: Runs) -> None:
    killed = subprocess.run([sys.executable, "-c", KILLED, str(made.folder)], cwd=Path(__file__).parents[2], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert states(made) == [("killed", "started")]
    listed = CliRunner().invoke(app, ["list"], obj=Context(str(made.folder), "vic")).output
    assert "never ended: files may have been written, what became of its members is not known." in listed.replace("\n", "")
    run_export(new_run(), made, "ids")
    assert "never ended" not in CliRunner().invoke(app, ["list"], obj=Context(str(made.folder), "vic")).output


def test_without_the_intent_nothing_leaves(made: Project, new_run: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    stop_at(monkeypatch, EXPORT_RUNS.name)
    with pytest.raises(KeyboardInterrupt):
        run_export(new_run(), made, "ids")
    assert not (made.folder / "exports").exists()


def test_a_run_that_is_stopped_before_its_end_and_tried_again_sends_nothing_again(made: Project, new_run: Runs) -> None:
    stopped = new_run()
    with pytest.MonkeyPatch.context() as patch:
        stop_at(patch, EXPORT_RUNS.name, after=1)
        with pytest.raises(KeyboardInterrupt):
            run_export(stopped, made, "ids")
    (made.folder / "exports/ids/high_value.csv").unlink()
    run_export(stopped, made, "ids")
    assert not (made.folder / "exports/ids/high_value.csv").exists()
    assert states(made) == [("run-2", "started"), ("run-2", "done")]
    assert ask(made, "select selected, delivered from export_runs where state = 'done'") == [(5, 5)]
    assert ask(made, "select count(*) from export_ledger") == [(5,)]


def test_a_refused_run_and_a_dry_run_have_no_intent(tmp_path: Path, new_run: Runs) -> None:
    made = project(tmp_path / "p")
    fill(new_run(), made)
    with pytest.raises(ExportRefusedError):
        run_export(new_run(), made, "ids")
    run_export(new_run(), confirmed(tmp_path / "p"), "mail")
    assert [state for _, state in states(made)] == ["refused", "dry_run"]
