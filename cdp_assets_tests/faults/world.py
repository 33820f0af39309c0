"""A small project with records, web events, accounts, activities, a measure and a segment, and its second day.

All of it follows from numbers: no chance, no clock. Some rows are wrong on purpose, so that quarantine is never empty.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from cdp_assets.config import Project, load_project

FIRST, SECOND = date(2026, 11, 20), date(2026, 11, 21)
"""The days of the two refreshes."""
PEOPLE, COMPANIES, DAYS = 60, 12, 3
CRM, ORDERS = "contact_id,full_name,email,born", "order_id,contact_id,ordered_at,total"  # columns of the files
NO_KEY, NO_DATE, NO_TIME = ",No Key,no@x.example,", "c900,Bad Date,,31/31/1980", "o-wrong,c1,yesterday,1.00"  # for quarantine
OF_NOBODY = "o-nobody,c99999,2026-11-19T10:00:00,5"

CONFIG = """
version: 1
engine: {memory: 512MiB, threads: 1}
sources:
  crm:
    files: sources/crm.csv
    primary_key: contact_id
    fields: {full_name: person.full_name, email: identity.email, born: person.birth_date}
  loyalty:
    files: sources/loyalty.parquet
    primary_key: loyalty_id
    fields: {name: person.full_name, mail: identity.email, points: integer}
  web:
    kind: events
    files: sources/web/
    visitor: visitor
    time: ts
    known_as: {user_id: crm.contact_id}
    fields: {page: text}
    include_all_records: true
  orders:
    files: sources/orders*.csv
    primary_key: order_id
    fields: {contact_id: text, ordered_at: timestamp, total: decimal}
  companies:
    files: sources/companies.csv
    primary_key: account_no
    fields: {company: organization.name, postcode: location.postcode}
customers:
  match_order: [crm, loyalty, web]
  dedupe:
    crm: {rules: [{name: same e-mail, all: [{field: email, normalise: [lower, whitespace]}]}], keep: most_filled}
  match:
    - {name: same e-mail, left: crm, right: loyalty, all: [{field: email, normalise: [lower, whitespace]}]}
accounts: {match_order: [companies], dedupe: {companies: {rules: [{name: same name, all: [{field: company, normalise: [lower]}]}]}}}
activities:
  purchases: {source: orders, type: SalesOrder, of: {contact_id: crm.contact_id}, time: ordered_at, amount: total}
  visits: {source: web}
measures:
  spent: {function: sum, field: amount, activities: [purchases]}
segments:
  buyers: {all: [{measure.spent: {above: 20}}]}
"""

RECORDS = ("crm", "loyalty", "orders", "companies")
"""The sources whose rows are counted: what the files hold is in the table or in quarantine."""


def world(folder: Path) -> Project:
    """The project on its first day."""
    sources = folder / "sources"
    (sources / "web").mkdir(parents=True)
    (folder / "cdp.yaml").write_text(CONFIG)
    _csv(sources / "crm.csv", CRM, [*map(_person, range(PEOPLE)), NO_KEY])
    _loyalty(sources / "loyalty.parquet", range(0, PEOPLE, 2))
    for day in range(DAYS):
        _events(sources / "web" / f"{day}.csv", FIRST - timedelta(days=DAYS - day), 40)
    _csv(sources / "orders.csv", ORDERS, [*map(_order, range(80)), NO_TIME])
    _companies(sources / "companies.csv", range(COMPANIES))
    return load_project(folder)


def next_day(folder: Path) -> Project:
    """New, changed and deleted rows in every source, a new day of events, and late ones of the days before."""
    sources = folder / "sources"
    people = [_person(n) for n in range(5, PEOPLE + 10)]
    changed = [line.replace("Person 7 ", "Person Seven ") for line in people]
    _csv(
        sources / "crm.csv",
        "contact_id,full_name,email,born",
        [*changed, NO_KEY, NO_DATE],
    )
    _loyalty(sources / "loyalty.parquet", range(0, PEOPLE + 10, 3))
    _events(sources / "web" / f"{DAYS}.csv", FIRST, 40)
    _events(sources / "web" / "late.csv", FIRST - timedelta(days=2), 6, start=900)
    _csv(sources / "orders.csv", ORDERS, [*map(_order, range(10, 90)), NO_TIME])
    _csv(
        sources / "orders_2.csv",
        "order_id,contact_id,ordered_at,total",
        [*map(_order, range(100, 120)), OF_NOBODY],
    )
    _companies(sources / "companies.csv", range(2, COMPANIES + 2))
    return load_project(folder)


def rows_of_files(folder: Path) -> dict[str, int]:
    """Source -> rows in its files as they are now, counted without the program."""
    found = {}
    for source in RECORDS:
        files = sorted((folder / "sources").glob(f"{source}[._]*"))
        assert files, source
        found[source] = sum(pq.read_metadata(f).num_rows if f.suffix == ".parquet" else len(f.read_text().splitlines()) - 1 for f in files)
    return found


def _csv(file: Path, header: str, lines: Sequence[str]) -> None:
    file.write_text("\n".join([header, *lines]) + "\n")


def _mail(number: int) -> str:
    return f"person{number % 55}@mail.example"  # some share an address


def _person(number: int) -> str:
    return f"c{number},Person {number} Lee,{_mail(number)},19{50 + number % 50}-05-1{number % 10}"


def _loyalty(file: Path, numbers: Iterable[int]) -> None:
    chosen = list(numbers)
    columns = {"loyalty_id": [f"l{n}" for n in chosen], "name": [f"Person {n} Lee" for n in chosen]}
    pq.write_table(pa.table({**columns, "mail": [_mail(n).upper() for n in chosen], "points": [n * 10 for n in chosen]}), file)


def _events(file: Path, day: date, count: int, *, start: int = 0) -> None:
    lines = []
    for number in range(start, start + count):
        user = f"c{number % PEOPLE}" if number % 3 == 0 else ""
        lines.append(f"{day}-{number},{day}T{number % 24:02}:30:00,v{number % 25},{user},view,/p{number % 7}")
    _csv(file, "event_id,ts,visitor,user_id,event,page", [*lines, f"{day}-bad,,,,view,/"])


def _order(number: int) -> str:
    return f"o{number},c{number % PEOPLE},2026-{1 + number % 11:02}-{1 + number % 28:02}T12:00:00,{number % 40}.50"


def _companies(file: Path, numbers: Iterable[int]) -> None:
    _csv(file, "account_no,company,postcode", [f"a{n},Company {n // 2},{10000 + n}" for n in numbers])  # each of them twice
