"""The files of an export: cells that look like formulas, what is left of earlier runs, and folders that are links."""

from pathlib import Path

import pyarrow as pa
import pytest

from cdp_assets.errors import UserError
from cdp_assets.exports import last_runs, withdraw
from cdp_assets.exports.run import ExportRefusedError
from cdp_assets.lake import Place
from cdp_assets_tests.conftest import Runs
from cdp_assets_tests.exports.test_run import filled, lines
from cdp_assets_tests.exports.world import PROFILES, confirmed, run_export

CELLS = {
    "=1+1": True, "@SUM(A1)": True, "\t=1": True, "\r=1": True, "+A1": True, "-A1": True, "+": True, "-cmd|x": True, "+1e5": True,
    "+49 (30) 12/34-5.6": False, "-12.50": False, "+1": False, "a=1": False, "Ann": False, " x": False, " x  ": False, "'=1": False,
}  # fmt: skip
"""A cell -> whether a spreadsheet may take it for a formula."""


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path / "p" / ".cdp")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "p"


def message(folder: Path, export: str) -> str:
    return last_runs(Place(folder / ".cdp"))[export].message


def test_a_cell_that_looks_like_a_formula_gets_an_apostrophe(new_run: Runs, folder: Path) -> None:
    made = confirmed(folder, (", consent: Newsletter", ""))
    ids = [f"m{number:02}" for number in range(len(CELLS))]
    members = "segment | member_id | entered_on | left_on\n" + "\n".join(f"high_value | {each} | 2026-01-01 |" for each in ids)
    profiles = pa.table({"customer_id": ids, "full_name": list(CELLS), "email": ["x"] * len(ids)})
    run_export(filled(new_run, made, segment_membership=members, unified_profiles=profiles), made, "agency")
    wanted = [[m, f"'{cell}" if formula else cell.strip(" "), "x"] for m, (cell, formula) in zip(ids, CELLS.items(), strict=True)]
    assert lines(folder / "exports/agency/high_value.csv")[1:] == wanted


def test_files_of_segments_that_are_no_longer_in_the_export_are_removed(new_run: Runs, folder: Path) -> None:
    made = confirmed(folder)
    run_export(filled(new_run, made), made, "ids")
    own = folder / "exports/ids"
    for name in ("notes.txt", "My list.csv"):
        (own / name).write_text("of somebody else")
    (own / ".high_value.csv.part").write_text("left by a run that was killed")
    fewer = confirmed(folder, ("segments: [high_value, nobody]}\n  sales", "segments: [nobody]}\n  sales"))
    run_export(new_run(), fewer, "ids")
    assert sorted(each.name for each in own.iterdir()) == ["My list.csv", "nobody.csv", "notes.txt"]
    assert "2 files of earlier runs were removed." in message(folder, "ids")


def test_the_file_of_a_segment_that_failed_is_removed(new_run: Runs, folder: Path) -> None:
    made = confirmed(folder)
    run_export(filled(new_run, made), made, "ids")
    (folder / "exports/ids/.high_value.csv.part").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "unlink", unlink_files)
        run_export(new_run(), made, "ids")
    assert not (folder / "exports/ids/high_value.csv").exists()
    assert "Segment high_value was not written" in message(folder, "ids")
    assert "1 file of earlier runs was removed." in message(folder, "ids")


REAL_UNLINK = Path.unlink


def unlink_files(path: Path, missing_ok: bool = False) -> None:
    if not path.is_dir():
        REAL_UNLINK(path, missing_ok)


def test_a_refused_run_leaves_files_alone_and_says_that_they_are_there(new_run: Runs, folder: Path) -> None:
    made = confirmed(folder)
    run_export(filled(new_run, made), made, "ids")
    withdraw(made, "adam", "files")
    with pytest.raises(ExportRefusedError, match=r"not confirmed.* 2 files of the last run are still in exports/ids\."):
        run_export(new_run(), made, "ids")
    assert (folder / "exports/ids/high_value.csv").is_file()
    changed = confirmed(folder, ("country: DE", "country: AT"))
    with pytest.raises(UserError, match=r"Nothing was exported\. 2 files of the last run are still in exports/ids\."):
        run_export(new_run(), changed, "ids")


@pytest.mark.parametrize("link", ["sources", "sources/deeper"])
def test_a_link_does_not_lead_files_to_where_a_source_reads(new_run: Runs, folder: Path, link: str) -> None:
    made = confirmed(folder)
    (folder / link).mkdir(parents=True)
    (folder / "exports").symlink_to(folder / link)
    with pytest.raises(ExportRefusedError, match=r"leads to where the source crm reads\. Nothing was written there\.( |$)"):
        run_export(filled(new_run, made), made, "agency")
    assert not list((folder / link).iterdir())


def test_a_source_that_is_a_link_into_the_folder_of_an_export_is_seen(new_run: Runs, folder: Path) -> None:
    made = confirmed(folder)
    (folder / "exports/agency").mkdir(parents=True)
    (folder / "sources").symlink_to(folder / "exports/agency")
    with pytest.raises(ExportRefusedError, match="leads to where the source crm reads"):
        run_export(filled(new_run, made), made, "agency")


def test_profiles_of_the_world_hold_a_formula() -> None:
    assert "=1+1" in PROFILES.column("full_name").to_pylist()
