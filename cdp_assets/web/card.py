"""One customer's card: what is read from the snapshot for it, ready to be shown. No HTML."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from duckdb import DuckDBPyConnection

from cdp_assets.lake.source import name as quoted
from cdp_assets.web.picture import Picture, picture_of

MOST_IDS = 200
MOST_OTHERS = 20


@dataclass(frozen=True)
class Origin:
    """Where a value comes from, and the values that were not used."""

    source: str
    record_key: str
    source_file: str | None
    source_line: int | None
    rule: str
    losing_values: tuple[str, ...]
    losing_records: tuple[tuple[str, str], ...]
    losers: int


@dataclass(frozen=True)
class ProfileField:
    """A field that has a value."""

    name: str
    label: str
    type: str
    value: Any
    origin: Origin | None
    meaning: str = "text"


@dataclass(frozen=True)
class RecordId:
    """A record of a source that belongs to the customer; not a winner: a duplicate inside its source."""

    source: str
    record_key: str
    is_winner: bool
    source_file: str | None
    source_line: int | None


@dataclass(frozen=True)
class Identity:
    """Who a visitor was in a stretch of time."""

    known_source: str | None
    known_field: str | None
    known_value: str | None
    valid_from: datetime | None
    valid_to: datetime | None
    identified_at: datetime | None


@dataclass(frozen=True)
class VisitorId:
    """A first-party id of a browser that belongs to the customer."""

    identities: tuple[Identity, ...]
    source: str
    visitor_id: str
    identified_at: datetime | None
    first_seen: datetime | None
    last_seen: datetime | None
    events: int | None


@dataclass(frozen=True)
class Card:
    """A customer with everything that the card shows."""

    previous_ids: tuple[str, ...]
    fields: tuple[ProfileField, ...]
    records: tuple[RecordId, ...]
    records_in_all: int
    visitors: tuple[VisitorId, ...]
    visitors_in_all: int
    customer_id: str
    name: str | None
    email: str | None
    place: str | None
    known: bool
    first_seen: datetime | None
    last_seen: datetime | None

    @property
    def picture(self) -> Picture | None:
        """The picture beside the title, if one of the fields that are shown has one."""
        return picture_of((field.meaning, field.value) for field in self.fields)


@dataclass(frozen=True)
class OldId:
    """A customer id that no longer is one; without a survivor all its records are gone."""

    customer_id: str
    surviving_id: str | None
    surviving_name: str | None


def read_card(connection: DuckDBPyConnection, customer_id: str) -> Card | OldId | None:
    """The customer with this id, or what became of the id; None when it never was one."""
    head = connection.execute(
        "select customer_id, name, email, place, known, first_seen, last_seen from customer where customer_id = $id",
        {"id": customer_id},
    ).fetchall()
    if not head:
        return _old_id(connection, customer_id)
    previous = connection.execute("select previous_customer_ids from profile where customer_id = $id", {"id": customer_id}).fetchall()
    records, records_in_all = _records(connection, customer_id)
    visitors, visitors_in_all = _visitors(connection, customer_id)
    return Card(
        tuple(previous[0][0] or ()),
        tuple(_fields(connection, customer_id)),
        records,
        records_in_all,
        visitors,
        visitors_in_all,
        *head[0],
    )


def _old_id(connection: DuckDBPyConnection, customer_id: str) -> OldId | None:
    rows = connection.execute(
        """
        select r.customer_id, r.surviving_customer_id, c.name
        from (select * from redirect where customer_id = $id) r left join customer c on c.customer_id = r.surviving_customer_id
        """,
        {"id": customer_id},
    ).fetchall()
    return OldId(*rows[0]) if rows else None


def _fields(connection: DuckDBPyConnection, customer_id: str) -> Iterator[ProfileField]:
    shown = connection.execute("select name, label, type, meaning from profile_column order by position").fetchall()
    if not shown:
        return
    columns = ", ".join(quoted(column) for column, *_ in shown)
    values = connection.execute(f"select {columns} from profile where customer_id = $id", {"id": customer_id}).fetchall()[0]
    origins = {row[0]: _origin(*row[1:]) for row in connection.execute(
        """
        select attribute, source, record_key, source_file, source_line, rule, losing_values, losing_records
        from attribute_origin where customer_id = $id
        """,
        {"id": customer_id},
    ).fetchall()}  # fmt: skip
    for (column, label, kind, meaning), value in zip(shown, values, strict=True):
        if value is not None:
            yield ProfileField(column, label, kind, value, origins.get(column), meaning)


def _origin(
    source: str,
    record_key: str,
    source_file: str | None,
    source_line: int | None,
    rule: str,
    values: list[str] | None,
    records: list[str] | None,
) -> Origin:
    values, records = values or [], records or []
    pairs = [(record.partition("|")[0], record.partition("|")[2]) for record in records[:MOST_OTHERS]]
    return Origin(source, record_key, source_file, source_line, rule, tuple(values[:MOST_OTHERS]), tuple(pairs), len(values))


def _records(connection: DuckDBPyConnection, customer_id: str) -> tuple[tuple[RecordId, ...], int]:
    rows = connection.execute(
        f"""
        select source, record_key, is_winner, source_file, source_line, count(*) over ()
        from customer_key where customer_id = $id and kind = 'record'
        order by source, is_winner desc, record_key limit {MOST_IDS}
        """,
        {"id": customer_id},
    ).fetchall()
    return tuple(RecordId(*row[:-1]) for row in rows), rows[0][-1] if rows else 0


def _visitors(connection: DuckDBPyConnection, customer_id: str) -> tuple[tuple[VisitorId, ...], int]:
    rows = connection.execute(
        f"""
        select source, record_key, identified_at, first_seen, last_seen, events, count(*) over ()
        from customer_key where customer_id = $id and kind = 'visitor'
        order by last_seen desc, source, record_key limit {MOST_IDS}
        """,
        {"id": customer_id},
    ).fetchall()
    identities: dict[tuple[str, str], list[Identity]] = {}
    for row in connection.execute(
        """
        select source, visitor_id, known_source, known_field, known_value, valid_from, valid_to, identified_at
        from visitor_identity where customer_id = $id order by source, visitor_id, nth
        """,
        {"id": customer_id},
    ).fetchall():
        identities.setdefault((row[0], row[1]), []).append(Identity(*row[2:]))
    found = tuple(VisitorId(tuple(identities.get((row[0], row[1]), [])), *row[:-1]) for row in rows)
    return found, rows[0][-1] if rows else 0
