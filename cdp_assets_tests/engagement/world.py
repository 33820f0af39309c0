"""A small office: Ann and Ben are own people, Cy works for account A and Dan for B; with a mailbox service that counts."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from cdp_assets.config.engagement import Engagement
from cdp_assets.engagement import interactions
from cdp_assets.engagement.consent import KIND, content, subject
from cdp_assets.engagement.tables import INTERACTIONS
from cdp_assets.errors import UserError
from cdp_assets.governance import decide, standing
from cdp_assets.governance.tables import DECISIONS
from cdp_assets.lake import Place, Run, Source, StepResult, Table, columns, session
from cdp_assets.lake.source import literal
from cdp_assets.microsoft import Meeting, Message

AS_OF = date(2026, 11, 20)
OWN = ("ann@own.com", "ben@own.com")
CONTACTS = {"cy@a.com": "A", " Dan@B.com ": "B"}
PROFILES = Table("contact_profiles", "a contact", (), columns("contact_id | varchar | i\naccount_id | varchar | a\naddress | varchar | m"))
SETTINGS = Engagement(
    region="Europe",
    tenant="11111111-1111-1111-1111-111111111111",
    client_id="22222222-2222-2222-2222-222222222222",
    secret="CDP_GRAPH_SECRET",
    service="demo",
    addresses=OWN,
    email="primary_email",
    delay_hours=0,
)


class RefusedError(UserError):
    """A mailbox may not be read."""


@dataclass
class Office:
    """A mailbox service with one mail from Cy to Ann each day; it notes what is asked, and can fail."""

    asked: list[tuple[str, date, date]] = field(default_factory=list)
    opened: int = 0
    fail_after: int | None = None
    refused: tuple[str, ...] = ()

    def service(self) -> interactions.Service:
        @contextmanager
        def opened() -> Iterator["Office"]:
            self.opened += 1
            yield self

        return interactions.Service(opened, RefusedError, lambda: UserError("none may be read"))

    def messages_of(self, address: str, first: date, end: date) -> Iterator[Message]:
        if address in self.refused:
            raise RefusedError("no")
        if self.fail_after is not None and len(self.asked) >= self.fail_after:
            raise UserError("the service is busy")
        self.asked.append((address, first, end))
        for number in range((end - first).days if address == OWN[0] else 0):
            at = datetime.combine(first + timedelta(days=number), datetime.min.time()) + timedelta(hours=9)
            yield Message(f"<{at:%Y%m%d}>", None, "cy@a.com", [address], at, is_draft=False)

    def meetings_of(self, address: str, first: date, end: date) -> Iterator[Meeting]:  # noqa: ARG002 - there are none
        yield from ()

    def days_read(self) -> set[date]:
        """The days that Ann's mailbox was asked for, without the margin."""
        asked = [(first, end) for address, first, end in self.asked if address == OWN[0]]
        return {first + timedelta(days=n) for first, end in asked for n in range(1, (end - first).days)}


def contacts(people: dict[str, str] = CONTACTS) -> Source:
    rows = ", ".join(f"('c', {literal(account)}, {literal(address)})" for address, account in people.items())
    select = f"select * from (values {rows})" if rows else "select null, null, null where false"
    texts = ", ".join(f"cast({column} as varchar) as {name}" for column, name in zip("abc", PROFILES.column_names, strict=True))
    return Source(PROFILES, f"select {texts} from ({select}) v(a, b, c)")


def consent(place: Place, settings: Engagement = SETTINGS, *, verdict: Any = "given") -> None:
    agreed = content(settings) if verdict == "given" else None
    decide(place, user="adam", kind=KIND, subject=subject(settings), verdict=verdict, content=agreed)


def make(run: Run, office: Office, settings: Engagement = SETTINGS, **more: Any) -> StepResult:
    decisions = run.read(DECISIONS)
    chosen = Source(DECISIONS, f"with decisions as ({decisions.sql}) {standing()}")
    addresses = settings.addresses
    assert not isinstance(addresses, str)
    given: dict[str, Any] = {"contacts": contacts(), "now": datetime.fromisoformat("2100-01-01"), **more}
    return interactions.make(run, settings, lambda: addresses, office.service(), decisions=chosen, **given)


def table(place: Place) -> list[dict[str, Any]]:
    with session() as connection:
        return connection.sql(f"from ({place.newest(INTERACTIONS).sql}) order by day, account_id").to_arrow_table().to_pylist()
