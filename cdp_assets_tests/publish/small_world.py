"""A few customers as the stations before would leave them, readable, and a snapshot of them."""
# ruff: noqa: E501 - a row of a table stands in one line

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from cdp_assets.lake import Source, Table, columns, session
from cdp_assets.lake.source import parquet_rows
from cdp_assets.publish import Published, publish
from cdp_assets_tests.support import rows

ANN, BEN, CARLA, UNKNOWN = "a" * 32, "b" * 32, "c" * 32, "d" * 32
OLD_ANN, GONE = "e" * 32, "f" * 32
AS_OF = date(2026, 11, 20)

PROFILES = Table(
    "unified_profiles",
    "a customer",
    ("customer_id",),
    columns(
        """
        customer_id           | varchar       | id
        known                 | boolean       | known
        full_name             | varchar       | name
        email                 | varchar       | e-mail
        phone                 | varchar       | telephone
        birth_date            | date          | born
        city                  | varchar       | city
        country               | varchar       | country
        points                | decimal(18,2) | points
        active                | boolean       | active
        updated_at            | timestamp     | changed
        records               | bigint        | records
        visitors              | bigint        | visitors
        first_seen            | timestamp     | first
        last_seen             | timestamp     | last
        previous_customer_ids | varchar[]     | old ids
        """,
        personal=["full_name", "email", "phone", "birth_date", "city", "country"],
    ),
)
MEANINGS = {
    "full_name": "person.full_name",
    "email": "identity.email",
    "phone": "identity.phone",
    "birth_date": "person.birth_date",
    "city": "location.city",
    "country": "location.country",
}
LINEAGE = Table(
    "profile_lineage",
    "a field",
    ("customer_id", "attribute"),
    columns(
        """
        customer_id    | varchar   | id
        attribute      | varchar   | field
        source         | varchar   | source
        record_key     | varchar   | key
        source_file    | varchar   | file
        source_line    | bigint    | line
        rule           | varchar   | rule
        losing_values  | varchar[] | others
        losing_records | varchar[] | theirs
        """
    ),
)
KEYS = Table(
    "alternate_keys",
    "an id",
    ("source", "record_key"),
    columns(
        """
        source        | varchar   | source
        record_key    | varchar   | key
        customer_id   | varchar   | id
        kind          | varchar   | kind
        is_winner     | boolean   | winner
        source_file   | varchar   | file
        source_line   | bigint    | line
        identified_at | timestamp | identified
        first_seen    | timestamp | first
        last_seen     | timestamp | last
        events        | bigint    | events
        """
    ),
)
IDENTITIES = Table(
    "visitor_identities",
    "an identity",
    ("source", "visitor_id", "nth"),
    columns(
        """
        source        | varchar   | source
        visitor_id    | varchar   | visitor
        nth           | integer   | number
        known_source  | varchar   | source
        known_field   | varchar   | field
        known_value   | varchar   | value
        valid_from    | timestamp | from
        valid_to      | timestamp | to
        identified_at | timestamp | identified
        first_seen    | timestamp | first
        last_seen     | timestamp | last
        events        | bigint    | events
        """
    ),
)
REDIRECTS = Table(
    "customer_id_redirects",
    "an old id",
    ("customer_id",),
    columns("customer_id | varchar | old\nsurviving_customer_id | varchar | new\nsince | bigint | registry"),
)

