"""The files in which web events arrive: one a month for the past, one a day for the last days and for the day after.

Not every event is in the file of its day. Some come late, because the device was out of reach; what is under way when
the last day ends is in the file of the day after. And some come again, in the same file or in a later one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cdp_assets.demo.draws import Draws, Ints
from cdp_assets.demo.people import as_words
from cdp_assets.demo.visits import KINDS, NOBODY, PRODUCT_PAGE, Events

DAILY = 14  # so many days at least, back to the first of a month, have a file each
LATE, LATEST = 0.01, 45  # of the events, and by how many days at most
UNDER_WAY, UNDER_WAY_FOR = 0.04, 14  # of the events of so many last days
REPEATED_AT_ONCE, REPEATED_LATER, REPEATED_THE_DAY_AFTER = 0.002, 0.002, 0.0005  # of the events
REPEATED_FOR = 40  # days at most
FEWEST = 3  # of each of these, where there are so many

_DAY = 24 * 60 * 60
_ON_TIME, _LATE, _AGAIN = range(3)

_EVENT_ID, _VISITOR = "'e' || right((1000000000 + number)::varchar, 9)", "printf('%016x', cookie)"
EVENT_ROWS = f"""
    select
        {_EVENT_ID} as event_id, strftime(moment, '%Y-%m-%dT%H:%M:%SZ') as ts, {_VISITOR} as anonymous_id, user_id, event,
        if(page = '{PRODUCT_PAGE}', page || product, page) as page
    from arriving
"""
# Who used which device, and since when the site can know it. A stranger's person is null, and so is the time.
_VISITORS = f"""
    create table visitors as
    select {_VISITOR} as visitor, person, signed_in_at, last_known_at
    from cookies
    left join (
        select device, person, min(moment) as signed_in_at, max(moment) as last_known_at from naming group by device, person
    ) using (device)
"""
_NEWS = f"""
    create table {{table}} as
    select {_EVENT_ID} as event_id, {_VISITOR} as visitor, moment as happened_at, file, news from news_rows
