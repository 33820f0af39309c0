"""Reading a source in a run: its table, its part of the quarantine, and what happens when files change or are broken."""

import datetime as dt
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from cdp_assets.config import load_project
from cdp_assets.errors import UserError
from cdp_assets.lake import EngineError, Place, Run
from cdp_assets.sources import SourceError, csv_file, staging
from cdp_assets_tests.sources.projects import CRM, WEB, new_run, quarantine_of, read, rows_of, write

GOOD = "contact_id,name,born,points\nC1,Ann Moss,5/8/1986,7\nC2,Bob Ray,,\n"


@pytest.fixture
def crm(tmp_path: Path) -> Path:
    write(tmp_path, cdp_yaml=CRM, crm_csv=GOOD)
    return tmp_path


def test_rows_are_typed_and_keep_file_and_line(crm):
    faults, rows = read(crm)
    assert (faults.rows, rows.rows) == (0, 2)
    assert rows_of(crm) == [
        {
            "source_file": "crm.csv", "source_line": 2, "record_key": "C1", "contact_id": "C1", "name": "Ann Moss",
            "born": dt.date(1986, 5, 8), "points": 7,
        },
        {
            "source_file": "crm.csv", "source_line": 3, "record_key": "C2", "contact_id": "C2", "name": "Bob Ray",
            "born": None, "points": None,
        },
    ]  # fmt: skip


def test_a_row_with_a_fault_is_in_quarantine_with_a_reason_by_field_and_not_in_the_table(crm):
    write(crm, crm_csv=GOOD + "C3,Cy,1986-05-08,many\n,Di,,\nC5,E,f,,,\n")
    read(crm)
    assert quarantine_of(crm) == [
        ("crm", 4, "born", "not a date in the format %m/%d/%Y; %Y-%m-%d would read it"),
        ("crm", 4, "points", "not a whole number"),
        ("crm", 5, "contact_id", "primary key is missing"),
        ("crm", 6, "", "more columns than the header"),
    ]
    assert [row["record_key"] for row in rows_of(crm)] == ["C1", "C2"]


def test_records_with_the_same_key_are_both_kept_for_the_dedupe(crm):
    write(crm, crm_csv=GOOD + "C1,Ann M.,,\n")
    read(crm)
    assert [row["record_key"] for row in rows_of(crm)] == ["C1", "C2", "C1"]


def test_a_header_alone_gives_a_table_of_no_rows(crm):
    write(crm, crm_csv="contact_id,name,born,points\n")
    faults, rows = read(crm)
    assert (faults.rows, rows.rows, rows.version) == (0, 0, 0)
    assert rows_of(crm) == []


def test_files_with_the_content_of_before_are_not_parsed_again(crm, monkeypatch):
    read(crm)
    (crm / "crm.csv").touch()
    monkeypatch.setattr(staging, "READERS", {"csv": None})  # would be called for each file
    faults, rows = read(crm)
    assert faults.unchanged
    assert rows.unchanged
    assert rows.rows == 2


def test_what_was_staged_is_gone_afterwards(crm):
    run = new_run(load_project(crm))
    read(crm, run=run)
    assert not list(run.work.rglob("files/*"))


def test_a_row_that_is_corrected_leaves_the_quarantine(crm):
    write(crm, crm_csv=GOOD + "C3,Cy,someday,\n")
    read(crm)
    write(crm, crm_csv=GOOD + "C3,Cy,1/2/1990,\n")
    read(crm)
    assert quarantine_of(crm) == []
    assert len(rows_of(crm)) == 3


def test_a_version_of_only_bad_rows_is_a_table_of_no_rows(crm):
    write(crm, crm_csv="contact_id,name,born,points\n,Ann,,\n")
    _, rows = read(crm)
    assert rows.rows == 0
    assert quarantine_of(crm) == [("crm", 2, "contact_id", "primary key is missing")]


