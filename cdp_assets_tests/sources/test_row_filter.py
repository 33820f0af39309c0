"""Row filters: which rows are read at all, and that those left out are counted and nothing is lost."""

import pyarrow as pa
import pytest
from pyarrow import parquet

from cdp_assets.config import load_project
from cdp_assets.lake import ChecksFailedError, Place
from cdp_assets.sources import assets, step, typed
from cdp_assets.sources.tables import SOURCE_FILES
from cdp_assets_tests.sources.projects import CRM, WEB, _rows, new_run, quarantine_of, read, rows_of, write

HEADER = "contact_id,name,born,points\n"


def _kept(folder, where: str, rows: str) -> list[str]:
    write(folder, cdp_yaml=f"{CRM}    where: {where}\n", crm_csv=HEADER + rows)
    read(folder)
    return [row["record_key"] for row in rows_of(folder)]


ROWS = "C1,Ann,5/8/1986,7\nC2,Bob,,\nC3,Cy,1/1/2000,12\nC4,ann,1/2/2000,-1\n"


@pytest.mark.parametrize(
    ("where", "kept"),
    [
        ("{name: Ann}", ["C1"]),
        ("{name: [Ann, Cy]}", ["C1", "C3"]),
        ("{name: {is_not: Ann}}", ["C2", "C3", "C4"]),
        ("{points: {above: 7}}", ["C3"]),
        ("{points: {at_least: 7}}", ["C1", "C3"]),
        ("{points: {at_least: 0, below: 12}}", ["C1"]),
        ("{points: {exists: false}}", ["C2"]),
        ("{points: {is_not: 7}}", ["C2", "C3", "C4"]),
        ("{born: {at_least: 2000-01-01}}", ["C3", "C4"]),
        ("{born: 2000-01-02}", ["C4"]),
        ("{contact_id: [C1, C2, C4], points: {at_most: 7}}", ["C1", "C4"]),
        ('{name: "x\' or true --"}', []),
        ("{}", ["C1", "C2", "C3", "C4"]),
    ],
)
def test_all_conditions_must_hold_and_one_value_of_a_list_is_enough(tmp_path, where, kept):
    assert _kept(tmp_path, where, ROWS) == kept


def test_rows_that_are_left_out_are_counted_by_file_and_are_not_in_quarantine(tmp_path):
    config = CRM.replace("crm.csv", "crm") + "    where: {name: [Ann, Cy]}\n"
    write(tmp_path, cdp_yaml=config, crm__a_csv=HEADER + ROWS, crm__b_csv=HEADER + "C5,Di,,\n")
    read(tmp_path)
    found = _rows(load_project(tmp_path), SOURCE_FILES)
    assert [tuple(row.values()) for row in found] == [("crm", "crm/a.csv", 4, 2), ("crm", "crm/b.csv", 1, 1)]
    assert quarantine_of(tmp_path) == []


def test_a_row_with_a_fault_is_in_quarantine_whatever_the_filter_says(tmp_path):
    assert _kept(tmp_path, "{name: Ann}", "C1,Ann,,x\nC2,Bob,,x\nC3,Bob,,\n,Bob,,\n") == []
    assert [row[1:3] for row in quarantine_of(tmp_path)] == [(2, "points"), (3, "points"), (5, "contact_id")]


def test_the_number_of_rows_left_out_is_published_also_when_nothing_changed(tmp_path):
    write(tmp_path, cdp_yaml=f"{CRM}    where: {{name: Ann}}\n", crm_csv=HEADER + ROWS)
    project = load_project(tmp_path)
    [crm] = [each for each in assets.steps(project) if each.table.name == "crm"]
    for _ in range(2):
        assert crm.run(new_run(project)).numbers["rows_filtered"] == 3


def test_a_filter_that_changes_changes_the_table(tmp_path):
    assert _kept(tmp_path, "{name: Ann}", ROWS) == ["C1"]
    assert _kept(tmp_path, "{name: Bob}", ROWS) == ["C2"]


def test_of_events_with_one_id_the_first_that_passes_is_kept(tmp_path):
    events = "event_id,anonymous_id,ts,event,user_id,page\ne1,v1,2024-01-01,view,,/a\ne1,v1,2024-01-02,buy,,/b\ne1,v1,2024-01-03,buy,,/c\n"
    write(tmp_path, cdp_yaml=f"{WEB}    where: {{event: buy}}\n", crm_csv="contact_id,name\n", web__1_csv=events)
    read(tmp_path, "web")
    assert [row["page"] for row in rows_of(tmp_path, "web")] == ["/b"]
    assert [row[1] for row in quarantine_of(tmp_path)] == [4]


def test_events_are_filtered_by_their_day(tmp_path):
    events = "event_id,anonymous_id,ts,event,user_id,page\ne1,v1,2024-01-01T23:59:59Z,a,,\ne2,v1,2024-01-02T00:00:00Z,a,,\n"
    write(tmp_path, cdp_yaml=f"{WEB}    where: {{time: {{below: 2024-01-02}}}}\n", crm_csv="contact_id,name\n", web__1_csv=events)
    read(tmp_path, "web")
    assert [row["event_id"] for row in rows_of(tmp_path, "web")] == ["e1"]


def test_parquet_is_filtered_as_well(tmp_path):
    write(tmp_path, cdp_yaml=CRM.replace("crm.csv", "crm.parquet") + "    where: {points: {at_least: 2}}\n")
    rows = {"contact_id": ["C1", "C2"], "name": ["Ann", "Bob"], "born": pa.nulls(2, pa.date32()), "points": [1, 2]}
    parquet.write_table(pa.table(rows), tmp_path / "crm.parquet")
    read(tmp_path)
    assert [row["record_key"] for row in rows_of(tmp_path)] == ["C2"]


def test_a_row_that_is_lost_on_the_way_stops_the_source(tmp_path, monkeypatch):
    """Negative control of the conservation check."""
    write(tmp_path, cdp_yaml=f"{CRM}    where: {{name: Ann}}\n", crm_csv=HEADER + ROWS)
    files_stage = typed.files_stage

    def forgets(name, source, places):
        return files_stage(name, source.model_copy(update={"where": {}}), places)

    monkeypatch.setattr(step, "files_stage", forgets)
    with pytest.raises(ChecksFailedError, match="conservation: 3"):
        read(tmp_path)
    assert "crm" not in Place(tmp_path / ".cdp").tables()
