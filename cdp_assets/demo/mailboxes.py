"""The mailboxes of the stand-in: the demo's mail and meetings, in the form in which Microsoft Graph gives them."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

Row = Mapping[str, Any]


class Mailboxes:
    """The messages and meetings of each address, in the order of time.

    Reads `mail.parquet` and `meetings.parquet` of the folder; a message is in the mailbox of its sender and of each
    recipient. Where `addresses.txt` is there, only its addresses have mailboxes.
    """

    def __init__(self, folder: Path) -> None:
        listed = folder / "addresses.txt"
        known = {_form(line.partition("#")[0]) for line in listed.read_text().splitlines()} - {""} if listed.is_file() else None
        self._mail = _by_address(_rows(folder / "mail.parquet"), ("sender",), ("recipients", "cc"), "received_at", known)
        self._meetings = _by_address(_rows(folder / "meetings.parquet"), ("organizer",), ("attendees",), "starts_at", known)
        self._addresses = known if known is not None else {*self._mail, *self._meetings}

    def __contains__(self, address: str) -> bool:
        return _form(address) in self._addresses

    def messages(self, address: str, first: datetime, end: datetime) -> list[Row]:
        """Messages that were received from `first` on and before `end`."""
        rows = self._mail.get(_form(address), [])
        low, high = (bisect_left(rows, time, key=lambda row: row["received_at"]) for time in (first, end))
        return rows[low:high]

    def meetings(self, address: str, first: datetime, end: datetime) -> list[Row]:
        """Meetings that are going on at any time between the two."""
        rows = self._meetings.get(_form(address), [])
        return [row for row in rows if row["starts_at"] < end and row["ends_at"] > first]


def message(row: Row) -> dict[str, Any]:
    """A message as Microsoft Graph gives it."""
    return {
        "id": f"m-{row['internet_message_id']}",
        "internetMessageId": row["internet_message_id"],
        "conversationId": row["conversation_id"],
        "from": _person(row["sender"]),
        "sender": _person(row["sender"]),
        "toRecipients": [_person(each) for each in row["recipients"] or ()],
        "ccRecipients": [_person(each) for each in row["cc"] or ()],
        "receivedDateTime": f"{row['received_at'].isoformat(timespec='seconds')}Z",
        "isDraft": row["is_draft"],
    }


def meeting(row: Row, mailbox: str) -> dict[str, Any]:
    """A meeting as Microsoft Graph gives it to one of its people."""
    responses = dict(zip(map(_form, row["attendees"] or ()), row["responses"] or (), strict=True))
    own = "organizer" if _form(row["organizer"]) == _form(mailbox) else responses.get(_form(mailbox), "none")
    return {
        "id": f"e-{row['ical_uid']}",
        "iCalUId": row["ical_uid"],
        "organizer": _person(row["organizer"]),
        "attendees": [
            {**_person(each), "type": "required", "status": {"response": response, "time": "0001-01-01T00:00:00Z"}}
            for each, response in zip(row["attendees"] or (), row["responses"] or (), strict=True)
        ],
        "start": {"dateTime": f"{row['starts_at'].isoformat(timespec='seconds')}.0000000", "timeZone": "UTC"},
        "end": {"dateTime": f"{row['ends_at'].isoformat(timespec='seconds')}.0000000", "timeZone": "UTC"},
        "isCancelled": row["is_cancelled"],
        "isAllDay": row["is_all_day"],
        "showAs": row["show_as"],
        "responseStatus": {"response": own, "time": "0001-01-01T00:00:00Z"},
    }


def _person(address: str) -> dict[str, Any]:
    return {"emailAddress": {"address": address, "name": ""}}


def _form(address: str) -> str:
    return address.strip().lower()


def _rows(file: Path) -> list[Row]:
    from pyarrow import parquet

    found: list[Row] = parquet.read_table(file).to_pylist() if file.is_file() else []
    return found


def _by_address(rows: Iterable[Row], one: Iterable[str], many: Iterable[str], time: str, known: set[str] | None) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: row[time]):
        people = {_form(row[name]) for name in one} | {_form(each) for name in many for each in row[name] or ()}
        for address in people if known is None else people & known:
            found[address].append(row)
    return dict(found)
