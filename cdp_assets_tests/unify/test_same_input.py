"""The same input gives the same tables: a second time, in another order of rows, and in files of other names."""

import random
from pathlib import Path

import pytest

from cdp_assets.config import Project
from cdp_assets_tests.contacts.test_pipeline import FILES as BUSINESS
from cdp_assets_tests.contacts.world import SECTIONS, SOURCES
from cdp_assets_tests.projects import contents, query, run_steps, small_project, table_of, versions

pytestmark = pytest.mark.pipeline

CUSTOMERS = """
customers:
  match_order: [crm, shop]
  dedupe: {crm: {rules: [{name: same mail, all: [{field: mail}]}, {name: same name, all: [{field: name, as: name, precision: high}, {field: town}]}]}}
  match:
    - {name: name and town, left: crm, right: shop, all: [{field: name, as: name, precision: medium}, {field: town}]}
    - {name: mail, left: crm, right: shop, all: [{field: mail, precision: high}]}
"""  # noqa: E501
CONFIG = (
    SOURCES.replace(
        "crm: {files: crm.csv, primary_key: person_no, fields: {name: person.full_name}}",
        """crm: {files: "crm/*.csv", primary_key: person_no, fields: {name: person.full_name, mail: identity.email, town: location.city}}
  shop: {files: "shop/*.csv", primary_key: no, fields: {name: person.full_name, mail: identity.email, town: location.city}}""",
    )
    + CUSTOMERS
    + SECTIONS
)
FIRST = ["Ann", "Anne", "Bob", "Rob", "Cy", "Dee", "Eve", "Zoë"]
LAST = ["Lee", "Kent", "Orr", "Fox"]
TOWNS = ["Rome", "Bonn", ""]


def people(kind: str, count: int, seed: int) -> list[str]:
    """Rows full of near twins, so that ties are many; a few keys come twice, once with a mail and once without."""
    draw = random.Random(seed)
    rows = []
    for n in range(count):
        name, mail = f"{draw.choice(FIRST)} {draw.choice(LAST)}", f"{draw.choice('abcdefgh')}{draw.randrange(4)}@x.example"
        town = draw.choice(TOWNS)
        rows.append(f"{kind}{n:02},{name},{mail if n % 3 else ''},{town}")
        if n % 10 == 1:
            rows.append(f"{kind}{n:02},{name},,")
    return rows


def world(folder: Path, seed: int | None = None) -> Project:
    """The world; with a seed its rows are in another order, and what was the first file comes last."""
    names = ["a.csv", "b.csv"] if seed is None else ["y.csv", "x.csv"]
    files = {}
    for kind, head in {"crm": "person_no,name,mail,town", "shop": "no,name,mail,town"}.items():
        rows = people(kind[0], 40, len(kind))
        if seed is not None:
            random.Random(seed).shuffle(rows)
        half = len(rows) // 2
        for name, part in zip(names, (rows[:half], rows[half:]), strict=True):
            files[f"{kind}/{name}"] = "\n".join([head, *part]) + "\n"
    for name, text in BUSINESS.items():
        if name != "crm.csv":
            head, *rows = text.splitlines()
            if seed is not None:
                random.Random(seed).shuffle(rows)
            files[name] = "\n".join([head, *rows]) + "\n"
    return small_project(folder, CONFIG, files)


@pytest.fixture(scope="module")
def refreshed(tmp_path_factory: pytest.TempPathFactory) -> Project:
    made = world(tmp_path_factory.mktemp("project"))
    run_steps(made)
    return made


PLACE = {"source_file", "source_line"}
"""Where a row stands: the only columns that another order of rows and other names of files may change."""


def rows_of(project: Project, table: str) -> list[tuple[object, ...]]:
    listed = ", ".join(f'"{column.name}"' for column in table_of(project, table).columns if column.name not in PLACE)
    return query(project, f'select {listed} from "{table}" order by all')


def test_a_second_refresh_of_customers_accounts_and_contacts_gives_no_table_a_new_version(refreshed: Project) -> None:
    before = versions(refreshed)
    again = run_steps(refreshed)
    assert [name for name, result in again.items() if not result.unchanged] == []
    assert versions(refreshed) == before


@pytest.mark.parametrize("seed", [1, 2])
def test_another_order_of_rows_and_files_gives_the_same_tables(refreshed: Project, tmp_path: Path, seed: int) -> None:
    """Ids, groups, edges, winners, values and their lineage, figures: only the places in files are others."""
    other = world(tmp_path, seed)
    run_steps(other)
    assert query(refreshed, "select count(*) filter (kind = 'match') > 5, count(*) filter (kind = 'duplicate') > 5 from match_edges") == [
        (True, True)
    ]
    one, two = contents(refreshed), contents(other)
    placed = {name for name in one if PLACE & {column.name for column in table_of(refreshed, name).columns}}
    assert {name for name in one if one[name] != two[name]} <= placed | {"source_columns"}
    for name in sorted(placed - {"quarantine"}):
        if not name.startswith(("crm", "shop")):
            assert rows_of(other, name) == rows_of(refreshed, name), name


def test_a_refresh_of_rows_and_files_in_another_order_changes_no_id(tmp_path: Path) -> None:
    project = world(tmp_path)
    run_steps(project)
    ids = "select * from customer_ids order by all"
    before, changes = query(project, ids), query(project, "select count(*) from customer_id_changes")
    for old in [*(tmp_path / "crm").iterdir(), *(tmp_path / "shop").iterdir()]:
        old.unlink()
    run_steps(world(tmp_path, seed=3))
    assert query(project, ids) == before
    assert query(project, "select count(*) from customer_id_changes") == changes