WORLD: dict[str, tuple[Table, str]] = {
    "unified_profiles": (
        PROFILES,
        f"""
        customer_id | known | full_name | email | phone | birth_date | city | country | points | active | updated_at | records | visitors | first_seen | last_seen | previous_customer_ids
        {ANN}     | true  | Ann-Marie O'Brien | ann@example.com   | +44 20 7946 0958  | 1980-02-03 | Cork | Ireland | 12.50 | true  | 2026-01-02 03:04:05 | 3 | 2 | 2026-05-01 10:00:00 | 2026-05-03 12:01:00 | [{OLD_ANN}]
        {BEN}     | true  | Ben Müller        | ben@example.com   | +49 30 1234567    |            | Köln |         |       | false |                     | 1 | 0 |                     |                     | []
        {CARLA}   | true  | Carla Brown       | carla@example.com |                   |            |      |         |       |       |                     | 1 | 0 |                     |                     | []
        {UNKNOWN} | false |                   |                   |                   |            |      |         |       |       |                     | 0 | 1 | 2026-05-02 08:00:00 | 2026-05-02 08:30:00 | []
    """,
    ),
    "profile_lineage": (
        LINEAGE,
        f"""
        customer_id | attribute | source | record_key | source_file | source_line | rule | losing_values | losing_records
        {ANN}   | full_name  | crm     | 17  | sources/crm.csv         | 18 | importance | [Ann O Brien]                      | [loyalty~A1]
        {ANN}   | email      | crm     | 17  | sources/crm.csv         | 18 | importance | [ann@old.example,obrien@example.com] | [loyalty~A1,shop~S9]
        {ANN}   | phone      | crm     | 17  | sources/crm.csv         | 18 | importance | []                                 | []
        {ANN}   | birth_date | crm     | 17  | sources/crm.csv         | 18 | importance | []                                 | []
        {ANN}   | city       | crm     | 17  | sources/crm.csv         | 18 | importance | []                                 | []
        {ANN}   | country    | crm     | 17  | sources/crm.csv         | 18 | importance | []                                 | []
        {ANN}   | points     | loyalty | A1  | sources/loyalty.parquet | 4  | importance | []                                 | []
        {BEN}   | full_name  | crm     | 18  | sources/crm.csv         | 19 | importance | []                                 | []
        {BEN}   | email      | crm     | 18  | sources/crm.csv         | 19 | importance | []                                 | []
        {CARLA} | full_name  | shop    | X-7 | sources/shop.csv        | 2  | importance | []                                 | []
    """,
    ),
    "alternate_keys": (
        KEYS,
        f"""
        source | record_key | customer_id | kind | is_winner | source_file | source_line | identified_at | first_seen | last_seen | events
        crm     | 17       | {ANN}     | record  | true  | sources/crm.csv         | 18 |                     |                     |                     |
        crm     | 170      | {ANN}     | record  | false | sources/crm.csv         | 99 |                     |                     |                     |
        loyalty | A1       | {ANN}     | record  | true  | sources/loyalty.parquet | 4  |                     |                     |                     |
        web     | cookie-1 | {ANN}     | visitor | true  |                         |    | 2026-05-01 10:05:00 | 2026-05-01 10:00:00 | 2026-05-01 11:00:00 | 12
        web     | cookie-2 | {ANN}     | visitor | true  |                         |    | 2026-05-03 12:00:00 | 2026-05-03 11:00:00 | 2026-05-03 12:01:00 | 3
        crm     | 18       | {BEN}     | record  | true  | sources/crm.csv         | 19 |                     |                     |                     |
        shop    | X-7      | {CARLA}   | record  | true  | sources/shop.csv        | 2  |                     |                     |                     |
        web     | cookie-9 | {UNKNOWN} | visitor | true  |                         |    |                     | 2026-05-02 08:00:00 | 2026-05-02 08:30:00 | 5
    """,
    ),
    "visitor_identities": (
        IDENTITIES,
        """
        source | visitor_id | nth | known_source | known_field | known_value | valid_from | valid_to | identified_at | first_seen | last_seen | events
        web | cookie-1 | 1 | crm | contact_id | 17 | 2026-05-01 10:00:00 |                     | 2026-05-01 10:05:00 | 2026-05-01 10:00:00 | 2026-05-01 11:00:00 | 12
        web | cookie-2 | 1 | crm | contact_id | 18 | 2026-05-03 11:00:00 | 2026-05-03 12:00:00 | 2026-05-03 11:10:00 | 2026-05-03 11:00:00 | 2026-05-03 12:01:00 | 3
        web | cookie-2 | 2 | crm | contact_id | 17 | 2026-05-03 12:00:00 |                     | 2026-05-03 12:00:00 | 2026-05-03 11:00:00 | 2026-05-03 12:01:00 | 3
        web | cookie-9 | 1 |     |            |    | 2026-05-02 08:00:00 |                     |                     | 2026-05-02 08:00:00 | 2026-05-02 08:30:00 | 5
    """,
    ),
    "customer_id_redirects": (
        REDIRECTS,
        f"""
        customer_id | surviving_customer_id | since
        {OLD_ANN} | {ANN} | 2
        {GONE}    |       | 2
    """,
    ),
}


def world(**changed: str) -> dict[str, pa.Table]:
    """The tables of the small world, some of them given anew as text."""
    return {table: _typed(rows(changed.get(table, text)), declared) for table, (declared, text) in WORLD.items()}


def _typed(texts: pa.Table, declared: Table) -> pa.Table:
    """Cells as declared; a list is written `[a,b]`, and `~` in it stands for the bar that divides cells."""
    assert texts is not None
    cells = [
        f"list_filter(string_split(replace(trim({c.name}, '[]'), '~', '|'), ','), lambda each: each <> '') as {c.name}"
        if c.type == "varchar[]"
        else f"cast({c.name} as {c.type}) as {c.name}"
        for c in declared.columns
    ]
    with duckdb.connect() as connection:
        return connection.sql(f"select {', '.join(cells)} from texts").to_arrow_table()


def sources(folder: Path, tables: Mapping[str, pa.Table], version: int = 0) -> dict[str, Source]:
    """The tables as versions of a lake."""
    return {table: source_of_rows(folder, WORLD[table][0], content, version) for table, content in tables.items()}


def source_of_rows(folder: Path, declared: Table, content: pa.Table, version: int = 0) -> Source:
    """Rows as a version of a table of a lake."""
    file = folder / f"{declared.name}-{version}.parquet"
    pq.write_table(content, file)
    return Source(declared, parquet_rows(declared, [str(file)]), 1, f"content {version}", version)


def published(
    folder: Path, tables: Mapping[str, pa.Table] | None = None, *, run: str = "run-1", as_of: date = AS_OF, version: int = 0
) -> Published:
    """Publish the small world (or other tables) below `folder`."""
    folder.mkdir(exist_ok=True)
    with session() as connection:
        found = sources(folder, tables or world(), version)
        return publish(connection, folder / "published", found, MEANINGS, run_id=run, as_of=as_of)
