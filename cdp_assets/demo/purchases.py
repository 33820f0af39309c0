"""Three years of buying: who buys when, where and for how much; orders of the shop and receipts of the till.

The model is one that can be learned from (Fader, Hardie, Lee 2005): everybody buys at a pace of one's own until one day
one stops for good, unseen; what is spent varies around a level of one's own. On top of it are the seasons, returns, and
rows that cannot be anybody's. The day after the last one is drawn too: a second delivery tells of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import duckdb
import numpy as np
import pyarrow as pa

from cdp_assets.demo.draws import Draws, Floats, Ints
from cdp_assets.demo.people import as_words
from cdp_assets.demo.vocabulary import PRODUCTS, STORES

YEARS = 3
BUY = 0.98  # of the people in shop or loyalty
PURCHASES_A_DAY = 1 / 26  # the level of the pace; paces have a long tail
STOPS = (0.7, 8.0)  # shapes of the probability to stop after a purchase
SPEND_LEVEL, SPEND_BETWEEN, SPEND_WITHIN = 42.0, 0.5, 0.45  # a middle amount; spreads of its logarithm
VERY_LARGE, TIMES_AS_LARGE = 0.003, 20
RETURNED = 0.03
NO_KEY, UNKNOWN_KEY, FUTURE = 0.004, 0.002, 0.0005  # of the rows; the fewest stand in `_extras`

KEPT, NO_CUSTOMER_KEY, CUSTOMER_UNKNOWN = "kept", "no_customer_key", "customer_unknown"
AFTER_AS_OF, REPEATED_KEY = "after_as_of", "repeated_key"

_BLOCK = 50_000  # people at a time, so that many of them do not need much memory
_MONTHS = (0.95, 0.85, 0.95, 1.0, 1.05, 0.9, 0.7, 0.7, 0.95, 1.05, 1.25, 1.75)  # how busy January to December are
_WEEKDAYS = (0.9, 0.85, 0.9, 0.95, 1.15, 1.35, 0.9)  # Monday to Sunday
NEXT_DAY = 3.0  # how busy the day after the last one is
_DAY, _MOST_PURCHASES = 24 * 60 * 60, 400


@dataclass(frozen=True)
class _Activity:
    """Where people buy: the source of the keys, the letters of keys, and the hours of the day."""

    source: str
    key: str
    number: str
    opens: int
    closes: int


# By the name of the activity in the demo's configuration.
ACTIVITIES = {
    "online_orders": _Activity(source="shop", key="S", number="O", opens=6, closes=24),
    "receipts": _Activity(source="loyalty", key="L", number="R", opens=9, closes=20),
}
_SOLD = """
    insert into purchases
    with customer_keys as (
        select
            source, person, key, row_number() over (partition by source, person order by key) - 1 as nth,
            count(*) over (partition by source, person) as keys
        from owners
        where person >= $begin and person < $end
    )
    select
        bought.activity, bought.place, bought.person, customer_keys.key, $start + to_seconds(bought.second),
        bought.cents, bought.product, bought.store, 'kept'
    from bought
    join customer_keys on
        customer_keys.person = bought.person and customer_keys.source = bought.source
        and customer_keys.nth = cast(floor(bought.pick * customer_keys.keys) as bigint)
"""
# In the order of their numbers; all have one from the beginning, those too that are not delivered yet.
_NUMBERED = """
    create table {activity} as
    with numbered as (
        select *, row_number() over () as nth
        from (from purchases where activity = $activity order by sold_at, person, place)
    )
    select
        nth, $letter || printf('%09d', nth) as number, key, person, sold_at, cast(cents / 100 as decimal(18, 2)) as total,
        $products[product + 1] as product, $stores[store + 1] as store,
        if(outcome = 'after_as_of' and sold_at < $until, 'kept', outcome) as outcome,
        outcome = 'after_as_of' as ahead, sold_at >= $next_day and not ahead as news
    from numbered
    where sold_at < $until or outcome = 'after_as_of'
"""
# One row came twice, as rows do when a delivery is repeated; it stands at the end.
_REPEATED = """
    insert into {activity}
    select * replace ('repeated_key' as outcome)
    from {activity}
    where outcome = 'kept' and total > 0
    order by nth
    limit 1
    offset 7
"""
_ORDERS = """
    create view orders as
    select
        number as order_id, key as account_no, strftime(sold_at, '%Y-%m-%dT%H:%M:%SZ') as ordered_at, total, product
    from online_orders
