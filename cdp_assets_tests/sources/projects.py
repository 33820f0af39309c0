"""What the tests of sources share: a project folder written from text, and one run over it."""

import itertools
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from cdp_assets.config import AnySource, Project, load_project, parse_config
from cdp_assets.errors import UserError
from cdp_assets.lake import Place, Run, StepResult, Table
from cdp_assets.sources import QUARANTINE, read_source, table_of

CRM = """
version: 1
sources:
  crm:
    files: crm.csv
    primary_key: contact_id
    fields: {name: person.full_name, born: {type: person.birth_date, format: "%m/%d/%Y"}, points: integer}
"""
WEB = """
version: 1
sources:
  crm: {files: crm.csv, primary_key: contact_id, fields: {name: person.full_name}}
  web:
    kind: events
    files: web
    visitor: anonymous_id
    time: ts
    known_as: {user_id: crm.contact_id}
    fields: {page: text}
"""
HEADER = "contact_id,name,born,points\n"  # of the files of CRM
at = datetime.fromisoformat  # times of the lake are UTC and carry no zone
_RUNS = itertools.count(1)


def source_of(text: str, name: str) -> AnySource:
    return parse_config(text).sources[name]


def write(folder: Path, **files: str | bytes) -> None:
    """Write files below `folder`; `__` in a keyword stands for a slash and `_csv` at its end for the suffix."""
    for key, content in files.items():
        path = folder / key.replace("__", "/").replace("_yaml", ".yaml").replace("_csv", ".csv")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


def new_run(project: Project) -> Run:
    return Run(Place(project.store), f"run{next(_RUNS)}", date(2026, 1, 1), memory=1 << 30, threads=1)


def read(folder: Path, name: str = "crm", run: Run | None = None) -> tuple[StepResult, StepResult]:
    project = load_project(folder)
    return read_source(run or new_run(project), project, name)


def rows_of(folder: Path, name: str = "crm") -> list[dict[str, Any]]:
    """The rows of the source's newest version, in the order of file and line."""
    project = load_project(folder)
    return _rows(project, table_of(name, project.config.sources[name]))


def quarantine_of(folder: Path) -> list[tuple[str, int, str, str]]:
    """(source, line, field, reason) of the newest quarantine."""
    found = _rows(load_project(folder), QUARANTINE)
    return [(row["source"], row["source_line"], row["field"], row["reason"]) for row in found]


def _rows(project: Project, table: Table) -> list[dict[str, Any]]:
    with duckdb.connect() as connection:
        select = f"select * from ({Place(project.store).newest(table).sql}) order by {', '.join(table.key)}"
        return connection.sql(select).to_arrow_table().to_pylist()


def problem_of(folder: Path) -> str:
    """What is said of the source, of which nothing has been read."""
    with pytest.raises(UserError) as error:
        read(folder)
    assert Place(folder / ".cdp").tables() == []
    return error.value.message


def names_of(folder: Path) -> list[str]:
    """The names in the table of the source."""
    return [row["name"] for row in rows_of(folder)]
