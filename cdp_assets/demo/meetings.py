"""A year of meetings between the demo company and its business contacts: single ones, weekly ones, and all that do not count.

One row an occurrence, however many calendars hold it; the occurrences of a series share their id.
"""

from __future__ import annotations

from datetime import datetime

import duckdb
import numpy as np
import pyarrow as pa

from cdp_assets.demo.draws import Draws, Flags, Ints
from cdp_assets.demo.parties import DAYS, STALE_DAYS, Parties
from cdp_assets.demo.vocabulary import OWN_ADDRESSES

CANCELLED, ALL_DAY, FREE = 0.05, 0.03, 0.04
RESPONSES = ("accepted", "tentativelyAccepted", "declined", "none")
_RESPONSE_SHARES = (0.76, 0.10, 0.09, 0.05)
_ORGANISES = len(RESPONSES)
_WEEKS = DAYS // 7
_INTERNAL = 24  # meetings among ourselves
_NOBODY = -1
_DAY = 24 * 60 * 60

_MEETINGS = """
    create table meetings as
    with people as (
        select row, seat, address, if(response = 4, 'organizer', $responses[response + 1]) as response
        from drawn_seats
        join meeting_addresses on nth = person
    ),
    seated as (
        select
            row, list(address order by seat) as attendees, list(response order by seat) as responses,
            min(address) filter (response = 'organizer') as organizer
        from people
        group by row
    )
    select
        'meeting-' || printf('%06d', uid) as ical_uid,
        $start + to_seconds(if(is_all_day, second - second % 86400, second)) as starts_at,
        $start + to_seconds(if(is_all_day, second - second % 86400 + 86400, second + minutes * 60)) as ends_at,
        organizer, attendees, responses, is_cancelled, is_all_day, if(is_free, 'free', 'busy') as show_as
    from drawn_meetings
    join seated using (row)
    order by starts_at, ical_uid
"""


def make_meetings(con: duckdb.DuckDBPyConnection, draws: Draws, parties: Parties) -> None:
    """Write the table `meetings` of `con` as the file will hold it: the occurrences of the year, in the order of time."""
    meetings, seats = _drawn(draws, parties)
    addresses = pa.concat_arrays([pa.array(OWN_ADDRESSES), parties.theirs.cast(pa.string())])
    con.register("meeting_addresses", pa.table({"nth": np.arange(len(addresses)), "address": addresses}))
    con.register("drawn_meetings", meetings)
    con.register("drawn_seats", seats)
    con.execute(_MEETINGS, {"start": parties.start, "responses": list(RESPONSES)})
    for name in ("meeting_addresses", "drawn_meetings", "drawn_seats"):
        con.unregister(name)


def _drawn(draws: Draws, parties: Parties) -> tuple[pa.Table, pa.Table]:
    """Draw the occurrences, and who sits in them: row, seat, person, response (the number in RESPONSES, or organises)."""
    companies = np.arange(len(parties.company))
    single = np.repeat(
        companies, parties.per_bond("few_meetings") + draws.below("meetings", len(companies), parties.per_bond("more_meetings") + 1)
    )
    weekly = np.repeat(companies[parties.per_bond("weekly") > 0], _WEEKS)
    company = np.concatenate([single, weekly, np.full(_INTERNAL, _NOBODY)])
    rows, in_series = len(company), np.arange(len(weekly))
    part = np.concatenate([np.zeros(len(single)), np.ones(len(weekly)), np.full(_INTERNAL, 2)]).astype(np.int64)

    days = np.where((company >= 0) & (parties.per_bond("stale")[company] > 0), DAYS - STALE_DAYS, DAYS)
    hour = 8 + draws.below("meeting hour", rows, 9)
    day = draws.below("meeting day", rows, days)
    uid = 1 + np.arange(rows)
    day[part == 1] = _first_tuesday(parties.start) + 7 * (in_series % _WEEKS)
    hour[part == 1] = 9 + weekly % 7
    uid[part == 1] = 1 + rows + weekly
    cancelled = draws.happens("meeting cancelled", rows, CANCELLED)
    # Of each series one occurrence was cancelled, and to one none of us went.
    cancelled[part == 1] |= in_series % _WEEKS == 20
    nobody_goes = np.zeros(rows, dtype=np.bool_)
    nobody_goes[part == 1] = in_series % _WEEKS == 30
    half_hours = np.where(part == 1, 1, 1 + draws.below("meeting half hours", rows, 3))
    meetings = pa.table(
        {
            "row": np.arange(rows),
            "uid": uid,
            "second": day * _DAY + hour * 3600,
            "minutes": 30 * half_hours,
            "is_cancelled": cancelled,
            "is_all_day": draws.happens("meeting all day", rows, ALL_DAY) & (part == 0),
            "is_free": draws.happens("meeting shown as free", rows, FREE),
        }
    )
    return meetings, _seats(draws, parties, company, part == 1, nobody_goes)


def _first_tuesday(start: datetime) -> int:
    return (1 - start.weekday()) % 7


def _seats(draws: Draws, parties: Parties, company: Ints, series: Flags, nobody_goes: Flags) -> pa.Table:
    rows, own = len(company), len(OWN_ADDRESSES)
    ours = np.where(series, parties.main[company], parties.of_ours(draws, "meeting ours", np.maximum(company, 0)))
    us_too = (ours + 1 + draws.below("second own seat", rows, own - 1)) % own
    theirs = np.where(series, parties.first[company], parties.of_theirs(draws, "meeting theirs", np.maximum(company, 0)))
    them_too = parties.of_theirs(draws, "second seat of theirs", np.maximum(company, 0))
    internal = company < 0
    with_us_too = internal | draws.happens("second own seat", rows, 0.35)
    with_them_too = ~internal & draws.happens("second seat of theirs", rows, 0.3) & (them_too != theirs)
    we_organise = internal | (~series & draws.happens("we organise", rows, 0.6))
    person = np.stack(
        [
            ours,
            np.where(internal, _NOBODY, own + theirs),
            np.where(with_us_too, us_too, _NOBODY),
            np.where(with_them_too, own + them_too, _NOBODY),
        ],
        axis=1,
    )
    shares = np.cumsum(_RESPONSE_SHARES)
    response = np.stack([np.searchsorted(shares, draws.share(f"response {seat}", rows), side="right") for seat in range(4)], axis=1)
    response = np.minimum(response, len(RESPONSES) - 1)
    response[we_organise, 0] = _ORGANISES
    response[~we_organise, 1] = _ORGANISES
    return _declined(person, response, nobody_goes)


def _declined(person: Ints, response: Ints, nobody_goes: Flags) -> pa.Table:
    """Set the answers of a meeting to which none of us goes, although the contact organises it; then list the seats."""
    declined = RESPONSES.index("declined")
    response[nobody_goes] = np.where(np.arange(4) % 2 == 0, declined, response[nobody_goes])
    response[nobody_goes, 1] = _ORGANISES
    row, seat = np.nonzero(person >= 0)
    return pa.table({"row": row, "seat": seat, "person": person[row, seat], "response": response[row, seat]})
