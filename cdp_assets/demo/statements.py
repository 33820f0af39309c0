"""What people said about being written to and called: consents, given and taken back, by e-mail address.

Only the statements of the file and what follows from them: of an address the newest counts, at the same time the
refusal; of a person's addresses the most restrictive. A few were typed in by hand, so that their answer or their time
cannot be read: such an answer is a refusal, a refusal without a time stands always, and a consent without one is none.
"""

from __future__ import annotations

from datetime import date

import duckdb
import numpy as np
import pyarrow as pa

from cdp_assets.demo.draws import Draws

STATE = 0.70  # of the people with an address in a source
PURPOSES = ("newsletter", "calls")
SECOND_ADDRESS = 0.50  # of the further addresses of who states
CALLS = 0.50  # of the addresses, beside the newsletter
GIVEN = 0.65
CHANGES = 0.20  # of the statements are followed by the contrary one
REPEATS = 0.05  # and some by the same again
CONTRADICTS = 0.03  # and some contradicted in the same second, and at least one
OF_NOBODY = 0.03  # so many addresses that no source knows, and at least three
# What is in the file after the consents of the first who give one and change nothing: answer, time (empty: a week later),
# whether it is a consent.
BY_HAND = (("maybe", "", False), ("", "", False), ("false", "recently", False), ("stop", "last week", False), ("true", "recently", True))

# An address of two people, as couples have, speaks for both. For one that strangers share nobody speaks.
_ADDRESSES = """
    create table known_addresses as
    with mails as (
        select 'crm' as source, contact_id as key, email as mail from crm
        union all select 'loyalty', loyalty_id, mail from loyalty
        union all select 'shop', account_no, email_address from shop
    )
    select distinct lower(trim(mail)) as address, person
    from mails
    join owners using (source, key)
    where mail is not null and mail not in (select value from generic_values)
"""
_SPEAKING = """
    with ranked as (
        select address, person, row_number() over (partition by person order by address) as nth from known_addresses
    )
    select address
    from ranked
    join drawn_people using (person)
    where states and (nth = 1 or second_address)
    group by address
    order by address
"""
_STATED = """
    create table stated as
    with statements as (
        select nth, 1 as turn, address, purpose, given, second from drawn_statements
        union all
        select nth, 2, address, purpose, if(turn = 'repeats', given, not given),
               if(turn = 'contradicts', second, second + later)
        from drawn_statements
        where turn <> 'once'
    )
    select
        nth, turn, if(shouted, upper(left(address, 1)) || substr(address, 2) || ' ', address) as mail, address, purpose,
        given, given::varchar as opt_in, null::varchar as said_at,
        $end + interval 1 day - to_seconds(2 * 365 * 86400) + to_seconds(second) as stated_at
    from statements
    join (select nth, shouted from drawn_statements) using (nth)
"""
# `stated_at` is null where the time cannot be read; such rows stand behind the others in the file.
_BY_HAND = """
    insert into stated by name
    with once as (
        select *, row_number() over (order by nth) as place
        from stated
        where given and purpose = 'newsletter' and address in (select address from known_addresses)
            and nth in (select nth from drawn_statements where turn = 'once')
    )
    select
        nth, 2 as turn, mail, address, purpose, by_hand.given, by_hand.opt_in, nullif(by_hand.said_at, '') as said_at,
        if(by_hand.said_at = '', stated_at + interval 7 day, null) as stated_at
    from once
    join by_hand using (place)
"""
_FILE = """
    create table consents as
    select mail, purpose, opt_in, coalesce(said_at, strftime(stated_at, '%Y-%m-%dT%H:%M:%SZ')) as "at"
    from stated
    order by stated_at nulls last, nth, turn
"""
_TRUTH = """
    create table consented as
    with counting as (select * from stated where stated_at is not null or not given),
    newest as (
        select address, purpose, bool_and(given) as given
        from (select *, max(stated_at) over (partition by address, purpose) as newest_at from counting)
        where stated_at is null or stated_at = newest_at
        group by address, purpose
    )
    select person, purpose, bool_and(given) as given
    from newest
    join known_addresses using (address)
    group by person, purpose
"""


def make_statements(con: duckdb.DuckDBPyConnection, draws: Draws, people: int, end: date) -> None:
    """Write the table `consents` of `con` as the file will hold it, and the table `consented`.

    consented: one row a person and purpose about which the person said something; person, purpose, given (what counts).
    Reads the tables `crm`, `loyalty`, `shop`, `owners` and `generic_values`. The statements are of the two years up to `end`.
    """
    con.execute(_ADDRESSES)
    con.register(
        "drawn_people",
        pa.table(
            {
                "person": np.arange(people),
                "states": draws.happens("states a consent", people, STATE),
                "second_address": draws.happens("states for a second address", people, SECOND_ADDRESS),
            }
        ),
    )
    speaking = con.sql(_SPEAKING).to_arrow_table()["address"].combine_chunks()
    con.unregister("drawn_people")
    nobody = pa.array([f"unknown.{n}@letters.example" for n in range(max(3, round(len(speaking) * OF_NOBODY)))])
    con.register("drawn_statements", _drawn(draws, pa.concat_arrays([speaking, nobody])))
    con.execute(_STATED, {"end": end})
    con.register("by_hand", _by_hand())
    con.execute(_BY_HAND)
    con.unregister("by_hand")
    con.unregister("drawn_statements")
    con.execute(_FILE)
    con.execute(_TRUTH)


def _by_hand() -> pa.Table:
    rows = [dict(zip(("place", "opt_in", "said_at", "given"), (n, *row), strict=True)) for n, row in enumerate(BY_HAND, start=1)]
    return pa.Table.from_pylist(rows)


def _drawn(draws: Draws, addresses: pa.Array) -> pa.Table:
    """Draw one row an address and purpose: the first statement, and what comes after it."""
    many = len(addresses)
    calls = np.flatnonzero(draws.happens("about calls", many, CALLS))
    rows = many + len(calls)
    turn = np.searchsorted(np.cumsum([CONTRADICTS, CHANGES, REPEATS]), draws.share("statement turns", rows), side="right")
    turn[:1] = 0
    second = draws.below("statement second", rows, 630 * 86400)
    return pa.table(
        {
            "nth": np.arange(rows),
            "address": addresses.take(pa.array(np.concatenate([np.arange(many), calls]))),
            "purpose": np.array(PURPOSES)[(np.arange(rows) >= many).astype(np.int64)],
            "given": draws.happens("consent given", rows, GIVEN),
            "turn": np.array(["contradicts", "changes", "repeats", "once"])[turn],
            "second": second,
            "later": 86400 + draws.below("statement later", rows, 90 * 86400),
            "shouted": draws.happens("statement shouted", rows, 0.05),
        }
    )
