"""Which files a source has, and when their content is the same."""

import os
from pathlib import Path

import pytest

from cdp_assets.sources import SourceError, find_files, fingerprint, stamp
from cdp_assets_tests.sources.projects import CRM, source_of, write


def _names(folder: Path, files: str) -> list[str]:
    source = source_of(CRM, "crm").model_copy(update={"files": files})
    return [file.name for file in find_files(folder, "crm", source)]


def test_a_folder_stands_for_all_files_in_it_and_below_in_the_order_of_names(tmp_path):
    write(tmp_path, data__b_csv="x", data__a_csv="x", data__more__c_csv="x")
    assert _names(tmp_path, "data/") == ["data/a.csv", "data/b.csv", "data/more/c.csv"]


def test_a_pattern_stands_for_the_files_that_match(tmp_path):
    write(tmp_path, crm1_csv="x", crm2_csv="x", other_csv="x")
    assert _names(tmp_path, "crm*.csv") == ["crm1.csv", "crm2.csv"]


def test_hidden_files_and_markers_of_other_tools_are_not_files_of_the_source(tmp_path):
    write(tmp_path, data__a_csv="x")
    (tmp_path / "data/.a.csv.crc").write_text("x")
    (tmp_path / "data/_SUCCESS").write_text("")
    assert _names(tmp_path, "data") == ["data/a.csv"]


def test_a_name_with_brackets_is_a_name_when_there_is_such_a_file(tmp_path):
    (tmp_path / "crm[1].csv").write_text("x")
    assert _names(tmp_path, "crm[1].csv") == ["crm[1].csv"]


def test_files_may_lie_beside_the_project(tmp_path):
    write(tmp_path, shared__crm_csv="x", project__cdp_yaml="x")
    assert _names(tmp_path / "project", "../shared/*.csv") == ["../shared/crm.csv"]


@pytest.mark.parametrize("files", ["crm.csv", "folder/", "crm*.csv"])
def test_no_file_is_said_with_the_place_that_was_looked_at(tmp_path, files):
    with pytest.raises(SourceError, match="Source crm: there is no file") as error:
        _names(tmp_path, files)
    assert files in error.value.message
    assert str(tmp_path) in error.value.message


def test_an_empty_folder_has_no_file(tmp_path):
    (tmp_path / "data").mkdir()
    with pytest.raises(SourceError, match="there is no file data"):
        _names(tmp_path, "data")


def test_all_unusable_files_are_named_at_once(tmp_path):
    write(tmp_path, data__a_csv="", data__notes="text")
    with pytest.raises(SourceError) as error:
        _names(tmp_path, "data")
    assert "data/a.csv is empty" in error.value.message
    assert "data/notes is neither CSV, JSON lines nor Parquet by its name" in error.value.message


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_that_may_not_be_read_is_named(tmp_path):
    write(tmp_path, crm_csv="x")
    (tmp_path / "crm.csv").chmod(0)
    with pytest.raises(SourceError, match=r"crm\.csv may not be read"):
        _names(tmp_path, "crm.csv")


def test_a_name_that_is_not_utf_8_is_said_with_its_folder(tmp_path):
    write(tmp_path, data__a_csv="x", data__b_csv="x")
    for name in (b"data/m\xfcller.csv", b"data/m\xf6ller.csv"):
        (tmp_path / os.fsdecode(name)).write_text("x")
    with pytest.raises(SourceError) as error:
        _names(tmp_path, "data")
    assert error.value.message == (
        "Source crm: the folder data holds a name of a file or folder that is not UTF-8. Rename it, or move it elsewhere."
    )


def test_a_folder_whose_name_is_not_utf_8_is_said_with_the_folder_above(tmp_path):
    inner = tmp_path / os.fsdecode(b"m\xfcller")
    inner.mkdir()
    (inner / "a.csv").write_text("x")
    with pytest.raises(SourceError, match="Source crm: the project folder holds a name"):
        _names(tmp_path, "*/a.csv")


def test_the_fingerprint_is_of_the_content_and_the_stamp_of_the_times(tmp_path):
    def state(content: str, modified: int) -> tuple[str, str]:
        write(tmp_path, crm_csv=content)
        os.utime(tmp_path / "crm.csv", ns=(modified, modified))
        files = find_files(tmp_path, "crm", source_of(CRM, "crm"))
        return fingerprint(files), stamp(files)

    print_a, stamp_a = state("a", 1)
    print_touched, stamp_touched = state("a", 2)
    print_b, stamp_b = state("b", 2)
    assert print_a == print_touched != print_b
    assert stamp_a != stamp_touched == stamp_b


def test_the_fingerprint_counts_the_names(tmp_path):
    write(tmp_path, one__a_csv="x", one__b_csv="y", two__a_csv="y", two__b_csv="x")
    one, two = (
        fingerprint(find_files(tmp_path, "crm", source_of(CRM, "crm").model_copy(update={"files": folder}))) for folder in ("one", "two")
    )
    assert one != two
