"""Who a visitor was, from when to when."""

from typing import Any

from cdp_assets.events import VISITOR_LINKS, visitor_identities
from cdp_assets_tests.support import run_stages

HEADER = "day | source | visitor_id | known_source | known_field | known_value | first_at | last_at | events\n"


def _identities(text: str) -> list[dict[str, Any]]:
    return run_stages(visitor_identities.stages(), visitor_links=(HEADER + text.strip("\n"), VISITOR_LINKS))


def _who(text: str) -> list[tuple[Any, ...]]:
    """(nth, known value, from, to, identified) as day of the month and time."""

    def short(time: Any) -> str | None:
        return None if time is None else f"{time:%d %H:%M}"

    return [
        (row["nth"], row["known_value"], short(row["valid_from"]), short(row["valid_to"]), short(row["identified_at"]))
        for row in _identities(text)
    ]


def test_a_visitor_whom_nobody_knows_has_one_row_without_an_id():
    found = _identities("""
        2024-03-01 | web | xyz789 | '' | '' | '' | 2024-03-01 10:20 | 2024-03-01 10:30 | 4
        2024-03-02 | web | xyz789 | '' | '' | '' | 2024-03-02 09:00 | 2024-03-02 09:00 | 1
    """)
    assert len(found) == 1
    row = found[0]
    assert (row["nth"], row["known_source"], row["known_field"], row["known_value"]) == (1, None, None, None)
    assert (row["valid_from"], row["valid_to"], row["identified_at"]) == (row["first_seen"], None, None)
    assert (f"{row['first_seen']:%d %H:%M}", f"{row['last_seen']:%d %H:%M}", row["events"]) == ("01 10:20", "02 09:00", 5)


def test_the_events_before_the_first_sign_in_are_that_persons():
    # 10:00 product view, 10:05 sign-in: known since 10:05, and the view at 10:00 is attributed back.
    assert _who("""
        2024-03-01 | web | abc123 | ''  | ''      | ''  | 2024-03-01 10:00 | 2024-03-01 10:10 | 3
        2024-03-01 | web | abc123 | crm | loyalty | 707 | 2024-03-01 10:05 | 2024-03-01 10:10 | 2
    """) == [(1, "707", "01 10:00", None, "01 10:05")]


def test_the_same_id_on_the_next_day_is_the_same_identity():
    assert _who("""
        2024-03-01 | web | v | ''  | '' | '' | 2024-03-01 10:00 | 2024-03-01 10:00 | 1
        2024-03-01 | web | v | crm | id | C7 | 2024-03-01 10:00 | 2024-03-01 10:00 | 1
        2024-03-02 | web | v | ''  | '' | '' | 2024-03-02 10:00 | 2024-03-02 10:00 | 1
        2024-03-02 | web | v | crm | id | C7 | 2024-03-02 10:00 | 2024-03-02 10:00 | 1
    """) == [(1, "C7", "01 10:00", None, "01 10:00")]


def test_a_second_person_on_the_device_ends_the_first_ones_time():
    assert _who("""
        2024-03-01 | web | v | ''  | '' | '' | 2024-03-01 09:00 | 2024-03-01 12:00 | 4
        2024-03-01 | web | v | crm | id | C7 | 2024-03-01 10:00 | 2024-03-01 10:00 | 1
        2024-03-01 | web | v | crm | id | C8 | 2024-03-01 11:00 | 2024-03-01 11:00 | 1
        2024-03-01 | web | v | crm | id | C7 | 2024-03-01 12:00 | 2024-03-01 12:00 | 1
    """) == [
        (1, "C7", "01 09:00", "01 11:00", "01 10:00"),
        (2, "C8", "01 11:00", "01 12:00", "01 11:00"),
        (3, "C7", "01 12:00", None, "01 12:00"),
    ]


def test_ids_of_two_fields_do_not_end_each_other():
    assert _who("""
        2024-03-01 | web | v | ''  | ''   | ''  | 2024-03-01 09:00 | 2024-03-01 11:00 | 3
        2024-03-01 | web | v | crm | id   | C7  | 2024-03-01 10:00 | 2024-03-01 10:00 | 1
        2024-03-01 | web | v | crm | mail | a@b | 2024-03-01 11:00 | 2024-03-01 11:00 | 1
    """) == [(1, "C7", "01 09:00", None, "01 10:00"), (2, "a@b", "01 09:00", None, "01 11:00")]


def test_a_late_event_of_an_earlier_day_takes_the_first_place():
    later = """
        2024-03-05 | web | v | ''  | '' | '' | 2024-03-05 10:00 | 2024-03-05 10:00 | 1
        2024-03-05 | web | v | crm | id | C8 | 2024-03-05 10:00 | 2024-03-05 10:00 | 1
    """
    late = """
        2024-03-02 | web | v | ''  | '' | '' | 2024-03-02 10:00 | 2024-03-02 10:00 | 1
        2024-03-02 | web | v | crm | id | C7 | 2024-03-02 10:00 | 2024-03-02 10:00 | 1
    """
    assert _who(later) == [(1, "C8", "05 10:00", None, "05 10:00")]
    assert _who(later + late.lstrip("\n")) == [(1, "C7", "02 10:00", "05 10:00", "02 10:00"), (2, "C8", "05 10:00", None, "05 10:00")]
