"""What a day knows of a visitor: one row for all its events, one for each run of events with a known id."""

from typing import Any

from cdp_assets.events import EVENTS, visitor_links
from cdp_assets_tests.support import run_stages

HEADER = "day | source | visitor_id | event_id | time | known_sources | known_fields | known_values\n"


def _links(text: str) -> list[tuple[Any, ...]]:
    """(day of month, visitor, field, value, first, last, events) of the links, in the order of their key."""
    found = run_stages(visitor_links.stages(), events=(HEADER + text.strip("\n"), EVENTS))
    return [
        (
            row["day"].day, row["visitor_id"], row["known_field"], row["known_value"],
            f"{row['first_at']:%H:%M}", f"{row['last_at']:%H:%M}", row["events"],
        )
        for row in found
    ]  # fmt: skip


def test_a_visitor_who_gives_no_id_has_one_row_a_day():
    links = _links("""
        2024-03-01 | web | v | e1 | 2024-03-01 10:00 | [] | [] | []
        2024-03-01 | web | v | e2 | 2024-03-01 10:05 | [] | [] | []
        2024-03-02 | web | v | e3 | 2024-03-02 10:05 | [] | [] | []
    """)
    assert links == [(1, "v", "", "", "10:00", "10:05", 2), (2, "v", "", "", "10:05", "10:05", 1)]


def test_events_without_an_id_do_not_end_a_run_and_count_in_the_row_for_all():
    links = _links("""
        2024-03-01 | web | v | e1 | 2024-03-01 10:00 | [crm] | [id] | [C7]
        2024-03-01 | web | v | e2 | 2024-03-01 10:05 | []    | []   | []
        2024-03-01 | web | v | e3 | 2024-03-01 10:10 | [crm] | [id] | [C7]
    """)
    assert links == [(1, "v", "", "", "10:00", "10:10", 3), (1, "v", "id", "C7", "10:00", "10:10", 2)]


def test_two_people_who_sign_in_on_one_device_on_one_day_are_runs_of_their_own():
    links = _links("""
        2024-03-01 | web | v | e1 | 2024-03-01 10:00 | [crm] | [id] | [C7]
        2024-03-01 | web | v | e2 | 2024-03-01 11:00 | [crm] | [id] | [C8]
        2024-03-01 | web | v | e3 | 2024-03-01 12:00 | [crm] | [id] | [C7]
        2024-03-01 | web | v | e4 | 2024-03-01 13:00 | [crm] | [id] | [C7]
    """)
    assert links[1:] == [
        (1, "v", "id", "C7", "10:00", "10:00", 1),
        (1, "v", "id", "C7", "12:00", "13:00", 2),
        (1, "v", "id", "C8", "11:00", "11:00", 1),
    ]


def test_an_event_with_two_known_ids_counts_for_each_and_once_for_the_visitor():
    links = _links("""
        2024-03-01 | web | v | e1 | 2024-03-01 10:00 | [crm, crm] | [id, mail] | [C7, a@b]
        2024-03-01 | web | v | e2 | 2024-03-01 10:05 | [crm]      | [mail]     | [a@b]
    """)
    assert links == [
        (1, "v", "", "", "10:00", "10:05", 2),
        (1, "v", "id", "C7", "10:00", "10:00", 1),
        (1, "v", "mail", "a@b", "10:00", "10:05", 2),
    ]


def test_two_ids_of_one_field_at_one_instant_are_two_rows_in_the_order_of_the_ids():
    links = _links("""
        2024-03-01 | web | v | e1 | 2024-03-01 10:00 | [crm] | [id] | [C8]
        2024-03-01 | web | v | e2 | 2024-03-01 10:00 | [crm] | [id] | [C7]
        2024-03-01 | web | v | e3 | 2024-03-01 10:00 | [crm] | [id] | [C8]
    """)
    assert links[1:] == [(1, "v", "id", "C7", "10:00", "10:00", 1), (1, "v", "id", "C8", "10:00", "10:00", 2)]


def test_visitors_of_two_sources_with_one_id_are_two_visitors():
    links = _links("""
        2024-03-01 | app | v | e1 | 2024-03-01 10:00 | []    | []   | []
        2024-03-01 | web | v | e1 | 2024-03-01 10:00 | [crm] | [id] | [C7]
    """)
    assert [(link[2], link[6]) for link in links] == [("", 1), ("", 1), ("id", 1)]


def test_no_events_no_links():
    assert _links("") == []
