"""The counting rules, each on rows small enough to read. Ann and Ben are own people; Cy and Cleo work for A, Dan for B."""

from datetime import date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdp_assets.engagement.counting.rules import RAW_MAIL, RAW_MEETINGS, counted
from cdp_assets.engagement.counting.stage import spans
from cdp_assets_tests.support import rows

OWN = {"ann@own.com": "ANN", "ben@own.com": "BEN"}
CONTACTS = rows(
    """
    address     | account_id | pseudonym
    cy@a.com    | A          | CY
    cleo@a.com  | A          | CLEO
    dan@b.com   | B          | DAN
    """
)
DAY = date(2026, 11, 2)
MAIL = "mailbox | message_id | sender | people | received_at | is_draft\n"
MEETINGS = " | ".join(RAW_MEETINGS.names) + "\n"
LISTS = dict.fromkeys(["people", "attendees", "responses", "kinds"], "varchar[]")
TIMES = dict.fromkeys(["received_at", "starts_at", "ends_at"], "timestamp")
FLAGS = dict.fromkeys(["is_draft", "is_cancelled", "is_all_day"], "boolean")


def table(text: str, header: str, schema: pa.Schema) -> pa.Table:
    if not text.strip():
        return schema.empty_table()
    types = {name: kind for name, kind in {**LISTS, **TIMES, **FLAGS}.items() if name in schema.names}
    return rows(header + text, **types).cast(schema)


def count(mail: str = "", meetings: str = "", days: list[date] | None = None, contacts: pa.Table = CONTACTS) -> list[dict[str, Any]]:
    given_mail, given_meetings = table(mail, MAIL, RAW_MAIL), table(meetings, MEETINGS, RAW_MEETINGS)
    found = counted(given_mail, given_meetings, OWN, contacts, [DAY] if days is None else days).to_pylist()
    return sorted(found, key=lambda row: tuple(str(row[c]) for c in ("day", "account_id", "kind", "direction")))


def brief(found: list[dict[str, Any]]) -> list[tuple[object, ...]]:
    return [(row["account_id"], row["direction"], row["count"], row["own_people"], row["their_people"]) for row in found]


def test_a_mail_in_several_mailboxes_counts_once_and_all_who_took_part_are_known() -> None:
    found = count(
        """
        ann@own.com | <1> | cy@a.com | [ann@own.com, ben@own.com, cleo@a.com] | 2026-11-02 10:00:00 | false
        ben@own.com | <1> | cy@a.com | [ann@own.com, ben@own.com, cleo@a.com] | 2026-11-02 10:00:05 | false
        """
    )
    assert brief(found) == [("A", "from_account", 1, ["ANN", "BEN"], ["CLEO", "CY"])]


def test_the_direction_is_from_the_sender() -> None:
    found = count(
        """
        ann@own.com | <1> | ann@own.com | [cy@a.com]    | 2026-11-02 10:00 | false
        ann@own.com | <2> | cy@a.com    | [ann@own.com] | 2026-11-02 11:00 | false
        """
    )
    assert brief(found) == [("A", "from_account", 1, ["ANN"], ["CY"]), ("A", "to_account", 1, ["ANN"], ["CY"])]
    assert [float(row["person_minutes"]) for row in found] == [2.5, 5.0]


def test_internal_mail_and_mail_of_strangers_are_ignored() -> None:
    assert not count(
        """
        ann@own.com | <1> | ann@own.com      | [ben@own.com] | 2026-11-02 10:00 | false
        ann@own.com | <2> | stranger@who.com | [ann@own.com] | 2026-11-02 10:00 | false
        ann@own.com | <3> | eve@a.com        | [ann@own.com] | 2026-11-02 10:00 | false  # the domain of A says nothing
        """
    )


def test_a_mail_with_contacts_of_two_accounts_counts_once_for_each() -> None:
    found = count("ann@own.com | <1> | ann@own.com | [cy@a.com, cleo@a.com, dan@b.com] | 2026-11-02 10:00 | false")
    assert brief(found) == [("A", "to_account", 1, ["ANN"], ["CLEO", "CY"]), ("B", "to_account", 1, ["ANN"], ["DAN"])]


def test_drafts_are_dropped() -> None:
    assert not count("ann@own.com | <1> | ann@own.com | [cy@a.com] | 2026-11-02 10:00 | true")


def test_the_owner_of_the_mailbox_took_part_though_a_blind_copy_names_nobody() -> None:
    found = count("ben@own.com | <1> | cy@a.com | [] | 2026-11-02 10:00 | false")
    assert brief(found) == [("A", "from_account", 1, ["BEN"], ["CY"])]


def test_an_own_address_among_the_contacts_stays_an_own_one() -> None:
    both = pa.concat_tables([CONTACTS, rows("address | account_id | pseudonym\nben@own.com | A | BEN")])
    assert not count("ann@own.com | <1> | ann@own.com | [ben@own.com] | 2026-11-02 10:00 | false", contacts=both)


def test_the_first_copy_decides_the_day_of_a_mail() -> None:
    mail = """
        ann@own.com | <1> | cy@a.com | [ann@own.com] | 2026-11-01 23:59:59 | false
        ben@own.com | <1> | cy@a.com | [ann@own.com] | 2026-11-02 00:00:01 | false
        """
    assert not count(mail)
    assert [row["day"] for row in count(mail, days=[date(2026, 11, 1), DAY])] == [date(2026, 11, 1)]


