"""The day after: what becomes of the records when the next delivery comes, and of the purchases of who is gone.

Some records are new (of people whom another source has, and of newcomers), some have changed, some are gone. The web
events and the purchases of that day are drawn with all others, in their modules.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import duckdb
import numpy as np
import pyarrow as pa

from cdp_assets.demo.draws import Draws
from cdp_assets.demo.records import FILES, SOURCES

NEW, CHANGED, GONE = 0.02, 0.03, 0.01  # of the records of a source, and at least FEWEST of each
NEWCOMERS = 0.5  # of the new records in crm; every second of these people is new in the shop too, every third in loyalty
FEWEST = 4

_KEY_COLUMNS: Mapping[str, str] = {"crm": "contact_id", "loyalty": "loyalty_id", "shop": "account_no"}
_NEWCOMERS_IN: Mapping[str, int] = {"crm": 1, "loyalty": 3, "shop": 2}
_MINUTES = 24 * 60

# No record goes of who is a contact, has said something or signed in: what is true of these stays as it is.
_STAYING = """
    create temp table staying as
    select person from colleagues union select person from consented
    union select person from visitors where person is not null
    union select person from online_orders where outcome = 'repeated_key'
    union select person from receipts where outcome = 'repeated_key'
"""
_RECORDS = """
    select
        key, person, person in (select person from staying) as stays,
        key in (select {column} from {source} group by all having count(*) > 1) as twice
    from owners
    where source = $source
    order by key
"""
_ELSEWHERE = "select person from people where person not in (select person from owners where source = $source) order by person"

# A newcomer has the names of two others, and lives in the street of the one, in another house.
_NEWCOMERS = """
    insert into people by name
    with named as (
        select
            n.person, one.given, other.family, cast(one.birth_date - 1000 as date) as birth_date, n.area, n.line,
            n.house || ' ' || regexp_replace(one.street, '^[0-9]+ ', '') as street, one.postcode, one.city, one.country,
            regexp_replace(lower(strip_accents(one.given || '.' || other.family)), '[^a-z.]', '', 'g') || '-n' || n.person as box
        from newcomers as n
        join people as one on one.person = n.one
        join people as other on other.person = n.other
    )
    select
        * exclude (box), person as home, person as mailbox, box || '@mail.example' as email,
        box || '@work.example' as other_email
    from named
"""
_CHANGES = """
    insert into changes
    select $source, coalesce(key, $letter || printf('%07d', number)), person, change from chosen
"""
# The rows as `records` writes them, with no mistake in them.
_NEW = """
    create or replace temp table worn as
    select
        number as place, number, given || ' ' || family as full_name, given as first_name, family as last_name, email,
        people.area, people.line, null::varchar as generic_phone, birth_date, street, postcode, city, country,
        10 as points, $day + to_minutes(minute) as changed_at
    from chosen
    join people using (person)
    where change = 'new'
"""
# Numbers with these areas are nobody's else, and every flat is a new one: what has changed is another value.
_CHANGED: Mapping[str, str] = {
    "crm": """
        if(c.key is null, r.phone, '+1 ' || c.area || ' 555 ' || printf('%04d', c.line)) as phone,
        if(c.key is null, r.updated_at, strftime($day + to_minutes(c.minute), '%Y-%m-%dT%H:%M:%SZ')) as updated_at
    """,
    "loyalty": """
        if(c.key is null, r.phone, '(' || c.area || ') 555-' || printf('%04d', c.line)) as phone,
        if(c.key is null, r.points, r.points + c.minute + 1) as points
    """,
    "shop": """
        if(c.key is null, r.street, coalesce(r.street, people.street) || ' Apt ' || (c.minute + 1)) as street
    """,
}
_AFTER = """
    create table {source}_after as
    select r.* replace ({changed})
    from {source} as r
    left join (from chosen where change = 'changed') as c on c.key = r.{column}
    left join people on people.person = c.person
    where r.{column} not in (select key from chosen where change = 'gone')
    order by r.rowid
"""
_NOBODYS = """
    update {activity} set person = null, outcome = 'customer_unknown'
    where outcome in ('kept', 'after_as_of')
        and key in (select key from changes where source = $source and change = 'gone')
"""

# What is true of the delivery, by file: a query.
TRUTH: Mapping[str, str] = {
    "day_two/records": "select source, key, printf('P%07d', person) as person_id, change from changes order by all",
    "day_two/events": "select event_id, visitor, happened_at, news as change from next_day_events order by all",
    "day_two/purchases": """
        with those as (
            select 'online_orders' as activity, * from online_orders union all select 'receipts', * from receipts
        )
        select
            activity, number as key,
            case when news then 'new' when outcome = 'customer_unknown' then 'customer_gone' else 'now_due' end as change
        from those
        where news or (ahead and outcome = 'kept') or key in (select key from changes where change = 'gone')
        order by all
    """,
}


# What of it is worth a line, with how many rows.
COUNTED = """
    select source || ' ' || change, count(*) from changes group by all
    union all select 'web ' || news, count(*) from next_day_events group by all
    union all select 'purchases new', count(*) from (select news from online_orders union all select news from receipts) where news
    order by 1
