"""Rows of the demo that cannot be read, each with what must be said of it: they go to quarantine, the rest goes on.

A fixed handful, whatever the size of the world. Their values belong to nobody. They stand at the end of the files, so
that their lines are known.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

UNREADABLE_DATE = "not a date"
UNREADABLE_TIME = "not a time"
UNREADABLE_NUMBER = "not a number"
EMPTY_KEY = "empty key"
NOBODY = "nobody"
NO_PURPOSE = "no purpose"
TOO_MANY_COLUMNS = "too many columns"
NO_VISITOR = "no visitor"
BEFORE_THE_FIRST_DAY = "before the first day"
REPEATED = "repeated event"

Value = str | int | Decimal | datetime | None


@dataclass(frozen=True)
class BrokenRow:
    """A row that cannot be read: why, the field at fault (None: the whole row), the values in the file's order."""

    reason: str
    field: str | None
    values: tuple[Value, ...]


def _crm(key: str | None, first: str, last: str, birth_date: str, street: tuple[str, ...]) -> tuple[Value, ...]:
    email = f"{first}.{last}@work.example".lower()
    home = (*street, "10001", "New York", "US")
    return (key, f"{first} {last}", first, last, email, None, birth_date, *home, "2026-01-15T09:00:00Z")


CRM = (
    BrokenRow(UNREADABLE_DATE, "birth_date", _crm("C9000001", "Day", "First", "31/12/1980", ("1 Main St",))),
    BrokenRow(UNREADABLE_DATE, "birth_date", _crm("C9000002", "No", "Date", "unknown", ("2 Main St",))),
    BrokenRow(EMPTY_KEY, "contact_id", _crm(None, "No", "Key", "05/17/1975", ("3 Main St",))),
    # Somebody wrote "4 Main St, Suite 4" without quotes.
    BrokenRow(TOO_MANY_COLUMNS, None, _crm("C9000004", "Bare", "Comma", "08/02/1969", ("4 Main St", " Suite 4"))),
)
LOYALTY = (
    BrokenRow(
        UNREADABLE_DATE,
        "birth_date",
        ("L9000001", "Day Thirty", "day.thirty@work.example", None, "1985-02-30", "10001", 10),
    ),
    BrokenRow(EMPTY_KEY, "loyalty_id", (None, "No Key", "no.key@post.example", None, "1975-05-17", "10003", 20)),
)
SHOP = (
    BrokenRow(
        UNREADABLE_TIME,
        "created_at",
        ("S9000001", "Last Week", "last.week@work.example", "5 Main St", "10001", "New York", "last week"),
    ),
    BrokenRow(
        EMPTY_KEY,
        "account_no",
        (None, "No Key", "no.key@mail.example", "6 Main St", "10002", "New York", "2026-01-15T10:00:00Z"),
    ),
)
ORDERS = (
    BrokenRow(UNREADABLE_NUMBER, "total", ("O900000001", "S0000001", "2026-01-15T10:00:00Z", "12,50 EUR", "Blue Kettle")),
    BrokenRow(UNREADABLE_NUMBER, "total", ("O900000002", "S0000001", "2026-01-15T11:00:00Z", "free", "Red Mug")),
    BrokenRow(UNREADABLE_TIME, "ordered_at", ("O900000003", "S0000001", "15.01.2026", "19.90", "Oak Shelf")),
    BrokenRow(EMPTY_KEY, "order_id", (None, "S0000001", "2026-01-15T12:00:00Z", "24.00", "Wool Rug")),
)
TILL = (
    BrokenRow(
        EMPTY_KEY, "receipt_id", (None, "L0000001", datetime.fromisoformat("2026-01-15T13:00:00"), Decimal("9.90"), "Small Bowl", "Station")
    ),
)
CRM_ACCOUNTS = (
    BrokenRow(
        UNREADABLE_TIME,
        "updated_at",
        ("A9000001", "Broken Clock Inc", "7 Main St", "10001", "New York", "US", "in spring"),
    ),
    BrokenRow(
        EMPTY_KEY,
        "account_no",
        (None, "Keyless Locks LLC", "8 Main St", "10002", "New York", "US", "2026-01-15T09:00:00Z"),
    ),
)
ERP_ACCOUNTS = (BrokenRow(EMPTY_KEY, "customer_no", (None, "Keyless Locks", "10002", "New York", "Metals")),)
CONTACTS = (
    BrokenRow(
        EMPTY_KEY,
        "contact_no",
        (None, "A0000001", None, "No Key", "No", "Key", "no.key@northern.example", None, "Buyer", "New York"),
    ),
    # Somebody wrote "Buyer, Tools" without quotes.
    BrokenRow(
        TOO_MANY_COLUMNS,
        None,
        (
            *("K9000002", "A0000001", None, "Bare Comma", "Bare", "Comma", "bare.comma@northern.example", None),
            *("Buyer", " Tools", "New York"),
        ),
    ),
)
ERP_CONTACTS = (BrokenRow(EMPTY_KEY, "partner_no", (None, "E0000001", "No", "Key", "no.key@northern.example", "+1-212-555-0100", "Sales")),)
# An answer or a time that cannot be read is no reason to forget a statement: such rows are in `statements`.
CONSENTS = (
    BrokenRow(NOBODY, "mail", (None, "newsletter", "true", "2026-01-15T09:00:00Z")),
    BrokenRow(NO_PURPOSE, "purpose", ("last.week@work.example", None, "true", "2026-01-15T09:00:00Z")),
)


def web(day: date) -> tuple[BrokenRow, ...]:
    """Return the broken events in the file of `day`."""
    visitor = "b000000000000001"
    return (
        BrokenRow(UNREADABLE_TIME, "ts", ("e900000001", "yesterday", visitor, None, "page_view", "/")),
        # A clock that was reset tells a time before anything can have happened.
        BrokenRow(BEFORE_THE_FIRST_DAY, "ts", ("e900000002", "1970-01-01T00:00:07Z", visitor, None, "page_view", "/")),
        BrokenRow(NO_VISITOR, "anonymous_id", ("e900000003", f"{day}T12:00:00Z", None, None, "page_view", "/")),
    )
