"""The demo world as files: sources for a project, and beside them their truth, which no pipeline reads.

Only which file holds what; who the people are, what the sources know of them and what they do on the site are modules
of their own. Equal arguments give equal bytes.
"""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from cdp_assets.demo import broken
from cdp_assets.demo.broken import BrokenRow
from cdp_assets.demo.colleagues import make_colleagues
from cdp_assets.demo.companies import make_companies
from cdp_assets.demo.correspondence import make_mail
from cdp_assets.demo.draws import Draws
from cdp_assets.demo.engagement import make_engagement
from cdp_assets.demo.files import put_in_place
from cdp_assets.demo.meetings import make_meetings
from cdp_assets.demo.parties import make_parties
from cdp_assets.demo.people import make_people
from cdp_assets.demo.purchases import make_purchases
from cdp_assets.demo.records import make_records
from cdp_assets.demo.statements import make_statements
from cdp_assets.demo.visits import make_visits
from cdp_assets.demo.vocabulary import OWN_ADDRESSES
from cdp_assets.errors import UserError

CRM, LOYALTY, SHOP, WEB = "sources/crm.csv", "sources/loyalty.parquet", "sources/shop.csv", "sources/web"
ORDERS, TILL, CONSENTS = "sources/orders.csv", "sources/till.parquet", "sources/consents.csv"
CRM_ACCOUNTS, ERP_ACCOUNTS, CONTACTS = "sources/accounts_crm.csv", "sources/accounts_erp.csv", "sources/contacts_business.csv"
OWN, MAIL, MEETINGS = "stand_in/addresses.txt", "stand_in/mail.parquet", "stand_in/meetings.parquet"
QUARANTINE = "truth/quarantine.parquet"
MEMORY = "2GiB"  # for DuckDB; what does not fit is spilled beside the files
LARGEST = 9_000_000  # keys have seven digits, and those from 9,000,000 on are the broken rows'

# What is true, by file: a query over the tables that the other modules leave.
_TRUTH = {
    "records": "select source, key, printf('P%07d', person) as person_id from owners order by source, key",
    "visitors": """
        select visitor, printf('P%07d', person) as person_id, signed_in_at from visitors order by visitor, person_id
    """,
    "companies": "select source, key, printf('B%07d', company) as company_id from company_keys order by source, key",
    "contacts": """
        select
            contact_no as key, printf('P%07d', person) as person_id, printf('B%07d', company) as company_id,
            cast(outcome as varchar) as outcome
        from colleagues
        order by key
    """,
    "purchases": """
        select
            activity, number as key, printf('P%07d', person) as person_id, total as amount, total < 0 as returned, outcome
        from (
            select 'online_orders' as activity, * from online_orders union all select 'receipts', * from receipts
        )
        order by activity, key, outcome
    """,
    "consents": "select printf('P%07d', person) as person_id, purpose, given from consented order by all",
    "engagement": """
        select printf('B%07d', company) as company_id, emails_from, emails_to, meetings from engagement order by company_id
    """,
}


@dataclass(frozen=True)
class DemoSummary:
    """What was written: people, rows by file (broken ones among them), and how many rows are broken by source."""

    people: int
    rows: Mapping[str, int]
    broken: Mapping[str, int]


