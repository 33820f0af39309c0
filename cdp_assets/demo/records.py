"""What the three sources know of the people: their records, with typing errors, gaps, old addresses and duplicates.

How far each source departs from the truth is `Wear`; what its file looks like is one SELECT a source. Records that
cannot be read at all are not here but in `broken`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from string import ascii_lowercase

import duckdb
import numpy as np
import pyarrow as pa

from cdp_assets.demo.draws import Draws, Flags, Ints
from cdp_assets.demo.people import YEARS, Presence, as_words
from cdp_assets.demo.vocabulary import GENERIC_PHONES, JUNK_EMAILS

# Of the people in a source: a second record with the same e-mail and another key; a card lost, an account forgotten.
DUPLICATES: Mapping[str, float] = {"crm": 0.06, "loyalty": 0.02, "shop": 0.04}
SAME_KEY_TWICE = 2  # so many of these duplicates in crm repeat the first record's key too, with fewer fields filled
JUNK_EMAIL, GENERIC_PHONE = 0.005, 0.01  # of the records of each source

SOURCES: Mapping[str, str] = {"crm": "C", "loyalty": "L", "shop": "S"}  # the letter in front of the keys


@dataclass(frozen=True)
class Wear:
    """How a source departs from the truth: shares of its records, except `mail_required`."""

    name_typo: float = 0.08
    swapped_name: float = 0.0  # family name first
    shouted_name: float = 0.0  # in capital letters
    nickname: float = 0.04  # where the given name has one
    other_email: float = 0.10  # the person's second address
    email_typo: float = 0.01
    shouted_email: float = 0.06  # capital letters and blanks around: equal after lower case and trimming
    no_email: float = 0.06
    no_phone: float = 0.25
    no_birth_date: float = 0.10
    wrong_birth_date: float = 0.015
    no_address: float = 0.04


WEAR: Mapping[str, Wear] = {
    "crm": Wear(),
    "loyalty": Wear(nickname=0.06, swapped_name=0.12, no_email=0.10, no_phone=0.35, no_birth_date=0.12),
    "shop": Wear(nickname=0.06, shouted_name=0.05, no_email=0.01),
}

# What a hurried hand does to a text: it leaves a letter out, types it twice, hits another key, exchanges two.
_TYPO = """
    create macro typo(text, kind, spot, letter) as
        case kind
            when 0 then left(text, spot - 1) || substr(text, spot + 1)
            when 1 then left(text, spot) || substr(text, spot)
            when 2 then left(text, spot - 1) || letter || substr(text, spot + 1)
            else left(text, spot - 2) || substr(text, spot, 1) || substr(text, spot - 1, 1) || substr(text, spot + 1)
        end
"""
# The first letter stays: a spot is from 2 to the last letter.
_SPOT = "create macro spot(text, place) as 2 + cast(floor(place * (length(text) - 1)) as bigint)"

# A record shows the name and the address of its time.
_WORN = """
    create or replace temp table worn as
    with dated as (select *, $end + time '00:00:00' - to_minutes(age) as changed_at from marks),
    known as (
        select
            dated.*, if(goes_by_nickname, coalesce(nickname, given), given) as known_given,
            if(changed_at < married_at, former_family, family) as known_family,
            if(has_other_email, other_email, people.email) as known_email, birth_date, area, line, city, country,
            if(changed_at < moved_at, former_street, street) as known_street,
            if(changed_at < moved_at, former_postcode, postcode) as known_postcode
        from dated
        join people using (person)
    ),
    written as (
        select
            *,
            if(swapped_name, known_family || ' ' || known_given, known_given || ' ' || known_family) as name,
            split_part(known_email, '@', 1) as box,
            split_part(known_email, '@', 2) as domain
        from known
    ),
    typed as (
        select
            *,
            if(name_typo, typo(name, typo_kind, spot(name, typo_place), typo_letter), name) as typed_name,
            -- Never in the domain: what comes out might be somebody's.
            if(email_typo, typo(box, typo_kind, spot(box, typo_place), typo_letter), box) || '@' || domain as mail
        from written
    )
    select
        place, number, person, again,
        if(shouted_name, upper(typed_name), typed_name) as full_name,
        known_given as first_name,
        known_family as last_name,
        case
            when junk_email is not null then junk_email
            when no_email then null
            when shouted_email then ' ' || upper(left(mail, 1)) || substr(mail, 2) || '  '
            else mail
        end as email,
        if(no_phone or less_filled or generic_phone is not null, null, area) as area,
        line,
        if(less_filled, null, generic_phone) as generic_phone,
        case when no_birth_date or less_filled then null else birth_date + cast(wrong_by as integer) end as birth_date,
        if(no_address or less_filled, null, known_street) as street,
        if(no_address, null, known_postcode) as postcode,
        city, country, points, changed_at
    from typed