def test_another_source_does_not_touch_this_ones_part_of_the_quarantine(tmp_path):
    events = "event_id,anonymous_id,ts,event,user_id,page\ne1,,2024-01-01,a,,\n"
    write(tmp_path, cdp_yaml=WEB, crm_csv="contact_id,name\n,x\n", web__1_csv=events)
    read(tmp_path, "crm")
    read(tmp_path, "web")
    _, rows = read(tmp_path, "crm")
    assert rows.unchanged
    assert [(row[0], row[2]) for row in quarantine_of(tmp_path)] == [("crm", "contact_id"), ("web", "anonymous_id")]


@pytest.mark.parametrize(
    "content",
    ["", "contact_id,nom,born,points\n", "contact_id,name,born,points\nC1,M\xfcller,,\n".encode("latin-1")],
    ids=["empty", "missing column", "not UTF-8"],
)
def test_a_broken_source_commits_nothing_and_keeps_its_last_version(crm, content):
    read(crm)
    write(crm, crm_csv=content)
    with pytest.raises(SourceError):
        read(crm)
    assert len(rows_of(crm)) == 2
    assert quarantine_of(crm) == []


def test_a_broken_source_that_never_had_a_version_has_none_afterwards(crm):
    write(crm, crm_csv="contact_id,name,born,points\nC1,M\xfcller,,\n".encode("latin-1"))
    with pytest.raises(SourceError):
        read(crm)
    assert Place(crm / ".cdp").tables() == []


def test_an_error_on_the_way_has_no_value_of_a_record_in_it(crm, monkeypatch):
    write(crm, crm_csv="contact_id,name,born,points\nC1,ann.moss@example.org,,\n")

    def fails(*_: object) -> None:
        raise OSError("ann.moss@example.org")

    monkeypatch.setattr(csv_file, "_good_rows", fails)
    with pytest.raises(UserError) as error:
        read(crm)
    assert "ann.moss" not in error.value.message
    assert "ann.moss" not in str(error.value.__context__)


def test_parquet_is_read_in_its_types_with_the_number_of_the_row(tmp_path):
    write(tmp_path, cdp_yaml=CRM.replace("crm.csv", "crm"))
    (tmp_path / "crm").mkdir()
    born = pa.array([dt.date(1986, 5, 8), None])
    native = pa.table({"contact_id": [1.0, 2.0], "name": ["Ann", ""], "born": born, "points": pa.array([7, None], pa.int32())})
    text = pa.table({"points": ["x", "8"], "born": ["1/2/1990", "1/2/1990"], "name": ["Cy", "Di"], "contact_id": ["3", None]})
    parquet.write_table(native, tmp_path / "crm" / "[1].parquet")
    parquet.write_table(text, tmp_path / "crm" / "2.parquet")
    read(tmp_path)
    found = [tuple(row.values()) for row in rows_of(tmp_path)]
    # Types that differ from file to file are read as text: the date of the first file is then not in the stated format.
    assert found == [("crm/[1].parquet", 2, "2", "2", None, None, None)]
    assert quarantine_of(tmp_path) == [
        ("crm", 1, "points", "not a whole number"),
        ("crm", 2, "contact_id", "primary key is missing"),
        ("crm", 1, "born", "not a date in the format %m/%d/%Y; %Y-%m-%d would read it"),
    ]
    (tmp_path / "crm" / "2.parquet").unlink()
    read(tmp_path)
    assert [tuple(row.values()) for row in rows_of(tmp_path)] == [
        ("crm/[1].parquet", 1, "1", "1", "Ann", dt.date(1986, 5, 8), 7),
        ("crm/[1].parquet", 2, "2", "2", None, None, None),
    ]


def _records(folder: Path, **columns: pa.Array) -> Path:
    """The project with two Parquet files: a good one, and crm/2.parquet with these columns in place of good ones."""
    write(folder, cdp_yaml=CRM.replace("crm.csv", "crm"))
    (folder / "crm").mkdir()
    good = {"contact_id": ["C1", "C2"], "name": ["Ann", "Bob"], "born": pa.nulls(2, pa.date32()), "points": [1, 2]}
    parquet.write_table(pa.table(good), folder / "crm" / "1.parquet", compression="none", use_dictionary=False)
    parquet.write_table(pa.table({**good, **columns}), folder / "crm" / "2.parquet", compression="none", use_dictionary=False)
    return folder / "crm" / "2.parquet"


