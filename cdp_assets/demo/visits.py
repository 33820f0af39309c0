"""What people do on the web site: devices, visits and their events, one file a day.

A device bears a visitor id (a cookie). Devices of people in crm sign in at some moment: events before it do not know
who it is, later ones may. Some people have two devices, a few devices serve two people, and strangers never sign in.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import duckdb
import numpy as np
import pyarrow as pa

from cdp_assets.demo.draws import Draws, Flags, Ints

VISIT_THE_SITE = 0.40  # of the people in crm
HAVE_A_SECOND_DEVICE = 0.20  # of those
SHARE_THEIR_DEVICE = 0.01  # of the devices, and at least one
STRANGERS = 0.25  # devices that never sign in, for each person of the world
STAY_SIGNED_IN = 0.60  # of the visits after the first sign-in

NOBODY = -1
_DAY = 24 * 60 * 60
_LONGEST_VISIT = 30 * 60
_SECONDS_BETWEEN = 90

SIGN_IN = "sign_in"
# The name of an event, its page, and how often it comes of 100; the first event of a visit is the home page.
_KINDS = (
    ("page_view", "/", 20),
    ("page_view", "/stories", 15),
    ("product_view", "/products/", 43),
    ("add_to_cart", "/cart", 13),
    ("checkout", "/checkout", 9),
    (SIGN_IN, "/account", 0),
)
_HOME, _SIGN_IN_KIND = 0, len(_KINDS) - 1
_PRODUCT_PAGE = "/products/"
_PRODUCTS = 400

_EVENTS = """
    select
        printf('e%09d', number) as event_id,
        strftime($start + to_seconds(second), '%Y-%m-%dT%H:%M:%SZ') as ts,
        printf('%016x', cookie) as anonymous_id,
        contact_id as user_id,
        kinds.event,
        if(kinds.page = $product_page, kinds.page || product, kinds.page) as page
    from events
    join cookies using (device)
    join kinds using (kind)
    left join contacts using (person)
    order by number
"""
# Who used which device, and since when the site can know it. A stranger's person is null, and so is the time.
_VISITORS = """
    create table visitors as
    select printf('%016x', cookie) as visitor, person, $start + to_seconds(first_second) as signed_in_at
    from cookies
    left join (
        select device, person, min(second) as first_second from events where person is not null group by device, person
    ) using (device)
