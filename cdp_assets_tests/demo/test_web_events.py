"""Web events of the demo: three years of them, who is behind them, and in which file each one arrives."""

from collections import Counter
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from cdp_assets.demo import generate
from cdp_assets.demo.broken import REPEATED
from cdp_assets.demo.deliveries import calendar
from cdp_assets_tests.demo.worlds import Row, World

END = date(2026, 11, 20)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Return the demo as it comes."""
    folder = tmp_path_factory.mktemp("demo")
    return World(folder, generate(folder))


@pytest.fixture(scope="module")
def events(world: World) -> list[Row]:
    """Return the events that count, in the order of time."""
    return sorted(world.rows("web"), key=lambda row: (row["ts"] or "", row["event_id"] or ""))


def _day(row: Row) -> date:
    return date.fromisoformat((row["ts"] or "")[:10])


# --- who ---


def test_who_is_signed_in_is_a_contact_of_crm(world: World, events: list[Row]) -> None:
    contacts = {row["contact_id"] for row in world.rows("crm")}
    signed_in = {row["user_id"] for row in events if row["user_id"]}
    assert len(signed_in) > 50
    assert signed_in <= contacts


def test_the_truth_of_a_visitor_is_the_first_event_that_names_the_person(world: World, events: list[Row]) -> None:
    person_of = {row["key"]: row["person_id"] for row in world.truth["records"] if row["source"] == "crm"}
    first: dict[tuple[str | None, str | None], str | None] = {}
    for row in events:
        person = person_of[row["user_id"]] if row["user_id"] else None
        first.setdefault((row["anonymous_id"], person), row["ts"] if person else None)
    known = {visitor for visitor, person in first if person}
    expected = {(v, p): ts for (v, p), ts in first.items() if p or v not in known}
    assert {
        (row["visitor"], row["person_id"]): row["signed_in_at"] and f"{row['signed_in_at'].isoformat()}Z" for row in world.truth["visitors"]
    } == expected


def test_there_are_strangers_further_devices_shared_devices_and_late_sign_ins(world: World, events: list[Row]) -> None:
    visitors = world.truth["visitors"]
    assert sum(row["person_id"] is None for row in visitors) > 50
    assert max(Counter(row["person_id"] for row in visitors if row["person_id"]).values()) >= 2
    assert max(Counter(row["visitor"] for row in visitors).values()) == 2
    known = {row["visitor"] for row in visitors if row["person_id"]}
    before = {row["anonymous_id"] for row in events if row["anonymous_id"] in known and not row["user_id"]}
    assert len(before) > len(known) / 2


def test_each_new_sign_in_has_its_event(events: list[Row]) -> None:
    # An event that is still under way may be the sign-in; then later ones name the person without it.
    signed_in = {(row["anonymous_id"], row["user_id"]) for row in events if row["event"] == "sign_in"}
    named = {(row["anonymous_id"], row["user_id"]) for row in events if row["user_id"]}
    assert all(row["user_id"] for row in events if row["event"] == "sign_in")
    assert signed_in <= named
    assert len(named - signed_in) <= 2


# --- when ---


def test_events_are_of_three_years_up_to_the_end(events: list[Row]) -> None:
    days = Counter(_day(row) for row in events)
    assert min(days) < date(2024, 1, 1)
    assert min(days) >= date(2023, 11, 21)
    assert END - timedelta(days=3) < max(days) <= END
    assert len(days) > 365


def test_the_site_grows_and_is_busier_on_sundays_and_in_december(tmp_path: Path) -> None:
    large = World(tmp_path, generate(tmp_path, people=5_000))
    days = Counter(_day(row) for row in large.rows("web"))
    years = [sum(n for day, n in days.items() if date(2023 + k, 11, 20) < day <= date(2024 + k, 11, 20)) for k in range(3)]
    assert years[0] < years[1] < years[2]
    weekdays = Counter[int]()
    months = Counter[int]()
    for day, n in days.items():
        weekdays[day.weekday()] += n
        months[day.month] += n if day.year == 2025 else 0
    assert max(weekdays, key=weekdays.__getitem__) == 6
    assert months[12] > 1.5 * months[7]


def test_a_few_visitors_have_very_many_events(events: list[Row]) -> None:
    by_visitor = sorted(Counter(row["anonymous_id"] for row in events).values())
    assert by_visitor[-1] > 10 * by_visitor[len(by_visitor) // 2]


# --- in which file ---


def test_the_past_has_a_file_a_month_and_the_last_days_one_each() -> None:
    names, file_of = calendar(date(2023, 11, 21), 1096)
    assert names[:2] == ["2023-11", "2023-12"]
    assert names[35:38] == ["2026-10", "2026-11-01", "2026-11-02"]
    assert names[-2:] == ["2026-11-20", "2026-11-21"]  # the day after is in the second delivery
    assert names == sorted(names), "the first of several equal events is that of the first name"
    assert len(file_of) == 1097
    assert np.all(np.diff(file_of) >= 0)


@pytest.mark.parametrize("day", [date(2026, 11, 1) + timedelta(days=n) for n in range(0, 61, 7)])
def test_at_least_two_weeks_have_a_file_a_day(day: date) -> None:
    names, _ = calendar(day - timedelta(days=1095), 1096)
    daily = [name for name in names if len(name) == 10]
    assert 14 < len(daily) <= 14 + 31 + 1
    assert daily[0].endswith("-01")


def test_an_event_is_in_the_file_of_its_day_in_the_order_of_time_or_late_or_again_behind_these(world: World) -> None:
    late = {row["event_id"]: row["file"] for row in world.truth["late_events"]}
    again = {(row["file"], row["line"]) for row in world.truth["quarantine"] if row["reason"] == REPEATED}
    files: dict[str, list[Row]] = {}
    seen: dict[str, list[str | None]] = {}
    for file, line, row in world.lines("web"):
        if not row["event_id"] or row["event_id"] >= "e9":
            continue
        kind = 2 if (file, line) in again else int(late.get(row["event_id"]) == file)
        files.setdefault(file, []).append({"kind": str(kind), **row})
        seen.setdefault(row["event_id"], []).append(None if kind == 2 else file)
    for file, rows in files.items():
        stem = Path(file).stem
        assert all((row["ts"] or "").startswith(stem) == (row["kind"] == "0") for row in rows if row["kind"] != "2")
        assert all((row["ts"] or "")[: len(stem)] < stem for row in rows if row["kind"] == "1")
        for kind in "01":
            ids = [row["event_id"] or "" for row in rows if row["kind"] == kind]
            assert ids == sorted(ids), "numbers are in the order of time"
        assert [row["kind"] for row in rows] == sorted(row["kind"] or "" for row in rows)
    assert all(files[0] is not None and set(files[1:]) <= {None} for files in seen.values()), "the first one is the one that counts"
    assert len(late) >= 3
    assert world.summary.late_events == len(late)


def test_events_come_again_in_the_same_file_and_in_later_ones(world: World) -> None:
    rows = {(file, line): row for file, line, row in world.lines("web")}
    again = [(row["file"], row["line"]) for row in world.truth["quarantine"] if row["reason"] == REPEATED]
    first = {}
    for place, row in sorted(rows.items()):
        first.setdefault(row["event_id"], place)
    assert all(rows[place] == rows[first[rows[place]["event_id"]]] for place in again), "it is the very same event"
    same = sum(first[rows[place]["event_id"]][0] == place[0] for place in again)
    assert same >= 3
    assert len(again) - same >= 3
    assert all(first[rows[place]["event_id"]] < place for place in again)


def test_late_events_are_some_days_late_but_not_years(world: World) -> None:
    for row in world.truth["late_events"]:
        arrived = Path(row["file"]).stem
        until = datetime.fromisoformat(f"{arrived}-01" if len(arrived) == 7 else arrived)
        assert timedelta(0) < until - row["happened_at"] < timedelta(days=45)


@pytest.mark.parametrize(("people", "days"), [(1, 1), (3, 2), (20, 3), (60, 40)])
def test_few_people_and_few_days_make_events_too(tmp_path: Path, people: int, days: int) -> None:
    small = World(tmp_path, generate(tmp_path, people=people, days=days))
    assert {_day(row) for row in small.rows("web")} <= {END - timedelta(days=n) for n in range(days)}
    assert small.rows("web")
