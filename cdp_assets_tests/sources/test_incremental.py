"""Reading in increments: what is new is read and merged by key, and the table is that of one full read of everything."""

from datetime import date
from pathlib import Path

import pytest

from cdp_assets.config import load_project
from cdp_assets.lake import Place, Run, StepResult
from cdp_assets.sources import SourceError, read_source
from cdp_assets_tests.sources.projects import new_run, quarantine_of, rows_of, write

CONFIG = """
version: 1
sources:
  crm:
    files: crm
    primary_key: id
    fields: {name: text, changed: timestamp, points: integer}
    incremental: {updated: changed}
"""
DELETES = CONFIG.replace("updated: changed", "updated: changed, deleted: {files: gone, key: id, at: at}")


def csv(*rows: str, header: str = "id,name,changed,points") -> str:
    return "\n".join([header, *rows, ""])


def day(number: int) -> str:
    return f"2026-01-{number:02}T00:00:00Z"


def refresh(folder: Path, *full: str, as_of: date = date(2026, 2, 1)) -> StepResult:
    project = load_project(folder)
    run = new_run(project)
    run.as_of = as_of
    run.full = frozenset(full)
    return read_source(run, project, "crm")[1]


def names(folder: Path) -> dict[str, str]:
    """Key -> name in the source's table."""
    return {row["record_key"]: row["name"] for row in rows_of(folder, "crm")}


@pytest.fixture
def crm(tmp_path: Path) -> Path:
    write(tmp_path, cdp_yaml=CONFIG, crm__1_csv=csv(f"a,Ann,{day(1)},1", f"b,Bob,{day(1)},2"))
    return tmp_path


def test_the_first_load_is_full_and_later_only_new_files_are_read(crm):
    first = refresh(crm)
    assert (first.rows, first.numbers["rows_read"], first.notice) == (2, 2, None)
    write(crm, crm__2_csv=csv(f"b,Bo,{day(2)},3", f"c,Cy,{day(2)},4"))
    second = refresh(crm)
    assert names(crm) == {"a": "Ann", "b": "Bo", "c": "Cy"}
    assert second.numbers == {
        "rows_read": 2, "rows_applied": 2, "rows_filtered": 0, "rows_deleted": 0, "rows_rejected": 0, "keys_inserted": 1, "keys_gone": 0,
    }  # fmt: skip
    third = refresh(crm)
    assert (third.unchanged, third.version) == (True, second.version)
