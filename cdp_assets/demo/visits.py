"""What people do on the web site in three years: devices, visits and their events.

A device bears a visitor id (a cookie). Devices of people in crm sign in at some moment: events before it do not know
who it is, later ones may. Some people have two or three devices, a few devices serve two people, and strangers never
sign in. In which file an event arrives belongs to `deliveries`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import duckdb
import numpy as np

from cdp_assets.demo.draws import Bits, Draws, Flags, Floats, Ints

VISIT_THE_SITE = 0.40  # of the people in crm
HAVE_A_SECOND_DEVICE, HAVE_A_THIRD_DEVICE = 0.20, 0.04  # of those
SHARE_THEIR_DEVICE = 0.01  # of the devices, and at least one
STRANGERS = 0.25  # devices that never sign in, for each person of the world
STAY_SIGNED_IN = 0.60  # of the visits after the first sign-in
MOST_VISITS = 60
USED_FOR = 240.0  # days, in the middle, between the first and the last visit of a device
GROWTH = 2.0  # how much busier the last day is than the first one, beside the first one itself
NEXT_DAY = 0.005  # of all visits are on the day after the last one, of which a second delivery tells

NOBODY = -1
_DAY = 24 * 60 * 60
_LONGEST_VISIT = 30 * 60
_SECONDS_BETWEEN = 90
_WEEKDAYS = (1.05, 1.0, 1.0, 1.0, 0.9, 0.8, 1.25)  # Monday to Sunday
_MONTHS = (1.0, 0.9, 0.95, 0.95, 1.0, 0.85, 0.75, 0.75, 1.0, 1.1, 1.35, 1.4)  # January to December

SIGN_IN = "sign_in"
PRODUCT_PAGE = "/products/"
# The name of an event, its page, and how often it comes of 100; the first event of a visit is the home page.
KINDS = (
    ("page_view", "/", 20),
    ("page_view", "/stories", 15),
    ("product_view", PRODUCT_PAGE, 43),
    ("add_to_cart", "/cart", 13),
    ("checkout", "/checkout", 9),
    (SIGN_IN, "/account", 0),
)
_HOME, _SIGN_IN_KIND = 0, len(KINDS) - 1
_PRODUCTS = 400


@dataclass(frozen=True)
class Events:
    """One row an event, in the order of time; its number is its place, from 1.

    device, second (since the start of the first day), person (NOBODY: the event does not say), kind (the place in
    KINDS), product. Beside them `cookie`, one a device.
    """

    device: Ints
    second: Ints
    person: Ints
    kind: Ints
    product: Ints
    cookie: Bits


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


def make_visits(con: duckdb.DuckDBPyConnection, draws: Draws, people: int, first: date, days: int) -> Events:
    """Draw the events of `days` days from `first` on, and of the day after them.

    Writes the table `contacts` of `con`: person, contact_id, one row a person in crm; who signs in does it with this key,
    that of the first record. Reads the table `owners`.
    """
    con.execute(
        """
        create table contacts as
        select person, min(key) as contact_id from owners where source = 'crm' and not again group by person order by person
        """
    )
    in_crm = con.execute("select person from contacts order by person").fetchnumpy()["person"].astype(np.int64)
    devices = _devices(draws, in_crm, people)
    return _events(draws, _visits(draws, devices, _busy(first, days)), draws.bits("cookie", len(devices.owner)))


def _devices(draws: Draws, in_crm: Ints, people: int) -> _Devices:
    visiting = in_crm[draws.happens("visits the site", len(in_crm), VISIT_THE_SITE)]
    visiting = visiting if len(visiting) else in_crm[:1]
    again = visiting[draws.happens("has a second device", len(visiting), HAVE_A_SECOND_DEVICE)]
    third = visiting[draws.happens("has a third device", len(visiting), HAVE_A_THIRD_DEVICE)]
    known = np.concatenate([visiting, again, third])
    strangers = max(1, int(people * STRANGERS))
    owner = np.concatenate([known, np.full(strangers, NOBODY)])

    # The other person on a shared device is whoever has the next device.
    second = np.full(len(owner), NOBODY)
    shared = draws.happens("shares the device", max(0, len(visiting) - 1), SHARE_THEIR_DEVICE)
    shared[: min(1, len(shared))] |= not shared.any()
    second[: len(shared)] = np.where(shared, visiting[1:], NOBODY)
    return _Devices(owner, second)


def _busy(first: date, days: int) -> Floats:
    """Return which share of all visits is over when each day begins, for the days and the one after; from 0 to 1."""
    day = [first + timedelta(days=n) for n in range(days)]
    season = np.array([_MONTHS[d.month - 1] * _WEEKDAYS[d.weekday()] for d in day])
    busy = season * (1 + GROWTH * np.arange(days) / days)
    over: Floats = np.concatenate([[0.0], np.cumsum(np.append(busy * (1 - NEXT_DAY) / busy.sum(), NEXT_DAY))])
    over /= over[-1]
    return over


def _visits(draws: Draws, devices: _Devices, busy: Floats) -> _Visits:
    known, shared = devices.owner != NOBODY, devices.second != NOBODY
    count, days = len(devices.owner), len(busy) - 1
    per_device = 1 + draws.ranks("visits", count, MOST_VISITS, skew=1.4, flat=1)
    per_device = np.where(shared, np.maximum(per_device, 2), per_device)
    # The owner signs in first, at any of the visits; on a shared device at the first one, so that the other can follow.
    first_known = draws.below("first known visit", count, per_device)
    first_known = np.where(shared, 0, first_known)

    device = np.repeat(np.arange(count), per_device)
    rows = len(device)
    starts = np.cumsum(per_device) - per_device
    nth = np.arange(rows) - np.repeat(starts, per_device)
    second = _seconds(draws, device, busy, days, starts)
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


def _seconds(draws: Draws, device: Ints, busy: Floats, days: int, starts: Ints) -> Ints:
    """Draw when each visit is, in order within its device.

    A device is new at any time, the busier the likelier, and is used for a while. Visits that would be after the last day
    are before it instead, so that none is lost.
    """
    count, rows = len(starts), len(device)
    new = draws.share("device is new", count)
    used_for = -np.log(1 - draws.share("device is used for", count)) * USED_FOR / days
    share = draws.share("time of the visit", rows)
    share[starts] = 0.0
    place = new[device] + used_for[device] * share
    place = np.where(place < 1, place, new[device] + (1 - new[device]) * share)
    day = np.interp(place, busy, np.arange(days + 1))
    whole = np.minimum(np.floor(day), days - 1)
    second: Ints = (whole * _DAY + (day - whole) * (_DAY - _LONGEST_VISIT)).astype(np.int64)
    return second[np.lexsort((second, device))]


def _events(draws: Draws, visits: _Visits, cookie: Bits) -> Events:
    visit = np.repeat(np.arange(len(visits.events)), visits.events)
    rows = len(visit)
    position = np.arange(rows) - np.repeat(np.cumsum(visits.events) - visits.events, visits.events)
    second = visits.second[visit] + position * _SECONDS_BETWEEN + draws.below("pause", rows, _SECONDS_BETWEEN)
    known_from = visits.known_from[visit]

    shares = np.cumsum([share for _, _, share in KINDS]) / 100
    kind = np.searchsorted(shares, draws.share("kind", rows), side="right")
    kind = np.where(position == 0, _HOME, kind)
    kind = np.where(visits.signs_in[visit] & (position == known_from), _SIGN_IN_KIND, kind)
    person = np.where(position < known_from, NOBODY, visits.person[visit])
    # Events of a visit, and visits of a device, are in their order already, so that ties keep it.
    order = np.argsort(second, kind="stable")
    return Events(
        device=visits.device[visit[order]],
        second=second[order],
        person=person[order],
        kind=kind[order],
        product=1 + draws.ranks("product", rows, _PRODUCTS)[order],
        cookie=cookie,
    )
