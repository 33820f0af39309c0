"""The people of the demo world: who they are, where and with whom they live, and in which sources they are.

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
from cdp_assets.demo.names import Words, families, men, nicknames, streets, women
from cdp_assets.demo.vocabulary import MAIL_DOMAINS, towns

# Of all people; whoever is in none of the three is in crm. Everybody is in one, two or three sources.
IN_CRM, IN_LOYALTY, IN_SHOP = 0.70, 0.55, 0.50
LIVES_WITH_THE_ONE_BEFORE = 0.12  # a family: one family name, one address
SHARES_THE_MAILBOX = 0.04  # of those who live together: a couple with one address, which no rule can tell apart by mail
SHARES_THE_TELEPHONE = 0.30  # of those who live together: the number of the house
TWINS = 0.01  # of all people are the second of two, and at least one: born on the same day, with a similar given name
MOVED = 0.10  # of the households, in the years from which records are
MARRIED = 0.03  # of the people, in the same years: since then they have their present family name
YEARS = 4  # how far back records go

_MINUTES = YEARS * 365 * 24 * 60
_YOUNGEST, _OLDEST = date(2006, 12, 31), date(1940, 1, 1)

# Telephone numbers are in the exchange 555, which no subscriber has.
_PEOPLE = """
    create table people as
    with named as (
        select
            person, home, twin_of, given, nickname, family, birth_date, city, country, mailbox, domain, area, line,
            house || ' ' || street as street,
            postcode(country, prefix, code) as postcode,
            $end + time '00:00:00' - to_minutes(married_ago) as married_at,
            if(married_ago is null, null, former_family) as former_family,
            $end + time '00:00:00' - to_minutes(moved_ago) as moved_at,
            if(moved_ago is null, null, former_house || ' ' || former_street) as former_street,
            if(moved_ago is null, null, postcode(country, prefix, former_code)) as former_postcode,
            lower(mail_given || '.' || mail_family) || if(with_year, strftime(birth_date, '%y'), '') as local,
            lower(left(mail_given, 1) || mail_family || person) || '@' || second_domain as other_email
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
    select named.* exclude (domain, local), owned.email
    from named
    join owned on owned.person = named.mailbox
"""
_POSTCODE = """
    create macro postcode(country, prefix, code) as
        if(country = 'US',
           prefix || printf('%02d', code),
           prefix || ' ' || (1 + code % 9) || chr(cast(65 + code % 7 as integer)) || (code % 10))
"""
# For each name the most frequent other one that begins alike and is not just another spelling.
_ALIKE = """
    select
        min_by(other.nth, (left(other.plain, 2) <> left(one.plain, 2), left(other.plain, 1) <> left(one.plain, 1), other.nth)) as alike
    from given_names as one
    join given_names as other on other.nth < $frequent and levenshtein(other.plain, one.plain) > 1
    group by one.nth
    order by one.nth
"""
_FREQUENT = 150  # names that a second twin can have


@dataclass(frozen=True)
class Presence:
    """Which source holds whom: one flag a person and source."""

    crm: Flags
    loyalty: Flags
    shop: Flags


def make_people(con: duckdb.DuckDBPyConnection, draws: Draws, people: int, end: date) -> Presence:
    """Write the table `people` of `con`, one row a person, and say who is in which source.

    Columns: person (0, 1, ...), home (the person whose household it is), twin_of (a person, null: no twin), given,
    nickname (null: none), family, married_at and former_family (the name before; null: never married in these years),
    birth_date, street, postcode, city, country, moved_at, former_street and former_postcode (the address before; null:
    never moved), mailbox (the person whose `email` it is), email (belongs to one person or one couple), other_email
    (belongs to one person), area and line (numbers of the telephone).
    """
    con.register("drawn", _drawn(con, draws, people))
    con.execute(_POSTCODE)
    con.execute(_PEOPLE, {"end": end})
    con.unregister("drawn")
    return _presence(draws, people)


def _presence(draws: Draws, people: int) -> Presence:
    loyalty = draws.happens("in loyalty", people, IN_LOYALTY)
    shop = draws.happens("in shop", people, IN_SHOP)
    crm = draws.happens("in crm", people, IN_CRM) | ~(loyalty | shop)
    return Presence(crm, loyalty, shop)


def _drawn(con: duckdb.DuckDBPyConnection, draws: Draws, people: int) -> pa.Table:
    rows = np.arange(people, dtype=np.int64)
    twin = _twins(draws, people)
    together = draws.happens("lives with the one before", people, LIVES_WITH_THE_ONE_BEFORE) | twin
    # Each household is led by the last person before who does not live with another; the first person leads one always.
    home = np.maximum.accumulate(np.where(together, 0, rows))
    shares = {
        what: together & ~twin & draws.happens(f"shares the {what}", people, share)
        for what, share in (("mailbox", SHARES_THE_MAILBOX), ("telephone", SHARES_THE_TELEPHONE))
    }

    surnames, ways, places = families(people), streets(people), towns(people)
    names, given = _given(con, draws, people, twin)
    called, called_of = _nicknames(names)
    family = draws.weighted("family", people, surnames.weights)[home]
    town = draws.ranks("town", people, len(places), flat=10)[home]
    born = _days(_OLDEST) + draws.below("birth date", people, _days(_YOUNGEST) - _days(_OLDEST) + 1)
    born[twin] = born[rows[twin] - 1]
    moved = draws.happens("moved", people, MOVED)[home]
    married = draws.happens("married", people, MARRIED)
    called_again = draws.happens("called by the other nickname", people, 0.3).astype(np.int64)
    return pa.table(
        {
            "person": rows,
            "home": home,
            "twin_of": pa.array(rows - 1, mask=~twin),
            "mailbox": np.where(shares["mailbox"], home, rows),
            "given": as_words(names, given),
            "nickname": as_words(called, called_of[called_again, given]),
            "family": as_words(surnames.words, family),
            "mail_given": as_words([_mail_name(name) for name in names], given),
            "mail_family": as_words([_mail_name(name) for name in surnames.words], family),
            "married_ago": pa.array(1 + draws.below("married ago", people, _MINUTES), mask=~married),
            "former_family": as_words(surnames.words, draws.weighted("former family", people, surnames.weights)),
            "with_year": draws.happens("year in the address", people, 0.4),
            "birth_date": pa.array(born.astype(np.int32), pa.int32()).cast(pa.date32()),
            "domain": as_words(MAIL_DOMAINS, draws.ranks("domain", people, len(MAIL_DOMAINS), flat=1)),
            "second_domain": as_words(MAIL_DOMAINS, draws.ranks("second domain", people, len(MAIL_DOMAINS), flat=1)),
            "area": _of(home, 201 + draws.below("telephone area", people, 780), shares["telephone"]),
            "line": _of(home, draws.below("telephone line", people, 10_000), shares["telephone"]),
            "house": (1 + draws.below("house", people, 990))[home],
            "street": as_words(ways.words, draws.weighted("street", people, ways.weights)[home]),
            "code": draws.below("postal code", people, 100)[home],
            "moved_ago": pa.array((1 + draws.below("moved ago", people, _MINUTES))[home], mask=~moved),
            "former_house": (1 + draws.below("former house", people, 990))[home],
            "former_street": as_words(ways.words, draws.weighted("former street", people, ways.weights)[home]),
            "former_code": draws.below("former postal code", people, 100)[home],
            "city": as_words([place.name for place in places], town),
            "country": as_words([place.country for place in places], town),
            "prefix": as_words([place.prefix for place in places], town),
        }
    )


def _twins(draws: Draws, people: int) -> Flags:
    """Say who is the twin of the person before; there are no triplets."""
    twin = draws.some("twin", people, max(1, round(people * TWINS)))
    twin[:1] = False
    twin[1:] &= ~twin[:-1]
    return twin


def _given(con: duckdb.DuckDBPyConnection, draws: Draws, people: int, twin: Flags) -> tuple[tuple[str, ...], Ints]:
    """Draw everybody's given name: all names, women's first, and the place of each person's in them."""
    of_women, of_men = women(people), men(people)
    woman = draws.happens("woman", people, 0.5)
    given = np.where(
        woman,
        draws.weighted("woman's name", people, of_women.weights),
        len(of_women.words) + draws.weighted("man's name", people, of_men.weights),
    )
    alike = np.concatenate([_alike(con, of_women), len(of_women.words) + _alike(con, of_men)])
    given[twin] = alike[given[np.flatnonzero(twin) - 1]]
    return (*of_women.words, *of_men.words), given


def _alike(con: duckdb.DuckDBPyConnection, names: Words) -> Ints:
    plain = [_mail_name(name).lower() for name in names.words]
    con.register("given_names", pa.table({"nth": np.arange(len(plain)), "plain": plain}))
    found: Ints = con.execute(_ALIKE, {"frequent": _FREQUENT}).fetchnumpy()["alike"]
    con.unregister("given_names")
    return found


def _nicknames(names: Sequence[str]) -> tuple[tuple[str, ...], Ints]:
    """All nicknames, and for each name the places of its usual and its other one; -1: it has none."""
    forms = nicknames()
    words = tuple(dict.fromkeys(form for of_one in forms.values() for form in of_one))
    place = {word: nth for nth, word in enumerate(words)}
    pairs = [[place[forms[name][0]], place[forms[name][-1]]] if name in forms else [-1, -1] for name in names]
    return words, np.array(pairs, dtype=np.int64).T


def _of(home: Ints, numbers: Ints, shared: Flags) -> Ints:
    return np.where(shared, numbers[home], numbers)


def as_words(words: Sequence[str], ranks: Ints) -> pa.Array:
    """Give each rank its word, as a dictionary: a word is stored once, however many rows bear it. A rank below 0 is null."""
    return pa.DictionaryArray.from_arrays(pa.array(ranks.astype(np.int32), mask=ranks < 0), pa.array(words, pa.string()))


def _mail_name(name: str) -> str:
    """Write a name as it stands in a mail address: ASCII letters only."""
    return "".join(letter for letter in anyascii(name) if letter.isalpha())


def _days(day: date) -> int:
    return (day - date(1970, 1, 1)).days
