"""The engagement of accounts: the official figures for the year and its twelve months, and the score of the year.

Microsoft does not publish how its score is made. This formula is our own: five parts between 0 and 1, weighted.

| part | weight | form |
|---|---|---|
| recency | .25 | 1 up to 14 days since the last mail or meeting, then halved every 28 |
| frequency | .30 | v = incoming + min(outgoing, 3 x incoming + 3); a mail counts 1, a meeting 3, halved every 90 days of age |
| reciprocity | .15 | 2 min(in, out) / (in + out + 2), without age |
| breadth | .15 | own people + 2 x people of the account |
| time | .15 | minutes of own people |

Frequency, breadth and time are ln(1 + value) / ln(1 + reference), at most 1; the reference is the 95th percentile of all
accounts, at least 10, 6 and 240, so that a single small account is not the best of all. An
account without data has no row; every other one has thirteen, those of months in which nothing happened too.
"""

from datetime import date, timedelta

import pyarrow as pa

from cdp_assets.engagement.tables import ACCOUNT_ENGAGEMENT, INTERACTIONS
from cdp_assets.lake import AS_OF, Check, Stage, by, everywhere, intermediate, whole

REDIRECTS = "account_id_redirects"
WEIGHTS = {"recency": 0.25, "frequency": 0.30, "reciprocity": 0.15, "breadth": 0.15, "time": 0.15}
INTERVAL, HALVING, HALF_LIFE = 14, 28, 90  # days
MEETING = 3  # a meeting is worth so many mails
FLOORS = {"frequency": 10, "breadth": 6, "time": 240}

_OFFICIAL = """
    no_of_emails_to_account | bigint | see account_engagement
    no_of_emails_from_account | bigint | see account_engagement
    no_of_meetings_from_account | bigint | see account_engagement
    no_of_meetings_to_account | bigint | see account_engagement
    no_of_contacts_involved_meetings | bigint | see account_engagement
    no_of_contacts_involved_emails | bigint | see account_engagement
    no_of_account_contacts_involved_meetings | bigint | see account_engagement
    no_of_account_contacts_involved_emails | bigint | see account_engagement
    engagement_start_date | date | see account_engagement
    days_since_last_email | integer | see account_engagement
    days_since_last_meeting | integer | see account_engagement
    average_duration_of_meetings | double | see account_engagement"""

FOLLOWED = intermediate(
    "followed",
    """
    account_id | varchar | the account as it is called now
    day | date | see interactions
    kind | varchar | see interactions
    direction | varchar | see interactions
    count | bigint | see interactions
    minutes | bigint | see interactions
    person_minutes | decimal(18,1) | see interactions
    own_people | varchar[] | see interactions
    their_people | varchar[] | see interactions
    """,
)
PERIODS = intermediate(
    "periods",
    f"""
    account_id | varchar | the account
    aggregation_level | varchar | year or month
    aggregation_start_date | date | first day
    {_OFFICIAL.strip()}
    last_day | date | of mail or meeting
    incoming | bigint | mails and meetings that others began, a meeting worth 3
    outgoing | bigint | the same, begun by own people
    incoming_aged | double | incoming, halved every 90 days of age
    outgoing_aged | double | outgoing in the same way
    own_people | bigint | own people in either
    their_people | bigint | contacts in either
    person_minutes | double | of own people
    """,
    key=("account_id", "aggregation_level", "aggregation_start_date"),
)

# What was counted for an account that was merged since belongs to the one that it is now; nothing is left of one whose
# records are all gone.
_FOLLOWED = f"""
    select coalesce(surviving_account_id, i.account_id) as account_id, i.day, kind, direction, count, minutes, person_minutes,
        own_people, their_people
    from interactions i
    cross join {AS_OF.name} a
    left join {REDIRECTS} r on r.account_id = i.account_id
    where (r.account_id is null or surviving_account_id is not null) and i.day >= a.day - 365 and i.day < a.day
"""

