"""A query or table of a real PostgreSQL as a source: what is read, in which types, and what is said when it cannot be."""

import datetime as dt
from pathlib import Path

import pytest

from cdp_assets.errors import OutsideError
from cdp_assets.lake import Place
from cdp_assets.sources import SourceError
from cdp_assets_tests.postgres import Postgres, postgres  # noqa: F401 - the fixture
from cdp_assets_tests.sources.projects import quarantine_of, read, rows_of, write

pytestmark = pytest.mark.pipeline

CUSTOMERS = """
create table customers (id int primary key, name text, points numeric(20, 6), born date, seen timestamptz, vip boolean, rate float4);
insert into customers values
    (2, 'Bob Ray', 12.50, null, '2026-01-02 03:04:05.678901+02', true, 0.1),
    (1, 'Ann Moss', null, '1986-05-08', null, null, null);
"""
CONFIG = """
version: 1
sources:
  shop:
    database: SHOP_DATABASE
    table: public.customers
    primary_key: id
    fields:
      id: integer
      name: person.full_name
      points: decimal
      born: person.birth_date
      seen: timestamp
      vip: boolean
      rate: number
"""
QUERY = CONFIG.replace("table: public.customers", "query: {query}")


@pytest.fixture
def shop(tmp_path: Path, postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> Path:  # noqa: F811
    monkeypatch.setenv("SHOP_DATABASE", postgres.create("shop", CUSTOMERS))
    write(tmp_path, cdp_yaml=CONFIG)
    return tmp_path


def asked(folder: Path, query: str, config: str = QUERY) -> None:
    write(folder, cdp_yaml=config.replace("{query}", f'"{query}"'))


def said(folder: Path, name: str = "shop") -> str:
    """What reading the source is refused with."""
    with pytest.raises(SourceError) as error:
        read(folder, name)
    assert Place(folder / ".cdp").tables() == []
    return error.value.message


def test_rows_come_in_the_order_of_the_key_in_their_types(shop):
    faults, rows = read(shop, "shop")
    assert (faults.rows, rows.rows) == (0, 2)
    first, second = rows_of(shop, "shop")
    assert (first["source_file"], first["source_line"]) == ("database SHOP_DATABASE: public.customers", 1)
    assert (first["record_key"], first["name"], first["born"]) == ("1", "Ann Moss", dt.date(1986, 5, 8))
    assert [str(second[field]) for field in ("points", "seen", "vip", "rate")] == ["12.50", "2026-01-02 01:04:05.678901", "True", "0.1"]


def test_a_refresh_without_a_change_makes_no_new_version(shop, postgres):  # noqa: F811
    _, first = read(shop, "shop")
    postgres.psql("shop", "delete from customers; " + CUSTOMERS.partition(";")[2])  # the rows in another place of the table
    _, second = read(shop, "shop")
    assert (second.unchanged, second.version) == (True, first.version)
    postgres.psql("shop", "update customers set name = 'Bo Ray' where id = 2")
    _, third = read(shop, "shop")
    assert third.unchanged is False
    assert [row["name"] for row in rows_of(shop, "shop")] == ["Ann Moss", "Bo Ray"]


def test_a_query_is_read_as_a_table_is(shop):
    asked(shop, "select * from customers where id > 1;  -- the later ones")
    read(shop, "shop")
    assert [(row["source_file"], row["name"]) for row in rows_of(shop, "shop")] == [("database SHOP_DATABASE: query", "Bob Ray")]


def test_the_order_of_rows_does_not_depend_on_the_server(shop):
    query = "select * from (values ('b', 'x'), ('B', 'y'), ('a', 'z'), ('a', 'w')) as v (id, name)"
    config = QUERY.replace("id: integer", "id: text").partition("      points")[0]
    asked(shop, query, config)
    read(shop, "shop")
    assert [(r["source_line"], r["record_key"], r["name"]) for r in rows_of(shop, "shop")] == [
        (1, "B", "y"), (2, "a", "w"), (3, "a", "z"), (4, "b", "x"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        ("123456789012345678.25::numeric", "text", "123456789012345678.25"),
        ("9999999999999999.99::numeric", "decimal", "9999999999999999.99"),
        ("9007199254740993::bigint", "integer", "9007199254740993"),
        ("7::smallint", "integer", "7"),
        ("12.00::numeric", "integer", "12"),
        ("0.1::float4", "number", "0.1"),
        ("1e300::float8", "number", "1e+300"),
        ("'x '::char(3)", "text", "x  "),
        ("'6ba7b810-9dad-11d1-80b4-00c04fd430c8'::uuid", "text", "6ba7b810-9dad-11d1-80b4-00c04fd430c8"),
        ("""'{"a": 1}'::jsonb""", "text", '{"a": 1}'),
        ("time '10:00'", "text", "10:00:00"),
        ("interval '1 day'", "text", "1 day"),
        ("'sad'::mood", "text", "sad"),
        ("1.5::money", "text", "$1.50"),
        ("date '2024-02-29'", "date", "2024-02-29"),
        ("date '2024-02-29'", "timestamp", "2024-02-29 00:00:00"),
        ("timestamp '2024-02-29 12:00:00.000001'", "timestamp", "2024-02-29 12:00:00.000001"),
        ("timestamptz '2024-02-29 12:00+05'", "timestamp", "2024-02-29 07:00:00"),
        ("true", "boolean", "True"),
        ("null::numeric", "decimal", "None"),
        ("null", "text", "None"),
    ],
)
def test_a_value_is_read_without_loss(shop, postgres, value, kind, expected):  # noqa: F811
    if "mood" in value:
        postgres.psql("shop", "create type mood as enum ('sad', 'glad')")
    asked(shop, f"select 1 as id, {value} as v".replace('"', '\\"'), QUERY.partition("      name")[0] + f"      v: {kind}\n")
    read(shop, "shop")
    assert quarantine_of(shop) == []
    assert [str(row["v"]) for row in rows_of(shop, "shop")] == [expected]


@pytest.mark.parametrize(
    ("value", "kind", "reason"),
    [
        ("'infinity'::timestamptz", "timestamp", "not a time in the years 0001 to 9999"),
        ("'-infinity'::date", "date", "not a date in the years 0001 to 9999"),
        ("date '0044-03-15 BC'", "date", "not a date in the years 0001 to 9999"),
        ("'NaN'::numeric", "decimal", "not a number"),
        ("'infinity'::float8", "number", "not a number"),
        ("'soon'::text", "date", "not a date as in 2024-12-31 (ISO 8601)"),
    ],
)
def test_a_value_that_is_none_is_in_quarantine(shop, value, kind, reason):
    asked(shop, f"select 1 as id, {value} as v", QUERY.partition("      name")[0] + f"      v: {kind}\n")
    read(shop, "shop")
    assert quarantine_of(shop) == [("shop", 1, "v", reason)]


def test_events_and_consents_are_read_from_a_database_too(shop, postgres):  # noqa: F811
    config = (
        CONFIG
        + """
  web: {database: SHOP_DATABASE, query: select * from hits, kind: events, visitor: v, time: t, event_id: e, event: what}
  post: {database: SHOP_DATABASE, table: says, kind: consents, person: {mail: identity.email}, purpose: p, given: g, at: t}
customers: {match_order: [shop, web]}
"""
    )
    config = config.replace("      rate: number", "      rate: number\n      mail: identity.email")
    config = config.replace("event: what}", "event: what, include_all_records: true}")
    postgres.psql(
        "shop",
        "create table hits (e text, v text, t timestamptz, what text); create table says (mail text, p text, g boolean, t timestamptz);"
        "insert into hits values ('e2', 'v1', '2026-01-01 10:00Z', 'view'), ('e1', 'v1', '2026-01-01 09:00Z', 'view');"
        "insert into says values ('ann@x.example', 'Newsletter', true, '2026-01-01 10:00Z'), (null, 'Newsletter', true, null)",
    )
    write(shop, cdp_yaml=config)
    read(shop, "web")
    read(shop, "post")
    assert [(row["source_line"], row["event_id"], row["time"].hour) for row in rows_of(shop, "web")] == [(1, "e1", 9), (2, "e2", 10)]
    assert [(row["mail"], row["given"]) for row in rows_of(shop, "post")] == [("ann@x.example", True)]
    assert quarantine_of(shop) == [("post", 2, "mail", "nobody is named, as mail has no value")]


def test_a_database_in_another_encoding_is_read_as_unicode(shop, postgres, monkeypatch):  # noqa: F811
    postgres.psql("postgres", "drop database if exists latin")
    postgres.psql("postgres", "create database latin encoding 'LATIN1' template template0")
    postgres.psql("latin", "create table customers as select 1 as id, 'M' || chr(252) || 'ller' as name")
    monkeypatch.setenv("SHOP_DATABASE", postgres.address("latin"))
    write(shop, cdp_yaml=CONFIG.partition("      points")[0])
    read(shop, "shop")
    assert [row["name"] for row in rows_of(shop, "shop")] == ["Müller"]


def test_a_database_without_an_encoding_whose_text_is_not_utf_8_is_refused(shop, postgres, monkeypatch):  # noqa: F811
    postgres.psql("postgres", "drop database if exists bare")
    postgres.psql("postgres", "create database bare encoding 'SQL_ASCII' template template0")
    postgres.psql("bare", r"create table customers as select 1 as id, convert_from('\x4dfc', 'SQL_ASCII') as name")
    monkeypatch.setenv("SHOP_DATABASE", postgres.address("bare"))
    write(shop, cdp_yaml=CONFIG.partition("      points")[0])
    assert "holds text that is not UTF-8. Convert it in a query" in said(shop)


def test_the_session_only_reads_and_says_who_it_is(shop):
    settings = "current_setting('transaction_read_only') || ' ' || current_setting('application_name')"
    asked(shop, f"select 1 as id, {settings} || ' ' || current_setting('statement_timeout') as name", QUERY.partition("      points")[0])
    read(shop, "shop")
    assert [row["name"] for row in rows_of(shop, "shop")] == ["on cdp_assets 1h"]


def test_a_function_that_writes_is_refused_by_the_server(shop, postgres):  # noqa: F811
    postgres.psql("shop", "create function slip() returns text language sql as $$ insert into customers (id) values (9) returning 'x' $$")
    asked(shop, "select 1 as id, slip() as name", QUERY.partition("      points")[0])
    assert said(shop) == "Source shop: database SHOP_DATABASE: query: it writes, and a source only reads. Take out what writes."


SECRETS = ("pass word", "pass%20word", "127.0.0.1", "secret", "ann@x.example", "postgresql://owner")


@pytest.mark.parametrize(
    ("value", "message", "again"),
    [
        (None, "the environment variable SHOP_DATABASE, which holds the address of its database, is not set.", False),
        ("  ", "the environment variable SHOP_DATABASE, which holds the address of its database, is not set.", False),
        (
            "mysql://owner:secret@h/x",
            "holds is no address of a database. Write it as postgresql://user:password@host:port/database.",
            False,
        ),
        ("postgresql://owner:secret@local host/x", "holds is no address of a database.", False),
        ("postgresql://owner:secret@h:port/x", "holds is no address of a database.", False),
        ("postgresql://owner:secret@h/x?nonsense=1", "holds is no address of a database.", False),
        ("postgresql://owner:secret@127.0.0.1:1/x", "the server in SHOP_DATABASE cannot be reached.", True),
        ("postgresql://owner:secret@nowhere.invalid/x", "the server in SHOP_DATABASE has a name that cannot be found.", True),
        ("{bad password}", "the database of SHOP_DATABASE refuses the user or the password. Correct what SHOP_DATABASE holds", False),
        ("{bad database}", "the database of SHOP_DATABASE has no database of that name.", False),
        ("{ssl}", "cannot agree with this machine on an encrypted connection", False),
    ],
)
def test_a_database_that_cannot_be_reached(shop, postgres, monkeypatch, value, message, again):  # noqa: F811
    made = {
        "{bad password}": postgres.address("shop", password="secret"),
        "{bad database}": postgres.address("secret"),
        "{ssl}": postgres.address("shop") + "?sslmode=require",
    }
    monkeypatch.delenv("SHOP_DATABASE") if value is None else monkeypatch.setenv("SHOP_DATABASE", made.get(value, value))
    with pytest.raises(SourceError) as error:
        read(shop, "shop")
    assert message in error.value.message
    assert isinstance(error.value, OutsideError) == again
    shown = f"{error.value.message} {error.value.__context__} {error.value.__context__!r}"
    assert not [secret for secret in SECRETS if secret in shown.replace("postgresql://user:password@host", "")]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("select * from customer", 'there is no table "customer". Did you mean "customers"?'),
        ("select * from public.costumers", 'there is no table "public.costumers". Did you mean "public.customers"?'),
        ("select id, nmae from customers", 'there is no column "nmae". Did you mean "name"?'),
        ("select c.nmae as name from customers as c", 'there is no column "c.nmae". Did you mean "name"?'),
        ("select id, id as name, name from customers", 'there are 2 columns "name", and sources.shop.fields.name asks for one.'),
        (
            "select id, name as nam from customers",
            'there is no column "name", which sources.shop.fields.name asks for. Did you mean "nam"?',
        ),
        ("select id, array[name] as name from customers", 'column "name" holds lists or nested values'),
        (r"select id, '\\x00'::bytea as name from customers", 'column "name" holds bytes'),
        ("select id, name::int::text as name from customers", "a value cannot be computed or converted (the value is not shown)."),
        ("select id / (id - id) as id, name from customers", "a value cannot be computed or converted"),
        ("select id, shout(name) as name from customers", "a function or operator in it does not exist"),
        ("select id, name from customers, customers as c", "a column in it could be of several tables."),
    ],
)
def test_a_query_that_cannot_be_answered(shop, query, message):
    asked(shop, query, QUERY.partition("      points")[0])
    found = said(shop)
    assert found.startswith("Source shop: database SHOP_DATABASE: query: ")
    assert message in found
    assert "Moss" not in found