"""


def change_records(con: duckdb.DuckDBPyConnection, draws: Draws, people: int, end: date) -> None:
    """Change the tables `crm`, `loyalty` and `shop` of `con`, and what is true of them, to the state of the day after `end`.

    Writes the table `changes`: one row a key that is new, changed or gone; source, key, person, change. Newcomers are
    added to the table `people`, their records to `owners`; purchases of records that are gone are nobody's any more.
    Reads what all other modules leave.
    """
    con.execute("create table changes (source varchar, key varchar, person bigint, change varchar)")
    con.execute(_STAYING)
    ((in_crm,),) = con.execute("select count(*) from owners where source = 'crm'").fetchall()
    newcomers = max(FEWEST, round(in_crm * NEW * NEWCOMERS))
    con.register("newcomers", _newcomers(draws, people, newcomers))
    con.execute(_NEWCOMERS)
    con.unregister("newcomers")
    day = {"day": end + timedelta(days=1)}
    for source, letter in SOURCES.items():
        column = _KEY_COLUMNS[source]
        con.register("chosen", _chosen(con, draws, source, people, newcomers))
        con.execute(_CHANGES, {"source": source, "letter": letter})
        con.execute(_AFTER.format(source=source, column=column, changed=_CHANGED[source]), day if "$day" in _CHANGED[source] else None)
        con.execute(_NEW, day)
        con.execute(f"insert into {source}_after {FILES[source]}")  # both are constants of these modules
        con.unregister("chosen")
        con.execute(f"drop table {source}")
        con.execute(f"alter table {source}_after rename to {source}")
    con.execute("delete from owners where (source, key) in (select (source, key) from changes where change = 'gone')")
    con.execute("insert into owners select source, key, person, false from changes where change = 'new'")
    for activity, source in (("online_orders", "shop"), ("receipts", "loyalty")):
        con.execute(_NOBODYS.format(activity=activity), {"source": source})


def _newcomers(draws: Draws, people: int, count: int) -> pa.Table:
    return pa.table(
        {
            "person": people + np.arange(count),
            "one": draws.below("newcomer's given name", count, people),
            "other": draws.below("newcomer's family name", count, people),
            "house": 1000 + np.arange(count) % 9000,
            "area": 201 + draws.below("newcomer's area", count, 780),
            "line": draws.below("newcomer's line", count, 10_000),
        }
    )


def _chosen(con: duckdb.DuckDBPyConnection, draws: Draws, source: str, people: int, newcomers: int) -> pa.Table:
    """Draw what becomes of the records of a source: key (null: a new one), number of a new key, person, change, and values."""
    found = con.execute(_RECORDS.format(source=source, column=_KEY_COLUMNS[source]), {"source": source}).fetchnumpy()
    elsewhere = con.execute(_ELSEWHERE, {"source": source}).fetchnumpy()["person"].astype(np.int64)
    rows = len(found["key"])
    highest = int(found["key"][-1][1:]) if rows else 0  # a key is a letter and seven digits
    few = {what: max(FEWEST, round(rows * share)) for what, share in (("new", NEW), ("changed", CHANGED), ("gone", GONE))}

    order = draws.order(f"{source} the day after", rows)
    order = order[~found["twice"][order]]
    gone = order[~found["stays"][order]][: few["gone"]]
    changed = order[~np.isin(order, gone)][: few["changed"]]
    elsewhere = elsewhere[elsewhere < people]
    come = people + np.arange(0, newcomers, _NEWCOMERS_IN[source])
    joining = elsewhere[draws.order(f"{source} joins", len(elsewhere))][: max(FEWEST, few["new"] - len(come))]
    person = np.concatenate([found["person"][gone], found["person"][changed], joining, come]).astype(np.int64)
    old, new = len(gone) + len(changed), len(joining) + len(come)
    total = old + new
    return pa.table(
        {
            "key": pa.array([*found["key"][gone], *found["key"][changed], *[None] * new], pa.string()),
            "number": highest + np.arange(total) - old + 1,
            "person": person,
            "change": np.repeat(["gone", "changed", "new"], [len(gone), len(changed), new]),
            "area": 981 + draws.below(f"{source} new area", total, 18),
            "line": draws.below(f"{source} new line", total, 10_000),
            "minute": draws.below(f"{source} changed at", total, _MINUTES),
        }
    )
