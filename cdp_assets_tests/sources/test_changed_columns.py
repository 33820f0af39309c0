"""A column that is new, gone or of another type since the last run is said as such, with what to do."""

from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from cdp_assets.config import load_project
from cdp_assets.lake import Place, Run
from cdp_assets.sources import SourceError, read_source
from cdp_assets.sources.advice import advice
from cdp_assets.sources.tables import SOURCE_COLUMNS
from cdp_assets_tests.sources.projects import CRM, _rows, rows_of, write

DAY, NEXT_DAY = date(2026, 1, 1), date(2026, 1, 2)
HEADER = "contact_id,name,born,points\n"
Said = str | None
_number = iter(range(1_000_000))


def _refresh(folder: Path, day: date = DAY) -> Said:
    """Read the source on this day: what people are told."""
    project = load_project(folder)
    run = Run(Place(project.store), f"columns{next(_number)}", day, memory=1 << 30, threads=1)
    read_source(run, project, "crm")
    return advice(run, project, "crm")


@pytest.fixture
def crm(tmp_path: Path) -> Path:
    write(tmp_path, cdp_yaml=CRM, crm_csv=HEADER + "C1,Ann,,1\n")
    assert _refresh(tmp_path) is None
    return tmp_path


def _columns(folder: Path) -> list[tuple[object, ...]]:
    return [tuple(row.values())[1:] for row in sorted(_rows(load_project(folder), SOURCE_COLUMNS), key=lambda row: row["position"])]


def test_the_columns_of_a_source_are_remembered_and_nothing_is_said_at_the_first_time(crm):
    assert _columns(crm) == [
        ("contact_id", 1, "text", True, DAY, None, None), ("name", 2, "text", True, DAY, None, None),
        ("born", 3, "text", True, DAY, None, None), ("points", 4, "text", True, DAY, None, None),
    ]  # fmt: skip


def test_as_long_as_the_columns_are_the_same_nothing_is_written_again(crm):
    write(crm, crm_csv=HEADER + "C2,Bob,,1\n")
    assert _refresh(crm, NEXT_DAY) is None
    assert Place(crm / ".cdp").newest(SOURCE_COLUMNS).version == 0


def test_a_wanted_column_that_vanished_stops_the_source_and_says_since_when_it_was_there_and_its_likely_new_name(crm):
    write(crm, crm_csv="contact_id,full_name,born,points\nC1,Ann,,1\n")
    for _ in range(2):  # and again the next time
        with pytest.raises(SourceError) as error:
            _refresh(crm, NEXT_DAY)
        assert error.value.message == (
            'Source crm: crm.csv no longer has the column "name", which sources.crm.fields.name asks for and which was there since '
            '2026-01-01. New since the last refresh is "full_name": if it is the same column, name it there (column: full_name).'
        )
    assert [row["name"] for row in rows_of(crm)] == ["Ann"]


def test_a_wanted_column_that_vanished_without_another_one_says_what_can_be_done(crm):
    write(crm, crm_csv="contact_id,born,points\nC1,,1\n")
    with pytest.raises(SourceError, match=r"Have it written again, or take sources\.crm\.fields\.name out of cdp\.yaml\."):
        _refresh(crm)


def test_a_file_that_lost_its_line_of_names_does_not_show_a_record(crm):
    write(crm, crm_csv="C1,Ann Moss,,1\n")
    with pytest.raises(SourceError, match="does it have a line of column names") as error:
        _refresh(crm)
    assert "Moss" not in error.value.message


def test_a_new_column_is_told_once_and_stops_nothing(crm):
    write(crm, crm_csv="contact_id,name,born,points,town\nC1,Ann,,1,Cork\n")
    assert _refresh(crm, NEXT_DAY) == 'new columns: "town"; add them to sources.crm.fields if they are wanted.'
    assert _refresh(crm, NEXT_DAY) is not None  # as long as the day is the same
    assert _refresh(crm, date(2026, 1, 3)) is None
    assert _columns(crm)[-1] == ("town", 5, "text", False, NEXT_DAY, "new", NEXT_DAY)