def test_a_table_that_is_not_there_is_said_with_the_nearest(shop):
    write(shop, cdp_yaml=CONFIG.replace("public.customers", "public.Customers"))
    assert 'there is no table "public.Customers". Did you mean "public.customers"?' in said(shop)


def test_a_user_who_may_not_read_the_table(shop, postgres, monkeypatch):  # noqa: F811
    postgres.psql("shop", "drop role if exists reader; create role reader login password 'x'")
    monkeypatch.setenv("SHOP_DATABASE", postgres.address("shop", "reader", "x"))
    assert "the user may not read what it asks for. Ask for the right to select from it." in said(shop)


def test_a_database_that_takes_longer_than_it_may(shop):
    asked(
        shop,
        "select 1 as id, pg_sleep(60)::text as name",
        QUERY.partition("      points")[0].replace("shop:", "shop:\n    timeout: 1 second"),
    )
    with pytest.raises(OutsideError, match=r"did not answer within 1 seconds \(`timeout`\)"):
        read(shop, "shop")


def test_a_connection_that_breaks_while_rows_come_commits_nothing(shop):
    slow = "select id, case when id < 100000 then 'x' else pg_terminate_backend(pg_backend_pid())::text end as name"
    asked(shop, f"{slow} from generate_series(1, 100000) as g (id)", QUERY.partition("      points")[0])
    with pytest.raises(OutsideError):
        read(shop, "shop")
    assert Place(shop / ".cdp").tables() == []


def test_without_the_driver_the_message_names_it(shop, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "adbc_driver_postgresql", None)
    assert "pip install adbc-driver-manager adbc-driver-postgresql" in said(shop)


def test_a_time_that_is_none_is_no_other_time_as_text(shop):
    """It was the text `290279-12-22 (BC) 19:59:05.224191`, for the driver gives the greatest number and DuckDB counts it over."""
    rows = "(1, timestamp 'infinity', date '-infinity'), (2, timestamp '294276-12-31', null), (3, timestamp '2026-01-02', '2026-01-02')"
    config = QUERY.partition("    fields:")[0] + "    fields: {seen: text, born: text}\n"
    asked(shop, f"select * from (values {rows}) v(id, seen, born)", config)
    read(shop, "shop")
    assert [(row["record_key"], row["seen"], row["born"]) for row in rows_of(shop, "shop")] == [("3", "2026-01-02 00:00:00", "2026-01-02")]
    time, day = "not a time in the years 0001 to 9999", "not a date in the years 0001 to 9999"
    assert [row[1:] for row in quarantine_of(shop)] == [(1, "born", day), (1, "seen", time), (2, "seen", time)]