def _not_utf8() -> pa.Array:
    return pa.Array.from_buffers(pa.string(), 2, pa.array([b"Ann", b"M\xfcller"]).buffers())


def test_native_dates_outside_the_calendar_are_in_quarantine(tmp_path):
    _records(tmp_path, born=pa.array([2**31 - 1, 2_932_897], pa.int32()).view(pa.date32()))
    read(tmp_path)
    assert quarantine_of(tmp_path) == [
        ("crm", 1, "born", "not a date in the years 0001 to 9999"),
        ("crm", 2, "born", "not a date in the years 0001 to 9999"),
    ]


def test_a_cell_of_parquet_that_is_not_utf_8_is_said_with_its_file(tmp_path):
    _records(tmp_path, name=_not_utf8())
    with pytest.raises(SourceError) as error:
        read(tmp_path)
    assert error.value.message == "Source crm: crm/2.parquet is damaged or holds text that is not UTF-8. Write it again."
    assert Place(tmp_path / ".cdp").tables() == []


def test_a_damaged_page_of_parquet_is_said_with_its_file(tmp_path):
    file = _records(tmp_path)
    content = file.read_bytes()
    file.write_bytes(content[:4] + b"\xff" * 20 + content[24:])  # the header of the first page
    with pytest.raises(SourceError) as error:
        read(tmp_path)
    assert error.value.problems == ("crm/2.parquet is damaged or holds text that is not UTF-8. Write it again.",)


def test_what_is_wrong_in_a_column_that_nobody_asks_for_does_not_matter(tmp_path):
    _records(tmp_path, note=_not_utf8())
    read(tmp_path)
    assert len(rows_of(tmp_path)) == 4


def test_a_time_in_milliseconds_that_cannot_be_read_is_said_with_its_file(tmp_path):
    _records(tmp_path, born=pa.array([0, 2**62], pa.int64()).view(pa.timestamp("ms")))
    with pytest.raises(SourceError, match=r"crm/2\.parquet holds a time that is too far from today"):
        read(tmp_path)


def test_a_failure_that_is_no_files_fault_is_said_as_it_is(tmp_path, monkeypatch):
    _records(tmp_path)

    def fails(*_: object, **__: object) -> None:
        raise EngineError("the disk is full")

    monkeypatch.setattr(Run, "make", fails)
    with pytest.raises(EngineError, match="the disk is full"):
        read(tmp_path)


def test_a_key_that_is_infinite_or_no_number_is_not_called_missing(tmp_path):
    _records(tmp_path, contact_id=pa.array([float("inf"), float("nan")]))
    (tmp_path / "crm" / "1.parquet").unlink()
    read(tmp_path)
    assert quarantine_of(tmp_path) == [("crm", 1, "contact_id", "not a number"), ("crm", 2, "contact_id", "not a number")]


def test_csv_and_parquet_in_one_source_are_refused(tmp_path):
    write(tmp_path, cdp_yaml=CRM.replace("crm.csv", "crm"), crm__a_csv=GOOD)
    parquet.write_table(pa.table({"contact_id": ["1"]}), tmp_path / "crm" / "b.parquet")
    with pytest.raises(SourceError, match="some of its files are CSV and some are Parquet"):
        read(tmp_path)


def test_name_address_telephone_and_e_mail_are_read_as_they_are_written(tmp_path):
    config = """
version: 1
sources:
  crm:
    files: crm.csv
    primary_key: contact_id
    fields: {name: person.full_name, street: location.street, city: location.city, phone: identity.phone, mail: identity.email}
"""
    write(
        tmp_path,
        cdp_yaml=config,
        crm_csv="contact_id,name,street,city,phone,mail,note\nC1,Ann Moss,1 High St,Cork,+353 555 0100,Ann@x.example,x\n",
    )
    read(tmp_path)
    assert [tuple(row.values())[2:] for row in rows_of(tmp_path)] == [
        ("C1", "C1", "Ann Moss", "1 High St", "Cork", "+353 555 0100", "Ann@x.example")
    ]