MEETING = (
    "{mailbox} | u | 2026-11-02 10:00 | 2026-11-02 10:30 | {organizer} | {attendees} | {responses} | {kinds} | {own}"
    " | {off} | {day} | {show}"
)


def meeting(
    mailbox: str = "ann@own.com",
    organizer: str = "ann@own.com",
    attendees: str = "[cy@a.com]",
    responses: str = "[accepted]",
    own: str = "organizer",
    **more: str,
) -> str:
    kinds = "[" + ",".join(["required"] * (attendees.count(",") + 1)) + "]"
    given_ = {"kinds": kinds, "off": "false", "day": "false", "show": "busy", **more}
    return MEETING.format(mailbox=mailbox, organizer=organizer, attendees=attendees, responses=responses, own=own, **given_)


def test_a_meeting_in_several_calendars_counts_once() -> None:
    both = "[cy@a.com, ben@own.com]"
    found = count(
        meetings="\n".join(
            [
                meeting(attendees=both, responses="[accepted, accepted]"),
                meeting("ben@own.com", attendees=both, responses="[none, accepted]", own="accepted"),
            ]
        )
    )
    assert brief(found) == [("A", "to_account", 1, ["ANN", "BEN"], ["CY"])]
    assert (found[0]["kind"], found[0]["minutes"], float(found[0]["person_minutes"])) == ("meeting", 30, 60.0)


def test_occurrences_of_a_series_are_meetings_of_their_own() -> None:
    one = meeting()
    assert [row["count"] for row in count(meetings=one + "\n" + one.replace("02 10:", "02 14:"))] == [2]


def test_a_meeting_called_by_a_contact_is_from_the_account() -> None:
    found = count(meetings=meeting(organizer="cy@a.com", attendees="[ann@own.com]", responses="[accepted]", own="accepted"))
    assert brief(found) == [("A", "from_account", 1, ["ANN"], ["CY"])]


@pytest.mark.parametrize(
    "changed",
    [
        {"off": "true"},
        {"day": "true"},
        {"show": "free"},
        {"responses": "[declined]"},
        {"responses": "[none]"},
        {"kinds": "[resource]"},
        {"attendees": "[ben@own.com]"},
        {"attendees": "[ann@own.com]", "organizer": "cy@a.com", "own": "declined"},
    ],
    ids=["cancelled", "whole day", "free", "declined", "not answered", "a room", "own people only", "declined by oneself"],
)
def test_meetings_that_do_not_count(changed: dict[str, str]) -> None:
    assert count(meetings=meeting())
    assert not count(meetings=meeting(**changed))


def test_who_declined_in_the_own_calendar_was_not_there() -> None:
    both = {"attendees": "[cy@a.com, ben@own.com]", "responses": "[accepted, accepted]"}
    found = count(meetings=meeting(**both) + "\n" + meeting("ben@own.com", own="declined", **both))
    assert brief(found) == [("A", "to_account", 1, ["ANN"], ["CY"])]


def test_days_that_are_not_due_are_not_counted() -> None:
    assert not count(meetings=meeting(), days=[date(2026, 11, 3)])


def test_due_days_are_read_in_spans_without_gaps() -> None:
    days = [date(2026, 1, day) for day in (1, 2, 3, 5, 6)]
    assert spans(days, 2) == [(days[0], days[2]), (days[2], date(2026, 1, 4)), (days[3], date(2026, 1, 7))]


PEOPLE = ["ann@own.com", "ben@own.com", "cy@a.com", "cleo@a.com", "dan@b.com", "who@else.com"]


START = datetime.fromisoformat("2026-11-01")
COPIES = st.tuples(st.sampled_from(sorted(OWN)), st.integers(0, 5), st.integers(0, 23))


@settings(max_examples=15, deadline=None)
@given(st.lists(st.sampled_from(PEOPLE), min_size=6, max_size=6), st.lists(COPIES, max_size=12))
def test_days_counted_together_equal_days_counted_one_by_one(to: list[str], copies: list[tuple[str, int, int]]) -> None:
    """A day needs the mail of the day before it, not more: the copies of a mail reach their mailboxes within a day."""
    mail = pa.Table.from_pylist(
        [
            {
                "mailbox": mailbox, "message_id": f"<{number}>", "sender": PEOPLE[number], "people": [to[number]],
                "received_at": START + timedelta(hours=12 * number + late), "is_draft": False,
            }
            for mailbox, number, late in copies
        ],
        schema=RAW_MAIL,
    )  # fmt: skip
    days = [date(2026, 11, day) for day in range(1, 6)]

    def of(some: list[date]) -> dict[str, int]:
        first, end = some[0] - timedelta(days=1), some[-1]
        seen = mail.filter(pa.array([first <= each.date() <= end for each in mail["received_at"].to_pylist()], pa.bool_()))
        found = counted(seen, RAW_MEETINGS.empty_table(), OWN, CONTACTS, some).to_pylist()
        return {"|".join(str(row[c]) for c in ("day", "account_id", "direction")): row["count"] for row in found}

    assert of(days) == {key: number for day in days for key, number in of([day]).items()}
