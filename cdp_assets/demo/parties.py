"""Who of the demo company is in touch with whom: the companies, how closely, and the people on both sides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import duckdb
import numpy as np
import pyarrow as pa

from cdp_assets.demo.colleagues import LINKED
from cdp_assets.demo.draws import Draws, Flags, Ints
from cdp_assets.demo.vocabulary import OWN_ADDRESSES

IN_TOUCH = 0.60  # of the companies
MOST_IN_TOUCH = 500  # companies that six people can keep in touch with
DAYS = 365
STALE_DAYS = 185  # nothing has been heard of a stale company for longer than half a year


@dataclass(frozen=True)
class Bond:
    """How closely a company is in touch: conversations and single meetings in the year, each from `few` on."""

    few_conversations: int
    more_conversations: int
    longest_conversation: int
    few_meetings: int
    more_meetings: int
    weekly: bool = False  # a meeting every week
    one_way: bool = False  # we write, nobody answers
    stale: bool = False


BONDS: Mapping[str, Bond] = {
    "partner": Bond(35, 30, 7, 8, 10, weekly=True),
    "regular": Bond(8, 14, 5, 1, 5),
    "stale": Bond(10, 10, 4, 2, 4, stale=True),
    "newsletter": Bond(24, 12, 1, 0, 1, one_way=True),
    "tiny": Bond(1, 1, 1, 0, 1),
}
# The companies that are in touch take these in turn.
_TURNS = ("partner", "stale", "newsletter", "tiny", "regular", "regular", "tiny", "newsletter", "regular", "stale", "regular", "regular")

# Those whom the crm knows: it is what the own people look into.
_THEIRS = """
    select company, address, min(outcome <> $linked)::bigint as not_linked
    from colleagues
    where address is not null
    group by company, address
    having bool_or(source = 'business_contacts')
    order by company, not_linked, address
"""


@dataclass(frozen=True)
class Parties:
    """The companies in touch, one row each, and the addresses of both sides.

    company: its number; bond: the place in BONDS; main: the own address that mostly writes; first, people: where its
    addresses begin in `theirs` and how many they are, the linked ones first; linked: how many of them are linked.
    """

    company: Ints
    bond: Ints
    main: Ints
    first: Ints
    people: Ints
    linked: Ints
    theirs: pa.Array
    is_linked: Flags
    start: datetime

    def per_bond(self, name: str) -> Ints:
        """Return a number of the bond for each company."""
        return np.array([int(getattr(bond, name)) for bond in BONDS.values()])[self.bond]

    def of_theirs(self, draws: Draws, what: str, row: Ints) -> Ints:
        """Draw who of the company of each row takes part; the first ones most often."""
        share = draws.share(what, len(row))
        return self.first[row] + np.floor(self.people[row] * share**1.8).astype(np.int64)

    def of_ours(self, draws: Draws, what: str, row: Ints) -> Ints:
        """Draw which own person takes part: mostly the main one of the company of each row."""
        other = draws.below(f"{what} other", len(row), len(OWN_ADDRESSES))
        return np.where(draws.happens(f"{what} main", len(row), 0.7), self.main[row], other)


def make_parties(con: duckdb.DuckDBPyConnection, draws: Draws, end: date) -> Parties:
    """Choose the companies that are in touch; reads the tables `companies` and `colleagues`.

    Only companies with a linked contact that has an address can be in touch. The year is the 365 days
    before `end`: what a refresh as of `end` counts, as `end` itself is not over then.
    """
    found = con.sql(_THEIRS, params={"linked": LINKED}).to_arrow_table()
    owner = found["company"].to_numpy()
    is_linked = found["not_linked"].to_numpy() == 0
    ((companies,),) = con.execute("select count(*) from companies").fetchall()
    people = np.bincount(owner, minlength=companies)
    linked = np.bincount(owner[is_linked], minlength=companies)
    order = draws.order("in touch", companies)
    chosen = order[linked[order] > 0][: min(MOST_IN_TOUCH, round(companies * IN_TOUCH))]
    names = list(BONDS)
    return Parties(
        company=chosen,
        bond=np.array([names.index(_TURNS[nth % len(_TURNS)]) for nth in range(len(chosen))], dtype=np.int64),
        main=draws.below("main own person", len(chosen), len(OWN_ADDRESSES)),
        first=(np.cumsum(people) - people)[chosen],
        people=people[chosen],
        linked=linked[chosen],
        theirs=found["address"].combine_chunks(),
        is_linked=is_linked,
        start=datetime.combine(end, time()) - timedelta(days=DAYS),
    )
