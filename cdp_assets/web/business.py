"""What the card shows beside profile and ids: value, activities, account, segments, consents. Read from the snapshot; no HTML."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from duckdb import DuckDBPyConnection

from cdp_assets.web.picture import LOGO, Picture, picture_of

FIRST_ACTIVITIES = 10
MOST_ACTIVITIES = 500
MOST_CONTACTS = 50
MOST_ACCOUNTS = 200


@dataclass(frozen=True)
class Value:
    """A prediction for the customer; without a score it has none. `of`: customers who have one."""

    model: str
    months: int
    grade: str | None
    of: int
    score: float | None
    rank: int | None
    percentile: float | None
    high_value: bool | None


@dataclass(frozen=True)
class Activity:
    """One thing that the customer did."""

    time: datetime
    type: str
    title: str | None
    detail: str | None
    product: str | None
    amount: float | None
    returned: bool | None
    source: str
    url: str | None


@dataclass(frozen=True)
class Month:
    """E-mails and meetings of a month."""

    month: date
    emails: int
    meetings: int


@dataclass(frozen=True)
class Contact:
    """A contact of an account; `customer_id` where the contact is known to be a customer."""

    contact_id: str
    customer_id: str | None
    name: str | None
    email: str | None
    job_title: str | None


@dataclass(frozen=True)
class AccountFacts:
    """What is known of an account; without `score` there was no mail and no meeting."""

    name: str | None
    place: str | None
    contacts: int
    score: int | None
    emails: int | None
    meetings: int | None
    since: date | None
    logo: str | None

    @property
    def picture(self) -> Picture | None:
        """The logo, if there is one."""
        return picture_of([(LOGO, self.logo)])


@dataclass(frozen=True)
class Account:
    """The business account that the customer is a contact of."""

    account_id: str
    facts: AccountFacts
    months: tuple[Month, ...]
    contacts: tuple[Contact, ...]


@dataclass(frozen=True)
class Segment:
    """A segment that the customer is in."""

    segment: str
    rule: str
    since: date


@dataclass(frozen=True)
class Consent:
    """Whether the customer allows something."""

    purpose: str
    given: bool
    at: datetime | None


@dataclass(frozen=True)
class Business:
    """All of it for one customer."""

    values: tuple[Value, ...]
    measures: tuple[tuple[str, str], ...]
    activities: tuple[Activity, ...]
    activities_in_all: int
    accounts: tuple[Account, ...]
    segments: tuple[Segment, ...]
    consents: tuple[Consent, ...]


def read_business(connection: DuckDBPyConnection, customer_id: str, activities: int = FIRST_ACTIVITIES) -> Business:
    """What is known of the customer with this id; `activities`: how many of the newest, MOST_ACTIVITIES at most."""
    number = _rows(connection, "select number from customer where customer_id = $id", id=customer_id)[0][0]
    newest = _rows(
        connection,
        "select time, type, title, detail, product, amount, returned, source, url from activity"
        " where customer = $number and nth <= $most order by nth",
        number=number,
        most=min(activities, MOST_ACTIVITIES),
    )
    values = _rows(
        connection,
        "select p.model, p.months, p.grade, p.active, v.score, v.rank, v.percentile, v.high_value from prediction p"
        " left join (select * from customer_value where customer = $number) v on v.model = p.model order by p.months, p.model",
        number=number,
    )
    own = {"number": number}
    return Business(
        tuple(Value(*row) for row in values),
        tuple((row[0], row[1]) for row in _rows(connection, _MEASURES, **own)),
        tuple(Activity(*row) for row in newest),
        _rows(connection, "select count(*) from activity where customer = $number", **own)[0][0],
        tuple(_account(connection, row[0], AccountFacts(*row[1:])) for row in _rows(connection, _ACCOUNTS, **own)),
        tuple(Segment(*row) for row in _rows(connection, _SEGMENTS, **own)),
        tuple(Consent(*row) for row in _rows(connection, _CONSENTS, **own)),
    )


def read_account(connection: DuckDBPyConnection, account_id: str) -> Account | None:
    """The account with this id; None when there is none."""
    rows = _rows(connection, f"select {_FACTS} from account where account_id = $id", id=account_id)
    return _account(connection, account_id, AccountFacts(*rows[0][1:])) if rows else None


def read_accounts(connection: DuckDBPyConnection) -> tuple[list[Account], int]:
    """The most engaged accounts, MOST_ACCOUNTS of them, without their months and contacts; and how many there are in all."""
    order = "score desc nulls last, name nulls last, account_id"
    rows = _rows(connection, f"select {_FACTS} from account order by {order} limit {MOST_ACCOUNTS}")
    found = [Account(row[0], AccountFacts(*row[1:]), (), ()) for row in rows]
    return found, _rows(connection, "select count(*) from account")[0][0]


_FACTS = "account_id, name, place, contacts, score, emails, meetings, since, logo"
_MEASURES = "select label, value from customer_measure where customer = $number order by position"
_SEGMENTS = "select segment, rule, since from customer_segment where customer = $number order by segment"
_CONSENTS = 'select purpose, given, "at" from customer_consent where customer = $number order by purpose'
_ACCOUNTS = f"""
    select {_FACTS} from account
    where account_id in (select account_id from account_contact where customer = $number) order by account_id
"""


def _account(connection: DuckDBPyConnection, account_id: str, facts: AccountFacts) -> Account:
    months = _rows(connection, "select month, emails, meetings from account_month where account_id = $id order by month", id=account_id)
    contacts = _rows(
        connection,
        "select contact_id, customer_id, name, email, job_title from account_contact where account_id = $id"
        f" order by name nulls last, contact_id limit {MOST_CONTACTS}",
        id=account_id,
    )
    return Account(account_id, facts, tuple(Month(*row) for row in months), tuple(Contact(*row) for row in contacts))


def _rows(connection: DuckDBPyConnection, sql: str, **values: Any) -> Sequence[tuple[Any, ...]]:
    return connection.execute(sql, values).fetchall()