# Aged weights are summed as whole millionths: a sum of fractions depends on the order of the rows in its last digits.
_PERIODS = f"""
    with period as (
        select 'year' as aggregation_level, day - 365 as first_day, day as end_day, day as as_of from {AS_OF.name}
        union all
        select 'month', greatest(cast(day - to_months(cast(k as integer)) as date), day - 365),
            cast(day - to_months(cast(k - 1 as integer)) as date), day
        from {AS_OF.name}, range(1, 13) t(k)
    ),
    valued as (select *, if(kind = 'meeting', {MEETING}, 1) * count as value from followed),
    account as (select distinct account_id from followed)
    select account.account_id, aggregation_level, first_day as aggregation_start_date,
        coalesce(sum(count) filter (kind = 'email' and direction = 'to_account'), 0) as no_of_emails_to_account,
        coalesce(sum(count) filter (kind = 'email' and direction = 'from_account'), 0) as no_of_emails_from_account,
        coalesce(sum(count) filter (kind = 'meeting' and direction = 'from_account'), 0) as no_of_meetings_from_account,
        coalesce(sum(count) filter (kind = 'meeting' and direction = 'to_account'), 0) as no_of_meetings_to_account,
        coalesce(len(list_distinct(flatten(list(own_people) filter (kind = 'meeting')))), 0) as no_of_contacts_involved_meetings,
        coalesce(len(list_distinct(flatten(list(own_people) filter (kind = 'email')))), 0) as no_of_contacts_involved_emails,
        coalesce(len(list_distinct(flatten(list(their_people) filter (kind = 'meeting')))), 0) as no_of_account_contacts_involved_meetings,
        coalesce(len(list_distinct(flatten(list(their_people) filter (kind = 'email')))), 0) as no_of_account_contacts_involved_emails,
        min(day) as engagement_start_date,
        any_value(as_of) - max(day) filter (kind = 'email') as days_since_last_email,
        any_value(as_of) - max(day) filter (kind = 'meeting') as days_since_last_meeting,
        sum(minutes) filter (kind = 'meeting') / sum(count) filter (kind = 'meeting') as average_duration_of_meetings,
        max(day) as last_day,
        coalesce(sum(value) filter (direction = 'from_account'), 0) as incoming,
        coalesce(sum(value) filter (direction = 'to_account'), 0) as outgoing,
        coalesce(sum(value * cast(round(1e6 * pow(0.5, (as_of - day) / {HALF_LIFE}.0)) as bigint))
            filter (direction = 'from_account'), 0) / 1e6 as incoming_aged,
        coalesce(sum(value * cast(round(1e6 * pow(0.5, (as_of - day) / {HALF_LIFE}.0)) as bigint))
            filter (direction = 'to_account'), 0) / 1e6 as outgoing_aged,
        coalesce(len(list_distinct(flatten(list(own_people)))), 0) as own_people,
        coalesce(len(list_distinct(flatten(list(their_people)))), 0) as their_people,
        coalesce(cast(sum(person_minutes) as double), 0) as person_minutes
    from account cross join period
    left join valued on valued.account_id = account.account_id and valued.day >= first_day and valued.day < end_day
    group by account.account_id, aggregation_level, first_day
"""


def _relative(value: str, part: str) -> str:
    return f"least(1.0, ln(1 + {value}) / ln(1 + greatest(quantile_cont({value}, 0.95) over (), {FLOORS[part]})))"


_SCORED = f"""
    with year as (
        select periods.*, day - last_day as since,
            incoming_aged + least(outgoing_aged, 3 * incoming_aged + 3) as contact, cast(own_people + 2 * their_people as double) as people
        from periods cross join {AS_OF.name} where aggregation_level = 'year'
    ),
    part as (
        select *,
            if(since <= {INTERVAL}, 1.0, pow(0.5, (since - {INTERVAL}) / {HALVING}.0)) as recency,
            {_relative("contact", "frequency")} as frequency,
            2.0 * least(incoming, outgoing) / (incoming + outgoing + 2) as reciprocity,
            {_relative("people", "breadth")} as breadth,
            {_relative("person_minutes", "time")} as "time"
        from year
    )
    -- the parts and the score stand in the rows of the year only
    select periods.*, null as average_duration_of_account_email_replies, recency, frequency, reciprocity, breadth, "time",
        cast(round(100 * ({" + ".join(f'{weight} * "{part}"' for part, weight in WEIGHTS.items())})) as integer) as engagement_score
    from periods left join part on part.account_id = periods.account_id and periods.aggregation_level = 'year'
"""


def stages() -> list[Stage]:
    """Reads INTERACTIONS and the redirects of account ids. Writes ACCOUNT_ENGAGEMENT."""
    day = {AS_OF.name: everywhere()}
    return [
        Stage(
            "followed",
            {INTERACTIONS.name: by("account_id"), REDIRECTS: by("account_id"), **day},
            _FOLLOWED,
            FOLLOWED,
            nasty=_nasty_interactions,
        ),
        Stage("periods", {"followed": by("account_id"), **day}, _PERIODS, PERIODS, nasty=_nasty_followed),
        Stage("account_engagement", {"periods": whole(), **day}, _SCORED, ACCOUNT_ENGAGEMENT, nasty=_nasty_periods),
    ]


