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


def test_a_file_that_was_read_is_not_opened_again(crm, monkeypatch):
    from cdp_assets.sources import files

    refresh(crm)
    write(crm, crm__2_csv=csv(f"c,Cy,{day(2)},4"))
    opened = []
    content = files._content
    monkeypatch.setattr(files, "_content", lambda path: opened.append(path.name) or content(path))
    assert refresh(crm).numbers["rows_read"] == 1
    assert set(opened) == {"2.csv"}


def test_the_greatest_time_wins_whatever_file_it_is_in(crm):
    write(crm, crm__2_csv=csv(f"a,newer,{day(9)},1"))
    refresh(crm)
    write(crm, crm__3_csv=csv(f"a,older,{day(5)},1"))
    result = refresh(crm)
    assert names(crm)["a"] == "newer"
    assert (result.unchanged, result.version) == (True, 0)  # an older row changes nothing


def test_of_equal_times_the_greatest_file_and_line_wins_and_no_time_is_the_oldest(crm):
    write(crm, crm__2_csv=csv(f"a,second,{day(1)},1", f"a,third,{day(1)},1", "b,untimed,,2"))
    refresh(crm)
    assert names(crm) == {"a": "third", "b": "Bob"}


def test_a_listed_deletion_removes_a_key_until_a_newer_row_comes(crm):
    write(crm, cdp_yaml=DELETES)
    refresh(crm)
    write(crm, gone__1_csv=csv(f"a,{day(5)}", header="id,at"))
    result = refresh(crm)
    assert names(crm) == {"b": "Bob"}
    assert (result.numbers["rows_deleted"], result.numbers["keys_gone"]) == (1, 1)
    write(crm, crm__2_csv=csv(f"a,late but old,{day(4)},1"))
    refresh(crm)
    assert names(crm) == {"b": "Bob"}
    write(crm, crm__3_csv=csv(f"a,back,{day(6)},1"))
    refresh(crm)
    assert names(crm) == {"a": "back", "b": "Bob"}


def test_a_deletion_that_comes_before_its_row_counts_too(crm):
    write(crm, cdp_yaml=DELETES, gone__1_csv=csv(f"c,{day(5)}", header="id,at"))
    refresh(crm)
    write(crm, crm__2_csv=csv(f"c,Cy,{day(4)},1"))
    refresh(crm)
    assert names(crm) == {"a": "Ann", "b": "Bob"}


def test_a_deletion_without_a_time_is_for_ever(crm):
    write(crm, cdp_yaml=DELETES.replace(", at: at", ""), gone__list_csv=csv("a", header="id"))
    refresh(crm)
    write(crm, crm__2_csv=csv(f"a,back,{day(9)},1"))
    refresh(crm)
    assert names(crm) == {"b": "Bob"}


def test_a_deletion_without_a_time_has_the_day_of_its_file(crm):
    write(crm, cdp_yaml=DELETES.replace(", at: at", ""), **{"gone__2026-01-05_csv": csv("a", header="id")})
    refresh(crm)
    assert names(crm) == {"b": "Bob"}
    write(crm, crm__2_csv=csv("a,back,2026-01-06,1"))
    refresh(crm)
    assert names(crm) == {"a": "back", "b": "Bob"}


def test_a_row_that_says_that_it_is_deleted(crm):
    config = CONFIG.replace("updated: changed", "updated: changed, deleted: {field: points, equals: 99}")
    write(crm, cdp_yaml=config, crm__2_csv=csv(f"a,Ann,{day(2)},99"))
    refresh(crm)
    assert names(crm) == {"b": "Bob"}


def test_a_row_that_does_not_pass_the_filter_any_more_leaves_the_table(crm):
    write(crm, cdp_yaml=CONFIG.replace("    incremental", "    where: {points: {above: 0}}\n    incremental"))
    refresh(crm)
    write(crm, crm__2_csv=csv(f"a,Ann,{day(2)},0"))
    result = refresh(crm)
    assert names(crm) == {"b": "Bob"}
    assert (result.numbers["rows_filtered"], result.numbers["keys_gone"]) == (1, 1)


