"""The step `interactions`: the gate of consent, which days are due, and reading them part by part.

Each part is committed by itself, so that a failure keeps what was read before it.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import pyarrow as pa

from cdp_assets.config.engagement import DAYS, Engagement
from cdp_assets.engagement.consent import KIND, Gate, content, gate, subject
from cdp_assets.engagement.counting import rules, stage
from cdp_assets.engagement.counting.mailboxes import Mailboxes, Reader
from cdp_assets.engagement.pseudonyms import privacy_key, pseudonym, pseudonyms
from cdp_assets.engagement.tables import INTERACTIONS
from cdp_assets.lake import Check, Run, Source, StepResult, make_days, no_values_in_errors, session
from cdp_assets.lake.ledger import DAYS_DONE
from cdp_assets.lake.source import name

LONGEST_SPAN = 31
# So many days of so many mailboxes are read into memory together.
MAILBOX_DAYS = 15_000
log = logging.getLogger(__name__)
CHECKS = (
    Check(
        "somebody_on_both_sides",
        "every row counts something, of own people and of contacts",
        f"select count(*) from {INTERACTIONS.name} where count < 1 or minutes < 0 or len(own_people) = 0 or len(their_people) = 0",
    ),
)


@dataclass(frozen=True)
class Service:
    """Where mail is read.

    `open` gives a reader while a block runs; `refusal` is its error for one mailbox that it may not read, `all_refused`
    makes the error for the case that this is so for every one.
    """

    open: Callable[[], AbstractContextManager[Reader]]
    refusal: type[Exception]
    all_refused: Callable[[], Exception]


def make(
    run: Run,
    settings: Engagement,
    own_addresses: Callable[[], Sequence[str]],
    service: Service,
    *,
    decisions: Source,
    contacts: Source,
    now: datetime,
) -> StepResult:
    """Bring INTERACTIONS up to date.

    Without a consent that stands and whose delay is over the table is empty, nothing is asked of the service, and the
    step succeeds, so that all else goes on; the list of addresses is not even read, because a list that is missing or wrong
    must not keep what a withdrawal removes. Otherwise the 365 days before the run's day are there, and only days that were
    not read since the consent, or with another list of addresses, key or rules of counting, are read: a part at a time, each
    committed by itself. `decisions` has the one that stands on each subject; `contacts` (contact_id, account_id, address).
    """
    at_gate = gate(settings, _decision(run, decisions, settings), now)
    if not at_gate.is_open:
        return _nothing(run, at_gate, now, 0)
    addresses = own_addresses()
    key = privacy_key(run.place.store)
    people = _contact_addresses(run, contacts, set(addresses), key)
    if not people.num_rows:
        return _nothing(run, at_gate, now, len(addresses))
    first, end = run.as_of - timedelta(days=DAYS), run.as_of
    # What the contents of a day depend on; a keyed digest, because a plain one of addresses could be guessed.
    state = pseudonym(key, "\n".join([content(settings), str(at_gate.since), *sorted(addresses)]))
    calendar = stage.calendar(first, end, state)
    results = [_days(run, calendar, _never, days=[])]
    mailboxes: Mailboxes | None = None
    entry = run.place.ledger.read(INTERACTIONS.name)
    if entry is None or entry.digest != DAYS_DONE:
        with service.open() as reader:
            mailboxes = Mailboxes(
                reader, tuple(addresses), frozenset(people["address"].to_pylist()), service.refusal, service.all_refused
            )  # fmt: skip
            read = _Reading(mailboxes, pseudonyms(key, addresses), people, run.engine.memory)
            for part in _parts(first, end, len(addresses)):
                results.append(_days(run, calendar, read, days=part))
                log.info("interactions: days to %s are done", part[-1])
        # days that left the window
        results.append(_days(run, calendar, read))
    return _told(run, results[-1], results, at_gate, now, people.num_rows, len(addresses), mailboxes)


def _nothing(run: Run, at_gate: Gate, now: datetime, addresses: int) -> StepResult:
    """The table without a row."""
    _say_why(at_gate)
    result = _days(run, stage.no_days(), _never)
    return _told(run, result, [result], at_gate, now, 0, addresses, None)


@dataclass(frozen=True)
class _Reading:
    """Reads and counts the due days of a part."""

    mailboxes: Mailboxes
    own: Mapping[str, str]
    contacts: pa.Table
    memory: int

    def __call__(self, days: list[date]) -> pa.Table:
        spans = [self.mailboxes.read(first, end) for first, end in stage.spans(days, LONGEST_SPAN)]
        mail, meetings = (pa.concat_tables([span[number] for span in spans]) for number in (0, 1))
        return rules.counted(mail, meetings, self.own, self.contacts, days, self.memory)


def _never(_days: list[date]) -> pa.Table:
    raise AssertionError("no day was asked for")


def _days(run: Run, calendar: Source, read: Callable[[list[date]], pa.Table], days: Sequence[str] | None = None) -> StepResult:
    # The contacts are no input here: a contact that comes, goes or changes its address does not rewrite days of the past.
    stages = [stage.stage(read)]
    return make_days(run, INTERACTIONS, stages, {"calendar": calendar}, day_of={"calendar": "day"}, days=days, checks=CHECKS)


def _parts(first: date, end: date, addresses: int) -> list[list[str]]:
    """The days of the window in parts; the more mailboxes, the fewer days are in memory at a time."""
    size = max(1, min(LONGEST_SPAN, MAILBOX_DAYS // addresses))
    days = [str(first + timedelta(days=number)) for number in range((end - first).days)]
    return [days[start : start + size] for start in range(0, len(days), size)]


def _decision(run: Run, decisions: Source, settings: Engagement) -> tuple[str, datetime, str | None] | None:
    sql = f'select verdict, "at", content from ({decisions.sql}) where kind = $kind and subject = $subject'
    with no_values_in_errors("decisions"), session(memory=run.engine.memory) as connection:
        found = connection.execute(sql, {"kind": KIND, "subject": subject(settings)}).fetchall()
    return found[0] if found else None


def _contact_addresses(run: Run, contacts: Source, own: set[str], key: bytes) -> pa.Table:
    """address, account_id and pseudonym of every contact with an address; an own address is nobody's contact."""
    sql = f"""
        select distinct lower(trim(address)) as address, account_id from ({contacts.sql})
        where trim(address) <> '' and account_id is not null order by address, account_id
    """
    with no_values_in_errors("contact_profiles"), session(memory=run.engine.memory) as connection:
        found = connection.sql(sql).to_arrow_table()
    rows = [
        (address, account)
        for address, account in zip(*(found[c].to_pylist() for c in ("address", "account_id")), strict=True)
        if address not in own
    ]
    names = pseudonyms(key, {address for address, _ in rows})
    schema = pa.schema([("address", pa.string()), ("account_id", pa.string()), ("pseudonym", pa.string())])
    return pa.table([pa.array(values, pa.string()) for values in _transposed([(a, b, names[a]) for a, b in rows])], schema=schema)


