"""What is in a published snapshot: the tables of `serve.duckdb`, declared like those of the lake. Nothing is built here."""

from collections.abc import Iterable
from dataclasses import replace

from cdp_assets.lake import Table, columns
from cdp_assets.lake.digest import of
from cdp_assets.publish.card_tables import CARD_TABLES, OPTIONAL_INPUTS

RETENTION = "the last three publications are kept"

INPUTS = ("unified_profiles", "profile_lineage", "alternate_keys", "visitor_identities", "customer_id_redirects")
"""The tables of the lake that every project publishes."""

PROFILE_FACTS = ("customer_id", "known", "records", "visitors", "first_seen", "last_seen", "previous_customer_ids")
"""Columns of unified_profiles that the platform adds; all others are the fields of the customers."""

CUSTOMER = Table(
    "customer",
    grain="what a list and the head of a card show of a customer",
    key=("customer_id",),
    columns=columns(
        """
        customer_id | varchar   | id of the unified profile
        number      | integer   | place in the order of the ids; stands for the id in search_token
        name        | varchar   | full name, else first and last name, else the organisation
        email       | varchar   | e-mail address
        place       | varchar   | city and country
        known       | boolean   | has a record that is not a visitor
        records     | bigint    | source records in it
        visitors    | bigint    | visitor ids in it
        first_seen  | timestamp | first web event (UTC)
        last_seen   | timestamp | last web event (UTC)
        """,
        personal=["name", "email", "place"],
        required=["number", "known"],
    ),
    retention=RETENTION,
)

PROFILE_COLUMN = Table(
    "profile_column",
    grain="a field of the table profile and how it is shown",
    key=("position",),
    columns=columns(
        """
        position | integer | place on the card, from 1
        name     | varchar | column of the table profile
        label    | varchar | what people read
        type     | varchar | type in the lake (decimals are double in the snapshot)
        meaning  | varchar | type in cdp.yaml, such as identity.email
        personal | boolean | is about a person
        """,
        required=["name", "label", "type", "meaning", "personal"],
    ),
    retention=RETENTION,
)

SEARCH_TOKEN = Table(
    "search_token",
    grain="a text under which a customer is found: its beginning is enough",
    key=("token", "kind", "customer"),
    columns=columns(
        """
        token    | varchar | small ASCII letters: a word, first and last name in both orders, e-mail, digits, an id
        kind     | varchar | name (one word), full name, email, phone, id or old id
        customer | integer | number of the customer
        """,
        personal=["token"],
    ),
    retention=RETENTION,
)

ATTRIBUTE_ORIGIN = Table(
    "attribute_origin",
    grain="where the value of a customer's field comes from",
    key=("customer_id", "attribute"),
    columns=columns(
        """
        customer_id    | varchar   | id of the unified profile
        attribute      | varchar   | field of the table profile
        source         | varchar   | source of the record
        record_key     | varchar   | key of the record
        source_file    | varchar   | file of the record, relative to the project
        source_line    | bigint    | line in the file
        rule           | varchar   | how the value was chosen
        losing_values  | varchar[] | other values, not used
        losing_records | varchar[] | source|key of the records that have them
        """,
        personal=["record_key", "losing_values", "losing_records"],
    ),
    retention=RETENTION,
)

CUSTOMER_KEY = Table(
    "customer_key",
    grain="an id of a source that belongs to a customer: of a record or of a visitor",
    key=("customer_id", "kind", "source", "record_key"),
    columns=columns(
        """
        customer_id   | varchar   | id of the unified profile
        kind          | varchar   | record or visitor
        source        | varchar   | source of the id
        record_key    | varchar   | key of the record, or visitor id
        is_winner     | boolean   | false: a duplicate inside its source
        source_file   | varchar   | file of the record
        source_line   | bigint    | line in the file
        identified_at | timestamp | since when the visitor is this customer (UTC); null: not known
        first_seen    | timestamp | first event of the visitor (UTC)
        last_seen     | timestamp | last event of the visitor (UTC)
        events        | bigint    | number of events of the visitor
        """,
        personal=["record_key"],
    ),
    retention=RETENTION,
)

VISITOR_IDENTITY = Table(
    "visitor_identity",
    grain="who a visitor of a customer was, in the order of time",
    key=("customer_id", "source", "visitor_id", "nth"),
    columns=columns(
        """
        customer_id   | varchar   | customer to whom the visitor id belongs now
        source        | varchar   | source of the events
        visitor_id    | varchar   | visitor id
        nth           | integer   | number of the identity of the visitor, from 1
        known_source  | varchar   | source of the id given at sign-in
        known_field   | varchar   | field of that source
        known_value   | varchar   | the id; null: not known
        valid_from    | timestamp | from when (UTC)
        valid_to      | timestamp | until when (UTC); null: still
        identified_at | timestamp | time of the identification (UTC)
        """,
        personal=["visitor_id", "known_value"],
    ),
    retention=RETENTION,
)

REDIRECT = Table(
    "redirect",
    grain="a customer id that no longer is one",
    key=("customer_id",),
    columns=columns(
        """
        customer_id           | varchar | the old id
        surviving_customer_id | varchar | the customer it is part of now; null: all its records are gone
        since                 | bigint  | number of the registry in which it ended
        """
    ),
    retention=RETENTION,
)

PUBLISHED_VERSION = Table(
    "published_version",
    grain="a table of the lake in the snapshot and its version",
    key=("table_name",),
    columns=columns(
        """
        table_name | varchar | name in the lake
        version    | bigint  | version in the lake; null: it has none
        content    | varchar | digest of its rows
        """
    ),
    retention=RETENTION,
)

FACTS = Table(
    "facts",
    grain="the snapshot as a whole (one row)",
    key=("contents",),
    columns=columns(
        """
        contents  | varchar | digest of all that is in it
        as_of     | date    | date of the first run that published these contents
        customers | bigint  | unified profiles
        known     | bigint  | of these with a record that is not a visitor
        records   | bigint  | source records in them
        visitors  | bigint  | visitor ids in them
        """,
        required=["as_of", "customers", "known", "records", "visitors"],
    ),
    retention=RETENTION,
)


def profile(unified_profiles: Table) -> Table:
    """The wide table of all fields: unified_profiles with decimals as double, which every client of the pages can show."""
    shown = tuple(replace(c, type="double") if c.type.startswith("decimal") else c for c in unified_profiles.columns)
    return replace(unified_profiles, name="profile", columns=shown, retention=RETENTION)


FIXED = (
    CUSTOMER,
    PROFILE_COLUMN,
    SEARCH_TOKEN,
    ATTRIBUTE_ORIGIN,
    CUSTOMER_KEY,
    VISITOR_IDENTITY,
    REDIRECT,
    PUBLISHED_VERSION,
    FACTS,
    *CARD_TABLES,
)
"""The tables that are the same in every project."""

LAYOUT = of([(table.name, [(column.name, column.type) for column in table.columns]) for table in FIXED])
"""Stands for what readers rely on: a program reads only publications that have its own layout."""


def published_inputs(tables: Iterable[str]) -> list[str]:
    """Those of the tables that are published."""
    return [table for table in tables if table in (*INPUTS, *OPTIONAL_INPUTS)]


def published_tables(unified_profiles: Table) -> list[Table]:
    """Every table of a snapshot."""
    return [profile(unified_profiles), *FIXED]
