"""What a source of events asks of its rows: an id, a visitor, a time, and each event once."""

from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from cdp_assets_tests.sources.projects import WEB, at, quarantine_of, read, rows_of, write

HEADER = "event_id,anonymous_id,ts,event,user_id,page\n"


@pytest.fixture
def web(tmp_path: Path) -> Path:
    write(tmp_path, cdp_yaml=WEB)
    return tmp_path


def test_an_event_has_its_day_in_utc_and_the_ids_it_carries(web):
    write(web, web__1_csv=HEADER + "e1,v1,2024-03-01T00:30:00+01:00,Product view,C7,/home\n")
    read(web, "web")
    assert rows_of(web, "web") == [
        {
            "source_file": "web/1.csv", "source_line": 2, "event_id": "e1", "visitor_id": "v1", "time": at("2024-02-29 23:30"),
            "day": date(2024, 2, 29), "event": "Product view", "user_id": "C7", "page": "/home",
        }
    ]  # fmt: skip


def test_an_event_without_id_visitor_or_time_is_in_quarantine_under_the_name_of_the_column(web):
    write(web, web__1_csv=HEADER + ",v1,2024-03-01,a,,\ne2,,2024-03-01,a,,\ne3,v1,,a,,\ne4,v1,noon,a,,\n")
    read(web, "web")
    assert quarantine_of(web) == [
        ("web", 2, "event_id", "id of the event is missing"),
        ("web", 3, "anonymous_id", "id of the visitor is missing"),
        ("web", 4, "ts", "time of the event is missing"),
        ("web", 5, "ts", "not a time as in 2024-12-31T23:59:59Z (ISO 8601)"),
    ]
    assert rows_of(web, "web") == []


def test_an_event_without_a_name_or_a_known_id_is_an_event(web):
    write(web, web__1_csv=HEADER + "e1,v1,2024-03-01,,,\n")
    read(web, "web")
    assert [(row["event"], row["user_id"]) for row in rows_of(web, "web")] == [(None, None)]


def test_an_event_before_the_first_day_is_in_quarantine(web):
    write(web, web__1_csv=HEADER + "e1,v1,1970-01-01T00:00:07Z,a,,\ne2,v1,2020-01-01T00:00:00Z,a,,\n")
    read(web, "web")
    assert quarantine_of(web) == [("web", 2, "ts", "before 2020-01-01, the first day that counts")]


def test_an_event_after_the_last_day_is_in_quarantine(web):
    write(web, web__1_csv=HEADER + "e1,v1,2100-01-01T23:59:59Z,a,,\ne2,v1,2100-01-02T00:00:00Z,a,,\n")
    read(web, "web")
    assert [row["event_id"] for row in rows_of(web, "web")] == ["e1"]
    assert quarantine_of(web) == [("web", 3, "ts", "after 2100-01-01, the last day that counts")]


@pytest.mark.parametrize("zone", [None, "UTC"])
def test_native_times_that_no_calendar_has_are_in_quarantine(web, zone):
    _write_parquet(web, _events([0, 1_709_251_200_000_000, 570_000_000_000_000_000, 2**62, 2**63 - 1, -(2**62)], pa.timestamp("us", zone)))
    read(web, "web")
    assert [row["time"] for row in rows_of(web, "web")] == [at("2024-03-01 00:00")]
    assert [(line, reason) for _, line, _, reason in quarantine_of(web)] == [
        (1, "before 2020-01-01, the first day that counts"),
        *((line, "not a time in the years 0001 to 9999") for line in (3, 4, 5, 6)),
    ]


def test_a_native_time_in_nanoseconds_is_read_whatever_the_format_of_text(web):
    write(web, cdp_yaml=WEB.replace("time: ts", 'time: ts\n    time_format: "%d.%m.%Y %H:%M"'))
    _write_parquet(web, _events([1_709_251_200_000_000_000, 2**63 - 1], pa.timestamp("ns", "UTC")))
    read(web, "web")
    assert [row["time"] for row in rows_of(web, "web")] == [at("2024-03-01 00:00")]
    assert quarantine_of(web) == [("web", 2, "ts", "not a time in the years 0001 to 9999")]


def test_an_id_that_is_infinite_or_no_number_is_not_called_missing(web):
    events = _events([1_709_251_200_000_000] * 3, pa.timestamp("us"))
    _write_parquet(web, events.set_column(0, "event_id", pa.array([float("inf"), float("nan"), None])))
    read(web, "web")
    assert [reason for *_, reason in quarantine_of(web)] == ["not a number", "not a number", "id of the event is missing"]


def _events(times: list[int], kind: pa.DataType) -> pa.Table:
    """An event for each of these numbers of microseconds or nanoseconds."""
    names = ("anonymous_id", "event", "user_id", "page")
    ids = [f"e{number}" for number in range(len(times))]
    return pa.table({"event_id": ids, "ts": pa.array(times, pa.int64()).view(kind), **dict.fromkeys(names, ids)})


def _write_parquet(folder: Path, events: pa.Table) -> None:
    (folder / "web").mkdir()
    parquet.write_table(events, folder / "web" / "1.parquet")


def test_of_events_with_one_id_the_first_in_file_and_line_is_kept(web):
    write(
        web,
        web__1_csv=HEADER + "e1,v1,2024-03-01,first,,\ne1,v1,2024-03-01,again,,\n",
        web__2_csv=HEADER + "e1,v2,2024-03-02,in another file,,\n",
    )
    read(web, "web")
    assert [row["event"] for row in rows_of(web, "web")] == ["first"]
    repeated = "event_id occurs more than once; the first one is kept"
    assert quarantine_of(web) == [("web", 3, "event_id", repeated), ("web", 2, "event_id", repeated)]


def test_a_broken_first_one_does_not_cost_the_good_second_one(web):
    write(web, web__1_csv=HEADER + "e1,,2024-03-01,broken,,\ne1,v1,2024-03-01,good,,\n")
    read(web, "web")
    assert [row["event"] for row in rows_of(web, "web")] == ["good"]
    assert quarantine_of(web) == [("web", 2, "anonymous_id", "id of the visitor is missing")]


def test_a_stated_format_of_the_time_is_the_only_one(web):
    write(
        web,
        cdp_yaml=WEB.replace("time: ts", 'time: ts\n    time_format: "%d.%m.%Y %H:%M"'),
        web__1_csv=HEADER + "e1,v1,29.02.2024 12:30,a,,\ne2,v1,2024-02-29,a,,\n",
    )
    read(web, "web")
    assert [row["time"] for row in rows_of(web, "web")] == [at("2024-02-29 12:30")]
    assert quarantine_of(web) == [("web", 3, "ts", "not a time in the format %d.%m.%Y %H:%M; %Y-%m-%d would read it")]


def test_a_field_named_like_the_column_of_the_time_does_not_hide_the_fault_of_the_time(web):
    write(
        web,
        cdp_yaml=WEB.replace("{page: text}", "{ts: {type: integer, column: page}}"),
        web__1_csv=HEADER + "e1,v1,noon,a,,many\n",
    )
    read(web, "web")
    assert [(field, reason.split(" as ")[0]) for _, _, field, reason in quarantine_of(web)] == [
        ("time", "not a time"),
        ("ts", "not a whole number"),
    ]