"""

# The files. A source's columns have its own names and its own habits of writing.
FILES: Mapping[str, str] = {
    "crm": """
        select
            printf('C%07d', number) as contact_id, full_name, first_name, last_name, email,
            coalesce(generic_phone, '+1 ' || area || ' 555 ' || printf('%04d', line)) as phone,
            strftime(birth_date, '%m/%d/%Y') as birth_date, street, postcode, city, country,
            strftime(changed_at, '%Y-%m-%dT%H:%M:%SZ') as updated_at
        from worn order by place
    """,
    "loyalty": """
        select
            printf('L%07d', number) as loyalty_id, full_name as name, email as mail,
            coalesce(generic_phone, '(' || area || ') 555-' || printf('%04d', line)) as phone,
            strftime(birth_date, '%Y-%m-%d') as birth_date, postcode, points
        from worn order by place
    """,
    "shop": """
        select
            printf('S%07d', number) as account_no, full_name as customer_name, email as email_address, street, postcode,
            city, strftime(changed_at, '%Y-%m-%dT%H:%M:%SZ') as created_at
        from worn order by place
    """,
}


def make_records(con: duckdb.DuckDBPyConnection, draws: Draws, presence: Presence, end: date, junk: float = JUNK_EMAIL) -> None:
    """Write the tables `crm`, `loyalty` and `shop` of `con` as the files will hold them, and two more.

    owners: one row a record key; source, key, person, and `again`, true for a duplicate inside its source.
    generic_values: one row a value that says nothing of who it is, however many records bear it; kind (email or phone),
    value.
    `junk` is the share of the records with such an e-mail address. Reads the table `people`. No record was changed after
    `end`.
    """
    con.register("generic", _generic())
    con.execute("create table generic_values as from generic")
    con.unregister("generic")
    con.execute(_TYPO)
    con.execute(_SPOT)
    con.execute("create table owners (source varchar, key varchar, person bigint, again boolean)")
    for source, letter in SOURCES.items():
        persons = np.flatnonzero(getattr(presence, source)).astype(np.int64)
        con.register("marks", _marks(draws, source, persons, junk))
        con.execute(_WORN, {"end": end})
        con.unregister("marks")
        con.execute(
            """
            insert into owners
            select $source, $letter || printf('%07d', number), min(person), bool_and(again) from worn group by number
            """,
            {"source": source, "letter": letter},
        )
        con.execute(f"create table {source} as {FILES[source]}")  # both are constants of this module


def _marks(draws: Draws, source: str, persons: Ints, junk: float) -> pa.Table:
    """Draw what happens to each record of a source: one row a record, in the order of the file."""
    wear = WEAR[source]
    duplicated = persons[draws.happens(f"{source} duplicated", len(persons), DUPLICATES[source])]
    owners = np.concatenate([persons, duplicated])
    again = np.arange(len(owners)) >= len(persons)

    rows = len(owners)
    order = draws.order(f"{source} order", rows)
    number = np.empty(rows, dtype=np.int64)
    number[order] = np.arange(1, rows + 1)
    less_filled = np.zeros(rows, dtype=np.bool_)
    twice = slice(len(persons), len(persons) + (SAME_KEY_TWICE if source == "crm" else 0))
    less_filled[twice] = again[twice]
    number[twice] = number[np.searchsorted(persons, owners[twice])]

    def happens(what: str, share: float) -> Flags:
        return draws.happens(f"{source} {what}", rows, share) & ~(again & (what in _NOT_AGAIN))

    def one_of(words: Sequence[str], what: str, share: float) -> pa.Array:
        ranks = draws.ranks(f"{source} {what}", rows, len(words), flat=1)
        return as_words(words, np.where(happens(f"{what} at all", share), ranks, -1))

    marks = {
        "person": owners,
        "again": again,
        "number": number,
        "less_filled": less_filled,
        "name_typo": happens("name typo", wear.name_typo),
        "swapped_name": happens("swapped name", wear.swapped_name),
        "shouted_name": happens("shouted name", wear.shouted_name),
        "goes_by_nickname": happens("nickname", wear.nickname),
        "has_other_email": happens("other email", wear.other_email),
        "email_typo": happens("email typo", wear.email_typo),
        "shouted_email": happens("shouted email", wear.shouted_email),
        "no_email": happens("no email", wear.no_email),
        "junk_email": one_of(JUNK_EMAILS, "junk email", junk),
        "no_phone": happens("no phone", wear.no_phone),
        "generic_phone": one_of(GENERIC_PHONES, "generic phone", GENERIC_PHONE),
        "no_birth_date": happens("no birth date", wear.no_birth_date),
        "wrong_by": draws.happens(f"{source} wrong birth date", rows, wear.wrong_birth_date)
        * (1 + draws.below(f"{source} wrong by", rows, 30)),
        "no_address": happens("no address", wear.no_address),
        "typo_kind": draws.below(f"{source} typo kind", rows, 4),
        "typo_place": draws.share(f"{source} typo place", rows),
        "typo_letter": as_words(ascii_lowercase, draws.below(f"{source} typo letter", rows, 26)),
        "points": draws.ranks(f"{source} points", rows, 10_000, flat=100),
        "age": 1 + draws.below(f"{source} age", rows, YEARS * 365 * 24 * 60),
    }
    place = pa.array(np.arange(rows))
    return pa.table(marks).take(pa.array(order)).append_column("place", place)


# A duplicate has the person's own address: it is the same e-mail that gives it away.
_NOT_AGAIN = frozenset({"other email", "email typo", "no email", "junk email at all"})


def _generic() -> pa.Table:
    values = [("email", value) for value in JUNK_EMAILS] + [("phone", value) for value in GENERIC_PHONES]
    return pa.Table.from_pylist([{"kind": kind, "value": value} for kind, value in values])