"""
_TILL = """
    create view till as
    select number as receipt_id, key as loyalty_id, sold_at, total, product, store
    from receipts
"""


def first_day(end: date) -> date:
    """Return the first of the three years that end with `end`."""
    return date(end.year - YEARS, end.month, min(end.day, 28)) + timedelta(days=1)


def make_purchases(con: duckdb.DuckDBPyConnection, draws: Draws, people: int, end: date, *, next_day: bool = False) -> None:
    """Write the views `orders` and `till` of `con` as the files will hold them, and what is true of them.

    online_orders, receipts: one row a row of the file; number (nth, with a letter), key (of a record of shop or loyalty,
    null: none), person (null: nobody knows), sold_at, total (negative: a return), outcome (what has to become of the
    row), ahead (it is in the file although its day has not come), news (it is of the day after `end`).
    Reads the table `owners`. The last day is `end`, or with `next_day` the one after it; only rows with the outcome
    after_as_of are later.
    """
    first = first_day(end)
    days = (end - first).days + 1
    con.execute(
        """
        create table purchases (
            activity varchar, place bigint, person bigint, key varchar, sold_at timestamp, cents bigint, product smallint,
            store smallint, outcome varchar
        )
        """
    )
    calendar = _calendar(first, days)
    place = 0
    for begin in range(0, people, _BLOCK):
        block = {"begin": begin, "end": begin + _BLOCK}
        among = con.execute(
            """
            select person, bool_or(source = 'shop') as online, bool_or(source = 'loyalty') as at_the_till
            from owners
            where source in ('shop', 'loyalty') and person >= $begin and person < $end
            group by person
            order by person
            """,
            block,
        ).fetchnumpy()
        bought = _bought(draws, f"purchases {begin // _BLOCK}", among, calendar)
        con.register("bought", bought.append_column("place", pa.array(place + np.arange(len(bought)))))
        con.execute(_SOLD, {"start": datetime.combine(first, datetime.min.time()), **block})
        con.unregister("bought")
        place += len(bought)
    when = {"next_day": end + timedelta(days=1), "until": end + timedelta(days=2 if next_day else 1)}
    words = {"products": list(PRODUCTS), "stores": list(STORES)}
    for activity, its in ACTIVITIES.items():
        _extras(con, draws, activity, end)
        con.execute(_NUMBERED.format(activity=activity), {"letter": its.number, "activity": activity, **when, **words})
        con.execute(_REPEATED.format(activity=activity))
    con.execute("drop table purchases")
    con.execute(_ORDERS)
    con.execute(_TILL)


def _calendar(first: date, days: int) -> Floats:
    """Return how much of all buying is over when each day begins, the day after the last one too, scaled to their number."""
    day = [first + timedelta(days=n) for n in range(days)]
    busy = np.array([_MONTHS[d.month - 1] * _WEEKDAYS[d.weekday()] for d in day] + [NEXT_DAY])
    over: Floats = np.concatenate([[0.0], np.cumsum(busy)])
    over *= (days + 1) / over[-1]
    return over


def _bought(draws: Draws, block: str, among: dict[str, Ints], calendar: Floats) -> pa.Table:
    """Draw what some people buy: person, activity, source, second, cents, product, store, pick (which of the keys)."""
    days = len(calendar) - 1
    buys = draws.happens(f"{block} buys", len(among["person"]), BUY)
    person, online, till = (among[name][buys] for name in ("person", "online", "at_the_till"))
    count = len(person)

    pace = PURCHASES_A_DAY * (-np.log(1 - draws.share(f"{block} pace", count))) ** 1.15
    begins = days * 0.97 * draws.share(f"{block} begins", count) ** 1.7
    a, b = STOPS
    stops = (1 - (1 - draws.share(f"{block} stops", count)) ** (1 / b)) ** (1 / a)
    until_stop = 1 + np.log(1 - draws.share(f"{block} stopped", count)) / np.log1p(-np.clip(stops, 1e-6, 0.999))
    expected = pace * (days - begins)
    enough = expected + 5 * np.sqrt(expected) + 2  # purchases beyond it would not come before the end anyway
    purchases = np.minimum(np.minimum(until_stop, enough), _MOST_PURCHASES).astype(np.int64)

    of = np.repeat(np.arange(count), purchases)
    rows = len(of)
    starts = np.cumsum(purchases) - purchases
    gap = -np.log(1 - draws.share(f"{block} gap", rows)) / pace[of]
    gap[starts] = begins
    total = np.cumsum(gap)
    when = total - (total - gap)[starts][of]
    day = np.floor(np.interp(when, calendar, np.arange(days + 1))).astype(np.int64)

    level = np.log(SPEND_LEVEL) + SPEND_BETWEEN * draws.normal(f"{block} level", count)
    amount = np.exp(level[of] + SPEND_WITHIN * draws.normal(f"{block} amount", rows))
    amount = np.where(draws.happens(f"{block} very large", rows, VERY_LARGE), amount * TIMES_AS_LARGE, amount)
    prefers_online = 0.15 + 0.7 * draws.share(f"{block} prefers online", count)
    is_online = online[of] & (~till[of] | (draws.share(f"{block} online", rows) < prefers_online[of]))
    columns = {
        "of": of,
        "day": day,
        "cents": np.maximum(100, np.rint(amount * 100)).astype(np.int64),
        "is_online": is_online,
        "clock": draws.share(f"{block} clock", rows),
        "product": draws.ranks(f"{block} product", rows, len(PRODUCTS)),
        "store": draws.ranks(f"{block} store", rows, len(STORES), flat=1),
        "pick": draws.share(f"{block} pick", rows),
    }
    kept = (when < days) & (day < days)
    returned = draws.happens(f"{block} returned", rows, RETURNED)
    back = day + 3 + draws.below(f"{block} returned after", rows, 28)
    returned &= back < days
    returns = {**columns, "day": back, "cents": -columns["cents"]}
    both = {name: np.concatenate([column[kept], returns[name][kept & returned]]) for name, column in columns.items()}
    return _table(person, both)


def _table(person: Ints, bought: dict[str, Ints]) -> pa.Table:
    online, till = ACTIVITIES["online_orders"], ACTIVITIES["receipts"]
    is_online = bought["is_online"]
    which = (~is_online).astype(np.int64)
    opens = np.where(is_online, online.opens, till.opens) * 3600
    closes = np.where(is_online, online.closes, till.closes) * 3600
    return pa.table(
        {
            "person": person[bought["of"]],
            "activity": as_words(list(ACTIVITIES), which),
            "source": as_words([online.source, till.source], which),
            "second": bought["day"] * _DAY + (opens + (closes - opens) * bought["clock"]).astype(np.int64),
            "cents": bought["cents"],
            "product": bought["product"],
            "store": bought["store"],
            "pick": bought["pick"],
        }
    )


def _extras(con: duckdb.DuckDBPyConnection, draws: Draws, activity: str, end: date) -> None:
    """Add purchases without a customer's key, with one that does not exist, and after the last day."""
    its = ACTIVITIES[activity]
    places = con.execute("select place from purchases where activity = $activity order by place", {"activity": activity})
    place = places.fetchnumpy()["place"].astype(np.int64)
    rows = len(place)
    counts = [max(3, round(rows * NO_KEY)), max(3, round(rows * UNKNOWN_KEY)), max(2, round(rows * FUTURE))]
    outcome = np.repeat([NO_CUSTOMER_KEY, CUSTOMER_UNKNOWN, AFTER_AS_OF], counts)
    size = len(outcome)
    con.register(
        "extras",
        pa.table(
            {
                "nth": np.arange(size),
                "outcome": outcome,
                "place": place[draws.below(f"{activity} extra like", size, rows)] if rows else np.zeros(size, dtype=np.int64),
                "days": 1 + draws.below(f"{activity} future", size, 40),
                "cents": 500 + draws.below(f"{activity} extra cents", size, 20_000),
                "product": draws.ranks(f"{activity} extra product", size, len(PRODUCTS)),
            }
        ),
    )
    # The last unknown key is one of a record in quarantine: it does not exist for the pipeline either.
    con.execute(
        """
        insert into purchases
        select
            $activity, 1000000000000 + nth, if(extras.outcome = 'after_as_of', placed.person, null),
            case extras.outcome
                when 'after_as_of' then placed.key
                when 'customer_unknown' then
                    $letter || if(row_number() over (partition by extras.outcome order by nth) = 1,
                                  '9000001', printf('95%05d', nth))
            end,
            case
                when extras.outcome = 'after_as_of' then $end + to_days(cast(extras.days as integer)) + interval 750 minutes
                else placed.sold_at - to_seconds(60)
            end,
            extras.cents, extras.product, placed.store, extras.outcome
        from extras
        join purchases as placed using (place)
        """,
        {"activity": activity, "letter": its.key, "end": end},
    )
    con.unregister("extras")
