"""A clock that jumped: no run is dated before the last one unless somebody names the day."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from cdp_assets.config import Project
from cdp_assets.errors import UserError
from cdp_assets.lake import Place
from cdp_assets.orchestration.build import build_defs
from cdp_assets.orchestration.clock import FILE, day_goes_on, last_day, remember
from cdp_assets.orchestration.failures import run_message
from cdp_assets.orchestration.in_process import QUIET
from cdp_assets.orchestration.refresh import refresh
from cdp_assets.orchestration.run_resource import AS_OF_TAG
from cdp_assets_tests.orchestration.test_over_time import CONFIG, CRM, DAY_1, SHOP
from cdp_assets_tests.projects import USER, small_project

DAY = date(2026, 11, 20)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return small_project(tmp_path, CONFIG, {"crm.csv": CRM, "shop.csv": SHOP, "web/1.csv": DAY_1})


def test_days_go_on_and_may_stay(place: Place) -> None:
    place.prepare()
    day_goes_on(place, DAY, asked=False)
    remember(place, DAY)
    day_goes_on(place, DAY, asked=False)
    day_goes_on(place, DAY + timedelta(days=400), asked=False)


def test_a_clock_before_the_last_run_is_refused_with_what_to_do(place: Place) -> None:
    place.prepare()
    remember(place, DAY)
    with pytest.raises(UserError) as refused:
        day_goes_on(place, DAY - timedelta(days=1), asked=False)
    assert "says 2026-11-19, but the last run was for 2026-11-20. Nothing was changed." in refused.value.message
    assert "`cdp refresh --as-of 2026-11-19`" in refused.value.message


def test_a_day_that_somebody_names_is_taken_and_runs_go_on_from_there(place: Place) -> None:
    place.prepare()
    remember(place, DAY + timedelta(days=300))
    day_goes_on(place, DAY, asked=True)
    remember(place, DAY)
    day_goes_on(place, DAY + timedelta(days=1), asked=False)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"as_of": 7}', '{"as_of": "soon"}'])
def test_a_day_that_cannot_be_read_stops_nothing(place: Place, content: str) -> None:
    place.prepare()
    (place.store / FILE).write_text(content)
    assert last_day(place) is None
    day_goes_on(place, DAY, asked=False)


@pytest.mark.pipeline
def test_a_refresh_after_the_clock_jumped_back_changes_nothing(project: Project) -> None:
    place = Place(project.store)
    place.prepare()
    remember(place, datetime.now(UTC).date() + timedelta(days=30))
    with pytest.raises(UserError, match="If the clock is wrong, set it"):
        refresh(project, USER)
    assert place.tables() == []


@pytest.mark.pipeline
def test_the_same_in_dagster_and_a_named_day_is_taken(project: Project) -> None:
    place = Place(project.store)
    place.prepare()
    later = datetime.now(UTC).date() + timedelta(days=30)
    remember(place, later)
    job = build_defs(project).resolve_job_def("match_customers")
    refused = job.execute_in_process(run_config=QUIET, instance=dg.DagsterInstance.ephemeral(), raise_on_error=False)
    assert not refused.success
    assert "If the clock is wrong, set it" in run_message(refused.all_events)
    assert last_day(place) == later
    assert job.execute_in_process(run_config=QUIET, tags={AS_OF_TAG: "2026-11-20"}).success
    assert last_day(place) == DAY