def checks() -> list[Check]:
    """Nothing is lost or counted twice between the days, the months and the year, and the score is in its range."""
    numbers = "no_of_emails_to_account + no_of_emails_from_account + no_of_meetings_from_account + no_of_meetings_to_account"
    kept = f"""
        select coalesce(sum(count), 0) from {INTERACTIONS.name} i cross join {AS_OF.name} a
        left join {REDIRECTS} r on r.account_id = i.account_id
        where i.day >= a.day - 365 and i.day < a.day and (r.account_id is null or surviving_account_id is not null)
    """
    total = f"select coalesce(sum({numbers}) filter (aggregation_level = '{{level}}'), 0) from {ACCOUNT_ENGAGEMENT.name}"
    return [
        Check("conservation", "mails and meetings by day = those of the year", f"select abs(({kept}) - ({total.format(level='year')}))"),
        Check(
            "months_add_up",
            "mails and meetings of the twelve months = those of the year",
            f"select abs(({total.format(level='month')}) - ({total.format(level='year')}))",
        ),
        Check(
            "score_range",
            "the score is 0 to 100 and stands in the rows of the year only",
            f"select count(*) from {ACCOUNT_ENGAGEMENT.name} where (engagement_score is not null) <> (aggregation_level = 'year')"
            " or engagement_score not between 0 and 100",
        ),
    ]


_DAY = date(2024, 3, 31)  # the window holds a leap day, and not every month has a 31st


def _as_of() -> pa.Table:
    return pa.table({"day": pa.array([_DAY], pa.date32())})


def _rows() -> list[dict[str, object]]:
    """Accounts with mail alone, meetings alone, one direction, both; the first and the last day; the same people again."""
    rows: list[dict[str, object]] = []
    for number in range(12):
        for age in (1, 31, 32, 60, 365)[: 1 + number % 5]:
            meeting = (number + age) % 3 == 0
            rows.append(
                {
                    "day": _DAY - timedelta(days=age),
                    "account_id": f"a{number}",
                    "kind": "meeting" if meeting else "email",
                    "direction": "to_account" if number % 2 else "from_account",
                    "count": 1 + number,
                    "minutes": 30 * (1 + number) if meeting else 0,
                    "person_minutes": 60 * (1 + number) if meeting else 5,
                    "own_people": ["p1", f"p{age % 4}"],
                    "their_people": [f"q{number}", f"q{age % 3}"],
                }
            )
    return rows


def _nasty_interactions() -> dict[str, pa.Table]:
    """Besides: days outside the window, accounts that were merged into another, one of which nothing is left."""
    rows = _rows()
    rows += [{**rows[0], "day": _DAY}, {**rows[0], "day": _DAY - timedelta(days=366)}]
    redirects = {"account_id": ["a2", "a3"], "surviving_account_id": ["a1", None], "since": [1, None]}
    return {
        INTERACTIONS.name: pa.Table.from_pylist(rows, schema=pa.schema([(f.name, f.type) for f in INTERACTIONS.arrow_schema()])),
        REDIRECTS: pa.table({name: pa.array(values, pa.int64() if name == "since" else pa.string()) for name, values in redirects.items()}),
        AS_OF.name: _as_of(),
    }


def _nasty_followed() -> dict[str, pa.Table]:
    rows = [*_rows(), *({**row, "count": 100} for row in _rows()[:3])]  # twice a day, as after a merge
    return {"followed": pa.Table.from_pylist(rows, schema=FOLLOWED.arrow_schema()), AS_OF.name: _as_of()}


def _nasty_periods() -> dict[str, pa.Table]:
    rows = []
    for number in range(9):
        count = {c.name: number * (k % 3) for k, c in enumerate(PERIODS.columns) if c.type in ("bigint", "double")}
        year = {"account_id": f"a{number}", "aggregation_level": "year", "aggregation_start_date": _DAY - timedelta(days=365)}
        rows.append({**year, **count, "last_day": _DAY - timedelta(days=1 + 20 * number)})
        rows.append({**year, **dict.fromkeys(count, 0), "aggregation_level": "month"})
    return {"periods": pa.Table.from_pylist(rows, schema=PERIODS.arrow_schema()), AS_OF.name: _as_of()}
