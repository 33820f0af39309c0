"""A small project with exports, and tables of a lake made of texts: segments, memberships, consents, keys, profiles."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from cdp_assets.config import Project, load_project
from cdp_assets.exports import confirm
from cdp_assets.exports.assets import steps
from cdp_assets.exports.tables import EXPORT_LEDGER, EXPORT_RUNS
from cdp_assets.governance.tables import CONSENTS
from cdp_assets.lake import Place, Run, Stage, StepResult, Table
from cdp_assets.segments.tables import SEGMENT_MEMBERSHIP, SEGMENTS
from cdp_assets.unify.deduplicated_tables import deduplicated
from cdp_assets.unify.tables import ALTERNATE_KEYS, unified_profiles
from cdp_assets_tests.support import rows

CONFIG = """\
version: 1
roles: {owner: [olga], administrator: [adam], contributor: [cora], viewer: [vic]}
sources:
  crm: {files: sources/crm.csv, primary_key: id, fields: {full_name: person.full_name, email: identity.email, country: location.country, crm_id: text}}
  news: {kind: consents, files: sources/consents.csv, person: {mail: identity.email}}
segments:
  high_value: {all: [{profile.country: DE}]}
  nobody: {all: [{profile.country: XX}]}
connections:
  files: {kind: file, name: Files for the agency, folder: exports, agree: true}
  sales: {kind: dynamics_sales, name: Contoso Sales, server: https://contoso.crm4.dynamics.com, contact_id: crm.id, share_with: [contributor], agree: true}
  marketing: {kind: dynamics_marketing, name: Contoso Marketing, server: https://contoso.crm4.dynamics.com, contact_id: crm.id, agree: true}
exports:
  agency: {connection: files, segments: [high_value], fields: [full_name, email], consent: Newsletter}
  ids: {connection: files, segments: [high_value, nobody]}
  sales: {connection: sales, segments: [high_value], consent: newsletter, schedule: "0 6 * * 1"}
  field: {connection: sales, segments: [high_value], contact_id: crm.crm_id}
  both: {connection: sales, segments: [high_value, nobody]}
  mail: {connection: marketing, segments: [high_value]}
"""  # noqa: E501
MEMBERS = """
    segment    | member_id | entered_on | left_on
    high_value | ann       | 2026-01-01 |
    high_value | bob       | 2026-01-01 |
    high_value | cat       | 2026-01-01 |
    high_value | dan       | 2026-01-01 |
    high_value | eve       | 2026-01-01 |
    high_value | gone      | 2026-01-01 | 2026-02-01
    high_value | ann       | 2025-01-01 | 2025-02-01   # was a member before, too
    other      | zoe       | 2026-01-01 |
"""
CONSENTS_TEXT = """
    customer_id | purpose    | given
    ann         | newsletter | true
    bob         | newsletter | true
    cat         | newsletter | false
    dan         | post       | true
    eve         | newsletter | true
    eve         | post       | false
"""
KEYS = """
    source | record_key | customer_id | kind
    crm    | 17         | ann         | record
    crm    | 170        | ann         | record
    crm    | 2          | bob         | record
    crm    | 3          | cat         | record
    crm    | 4          | dan         | record
    other  | 5          | eve         | record
"""
RECORDS = """
    record_key | winner_key | is_winner | crm_id
    17         | 17         | true      | C-9
    170        | 17         | false     | C-10
    2          | 2          | true      |
    3          | 3          | true      | C-3
    4          | 4          | true      | ''
"""
PROFILES = pa.table(
    {
        "customer_id": ["ann", "bob", "cat", "dan", "eve", "zoe"],
        "full_name": ['Ann "Annie" O\'Neil', "Bob, the\nBuilder", "Cät", None, "=1+1", "Zoe"],
        "email": ["ann@x.example", "", "cat@x.example", None, "eve@x.example", "zoe@x.example"],
    }
)
PERSONAL = ("ann@", "O'Neil", "Builder", "eve@", "C-9", "170")
"""Values that no message may hold."""


def project(folder: Path, *changes: tuple[str, str]) -> Project:
    """The project, each text of its cdp.yaml replaced."""
    text = CONFIG
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    folder.mkdir(exist_ok=True)
    (folder / "cdp.yaml").write_text(text)
    return load_project(folder)


def confirmed(folder: Path, *changes: tuple[str, str]) -> Project:
    """The project, all its connections confirmed."""
    made = project(folder, *changes)
    for name in made.config.connections:
        confirm(made, "adam", name)
    return made


def fill(run: Run, project: Project, **given: str | pa.Table) -> None:
    """Make the tables that exports read; a table that is not given has its rows from above."""
    texts: Mapping[str, tuple[Table, str | pa.Table]] = {
        "segments": (SEGMENTS, segments_of(project)),
        "segment_membership": (SEGMENT_MEMBERSHIP, MEMBERS),
        "consents": (CONSENTS, CONSENTS_TEXT),
        "alternate_keys": (ALTERNATE_KEYS, KEYS),
        "deduplicated_crm": (deduplicated(project.config, "crm"), RECORDS),
        "unified_profiles": (unified_profiles(project.config), PROFILES),
    }
    for name, (table, default) in texts.items():
        make(run, table, given.get(name, default))


def segments_of(project: Project) -> str:
    """The segments of the project as a refresh would have computed them."""
    rules = [f"{name} | {segment.of} | {segment.words()}" for name, segment in project.config.segments.items()]
    return "\n".join(["segment | of_entity | rule", *rules])


def make(run: Run, table: Table, given: str | pa.Table) -> None:
    """Make a table of these rows; columns that are not said are empty (the tables here need not be whole)."""
    said = rows(given, table) if isinstance(given, str) else given
    loose = Table(table.name, table.grain, table.key, tuple(type(c)(c.name, c.type, c.description) for c in table.columns))
    missing = [column for column in loose.columns if column.name not in said.column_names]
    for column in missing:
        said = said.append_column(column.name, pa.nulls(said.num_rows, loose.arrow_schema().field(column.name).type))
    run.make(loose, [Stage(table.name, {}, lambda _tables, _params: said, loose)], {}, settings=hash(str(given)))


def run_export(run: Run, project: Project, name: str) -> StepResult:
    """Run the step of an export, as Dagster would."""
    step = next(step for step in steps(project) if step.table.name == f"export_{name}")
    return step.run(run)


def ask(project: Project, sql: str) -> list[tuple[Any, ...]]:
    """Rows of a query over the ledger, the runs and the last run of each export."""
    place = Place(project.store)
    with duckdb.connect() as connection:
        for table in (EXPORT_LEDGER, EXPORT_RUNS, *(step.table for step in steps(project))):
            connection.execute(f"create view {table.name} as {place.newest(table).sql}")
        return connection.execute(sql).fetchall()


def ledger(project: Project, export: str) -> dict[str, tuple[str, str | None]]:
    """Member -> its state and target id, in the only run of an export over one segment."""
    found = ask(project, f"select member_id, state, target_id from export_ledger where export = '{export}'")
    assert len(found) == len({row[0] for row in found})
    return {row[0]: (row[1], row[2]) for row in found}
