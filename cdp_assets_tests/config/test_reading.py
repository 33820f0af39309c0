"""Sources of a database and sources read in increments: what is understood, and what is refused with what would be right."""

from datetime import timedelta

import pytest

from cdp_assets.config import ConfigError, parse_config
from cdp_assets.config.sources import RecordsSource

SHOP = """
version: 1
sources:
  shop:
    primary_key: id
    fields: {name: text, changed: timestamp, born: date, points: integer, gone: boolean}
"""


def shop(*lines: str) -> RecordsSource:
    source = parse_config(SHOP + "".join(f"    {line}\n" for line in lines)).sources["shop"]
    assert isinstance(source, RecordsSource)
    return source


def said(*lines: str) -> str:
    with pytest.raises(ConfigError) as error:
        shop(*lines)
    assert len(error.value.problems) == 1, error.value.message
    return str(error.value.problems[0]).partition(": ")[2]


def test_a_table_and_a_query_of_a_database_are_understood():
    table = shop("database: SHOP_DATABASE", "table: public.customers", "timeout: 90 seconds")
    assert (table.read_from, table.timeout, table.files) == ("database SHOP_DATABASE: public.customers", timedelta(seconds=90), "")
    query = shop("database: SHOP_DATABASE", "query: with c as (select 1 as id) select * from c;")
    assert query.read_from == "database SHOP_DATABASE: query"
    assert query.timeout == timedelta(hours=1)


def test_what_is_said_of_increments_is_understood():
    its = shop(
        "files: crm/", "incremental: {updated: born, look_back: 2 weeks, deleted: {files: crm/Deletes, key: who, at: when}}"
    ).incremental
    assert its is not None
    assert (its.updated, its.look_back) == ("born", timedelta(days=14))
    assert shop("files: crm/", "incremental: {}").incremental is not None


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([], "sources.shop.files: is missing."),
        (
            ["database: SHOP", "table: a", "files: x.csv"],
            'sources.shop.files: a source reads files or a database; make them two sources, found "x.csv".',
        ),
        (["database: SHOP"], "sources.shop: the database says nothing of what is read. Allowed: query: select ..., table: schema.table."),
        (["database: SHOP", "table: a", "query: select 1"], "sources.shop: the database has both a query and a table."),
        (
            ["database: SHOP", "table: a", "format: csv"],
            "sources.shop: format: belongs to files, and this source reads a database; remove it",
        ),
        (["files: a.csv", "table: a"], "sources.shop: table: belongs to a database, and none is stated. Allowed: database: NAME."),
        (["files: a.csv", "timeout: 1 hour"], "sources.shop: timeout: belongs to a database, and none is stated."),
        (["database: SHOP", "table: a.b.c"], "sources.shop.table: is not the name of a table"),
        (["database: SHOP", 'table: a"b'], "sources.shop.table: is not the name of a table"),
        (["database: SHOP", "table: a", "timeout: soon"], 'sources.shop.timeout: is not a length of time, found "soon".'),
        (["database: SHOP", "table: a", "timeout: 3 days"], "sources.shop.timeout: is no time that a database may take"),
        (["database: SHOP", "query: delete from x"], "sources.shop.query: is not a select: a source only reads"),
        (["database: SHOP", "query: select 1; select 2"], "sources.shop.query: is several statements: a source only reads"),
        (["database: SHOP", "query: selct 1 frm"], "sources.shop.query: is not SQL as PostgreSQL knows it"),
        (["database: SHOP", "query: select * into y from c"], "sources.shop.query: writes or locks something"),
        (["database: SHOP", "query: select * from c for update"], "sources.shop.query: writes or locks something"),
        (
            ["database: SHOP", "query: with x as (delete from c returning *) select * from x"],
            "sources.shop.query: writes or locks something",
        ),
        (["database: SHOP", "query: copy c to stdout"], "sources.shop.query: is not a select"),
        (["database: SHOP", "query: ''"], "sources.shop.query: is empty text"),
        (["database: SHOP", "table: a", "incremental: {}"], "sources.shop.incremental.updated: is missing: a database cannot be asked"),
        (
            ["files: a", "incremental: {updated: chnged}"],
            'incremental.updated: unknown field of shop, found "chnged". Did you mean "changed"?',
        ),
        (
            ["files: a", "incremental: {updated: points}"],
            "incremental.updated: points is integer, and what tells the newer row must be a date or",
        ),
        (["files: a", "incremental: {look_back: 2 dys}"], 'incremental.look_back: is not a length of time, found "2 dys".'),
        (["files: a", "incremental: {look_back: 400 days}"], "sources.shop.incremental: look_back: is more than a year"),
        (
            ["files: a", "incremental: {deleted: {files: b, field: gone}}"],
            "incremental.deleted: must say one way in which records are deleted.",
        ),
        (["files: a", "incremental: {deleted: {}}"], "incremental.deleted: must say one way in which records are deleted."),
        (["files: a", "incremental: {deleted: {field: gone}}"], "incremental.deleted: says no value that gone has in a deleted record."),
        (
            ["files: a", "incremental: {deleted: {field: gone, equals: 'yes'}}"],
            "deleted.equals: gone is true or false; compare it with one",
        ),
        (
            ["files: a", "incremental: {deleted: {field: gon, equals: true}}"],
            'deleted.field: unknown field of shop, found "gon". Did you mean "gone"?',
        ),
        (
            ["files: a", "incremental: {deleted: {files: b, equals: 1}}"],
            "incremental.deleted: equals: belongs to the other way; remove it.",
        ),
        (["files: a", "incremental: {deleted: {files: b, at_format: '%Y'}}"], "incremental.deleted: at_format: says how `at` is written"),
        (["files: a", "incremental: {deleted: {files: /b}}"], "incremental.deleted.files: must be relative to the folder of cdp.yaml"),
        (["files: a", "incremental: true"], "sources.shop.incremental: must be a mapping"),
        (["files: a", "incremental: {update: changed}"], 'incremental.update: unknown key. Did you mean "updated"?'),
    ],
)
def test_a_mistake_is_said_once_with_what_would_be_right(lines, message):
    assert message in said(*lines)


@pytest.mark.parametrize("address", ["postgresql://me:secret@host/shop", "postgresql://me:sec/ret@host/shop", "host=h password=secret"])
def test_an_address_in_the_place_of_a_variable_is_refused_and_not_shown(address):
    message = said(f"database: {address}", "table: a")
    assert "must be the name of an environment variable that holds the address of the database" in message
    assert "secret" not in message
    assert "ret@" not in message


def test_no_export_writes_where_lists_of_deleted_records_are_read():
    connection = "\n  here: {kind: file, name: Here, folder: erased/out, agree: true}\n"
    config = SHOP + "    files: crm/a.csv\n    incremental: {deleted: {files: erased/*.csv}}\nconnections:" + connection
    with pytest.raises(ConfigError, match="is a folder from which the source shop reads"):
        parse_config(config)
