"""When the schedule starts a refresh: its default, its time zone, and the days on which the clock is changed."""

from datetime import datetime
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

import dagster as dg
import pytest

from cdp_assets.orchestration.build import build_defs
from cdp_assets.orchestration.jobs import REFRESH
from cdp_assets_tests.orchestration.test_over_time import CONFIG, CRM, DAY_1, SHOP
from cdp_assets_tests.projects import small_project

pytestmark = pytest.mark.pipeline


def definitions(tmp_path: Path, schedule: str) -> dg.Definitions:
    return build_defs(small_project(tmp_path, CONFIG + schedule, {"crm.csv": CRM, "shop.csv": SHOP, "web/1.csv": DAY_1}))


def starts(tmp_path: Path, schedule: str, first: datetime, count: int) -> list[str]:
    """The first starts from a moment on, as Dagster's daemon works them out."""
    from dagster._utils.schedules import schedule_execution_time_iterator

    found = definitions(tmp_path, schedule).resolve_schedule_def("refresh_schedule")
    times = schedule_execution_time_iterator(first.timestamp(), found.cron_schedule, found.execution_timezone, ascending=True)
    return [time.isoformat() for time in islice(times, count)]


@pytest.mark.parametrize(
    ("written", "status"),
    [
        ("", dg.DefaultScheduleStatus.STOPPED),
        ("schedule: {every: day}", dg.DefaultScheduleStatus.RUNNING),
        ("schedule: {every: week, on: [mon]}", dg.DefaultScheduleStatus.RUNNING),
        ("schedule: {cron: 0 4 * * *}", dg.DefaultScheduleStatus.RUNNING),
    ],
)
def test_a_schedule_that_the_file_states_is_on_from_the_start(tmp_path: Path, written: str, status: dg.DefaultScheduleStatus) -> None:
    schedule = definitions(tmp_path, written).resolve_schedule_def("refresh_schedule")
    assert (schedule.default_status, schedule.job_name) == (status, REFRESH)


def test_a_schedule_that_is_off_is_none(tmp_path: Path) -> None:
    found = {schedule.name for schedule in definitions(tmp_path, "schedule: off").schedules or ()}
    assert "refresh_schedule" not in found


def test_each_time_asks_for_one_refresh(tmp_path: Path) -> None:
    schedule = definitions(tmp_path, "schedule: {every: day, at: ['04:00', '16:00']}").resolve_schedule_def("refresh_schedule")
    context = dg.build_schedule_context(scheduled_execution_time=datetime(2026, 11, 20, 4, tzinfo=ZoneInfo("UTC")))
    assert len(schedule.evaluate_tick(context).run_requests or []) == 1
    assert schedule.cron_schedule == ["0 4 * * *", "0 16 * * *"]


BERLIN = "schedule: {every: day, at: '02:30', time_zone: Europe/Berlin}"


def test_a_time_that_the_change_to_summer_leaves_out_is_the_first_minute_that_there_is_again(tmp_path: Path) -> None:
    assert starts(tmp_path, BERLIN, datetime(2026, 3, 28, tzinfo=ZoneInfo("Europe/Berlin")), 3) == [
        "2026-03-28T02:30:00+01:00",
        "2026-03-29T03:00:00+02:00",
        "2026-03-30T02:30:00+02:00",
    ]


def test_a_time_that_there_is_twice_when_summer_ends_starts_one_refresh_at_the_second(tmp_path: Path) -> None:
    assert starts(tmp_path, BERLIN, datetime(2026, 10, 24, tzinfo=ZoneInfo("Europe/Berlin")), 3) == [
        "2026-10-24T02:30:00+02:00",
        "2026-10-25T02:30:00+01:00",
        "2026-10-26T02:30:00+01:00",
    ]


def test_two_times_that_the_change_makes_one_start_one_refresh(tmp_path: Path) -> None:
    written = "schedule: {every: day, at: ['02:00', '02:30', '03:00'], time_zone: Europe/Berlin}"
    assert starts(tmp_path, written, datetime(2026, 3, 29, tzinfo=ZoneInfo("Europe/Berlin")), 2) == [
        "2026-03-29T03:00:00+02:00",
        "2026-03-30T02:00:00+02:00",
    ]


def test_every_time_of_a_week_is_kept(tmp_path: Path) -> None:
    written = "schedule: {every: week, on: [mon, thu], at: ['04:00', '16:00'], time_zone: America/New_York}"
    assert starts(tmp_path, written, datetime(2026, 11, 22, tzinfo=ZoneInfo("America/New_York")), 5) == [
        "2026-11-23T04:00:00-05:00",
        "2026-11-23T16:00:00-05:00",
        "2026-11-26T04:00:00-05:00",
        "2026-11-26T16:00:00-05:00",
        "2026-11-30T04:00:00-05:00",
    ]