def test_a_column_that_nobody_asks_for_and_that_vanished_is_told(crm):
    write(crm, crm_csv="contact_id,name,born,points,town\nC1,Ann,,1,Cork\n")
    _refresh(crm)
    write(crm, crm_csv=HEADER + "C1,Ann,,1\n")
    assert _refresh(crm, NEXT_DAY) == 'columns that are gone: "town"; nothing reads them.'
    assert _columns(crm)[-1] == ("town", 5, "text", False, DAY, "gone", NEXT_DAY)
    write(crm, crm_csv="contact_id,name,born,points,town\nC1,Ann,,1,Cork\n")
    assert _refresh(crm, NEXT_DAY) == 'new columns: "town"; add them to sources.crm.fields if they are wanted.'


def test_many_new_columns_are_not_all_listed(crm):
    write(crm, crm_csv="contact_id,name,born,points,p,q,r,s,t,u,v\nC1,Ann,,1,,,,,,,\n")
    assert _refresh(crm) == 'new columns: "p", "q", "r", "s", "t" and 2 more; add them to sources.crm.fields if they are wanted.'


def test_a_column_of_parquet_that_changed_its_type_is_told(tmp_path):
    def written(points: pa.Array) -> None:
        rows = {"contact_id": ["C1"], "name": ["Ann"], "born": pa.nulls(1, pa.date32()), "points": points}
        parquet.write_table(pa.table(rows), tmp_path / "crm.parquet")

    write(tmp_path, cdp_yaml=CRM.replace("crm.csv", "crm.parquet"))
    written(pa.array([1], pa.int32()))
    assert _refresh(tmp_path) is None
    written(pa.array(["1"]))
    assert _refresh(tmp_path, NEXT_DAY) == 'column "points" was of type INTEGER and is now VARCHAR; see what is in quarantine.'


def test_a_name_that_may_hold_a_value_of_a_person_is_neither_stored_nor_said(crm):
    write(crm, crm_csv="contact_id,name,born,points,ann@x.example,0170 555 0101\nC1,Ann,,1,,\n")
    assert _refresh(crm) is None
    assert len(_columns(crm)) == 4


def _json(folder: Path, *lines: str) -> None:
    (folder / "crm.jsonl").write_text("".join(f"{line}\n" for line in lines))


def test_a_key_that_no_line_has_any_more_stops_the_source(tmp_path):
    write(tmp_path, cdp_yaml=CRM.replace("crm.csv", "crm.jsonl"))
    _json(tmp_path, '{"contact_id":"C1","name":"Ann","born":null}', '{"contact_id":"C2","points":1}')
    assert _refresh(tmp_path) is None
    _json(tmp_path, '{"contact_id":"C1","name":"Ann","born":null}')
    with pytest.raises(SourceError, match=r'no line of its files has the key "points" any more, .* which was there since 2026-01-01'):
        _refresh(tmp_path, NEXT_DAY)


def test_a_key_that_no_line_ever_had_is_told_with_the_nearest_one(tmp_path):
    write(tmp_path, cdp_yaml=CRM.replace("crm.csv", "crm.jsonl").replace("name:", "nmae:"))
    _json(tmp_path, '{"contact_id":"C1","name":"Ann","born":null,"points":1}')
    for day in (DAY, NEXT_DAY):
        assert _refresh(tmp_path, day) == 'no line has the key "nmae"; did you mean "name"?'


def test_a_key_that_only_some_objects_have_is_neither_new_nor_gone_each_time(tmp_path):
    write(tmp_path, cdp_yaml=CRM.replace("crm.csv", "crm.jsonl"))
    full = '{"contact_id":"C1","name":"Ann","born":null,"points":1}'
    _json(tmp_path, full, '{"contact_id":"C2","vip":true}')
    assert _refresh(tmp_path) is None
    _json(tmp_path, full)
    assert _refresh(tmp_path, NEXT_DAY) is None
    _json(tmp_path, full, '{"contact_id":"C2","vip":true}')
    assert _refresh(tmp_path, date(2026, 1, 3)) is None
