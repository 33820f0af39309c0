"""The upkeep: what goes, when, and that no row, version or knowledge of what was made from what is lost with it."""

import json
import os
import shutil
import time
from pathlib import Path

import duckdb
import pyarrow as pa
from deltalake import DeltaTable

from cdp_assets.lake import Place, Table, append, columns
from cdp_assets.lake.append import is_appended
from cdp_assets.lake.delta import commit_metadata, open_table
from cdp_assets.lake.run import PINS
from cdp_assets.lake.upkeep import (
    MOST_FILES,
    MOST_LOG_ENTRIES,
    Upkeep,
    _merge_files,
    drop_partitions,
    forgotten,
    pinned_versions,
    remove_forgotten,
    tend,
)
from cdp_assets_tests.conftest import Runs
from cdp_assets_tests.lake.tables import PEOPLE, PEOPLE_STAGES, REJECTS, given

LOG = Table("log", "one entry", ("entry",), columns("entry | bigint | number of the entry"))


def versions(new_run: Runs, count: int) -> None:
    for number in range(count):
        new_run().make(PEOPLE, PEOPLE_STAGES, {"given": given(f"key | name\na | Ann {number}")})


def names(place: Place, version: int | None = None) -> list[str]:
    uris = DeltaTable(str(place.lake / "people"), version=version).file_uris()
    return [row[0] for row in duckdb.execute(f"select name from read_parquet({uris})").fetchall()]


def files(place: Place) -> int:
    return len(list((place.lake / "people").glob("*.parquet")))


def older(folder: Path, days: int) -> None:
    then = time.time() - days * 24 * 3600
    for path in folder.rglob("*"):
        os.utime(path, (then, then))


def test_files_of_superseded_versions_go_and_the_rows_stay(new_run: Runs, place: Place) -> None:
    versions(new_run, 3)
    done = tend(place, PEOPLE, 0)
    assert (done.files_removed, files(place)) == (2, 1)
    assert done.bytes_freed > 0
    assert names(place) == ["Ann 2"]


def test_superseded_versions_can_be_read_for_the_days_that_they_are_kept(new_run: Runs, place: Place) -> None:
    versions(new_run, 3)
    assert tend(place, PEOPLE, 30) == Upkeep("people")
    assert names(place, version=0) == ["Ann 0"]


def test_files_of_a_version_that_is_in_use_stay(new_run: Runs, place: Place) -> None:
    versions(new_run, 3)
    assert tend(place, PEOPLE, 0, pinned=[0, 999]).files_removed == 1
    assert names(place, version=0) == ["Ann 0"]


def test_what_a_run_that_is_under_way_has_pinned_is_in_use(place: Place) -> None:
    work = place.store / "work" / "some-run"
    work.mkdir(parents=True)
    (work / PINS).write_text(json.dumps({"people": 4}))
    assert pinned_versions(place) == {"people": {4}}


def test_what_a_killed_run_left_goes_once_it_is_old(new_run: Runs, place: Place) -> None:
    versions(new_run, 1)
    path = place.lake / "people"
    shutil.copy(next(path.glob("*.parquet")), path / "people-left.parquet")
    assert tend(place, PEOPLE, 30).files_removed == 0
    older(path, 31)
    assert tend(place, PEOPLE, 30).files_removed == 1
    assert names(place) == ["Ann 0"]


def test_the_upkeep_makes_no_version_and_no_work_is_repeated_after_it(new_run: Runs, place: Place) -> None:
    versions(new_run, MOST_LOG_ENTRIES + 2)
    older(place.lake, 40)
    done = tend(place, PEOPLE, 0)
    assert done.checkpointed
    assert done.log_entries_removed > 0
    again = new_run().make(PEOPLE, PEOPLE_STAGES, {"given": given(f"key | name\na | Ann {MOST_LOG_ENTRIES + 1}")})
    assert (again.unchanged, again.version) == (True, MOST_LOG_ENTRIES + 1)
    assert commit_metadata(place.lake / "people", MOST_LOG_ENTRIES + 1)["content"] == again.content


def test_the_upkeep_has_nothing_to_do_a_second_time(new_run: Runs, place: Place) -> None:
    versions(new_run, MOST_LOG_ENTRIES + 2)
    assert not tend(place, PEOPLE, 0).idle
    assert tend(place, PEOPLE, 0).idle


def test_an_appended_table_of_many_files_becomes_one_file_with_the_same_rows(place: Place) -> None:
    for number in range(MOST_FILES + 1):
        append(place, LOG, pa.table({"entry": [number]}))
    assert tend(place, LOG, 30).files_merged == MOST_FILES + 1
    handle = open_table(place.lake / "log")
    assert handle is not None
    assert len(handle.file_uris()) == 1
    assert is_appended(place, "log", handle.version())
    append(place, LOG, pa.table({"entry": [-1]}))
    rows = duckdb.execute(f"select entry from ({place.newest(LOG).sql}) order by 1").fetchall()
    assert rows == [(number,) for number in range(-1, MOST_FILES + 1)]


def test_whoever_appends_while_files_are_merged_loses_nothing(place: Place) -> None:
    for number in range(MOST_FILES + 1):
        append(place, LOG, pa.table({"entry": [number]}))
    handle = open_table(place.lake / "log")
    assert handle is not None
    append(place, LOG, pa.table({"entry": [99]}))
    assert _merge_files(place, LOG, handle) == 0
    assert duckdb.execute(f"select count(*) from ({place.newest(LOG).sql})").fetchall() == [(MOST_FILES + 2,)]


def test_a_table_that_no_step_declares_any_more_goes_once_it_is_old(new_run: Runs, place: Place) -> None:
    versions(new_run, 2)
    assert forgotten(place, ["people"]) == []
    assert forgotten(place, ["others"]) == ["people"]
    assert remove_forgotten(place, ["people"], 30) == []
    older(place.lake, 31)
    (removed,) = remove_forgotten(place, ["people"], 30)
    assert (removed.table, removed.removed, place.tables()) == ("people", True, [])
    assert place.ledger.read("people") is None
    versions(new_run, 1)
    assert names(place) == ["Ann 0"]


def test_the_part_of_a_source_that_is_no_longer_there_goes_and_the_others_stay(new_run: Runs, place: Place) -> None:
    from cdp_assets.lake import Stage, by

    for source in ("crm", "shop"):
        stages = [Stage("rejects", {"given": by("key")}, f"select '{source}' as source, key from given", REJECTS)]
        new_run().make(REJECTS, stages, {"given": given("key | name\na | Ann")}, partition=source)
    assert drop_partitions(place, REJECTS, ["crm"]) == ["shop"]
    assert drop_partitions(place, REJECTS, ["crm"]) == []
    assert duckdb.execute(f"select source from ({place.newest(REJECTS).sql})").fetchall() == [("crm",)]
    # what is left is still known to be what its source gave
    stages = [Stage("rejects", {"given": by("key")}, "select 'crm' as source, key from given", REJECTS)]
    assert new_run().make(REJECTS, stages, {"given": given("key | name\na | Ann")}, partition="crm").unchanged
