"""Reading the listed mailboxes for some days, into rows that are only in memory. Who has no part in it is left out at once."""

from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Protocol

import pyarrow as pa

from cdp_assets.engagement.counting.rules import RAW_MAIL, RAW_MEETINGS

WORKERS = 4  # the service answers four requests of an application to a mailbox at a time; here one a mailbox
MARGIN = timedelta(days=1)


class Reader(Protocol):
    """What reads mailboxes (microsoft.Graph)."""

    def messages_of(self, address: str, first: date, end: date) -> Iterator[Any]:
        """The messages of a mailbox in a span of days."""
        ...

    def meetings_of(self, address: str, first: date, end: date) -> Iterator[Any]:
        """The meetings of a mailbox in a span of days."""
        ...


@dataclass
class Mailboxes:
    """The listed mailboxes. `refused` are those that could not be read; they are not asked again in this run."""

    reader: Reader
    addresses: tuple[str, ...]
    contacts: Collection[str]
    refusal: type[Exception]
    all_refused: Callable[[], Exception]
    refused: set[str] = field(default_factory=set)

    def read(self, first: date, end: date) -> tuple[pa.Table, pa.Table]:
        """RAW_MAIL and RAW_MEETINGS from `first` on and before `end`, those with a contact of an account only.

        Mail is read from a day before, because the copies of one mail can reach their mailboxes before and after
        midnight: the first of them decides its day, whichever days are read together. Raises `all_refused` when not
        a single mailbox can be read.
        """
        asked = [address for address in self.addresses if address not in self.refused]
        with ThreadPoolExecutor(WORKERS) as pool:
            answers = list(pool.map(lambda address: self._one(address, first, end), asked))
        self.refused |= {address for address, answer in zip(asked, answers, strict=True) if answer is None}
        if len(self.refused) == len(self.addresses):
            raise self.all_refused()
        read = [answer for answer in answers if answer is not None]
        return pa.concat_tables([mail for mail, _ in read]), pa.concat_tables([meetings for _, meetings in read])

    def _one(self, address: str, first: date, end: date) -> tuple[pa.Table, pa.Table] | None:
        try:
            mail = _columns(self._mail(address, self.reader.messages_of(address, first - MARGIN, end)), RAW_MAIL)
            meetings = _columns(self._meetings(address, self.reader.meetings_of(address, first, end)), RAW_MEETINGS)
        except self.refusal:
            return None
        return mail, meetings

    def _mail(self, mailbox: str, messages: Iterable[Any]) -> Iterator[tuple[Any, ...]]:
        for each in messages:
            if self._concerns([each.sender, *each.recipients]):
                yield mailbox, each.message_id, each.sender, each.recipients, each.received_at, each.is_draft

    def _meetings(self, mailbox: str, meetings: Iterable[Any]) -> Iterator[tuple[Any, ...]]:
        for each in meetings:
            if self._concerns([each.organizer, *each.attendees]):
                yield (
                    mailbox, each.ical_uid, each.starts_at, each.ends_at, each.organizer, each.attendees, each.responses, each.kinds,
                    each.own_response, each.is_cancelled, each.is_all_day, each.show_as,
                )  # fmt: skip

    def _concerns(self, people: Iterable[str | None]) -> bool:
        return any(person in self.contacts for person in people)


def _columns(rows: Iterable[tuple[Any, ...]], schema: pa.Schema) -> pa.Table:
    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    return pa.table([pa.array(values, kind) for values, kind in zip(columns, schema.types, strict=True)], schema=schema)