def generate(folder: Path, people: int = 300, seed: int = 7, days: int = 14, end: date = date(2026, 11, 20)) -> DemoSummary:
    """Write the demo world below `folder`: `sources/` for the pipeline, `truth/` for who wants to measure it.

    `people` live in it; the web events are of the `days` days up to and including `end`.

    - sources/crm.csv, sources/shop.csv, sources/loyalty.parquet: a row a record
    - sources/web/YYYY-MM-DD.csv: a row an event
    - truth/records.parquet: source, key, person_id; one row a record key
    - truth/visitors.parquet: visitor, person_id, signed_in_at; one row a device and person who signed in on it, or a
      device on which nobody ever did (nulls)
    - sources/orders.csv, sources/till.parquet: a row a purchase or return; three years up to and including `end`
    - sources/accounts_crm.csv, sources/accounts_erp.csv: a row a business account
    - sources/contacts_business.csv: a row a contact; sources/consents.csv: a row a statement
    - stand_in/: the own addresses, and the mail and meetings of the 365 days before `end`, for the stand-in of
      Microsoft 365
    - truth/companies.parquet: source, key, company_id; one row an account
    - truth/contacts.parquet: key, person_id, company_id (for whom the person works), outcome
    - truth/purchases.parquet: activity, key, person_id (null: nobody knows), amount, returned, outcome; one row a row of
      the files that can be read
    - truth/consents.parquet: person_id, purpose, given
    - truth/engagement.parquet: company_id, emails_from, emails_to, meetings (of the linked contacts, in those 365
      days: what a refresh as of `end` counts)
    - truth/quarantine.parquet: source, file, line, field, reason; one row a row that cannot be read

    Run again with the same arguments it changes nothing. Raises UserError if a number makes no world, or if a file that
    the demo did not make stands where one of its files has to be; then nothing has changed.
    """
    if not 1 <= people <= LARGEST:
        raise UserError(f"The demo can have 1 to {LARGEST:,} people, not {people:,}.")
    if days < 1:
        raise UserError(f"The demo needs at least 1 day of web events, not {days}.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".demo-", dir=folder) as aside:
            written = _write(Path(aside), people, Draws(seed), end, days)
            put_in_place(written.folder, folder)
    except (OSError, duckdb.IOException) as error:
        reason = getattr(error, "strerror", None) or "the disk refused a file; is it full?"
        raise UserError(f"The demo could not be written below {folder}: {reason}") from None
    return DemoSummary(people, written.rows, written.broken)


def _write(aside: Path, people: int, draws: Draws, end: date, days: int) -> _Written:
    written = _Written(aside / "files")
    for part in (WEB, "truth", "stand_in"):
        (written.folder / part).mkdir(parents=True)
    with duckdb.connect(config={"memory_limit": MEMORY, "temp_directory": str(aside / "spill")}) as con:
        presence = make_people(con, draws, people, end)
        make_records(con, draws, presence, end)
        written.csv(CRM, "crm", con.table("crm"), broken.CRM)
        written.parquet(LOYALTY, "loyalty", con.table("loyalty"), broken.LOYALTY)
        written.csv(SHOP, "shop", con.table("shop"), broken.SHOP)
        first = end - timedelta(days=days - 1)
        for day in make_visits(con, draws, people, first, days):
            broken_rows = broken.web(first) if day.day == first else ()
            written.csv(f"{WEB}/{day.day}.csv", "web", day.rows, broken_rows)
        _write_business(con, written, draws, people, end)
        for name, query in _TRUTH.items():
            con.sql(query).write_parquet(str(written.folder / f"truth/{name}.parquet"))
    pq.write_table(written.quarantine(), written.folder / QUARANTINE)
    return written


def _write_business(con: duckdb.DuckDBPyConnection, written: _Written, draws: Draws, people: int, end: date) -> None:
    """Write what came after the people: companies and who works there, purchases and consents."""
    make_companies(con, draws, people, end)
    make_colleagues(con, draws, people)
    make_purchases(con, draws, people, end)
    make_statements(con, draws, people, end)
    written.csv(ORDERS, "orders", con.table("orders"), broken.ORDERS)
    written.parquet(TILL, "till", con.table("till"), broken.TILL)
    written.csv(CRM_ACCOUNTS, "crm_accounts", con.table("accounts_crm"), broken.CRM_ACCOUNTS)
    written.csv(ERP_ACCOUNTS, "erp_accounts", con.table("accounts_erp"), broken.ERP_ACCOUNTS)
    written.csv(CONTACTS, "business_contacts", con.table("contacts_business"), broken.CONTACTS)
    written.csv(CONSENTS, "newsletter", con.table("consents"), broken.CONSENTS)
    parties = make_parties(con, draws, end)
    make_mail(con, draws, parties)
    make_meetings(con, draws, parties)
    make_engagement(con)
    written.text(OWN, ["# The mailboxes of the demo company whose mail and meetings are read: one address a line.", *OWN_ADDRESSES])
    written.without_faults(MAIL, con.table("mail"))
    written.without_faults(MEETINGS, con.table("meetings"))


class _Written:
    """Writes the files of the sources and counts what is in them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rows: dict[str, int] = {}
        self.broken: dict[str, int] = {}
        self._quarantine: list[dict[str, str | int | None]] = []

    def csv(self, file: str, source: str, rows: duckdb.DuckDBPyRelation, broken_rows: Sequence[BrokenRow]) -> None:
        """Write the rows, then the broken ones; a line is counted with the header as line 1."""
        path = self.folder / file
        rows.write_csv(str(path), header=True)
        with path.open("a", encoding="utf-8", newline="") as out:
            csv.writer(out, lineterminator="\n").writerows(row.values for row in broken_rows)
        self._count(file, source, len(rows), broken_rows, header=1)

    def parquet(self, file: str, source: str, rows: duckdb.DuckDBPyRelation, broken_rows: Sequence[BrokenRow]) -> None:
        """Write the rows and the broken ones; a line is the number of the row, the first one being 1."""
        table = rows.to_arrow_table()
        columns = zip(*(row.values for row in broken_rows), strict=True)
        arrays = [pa.array(list(column), field.type) for column, field in zip(columns, table.schema, strict=True)]
        pq.write_table(pa.concat_tables([table, pa.table(arrays, table.schema)]), self.folder / file)
        self._count(file, source, len(table), broken_rows, header=0)

    def without_faults(self, file: str, rows: duckdb.DuckDBPyRelation) -> None:
        """Write rows that are no source of the pipeline."""
        rows.write_parquet(str(self.folder / file))
        self.rows[file] = len(rows)

    def text(self, file: str, lines: Sequence[str]) -> None:
        """Write lines of text."""
        (self.folder / file).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        self.rows[file] = len(lines)

    def quarantine(self) -> pa.Table:
        """One row a broken row: source, file (relative to the project), line, field (null: the whole row), reason."""
        text = pa.string()
        schema = pa.schema([("source", text), ("file", text), ("line", pa.int64()), ("field", text), ("reason", text)])
        return pa.Table.from_pylist(self._quarantine, schema)

    def _count(self, file: str, source: str, rows: int, broken_rows: Sequence[BrokenRow], *, header: int) -> None:
        self.rows[file] = rows + len(broken_rows)
        self.broken[source] = self.broken.get(source, 0) + len(broken_rows)
        self._quarantine += [
            {"source": source, "file": file, "line": rows + header + nth, "field": row.field, "reason": row.reason}
            for nth, row in enumerate(broken_rows, start=1)
        ]