def test_folders_of_full_and_incremental_data_by_the_hour_need_no_field_with_the_time(tmp_path):
    """FullData, and IncrementalData/yyyy/mm/dd/hh with Upserts and Deletes."""
    hour = "lake__IncrementalData__2026__01__02__{}__{}__part_csv"
    config = CONFIG.replace("files: crm", "files: lake").replace("updated: changed", "deleted: {files: lake/IncrementalData/**/Deletes/*}")
    write(tmp_path, cdp_yaml=config, lake__FullData__part_csv=csv(f"a,Ann,{day(1)},1", f"b,Bob,{day(1)},2"))
    refresh(tmp_path)
    write(tmp_path, **{hour.format("03", "Upserts"): csv("a,Anna,,1", "c,Cy,,3"), hour.format("03", "Deletes"): csv("b", header="id")})
    refresh(tmp_path)
    assert names(tmp_path) == {"a": "Anna", "c": "Cy"}
    write(tmp_path, **{hour.format("04", "Upserts"): csv("b,Bob again,,2"), hour.format("02", "Upserts"): csv("c,too late,,3")})
    refresh(tmp_path)
    assert names(tmp_path) == {"a": "Anna", "b": "Bob again", "c": "Cy"}


def test_a_file_with_another_content_is_merged_again_and_that_is_said(crm):
    refresh(crm)
    write(crm, crm__1_csv=csv(f"b,Bo,{day(1)},2"))
    result = refresh(crm)
    assert result.notice == "the file crm/1.csv changed since it was read: read again and merged"
    assert names(crm) == {"a": "Ann", "b": "Bo"}  # of equal times and files, what is in the file now


def test_a_vanished_file_deletes_nothing_and_is_said_once(crm):
    write(crm, crm__2_csv=csv(f"c,Cy,{day(2)},4"))
    refresh(crm)
    (crm / "crm/1.csv").unlink()
    assert refresh(crm).notice == "the file crm/1.csv is not there any more: what was read from there stays"
    assert refresh(crm).notice is None
    (crm / "crm/2.csv").unlink()
    assert refresh(crm).notice == "the file crm/2.csv is not there any more: what was read from there stays"
    assert names(crm) == {"a": "Ann", "b": "Bob", "c": "Cy"}
    write(crm, crm__1_csv=csv(f"a,Ann,{day(1)},1", f"b,Bob,{day(1)},2"))
    assert refresh(crm).unchanged


def test_the_first_time_there_must_be_a_file(tmp_path):
    write(tmp_path, cdp_yaml=CONFIG)
    with pytest.raises(SourceError, match="there is no file crm"):
        refresh(tmp_path)


def test_a_full_read_that_is_asked_for_forgets_what_is_not_there_any_more(crm):
    write(crm, crm__2_csv=csv(f"c,Cy,{day(2)},4"))
    refresh(crm)
    (crm / "crm/1.csv").unlink()
    result = refresh(crm, "crm")
    assert names(crm) == {"c": "Cy"}
    lost = "what came from the file crm/1.csv could not be rebuilt, because it is not there any more"
    assert result.notice == f"everything was read anew, because that was asked for; {lost}"


def test_a_change_of_the_fields_reads_everything_anew_and_says_so(crm):
    write(crm, crm__2_csv=csv(f"c,Cy,{day(2)},4"))
    refresh(crm)
    write(crm, cdp_yaml=CONFIG.replace(", points: integer", ""))
    result = refresh(crm)
    assert result.notice == "everything was read anew, because its key, fields or ways of reading in cdp.yaml are others than before"
    assert result.numbers["rows_read"] == 3
    write(crm, cdp_yaml=CONFIG.replace(", points: integer", "").replace("updated: changed", "updated: changed, look_back: 3 days"))
    assert refresh(crm).unchanged


def test_a_change_that_would_lose_rows_of_vanished_files_is_refused_with_what_would_be_lost(crm):
    write(crm, crm__2_csv=csv(f"c,Cy,{day(2)},4"))
    refresh(crm)
    (crm / "crm/1.csv").unlink()
    write(crm, cdp_yaml=CONFIG.replace(", points: integer", ""))
    with pytest.raises(SourceError) as error:
        refresh(crm)
    assert "not there any more (crm/1.csv), and 2 rows of the table came from them and cannot be rebuilt" in error.value.message
    assert "`cdp refresh --full crm`" in error.value.message
    assert names(crm) == {"a": "Ann", "b": "Bob", "c": "Cy"}
    refresh(crm, "crm")
    assert names(crm) == {"c": "Cy"}


def test_a_rejected_row_stays_in_quarantine_until_its_key_is_delivered_right_later(crm):
    write(crm, crm__2_csv=csv(f"a,Anna,{day(2)},many", f",nobody,{day(2)},1", "b,Bo,soon,1"))
    refresh(crm)
    assert quarantine_of(crm) == [
        ("crm", 2, "points", "not a whole number"), ("crm", 3, "id", "primary key is missing"),
        ("crm", 4, "changed", "not a time as in 2024-12-31T23:59:59Z (ISO 8601)"),
    ]  # fmt: skip
    write(crm, crm__3_csv=csv(f"a,older,{day(1)},5"))
    refresh(crm)
    assert [row[1] for row in quarantine_of(crm)] == [2, 3, 4]
    write(crm, crm__4_csv=csv(f"a,Anna,{day(2)},5", f"b,Bo,{day(2)},1"))
    refresh(crm)
    assert [row[1] for row in quarantine_of(crm)] == [3]
    write(crm, crm__2_csv=csv(f"d,somebody,{day(2)},1"))  # the file is delivered again
    refresh(crm)
    assert quarantine_of(crm) == []


