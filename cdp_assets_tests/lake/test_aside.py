"""Folders of questions that are asked while runs begin and end."""

from pathlib import Path

import pytest

from cdp_assets.lake import Place, folder_aside


@pytest.fixture
def place(tmp_path: Path) -> Place:
    made = Place(tmp_path / ".cdp")
    made.prepare()
    return made


def test_the_sweep_of_a_run_leaves_the_folder_of_a_question_that_is_being_asked(place: Place) -> None:
    with folder_aside(place.store) as work:
        (work / "reached.parquet").write_text("rows")
        with folder_aside(place.store) as other:  # several may ask at once
            place.sweep(keep=None)
            assert other.exists()
        place.sweep(keep=None)
        assert (work / "reached.parquet").read_text() == "rows"
    assert not work.exists()


def test_what_a_killed_question_left_is_swept(place: Place) -> None:
    place.sweep(keep=None)  # nothing was ever asked
    with folder_aside(place.store) as work:
        left = work.with_name("left")
        left.mkdir()
    place.sweep(keep=None)
    assert not left.exists()
    with folder_aside(place.store) as again:
        assert again.exists()