"""


@dataclass(frozen=True)
class File:
    """A file of events: its name without the folder, how many rows, and which of them (from 1) have come before."""

    name: str
    rows: int
    repeated: tuple[int, ...]


@dataclass(frozen=True)
class _Arrivals:
    """What arrives, one row an event and time that it comes: event (its place), file (its place), how.

    In the order of the files and, in each, of the rows: on time, late (after the file of its day), again.
    """

    event: Ints
    file: Ints
    how: Ints


class Deliveries:
    """The files of events of a world and what is true of them; `next_day`: with the file of the day after the last one."""

    def __init__(self, con: duckdb.DuckDBPyConnection, draws: Draws, events: Events, first: date, days: int, *, next_day: bool) -> None:
        self._con, self._events, self._start = con, events, np.datetime64(first, "us")
        names, file_of = calendar(first, days)
        self._arrivals = _arrivals(draws, events.second // _DAY, days, file_of)
        self._last = len(names) - 1
        self._names = names if next_day else names[:-1]
        self._bounds = np.searchsorted(self._arrivals.file, np.arange(len(self._names) + 1))
        known = con.execute("select person, contact_id from contacts order by person").fetchnumpy()
        self._contact_of, self._contacts = known["person"], pa.array(known["contact_id"], pa.string())

    def files(self) -> Iterator[File]:
        """Yield each file, in their order; its rows are those of EVENT_ROWS until the next one is taken."""
        event, page, _ = zip(*KINDS, strict=True)
        for n, name in enumerate(self._names):
            begin, end = int(self._bounds[n]), int(self._bounds[n + 1])
            its = self._arrivals.event[begin:end]
            person, kind = self._events.person[its], self._events.kind[its]
            at = np.searchsorted(self._contact_of, person)
            columns = {
                **self._marks(its),
                "user_id": self._contacts.take(pa.array(at, mask=person == NOBODY)),
                "event": as_words(event, kind),
                "page": as_words(page, kind),
                "product": self._events.product[its],
            }
            self._con.register("arriving", pa.table(columns))
            again = np.flatnonzero(self._arrivals.how[begin:end] == _AGAIN) + 1
            yield File(f"{name}.csv", end - begin, tuple(again.tolist()))
            self._con.unregister("arriving")

    def write_truth(self) -> None:
        """Write three tables of the connection.

        visitors: one row a device and person who signed in on it; visitor, person (null: nobody ever signed in),
        signed_in_at, last_known_at (the last event that names the person).
        late_events: one row an event that is not in the file of its day; event_id, visitor, happened_at, file, news (late).
        next_day_events: one row a row in the file of the day after; the same columns, news is new, late or repeated.
        """
        all_files = self._arrivals
        its, file, how = (column[: self._bounds[-1]] for column in (all_files.event, all_files.file, all_files.how))
        devices = np.unique(self._events.device[its])
        named = its[self._events.person[its] != NOBODY]
        naming = {"device": self._events.device[named], "person": self._events.person[named], "moment": self._at(named)}
        cookies = {"device": devices, "cookie": self._events.cookie[devices]}
        self._create(_VISITORS, cookies=cookies, naming=naming)
        for table, rows in (("late_events", how == _LATE), ("next_day_events", file == self._last)):
            columns = {"file": as_words(self._names, file[rows]), "news": as_words(("new", "late", "repeated"), how[rows])}
            self._create(_NEWS.format(table=table), news_rows={**self._marks(its[rows]), **columns})

    def _marks(self, events: Ints) -> dict[str, NDArray[np.generic]]:
        return {"number": events + 1, "moment": self._at(events), "cookie": self._events.cookie[self._events.device[events]]}

    def _at(self, events: Ints) -> NDArray[np.datetime64]:
        at: NDArray[np.datetime64] = self._start + self._events.second[events] * np.timedelta64(1_000_000, "us")
        return at

    def _create(self, sql: str, **tables: Mapping[str, object]) -> None:
        for name, columns in tables.items():
            self._con.register(name, pa.table(dict(columns)))
        self._con.execute(sql)
        for name in tables:
            self._con.unregister(name)


def calendar(first: date, days: int) -> tuple[list[str], Ints]:
    """Return the names of the files in their order, and the place of each day's file among them, the day after's too."""
    every = [first + timedelta(days=n) for n in range(days + 1)]
    daily_from = (every[-2] - timedelta(days=DAILY - 1)).replace(day=1)
    stems = [f"{day}" if day >= daily_from else f"{day:%Y-%m}" for day in every]
    names = list(dict.fromkeys(stems))
    place = {name: n for n, name in enumerate(names)}
    return names, np.array([place[stem] for stem in stems], dtype=np.int64)


def _arrivals(draws: Draws, day: Ints, days: int, file_of: Ints) -> _Arrivals:
    """Draw on which day each event arrives, and which ones come again. What would arrive after the day after is lost."""
    count = len(day)
    arrives = day.copy()
    late = np.flatnonzero(draws.happens("late", count, LATE))
    arrives[late] += 1 + draws.ranks("late by", len(late), LATEST)
    under_way = np.flatnonzero((day >= days - UNDER_WAY_FOR) & (day < days))
    arrives[_some(draws, "under way", under_way, UNDER_WAY)] = days

    before = np.flatnonzero(arrives < days)
    at_once = _some(draws, "repeated at once", before, REPEATED_AT_ONCE)
    later = _some(draws, "repeated later", before[arrives[before] < days - 1], REPEATED_LATER)
    the_day_after = _some(draws, "repeated the day after", before, REPEATED_THE_DAY_AFTER)
    wait = 1 + draws.below("repeated after", len(later), np.minimum(REPEATED_FOR, days - 1 - arrives[later]))

    once = np.flatnonzero(arrives <= days)
    event = np.concatenate([once, at_once, later, the_day_after])
    file = file_of[np.concatenate([arrives[once], arrives[at_once], arrives[later] + wait, np.full(len(the_day_after), days)])]
    how = np.where(file == file_of[day[event]], _ON_TIME, _LATE)
    how[len(once) :] = _AGAIN
    order = np.argsort((3 * file + how).astype(np.int32), kind="stable")
    return _Arrivals(event[order], file[order], how[order])


def _some(draws: Draws, what: str, among: Ints, share: float) -> Ints:
    """Draw about this share of the numbers, and at least FEWEST of them."""
    found = among[draws.happens(what, len(among), share)]
    return found if len(found) >= FEWEST else among[draws.some(what, len(among), FEWEST)]
