"""Folders above the project: whatever they are called, they change nothing."""

from datetime import date
from pathlib import Path

import duckdb
import pytest

from cdp_assets.errors import UserError
from cdp_assets.lake import Place, Run, make_days
from cdp_assets_tests.lake.tables import PEOPLE, PEOPLE_STAGES, VISIT_STAGES, VISITS, given


@pytest.mark.parametrize("folder", ["a b", "\u00e4\u65e5", "a#b", "{x}", "a[1]", "st*r", "q'uo\"te", "day=2020-01-01", "key=x"])
def test_a_project_works_in_any_folder(tmp_path: Path, folder: str) -> None:
    place = Place(tmp_path / folder / ".cdp")
    source = given("key | name | day\na | Ann | 2026-11-01\nb | Bob | 2026-11-02")
    for number in (1, 2):
        run = Run(place, f"run-{number}", date(2026, 11, 20))
        people = run.make(PEOPLE, PEOPLE_STAGES, {"given": source})
        visits = make_days(run, VISITS, VISIT_STAGES, {"given": source}, day_of={"given": "day"})
        assert (people.unchanged, visits.unchanged) == (number == 2, number == 2)
    assert duckdb.execute(f"select * from ({place.newest(PEOPLE).sql}) order by all").fetchall() == [("a", "Ann"), ("b", "Bob")]
    rows = duckdb.execute(f"select day::varchar, key from ({place.newest(VISITS).sql}) order by all").fetchall()
    assert rows == [("2026-11-01", "a"), ("2026-11-02", "b")]


@pytest.mark.parametrize("folder", ["a%20b", "a\\b", "a?b", "a\nb", "a\x1b[31mb"])
def test_a_folder_that_the_libraries_misread_is_refused_with_its_path(tmp_path: Path, folder: str) -> None:
    with pytest.raises(UserError, match="Move or rename the folder") as error:
        Place(tmp_path / folder / ".cdp").prepare()
    assert error.value.message.isprintable()
