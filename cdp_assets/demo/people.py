"""The people of the demo world: who they are, where they live, and in which sources they are.

Only the truth, one row a person; what the sources make of it (typing errors, gaps, duplicates) belongs to `records`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import duckdb
import numpy as np
import pyarrow as pa
from anyascii import anyascii

from cdp_assets.demo.draws import Draws, Flags, Ints
from cdp_assets.demo.vocabulary import MAIL_DOMAINS, MEN, STREETS, WOMEN, families, towns

# Of all people; whoever is in none of the three is in crm. Everybody is in one, two or three sources.
IN_CRM, IN_LOYALTY, IN_SHOP = 0.70, 0.55, 0.50
LIVES_WITH_THE_ONE_BEFORE = 0.12
SHARES_THE_MAILBOX = 0.04  # of those who live together: a couple with one address, which no rule can tell apart by mail

_YOUNGEST, _OLDEST = date(2006, 12, 31), date(1940, 1, 1)

# Telephone numbers are in the exchange 555, which no subscriber has.
_PEOPLE = """
    create table people as
    with named as (
        select
            person, given, family, second_family, birth_date, city, country, mailbox, domain, area, line,
            house || ' ' || street as street,
            postcode(country, prefix, code) as postcode,
            moved_house || ' ' || moved_street as moved_to_street,
            postcode(country, prefix, moved_code) as moved_to_postcode,
            lower(ascii_given || '.' || ascii_family) || if(with_year, strftime(birth_date, '%y'), '') as local,
            lower(left(ascii_given, 1) || ascii_family || person) || '@' || second_domain as other_email
        from drawn
    ),
    owned as (
        -- Two people whose addresses would be the same get a number, so that an address belongs to one mailbox.
        select person, local || if(nth = 1, '', '-' || nth) || '@' || domain as email
        from (
            select person, local, domain, row_number() over (partition by local, domain order by person) as nth
            from named
            where person = mailbox
        )
    )
    select
        named.person, given, family, second_family, birth_date, city, country, street, postcode, moved_to_street,
        moved_to_postcode, email, other_email, area, line
    from named
    join owned on owned.person = named.mailbox
"""
_POSTCODE = """
    create macro postcode(country, prefix, code) as
        if(country = 'US',
           prefix || printf('%02d', code),
           prefix || ' ' || (1 + code % 9) || chr(cast(65 + code % 7 as integer)) || (code % 10))
"""


@dataclass(frozen=True)
class Presence:
    """Which source holds whom: one flag a person and source."""

    crm: Flags
    loyalty: Flags
    shop: Flags


def make_people(con: duckdb.DuckDBPyConnection, draws: Draws, people: int) -> Presence:
    """Write the table `people` of `con`, one row a person, and say who is in which source.

    Columns: person (0, 1, ...), given, family, second_family (the name before or after a marriage), birth_date, street,
    postcode, city, country, moved_to_street and moved_to_postcode (an address of another time), email (belongs to one
    person or one couple), other_email (belongs to one person), area and line (numbers of the telephone).
    """
    con.register("drawn", _drawn(draws, people))
    con.execute(_POSTCODE)
    con.execute(_PEOPLE)
    con.unregister("drawn")
    return _presence(draws, people)


def _presence(draws: Draws, people: int) -> Presence:
    loyalty = draws.happens("in loyalty", people, IN_LOYALTY)
    shop = draws.happens("in shop", people, IN_SHOP)
    crm = draws.happens("in crm", people, IN_CRM) | ~(loyalty | shop)
    return Presence(crm, loyalty, shop)


def _drawn(draws: Draws, people: int) -> pa.Table:
    rows = np.arange(people, dtype=np.int64)
    together = draws.happens("lives with the one before", people, LIVES_WITH_THE_ONE_BEFORE)
    # Each household is led by the last person before who does not live with another; the first person leads one always.
    home = np.maximum.accumulate(np.where(together, 0, rows))
    mailbox = np.where(together & draws.happens("shares the mailbox", people, SHARES_THE_MAILBOX), home, rows)

    surnames, places = families(people), towns(people)
    family = draws.ranks("family", people, len(surnames), flat=20)[home]
    second_family = draws.ranks("second family", people, len(surnames), flat=20)
    woman = draws.happens("woman", people, 0.5)
    given = np.where(
        woman,
        draws.ranks("woman's name", people, len(WOMEN), flat=10),
        len(WOMEN) + draws.ranks("man's name", people, len(MEN), flat=10),
    )
    town = draws.ranks("town", people, len(places), flat=10)[home]
    names = (*WOMEN, *MEN)
    born = _days(_OLDEST) + draws.below("birth date", people, _days(_YOUNGEST) - _days(_OLDEST) + 1)
    return pa.table(
        {
            "person": rows,
            "mailbox": mailbox,
            "given": as_words(names, given),
            "family": as_words(surnames, family),
            "second_family": as_words(surnames, second_family),
            "ascii_given": as_words([_mail_name(name) for name in names], given),
            "ascii_family": as_words([_mail_name(name) for name in surnames], family),
            "with_year": draws.happens("year in the address", people, 0.4),
            "birth_date": pa.array(born.astype(np.int32), pa.int32()).cast(pa.date32()),
            "domain": as_words(MAIL_DOMAINS, draws.ranks("domain", people, len(MAIL_DOMAINS), flat=1)),
            "second_domain": as_words(MAIL_DOMAINS, draws.ranks("second domain", people, len(MAIL_DOMAINS), flat=1)),
            "area": 201 + draws.below("telephone area", people, 780),
            "line": draws.below("telephone line", people, 10_000),
            "house": (1 + draws.below("house", people, 990))[home],
            "street": as_words(STREETS, draws.ranks("street", people, len(STREETS), flat=20)[home]),
            "moved_house": 1 + draws.below("moved house", people, 990),
            "moved_street": as_words(STREETS, draws.ranks("moved street", people, len(STREETS), flat=20)),
            "code": draws.below("postal code", people, 100)[home],
            "moved_code": draws.below("moved postal code", people, 100),
            "city": as_words([place.name for place in places], town),
            "country": as_words([place.country for place in places], town),
            "prefix": as_words([place.prefix for place in places], town),
        }
    )


def as_words(words: Sequence[str], ranks: Ints) -> pa.Array:
    """Give each rank its word, as a dictionary: a word is stored once, however many rows bear it."""
    return pa.DictionaryArray.from_arrays(pa.array(ranks.astype(np.int32)), pa.array(words, pa.string()))


def _mail_name(name: str) -> str:
    """Write a name as it stands in a mail address: ASCII letters only."""
    return "".join(letter for letter in anyascii(name) if letter.isalpha())


def _days(day: date) -> int:
    return (day - date(1970, 1, 1)).days