def _transposed(rows: list[tuple[str, str, str]]) -> list[tuple[str, ...]]:
    return list(zip(*rows, strict=True)) or [(), (), ()]


def of_contacts(contact_profiles: Source, email: str) -> Source:
    """The contacts as `make` takes them, of the table contact_profiles, whose attribute `email` holds the address."""
    return replace(contact_profiles, sql=f"select contact_id, account_id, {name(email)} as address from ({contact_profiles.sql})")


def _say_why(at_gate: Gate) -> None:
    if at_gate.since is None:
        log.info(
            "interactions: nothing is read, because no consent of the tenant stands; an administrator gives it: cdp consent engagement"
        )
    elif at_gate.waits_until is not None:
        log.info("interactions: waits until %s UTC (engagement.delay_hours)", at_gate.waits_until.isoformat(timespec="minutes"))
    else:
        log.info("interactions: nothing is read, because no contact has an address")


def _told(
    run: Run,
    last: StepResult,
    results: Sequence[StepResult],
    at_gate: Gate,
    now: datetime,
    people: int,
    addresses: int,
    mailboxes: Mailboxes | None,
) -> StepResult:
    """The last of the results, with what all of them did."""
    entry = run.place.ledger.read(INTERACTIONS.name)
    numbers = {
        "waiting_for_consent": float(at_gate.since is None),
        "waits_hours": round((at_gate.waits_until - now).total_seconds() / 3600, 1) if at_gate.waits_until else 0.0,
        "addresses": float(addresses),
        "contact_addresses": float(people),
        "days_of_data": float(len(entry.partitions)) if entry else 0.0,
        "mailboxes_refused": float(len(mailboxes.refused)) if mailboxes else 0.0,
    }
    done = tuple(day for result in results for day in result.partitions)
    return replace(last, partitions=done, unchanged=all(result.unchanged for result in results), numbers=numbers, stages=())