"""


@dataclass(frozen=True)
class _Devices:
    """One row a device: its owner (NOBODY: a stranger's) and the second person who uses it (NOBODY: none)."""

    owner: Ints
    second: Ints


@dataclass(frozen=True)
class _Visits:
    """One row a visit, by device and time.

    second: since the start of the first day; events: how many; known_from: the position of the first event that carries
    the person (equal to `events`: none does); signs_in: whether that event is the sign-in; person: who it is.
    """

    device: Ints
    second: Ints
    events: Ints
    known_from: Ints
    signs_in: Flags
    person: Ints


@dataclass(frozen=True)
class Day:
    """The events of a day, in the order of time, as the rows of its file; to be read before the next day is taken."""

    day: date
    rows: duckdb.DuckDBPyRelation


def make_visits(con: duckdb.DuckDBPyConnection, draws: Draws, people: int, first: date, days: int) -> Iterator[Day]:
    """Yield the events of each day, and leave the table `visitors` in `con`.

    visitors: one row a device and person who signed in on it; visitor, person (null: nobody ever signed in),
    signed_in_at.
    Reads the table `owners`: who signs in does it with the key of the first record in crm.
    """
    con.execute(
        """
        create table contacts as
        select person, min(key) as contact_id from owners where source = 'crm' and not again group by person
        """
    )
    in_crm = np.array([row[0] for row in con.execute("select person from contacts order by person").fetchall()], dtype=np.int64)
    devices = _devices(draws, in_crm, people)
    visits = _visits(draws, devices, days)
    events = _events(draws, visits)
    start = datetime.combine(first, datetime.min.time())

    count = len(devices.owner)
    con.register("cookies", pa.table({"device": np.arange(count), "cookie": draws.bits("cookie", count)}))
    event, page, _ = zip(*_KINDS, strict=True)
    con.register("kinds", pa.table({"kind": np.arange(len(_KINDS)), "event": event, "page": page}))
    con.register("events", events)
    con.execute(_VISITORS, {"start": start})
    con.unregister("events")
    seconds = events["second"].to_numpy()
    for n in range(days):
        begin, end = np.searchsorted(seconds, [n * _DAY, (n + 1) * _DAY])
        con.register("events", events.slice(int(begin), int(end - begin)))
        yield Day(first + timedelta(days=n), con.sql(_EVENTS, params={"start": start, "product_page": _PRODUCT_PAGE}))
        con.unregister("events")


def _devices(draws: Draws, in_crm: Ints, people: int) -> _Devices:
    visiting = in_crm[draws.happens("visits the site", len(in_crm), VISIT_THE_SITE)]
    visiting = visiting if len(visiting) else in_crm[:1]
    again = visiting[draws.happens("has a second device", len(visiting), HAVE_A_SECOND_DEVICE)]
    known = np.concatenate([visiting, again])
    strangers = max(1, int(people * STRANGERS))
    owner = np.concatenate([known, np.full(strangers, NOBODY)])

    # The other person on a shared device is whoever has the next device.
    second = np.full(len(owner), NOBODY)
    shared = draws.happens("shares the device", max(0, len(visiting) - 1), SHARE_THEIR_DEVICE)
    shared[: min(1, len(shared))] |= not shared.any()
    second[: len(shared)] = np.where(shared, visiting[1:], NOBODY)
    return _Devices(owner, second)


def _visits(draws: Draws, devices: _Devices, days: int) -> _Visits:
    known, shared = devices.owner != NOBODY, devices.second != NOBODY
    per_device = 1 + draws.ranks("visits", len(devices.owner), 12, skew=1.6, flat=1)
    per_device = np.where(shared, np.maximum(per_device, 2), per_device)
    # The owner signs in first, at any of the visits; on a shared device at the first one, so that the other can follow.
    first_known = draws.below("first known visit", len(per_device), per_device)
    first_known = np.where(shared, 0, first_known)

    device = np.repeat(np.arange(len(per_device)), per_device)
    rows = len(device)
    nth = np.arange(rows) - np.repeat(np.cumsum(per_device) - per_device, per_device)
    second = draws.below("time of the visit", rows, days * _DAY - _LONGEST_VISIT)
    second = second[np.lexsort((second, device))]
    events = 1 + draws.ranks("events of the visit", rows, 15, skew=1.4, flat=2)

    others = shared[device] & (nth % 2 == 1)
    first = known[device] & (nth == first_known[device])
    stays = known[device] & (nth > first_known[device]) & draws.happens("stays signed in", rows, STAY_SIGNED_IN)
    signs_in = first | others
    position = np.where(signs_in, draws.below("position of the sign-in", rows, events), 0)
    return _Visits(
        device=device,
        second=second,
        events=events,
        known_from=np.where(signs_in | stays, position, events),
        signs_in=signs_in,
        person=np.where(others, devices.second[device], devices.owner[device]),
    )


def _events(draws: Draws, visits: _Visits) -> pa.Table:
    """One row an event, in the order of time: number, device, person (null: not known), second, kind, product."""
    visit = np.repeat(np.arange(len(visits.events)), visits.events)
    rows = len(visit)
    position = np.arange(rows) - np.repeat(np.cumsum(visits.events) - visits.events, visits.events)
    second = visits.second[visit] + position * _SECONDS_BETWEEN + draws.below("pause", rows, _SECONDS_BETWEEN)
    known_from = visits.known_from[visit]

    shares = np.cumsum([share for _, _, share in _KINDS]) / 100
    kind = np.searchsorted(shares, draws.share("kind", rows), side="right")
    kind = np.where(position == 0, _HOME, kind)
    kind = np.where(visits.signs_in[visit] & (position == known_from), _SIGN_IN_KIND, kind)
    order = np.lexsort((position, visit, second))
    table = pa.table(
        {
            "device": visits.device[visit],
            "person": pa.array(visits.person[visit], mask=position < known_from),
            "second": second,
            "kind": kind,
            "product": 1 + draws.ranks("product", rows, _PRODUCTS),
        }
    )
    return table.take(pa.array(order)).append_column("number", pa.array(np.arange(1, rows + 1)))
