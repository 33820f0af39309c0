"""The demo world as files: sources for a project, and beside them their truth, which no pipeline reads.

Only which file holds what; who the people are, what the sources know of them and what they do on the site are modules
of their own. Equal arguments give equal bytes.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from cdp_assets.demo import broken, day_two
from cdp_assets.demo.colleagues import make_colleagues
from cdp_assets.demo.companies import make_companies
from cdp_assets.demo.correspondence import make_mail
from cdp_assets.demo.deliveries import EVENT_ROWS, Deliveries
from cdp_assets.demo.draws import Draws
from cdp_assets.demo.engagement import make_engagement
from cdp_assets.demo.erp_contacts import make_erp_contacts
from cdp_assets.demo.files import put_in_place
from cdp_assets.demo.meetings import make_meetings
from cdp_assets.demo.parties import make_parties
from cdp_assets.demo.people import make_people
from cdp_assets.demo.purchases import first_day, make_purchases
from cdp_assets.demo.records import JUNK_EMAIL, make_records
from cdp_assets.demo.statements import make_statements
from cdp_assets.demo.visits import make_visits
from cdp_assets.demo.vocabulary import OWN_ADDRESSES
from cdp_assets.demo.written import Written
from cdp_assets.errors import UserError

CRM, LOYALTY, SHOP, WEB = "sources/crm.csv", "sources/loyalty.parquet", "sources/shop.csv", "sources/web"
ORDERS, TILL, CONSENTS = "sources/orders.csv", "sources/till.parquet", "sources/consents.csv"
CRM_ACCOUNTS, ERP_ACCOUNTS = "sources/accounts_crm.csv", "sources/accounts_erp.csv"
CONTACTS, ERP_CONTACTS = "sources/contacts_business.csv", "sources/contacts_erp.csv"
OWN, MAIL, MEETINGS = "stand_in/addresses.txt", "stand_in/mail.parquet", "stand_in/meetings.parquet"
QUARANTINE, WORLD = "truth/quarantine.parquet", "truth/world.json"
MEMORY = "4GiB"  # for DuckDB; what does not fit is spilled beside the files
LARGEST = 9_000_000  # keys have seven digits, and those from 9,000,000 on are the broken rows'

# What is true, by file: a query over the tables that the other modules leave.
_TRUTH = {
    "records": "select source, key, printf('P%07d', person) as person_id from owners order by source, key",
    "visitors": """
        select visitor, printf('P%07d', person) as person_id, signed_in_at, last_known_at from visitors order by visitor, person_id
    """,
    "companies": "select source, key, printf('B%07d', company) as company_id from company_keys order by source, key",
    "contacts": """
        select
            source, key, printf('P%07d', person) as person_id, printf('B%07d', company) as company_id,
            cast(outcome as varchar) as outcome
        from colleagues
        order by source, key
    """,
    "people": """
        select
            printf('P%07d', person) as person_id, printf('H%07d', home) as household_id, printf('P%07d', twin_of) as twin_of,
            given as first_name, nickname, family as last_name, former_family as former_last_name, married_at, birth_date, email,
            printf('P%07d', mailbox) as email_of, other_email, street, postcode, city, country, former_street, former_postcode,
            moved_at
        from people
        order by person_id
    """,
    "subsidiaries": """
        select printf('B%07d', company) as company_id, printf('B%07d', parent) as parent_id
        from companies where parent is not null order by company_id
    """,
    "generic_values": "select kind, value from generic_values order by kind, value",
    # In the order of these tables: that of the numbers, what came again behind them.
    "purchases": """
        select
            activity, number as key, printf('P%07d', person) as person_id, total as amount, total < 0 as returned, outcome
        from (
            select 'online_orders' as activity, * from online_orders union all select 'receipts', * from receipts
        )
    """,
    "late_events": "select event_id, visitor, happened_at, 'sources/web/' || file || '.csv' as file from late_events order by all",
    "consents": "select printf('P%07d', person) as person_id, purpose, given from consented order by all",
    "engagement": """
        select printf('B%07d', company) as company_id, emails_from, emails_to, meetings from engagement order by company_id
    """,
}


@dataclass(frozen=True)
class DemoSummary:
    """What was written: people, rows by file (broken ones among them), how many rows by source are for the quarantine.

    `day`: the last day of which the files tell. `late_events`: web events that are not in the file of their day.
    `changes`: what the delivery of the day after brings, by source and kind; empty without one.
    """

    people: int
    day: date
    rows: Mapping[str, int]
    broken: Mapping[str, int]
    late_events: int
    changes: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class _World:
    """The arguments of a world; equal ones make equal files."""

    people: int
    seed: int
    days: int
    end: str
    junk: float
    next_day: bool = False


def generate(
    folder: Path,
    people: int = 300,
    seed: int = 7,
    days: int | None = None,
    end: date = date(2026, 11, 20),
    junk: float = JUNK_EMAIL,
) -> DemoSummary:
    """Write the demo world below `folder`: `sources/` for the pipeline, `truth/` for who wants to measure it.

    `people` live in it; the web events are of the `days` days up to and including `end`, without a number of three years.
    `junk` is the share of the customers' records with an e-mail address that strangers share, such as noreply@.

    - sources/crm.csv, sources/shop.csv, sources/loyalty.parquet: a row a record
    - sources/web/YYYY-MM.csv and, for the last days, YYYY-MM-DD.csv: a row an event
    - truth/records.parquet: source, key, person_id; one row a record key
    - truth/visitors.parquet: visitor, person_id, signed_in_at, last_known_at; one row a device and person who signed in on it, or a
      device on which nobody ever did (nulls)
    - sources/orders.csv, sources/till.parquet: a row a purchase or return; three years up to and including `end`
    - sources/accounts_crm.csv, sources/accounts_erp.csv: a row a business account
    - sources/contacts_business.csv, sources/contacts_erp.csv: a row a contact; sources/consents.csv: a row a statement
    - stand_in/: the own addresses, and the mail and meetings of the 365 days before `end`, for the stand-in of
      Microsoft 365
    - truth/people.parquet: person_id, household_id, twin_of (a person_id), the present name and address, those before a
      marriage or a move and since when (nulls: none), and the addresses; email_of: whose mailbox `email` is
    - truth/generic_values.parquet: kind, value; what strangers share, and what therefore proves nothing
    - truth/companies.parquet: source, key, company_id; one row an account
    - truth/subsidiaries.parquet: company_id, parent_id; two companies, not one
    - truth/contacts.parquet: source, key, person_id, company_id (for whom the person works), outcome
    - truth/purchases.parquet: activity, key, person_id (null: nobody knows), amount, returned, outcome; one row a row of
      the files that can be read
    - truth/consents.parquet: person_id, purpose, given
    - truth/engagement.parquet: company_id, emails_from, emails_to, meetings (of the linked contacts, in those 365
      days: what a refresh as of `end` counts)
    - truth/late_events.parquet: event_id, visitor, happened_at, file; events that are not in the file of their day
    - truth/quarantine.parquet: source, file, line, field, reason; one row a row that cannot be read, and a row a web
      event that came before
    - truth/world.json: the arguments

    Run again with the same arguments it changes nothing; a delivery of the day after is taken back. Raises UserError if a
    number makes no world, or if a file that the demo did not make stands where one of its files has to be; then nothing
    has changed.
    """
    if not 1 <= people <= LARGEST:
        raise UserError(f"The demo can have 1 to {LARGEST:,} people, not {people:,}.")
    days = (end - first_day(end)).days + 1 if days is None else days
    if days < 1:
        raise UserError(f"The demo needs at least 1 day of web events, not {days}.")
    return _generate(folder, _World(people, seed, days, end.isoformat(), junk))


def generate_day_two(folder: Path) -> DemoSummary:
    """Write the delivery of the day after on top of the demo world below `folder`, whose truth is then that of this day.

    - sources/crm.csv, sources/loyalty.parquet, sources/shop.csv: with rows that are new or changed, without those gone
    - sources/web/YYYY-MM-DD.csv: one file more, with events of the day, some of earlier days, and some that came before
    - sources/orders.csv, sources/till.parquet: with the purchases of the day
    - truth/day_two/records.parquet: source, key, person_id, change (new, changed, gone); one row a record key
    - truth/day_two/events.parquet: event_id, visitor, happened_at, change (new, late, repeated); one row a row of the new file
    - truth/day_two/purchases.parquet: activity, key, change (new; now_due: its day has come; customer_gone)

    Run again it changes nothing. Raises UserError where no demo world is, and as `generate` does.
    """
    path = folder / WORLD
    if not path.is_file():
        raise UserError(f"There is no demo world in {folder} for a second day. `cdp demo` makes one.")
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        people, seed, days = (int(found[name]) for name in ("people", "seed", "days"))
        end, junk = date.fromisoformat(found["end"]), float(found["junk"])
    except (ValueError, KeyError, TypeError):
        raise UserError(f"{path} does not say which demo world this is. Run `cdp demo` again.") from None
    return _generate(folder, _World(people, seed, days, end.isoformat(), junk, next_day=True))


def _generate(folder: Path, world: _World) -> DemoSummary:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".demo-", dir=folder) as aside:
            with duckdb.connect(config={"memory_limit": MEMORY, "temp_directory": f"{aside}/spill"}) as con:
                written = Written(con, Path(aside) / "files")
                summary = _write(con, written, world)
            put_in_place(written.folder, folder)
    except (OSError, duckdb.IOException) as error:
        reason = getattr(error, "strerror", None) or "the disk refused a file; is it full?"
        raise UserError(f"The demo could not be written below {folder}: {reason}") from None
    return summary


def _write(con: duckdb.DuckDBPyConnection, written: Written, world: _World) -> DemoSummary:
    for part in (WEB, "truth", "stand_in"):
        (written.folder / part).mkdir(parents=True)
    people, draws, end = world.people, Draws(world.seed), date.fromisoformat(world.end)
    presence = make_people(con, draws, people, end)
    make_records(con, draws, presence, end, world.junk)
    _write_events(con, written, draws, world)
    _write_business(con, written, draws, people, end, world.next_day)
    truth = {**_TRUTH, **(day_two.TRUTH if world.next_day else {})}
    counted = {name: written.truth(f"truth/{name}.parquet", query) for name, query in truth.items()}
    pq.write_table(written.quarantine(), written.folder / QUARANTINE)
    (written.folder / WORLD).write_text(json.dumps(asdict(world), indent=1) + "\n", encoding="utf-8")
    changes = dict(con.execute(day_two.COUNTED).fetchall()) if world.next_day else {}
    return DemoSummary(people, end + timedelta(days=int(world.next_day)), written.rows, written.broken, counted["late_events"], changes)


def _write_events(con: duckdb.DuckDBPyConnection, written: Written, draws: Draws, world: _World) -> None:
    """Write the web events, and the tables of what is true of them."""
    first = date.fromisoformat(world.end) - timedelta(days=world.days - 1)
    events = make_visits(con, draws, world.people, first, world.days)
    deliveries = Deliveries(con, draws, events, first, world.days, next_day=world.next_day)
    for nth, file in enumerate(deliveries.files()):
        written.csv(f"{WEB}/{file.name}", "web", EVENT_ROWS, () if nth else broken.web(first), file.repeated)
    deliveries.write_truth()


def _write_business(con: duckdb.DuckDBPyConnection, written: Written, draws: Draws, people: int, end: date, next_day: bool) -> None:
    """Write what came after the people: companies and who works there, purchases and consents, and the people's records."""
    make_companies(con, draws, people, end)
    make_colleagues(con, draws, people)
    make_erp_contacts(con, draws)
    make_purchases(con, draws, people, end, next_day=next_day)
    make_statements(con, draws, people, end)
    if next_day:
        day_two.change_records(con, draws, people, end)
    written.csv(CRM, "crm", "from crm", broken.CRM)
    written.parquet(LOYALTY, "loyalty", "from loyalty", broken.LOYALTY)
    written.csv(SHOP, "shop", "from shop", broken.SHOP)
    written.csv(ORDERS, "orders", "from orders", broken.ORDERS)
    written.parquet(TILL, "till", "from till", broken.TILL)
    written.csv(CRM_ACCOUNTS, "crm_accounts", "from accounts_crm", broken.CRM_ACCOUNTS)
    written.csv(ERP_ACCOUNTS, "erp_accounts", "from accounts_erp", broken.ERP_ACCOUNTS)
    written.csv(CONTACTS, "business_contacts", "from contacts_business", broken.CONTACTS)
    written.csv(ERP_CONTACTS, "erp_contacts", "from contacts_erp", broken.ERP_CONTACTS)
    written.csv(CONSENTS, "newsletter", "from consents", broken.CONSENTS)
    parties = make_parties(con, draws, end)
    make_mail(con, draws, parties)
    make_meetings(con, draws, parties)
    # Of the day after, the first of the 365 days is not one of them any more.
    make_engagement(con, parties.start + timedelta(days=int(next_day)))
    written.text(OWN, ["# The mailboxes of the demo company whose mail and meetings are read: one address a line.", *OWN_ADDRESSES])
    written.without_faults(MAIL, "from mail")
    written.without_faults(MEETINGS, "from meetings")