def test_a_line_without_a_key_in_a_list_of_deleted_records_is_in_quarantine(crm):
    write(crm, cdp_yaml=DELETES, gone__1_csv=csv(f",{day(5)}", "a,soon", header="id,at"))
    refresh(crm)
    assert quarantine_of(crm) == [
        ("crm", 2, "id", "primary key is missing"), ("crm", 3, "deleted_at", "not a time as in 2024-12-31T23:59:59Z (ISO 8601)"),
    ]  # fmt: skip


COMMITS = ("keys_removed", "rows_rejected", "crm", "quarantine", "files_read")


@pytest.mark.parametrize("killed_before", COMMITS)
def test_a_run_that_is_killed_between_two_commits_is_made_up_for_by_the_next(crm, monkeypatch, killed_before):
    write(crm, cdp_yaml=DELETES)
    refresh(crm)
    write(crm, crm__2_csv=csv(f"a,Anna,{day(2)},1", f"c,Cy,{day(2)},many"), gone__1_csv=csv(f"b,{day(5)}", header="id,at"))
    make = Run.make

    def killed(self, table, *rest, **more):
        if table.name == killed_before:
            raise KeyboardInterrupt
        return make(self, table, *rest, **more)

    with monkeypatch.context() as patch:
        patch.setattr(Run, "make", killed)
        with pytest.raises(KeyboardInterrupt):
            refresh(crm)
    refresh(crm)
    assert names(crm) == {"a": "Anna"}
    assert [row[2] for row in quarantine_of(crm)] == ["points"]
    assert refresh(crm).unchanged


def test_losing_the_notes_beside_the_lake_costs_one_computation_and_nothing_else(crm):
    refresh(crm)
    for file in (crm / ".cdp" / "steps").glob("*"):
        file.unlink()
    for file in (crm / ".cdp" / "fingerprints").glob("*"):
        file.write_text("[not json")
    result = refresh(crm)
    assert (result.unchanged, result.version, names(crm)) == (True, 0, {"a": "Ann", "b": "Bob"})
    assert Place(crm / ".cdp").ledger.read("crm").version == 0


@pytest.mark.parametrize(
    ("broken", "check"),
    [
        ("select * from merged where record_key <> 'b'", "conservation"),
        ("select * from merged union all select * replace ('z' as record_key) from merged where record_key = 'a'", "rows_before_and_after"),
        ("select * replace (timestamp '2020-01-01' as changed) from merged", "newest_wins"),
    ],
)
def test_a_merge_that_loses_or_invents_rows_or_keeps_an_older_one_is_stopped_by_its_check(crm, monkeypatch, broken, check):
    from dataclasses import replace

    from cdp_assets.lake import ChecksFailedError
    from cdp_assets.sources import incremental_stages

    right = incremental_stages.merged_stage

    def wrong(name, source):
        stage = right(name, source)
        return replace(stage, body=f"with merged as ({stage.body}) {broken}")

    monkeypatch.setattr(incremental_stages, "merged_stage", wrong)
    with pytest.raises(ChecksFailedError) as error:
        refresh(crm)
    assert check in [result.name for result in error.value.results if not result.passed]
    assert "crm" not in Place(crm / ".cdp").tables()


@pytest.mark.pipeline
def test_a_refresh_may_ask_that_a_source_is_read_in_full_and_tells_what_it_did(crm):
    from cdp_assets.orchestration.refresh import refresh as refresh_project

    write(crm, cdp_yaml=CONFIG.replace("name: text", "name: person.full_name"))
    first = refresh_project(load_project(crm), "me")
    assert (first.ok, first.rows["crm"], first.numbers["crm"]["rows_read"]) == (True, 2, 2)
    (crm / "crm/1.csv").unlink()
    write(crm, crm__2_csv=csv(f"c,Cy,{day(2)},4"))
    second = refresh_project(load_project(crm), "me")
    assert (second.ok, second.rows["crm"], second.numbers["crm"]["rows_read"]) == (True, 3, 1)
    assert "crm/1.csv is not there any more: what was read from there stays" in second.notices["crm"]
    third = refresh_project(load_project(crm), "me", full=["crm"])
    assert (third.ok, third.rows["crm"]) == (True, 1)
    assert "everything was read anew, because that was asked for" in third.notices["crm"]
