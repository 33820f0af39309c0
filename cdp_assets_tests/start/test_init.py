"""`cdp init` as a newcomer calls it: messages instead of traces, nothing overwritten, and a project that runs."""

import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from cdp_assets.config import load_project
from cdp_assets_tests.projects import query, run
from cdp_assets_tests.start.folders import CONSENTS, EVENTS, LOYALTY, ORDERS, PEOPLE, folder_of, suggested

pytestmark = pytest.mark.pipeline
SHOP = {"crm.csv": PEOPLE, "loyalty.csv": LOYALTY, "orders.csv": ORDERS, "web/1.csv": EVENTS, "newsletter.csv": CONSENTS}


def cdp(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cdp_assets.cli.main", *arguments]
    environment = {**os.environ, "CDP_USER": "newcomer"}
    return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=folder, check=False)


def test_from_files_to_profiles_with_what_was_suggested(tmp_path: Path) -> None:
    ended = cdp(folder_of(tmp_path, SHOP), "init")
    assert ended.returncode == 0, ended.stderr
    assert "5 of 5 sources can be used" in ended.stdout
    assert (tmp_path / "cdp.yaml").read_text().startswith("# yaml-language-server: $schema=cdp.schema.json\n")
    assert (tmp_path / "cdp.schema.json").is_file()
    assert "ann1@x.example" not in ended.stdout + (tmp_path / "cdp.yaml").read_text() + (tmp_path / "cdp-quality.md").read_text()
    report = (tmp_path / "cdp-quality.md").read_text()
    for column in ("empty", "missing", "differ", "repeated"):
        assert f"*{column}*" in report.lower()  # each heading of the table is explained
    project = load_project(tmp_path)
    summary = run(project)
    assert summary.ok, summary.failed
    assert set(summary.quarantined.values()) == {0}
    assert query(project, "select count(*) from unified_profiles where known and records = 2") == [(100,)]
    assert query(project, "select count(*) from unified_activities where type = 'SalesOrder'") == [(400,)]
    shown = cdp(tmp_path, "review", "sources", "crm")
    assert "a9@a.a" in shown.stdout
    assert "ann1@x.example" not in shown.stdout
    assert "Did you mean crm?" in cdp(tmp_path, "review", "sources", "crn").stderr


def test_an_existing_configuration_is_never_overwritten(tmp_path: Path) -> None:
    folder_of(tmp_path, {**SHOP, "cdp.yaml": "mine"})
    ended = cdp(tmp_path, "init")
    assert ended.returncode == 1
    assert "is never overwritten" in ended.stderr
    assert (tmp_path / "cdp.yaml").read_text() == "mine"
    printed = cdp(tmp_path, "init", "--print")
    assert printed.returncode == 0
    assert "primary_key: contact_id" in printed.stdout
    assert {path.name for path in tmp_path.iterdir()} == {"cdp.yaml", "web", *(name for name in SHOP if "/" not in name)}


@pytest.mark.parametrize("arguments", [("init",), ("init", "nowhere")])
def test_an_empty_folder_and_one_that_is_not_there_are_said(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    ended = cdp(tmp_path, *arguments)
    assert (ended.returncode, len(ended.stderr.splitlines())) == (1, 1)
    assert list(tmp_path.iterdir()) == []


AWKWARD: dict[str, str | bytes] = {
    "empty.csv": "",
    "only_names.csv": "id,email,name\n",
    "one_row.csv": "id,email,joined\n1,ann@x.example,03/04/2024\n",
    "no_key.csv": "colour,size\nred,1\nred,2\nred,1\n",
    "semicolon.csv": "Kundennummer;Nachname;E-Mail;Geburtsdatum;Umsatz\n"
    + "".join(f"K{n:03};Meier;m{n}@x.example;{n % 28 + 1:02}.{n % 12 + 1:02}.1980;{n},50\n" for n in range(60)),
    "utf16.csv": "id,name,email\n1,Bär,b1@x.example\n2,Bär,b2@x.example\n".encode("utf-16"),
    "latin.csv": "nr;name;ort\n1;Müller;Köln\n2;Möller;Köln\n".encode("latin-1"),
    "lines.jsonl": "".join(f'{{"order_id": "o{n}", "client": "K{n % 60:03}", "total": {n}.5, "at": "2024-01-01"}}\n' for n in range(99)),
    "wide.csv": ",".join(["id", *(f"v{n}" for n in range(299))]) + "\n" + "".join(",".join([str(r)] * 300) + "\n" for r in range(5)),
    "2024 Übersicht (alt)!.csv": 'Kunden-Nr.,"weird ""name""",source,customer_id,,x y\n1,a,b,c1,z,1\n2,b,c,c2,z,2\n',
    "headless.csv": "ann@x.example,Ann Lee,+49 170 1234567\nbob@x.example,Bob Poe,+49 170 7654321\n",
    "notes.docx": b"PK\x03\x04",
    "broken.parquet": b"PAR1not",
    "binary.csv": bytes(range(256)) * 9,
    "quarantine.csv": "id,name\n1,a\n2,b\n",
    "twice.csv": "id,a,a\n1,2,3\n2,3,4\n",
    "ragged.csv": 'id,email\n1,a@x.example\n2,b@x.example,zzz\n3\n4,"d@x.example\n',
    "~home.csv": "id\n1\n2\n",
}
MESSAGES = (
    "empty.csv is empty",
    "no_key.csv: no column is unique",
    "only_names.csv: it has no rows yet",
    "notes.docx is neither",
    "headless.csv seems to have no line of column names",
    "broken.parquet cannot be read as Parquet",
    "binary.csv, line of column names",
    "~home.csv has a name that cdp.yaml cannot hold",
)


def test_awkward_files_give_a_message_or_a_comment_and_what_is_left_runs(tmp_path: Path) -> None:
    folder_of(tmp_path, AWKWARD)
    parquet.write_table(pa.table({"sku": ["a", "b"], "price": [1.5, None], "tags": [["x"], []]}), tmp_path / "products.parquet")
    ended = cdp(tmp_path, "init")
    assert ended.returncode == 0, ended.stderr
    assert "Traceback" not in ended.stderr
    for message in MESSAGES:
        assert message in ended.stdout
    text = (tmp_path / "cdp.yaml").read_text()
    for wanted in (
        'csv: {delimiter: ";"}',
        "encoding: utf-16",
        "encoding: cp1252",
        'format: "%d.%m.%Y"',
        "tags: holds lists",
        "more columns are left alone",
    ):
        assert wanted in text
    assert "ann@x.example" not in text + ended.stdout
    summary = run(load_project(tmp_path))
    assert summary.ok, summary.failed
    assert {source for source, rows in summary.quarantined.items() if rows} == {"ragged"}


@pytest.mark.parametrize("word", ["null", "true", "False", "yes", "off", "n"])
def test_files_and_columns_whose_names_yaml_takes_for_something_else(tmp_path: Path, word: str) -> None:
    """null.csv was `a mistake of cdp init, please report it`."""
    files = {
        f"{word}.csv": f"id,email,{word}\n1,a@x.example,u\n2,b@x.example,v\n",
        "crm.csv": "no,email,key\nc1,a@x.example,k\nc2,b@x.example,l\n",
    }
    _, config, _ = suggested(tmp_path, files)
    name = f"{word.lower()}_source"
    assert set(config.sources) == {name, "crm"}
    assert {rule.left for rule in config.customers.match} | {rule.right for rule in config.customers.match} == {name, "crm"}
    assert config.sources[name].fields[f"{word.lower()}_given"].column == word
