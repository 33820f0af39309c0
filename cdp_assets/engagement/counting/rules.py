"""The counting rules, as SQL over raw rows that are only in memory. What comes out has the columns of INTERACTIONS.

Inputs, all addresses trimmed and in small letters:
- `raw_mail`: mailbox, message_id, sender, people (to and cc), received_at, is_draft - a row a mailbox that holds it;
- `raw_meetings`: mailbox, ical_uid, starts_at, ends_at, organizer, attendees, responses, kinds, own_response,
  is_cancelled, is_all_day, show_as - a row a mailbox that holds it;
- `own` (address, pseudonym): the listed own people; `contacts` (address, account_id, pseudonym); `days` (day): what is counted.
"""

from collections.abc import Mapping
from datetime import date

import pyarrow as pa

from cdp_assets.lake import session

RAW_MAIL = pa.schema(
    [
        ("mailbox", pa.string()),
        ("message_id", pa.string()),
        ("sender", pa.string()),
        ("people", pa.list_(pa.string())),
        ("received_at", pa.timestamp("us")),
        ("is_draft", pa.bool_()),
    ]
)
RAW_MEETINGS = pa.schema(
    [
        ("mailbox", pa.string()),
        ("ical_uid", pa.string()),
        ("starts_at", pa.timestamp("us")),
        ("ends_at", pa.timestamp("us")),
        ("organizer", pa.string()),
        ("attendees", pa.list_(pa.string())),
        ("responses", pa.list_(pa.string())),
        ("kinds", pa.list_(pa.string())),
        ("own_response", pa.string()),
        ("is_cancelled", pa.bool_()),
        ("is_all_day", pa.bool_()),
        ("show_as", pa.string()),
    ]
)

# Minutes of an own person for a mail: what Dynamics 365 Sales assumes in its relationship analytics.
WRITING, READING = "5.0", "2.5"

# One mail in several mailboxes is one item; the time of its first copy decides its day. The mailbox that holds a copy
# took part, too: a list or a blind copy need not name it.
_MAIL = """
    select message_id as item, min(received_at) as at, arg_min(sender, (received_at, mailbox)) as started_by, 0 as minutes
    from raw_mail where not is_draft and message_id is not null group by message_id
"""
_IN_MAIL = """
    select message_id as item, unnest(people) as address from raw_mail where not is_draft
    union select message_id, sender from raw_mail where not is_draft
    union select message_id, mailbox from raw_mail where not is_draft
"""

# Occurrences of a series share the iCalUId, so the start belongs to the key. A meeting that is shown as free in a
# calendar is not one of that person's; cancelled ones and whole days are none at all.
_MEETINGS = """
    select ical_uid || '|' || cast(starts_at as varchar) as item, starts_at as at, min(organizer) as started_by,
        cast(greatest(0, round(date_diff('second', starts_at, max(ends_at)) / 60.0)) as bigint) as minutes
    from raw_meetings where ical_uid is not null
    group by ical_uid, starts_at
    having not bool_or(is_cancelled) and not bool_or(is_all_day) and not bool_and(show_as = 'free')
"""
# Present is who organises or has accepted, also tentatively - and whoever declined in the own calendar is not.
_IN_MEETINGS = """
    with copies as (select *, ical_uid || '|' || cast(starts_at as varchar) as item from raw_meetings where show_as <> 'free'),
    attendees as (
        select item, unnest(attendees) as address, unnest(responses) as response, unnest(kinds) as kind from copies
    )
    select * from (
        select item, organizer as address from copies
        union select item, mailbox from copies where own_response in ('accepted', 'tentativelyAccepted', 'organizer')
        union select item, address from attendees where response in ('accepted', 'tentativelyAccepted', 'organizer')
    )
    except select item, mailbox from copies where own_response = 'declined'
    except select item, address from attendees where kind = 'resource'
"""

# Items without a contact of an account (only own people, or strangers) drop out at the join with `theirs`.
_COUNTED = """
    with item as ({items}), took_part as ({people}),
    ours as (select distinct item, pseudonym from took_part join own using (address)),
    theirs as (
        select distinct item, account_id, contacts.pseudonym
        from took_part join contacts using (address) where address not in (select address from own)
    ),
    counted as (
        select cast(item.at as date) as day, account_id, '{kind}' as kind, item.item, minutes,
            if(started_by in (select address from own), 'to_account', 'from_account') as direction, people
        from item
        join (select distinct item, account_id from theirs) using (item)
        join (select item, count(*) as people from ours group by item) using (item)
        where cast(item.at as date) in (select day from days)
    ),
    own_people as (
        select day, account_id, direction, list_sort(list(distinct pseudonym)) as people
        from counted join ours using (item) group by day, account_id, direction
    ),
    their_people as (
        select day, account_id, direction, list_sort(list(distinct pseudonym)) as people
        from counted join theirs using (item, account_id) group by day, account_id, direction
    )
    select day, account_id, kind, direction, count(*) as count, cast(sum(minutes) as bigint) as minutes,
        cast(sum({person_minutes}) as decimal(18, 1)) as person_minutes,
        any_value(own_people.people) as own_people, any_value(their_people.people) as their_people
    from counted
    join own_people using (day, account_id, direction) join their_people using (day, account_id, direction)
    group by day, account_id, kind, direction
"""

EMAILS = _COUNTED.format(items=_MAIL, people=_IN_MAIL, kind="email", person_minutes=f"if(direction = 'to_account', {WRITING}, {READING})")
MEETINGS = _COUNTED.format(items=_MEETINGS, people=_IN_MEETINGS, kind="meeting", person_minutes="minutes * counted.people")


def counted(
    mail: pa.Table, meetings: pa.Table, own: Mapping[str, str], contacts: pa.Table, days: list[date], memory: int = 1 << 30
) -> pa.Table:
    """The rows of INTERACTIONS for these days. `own`: address -> pseudonym; `contacts`: address, account_id, pseudonym.

    The raw rows stay in memory: the connection has no folder to spill into, so too little memory is an error.
    """
    given = {
        "raw_mail": mail.cast(RAW_MAIL),
        "raw_meetings": meetings.cast(RAW_MEETINGS),
        "own": pa.table({"address": pa.array(list(own), pa.string()), "pseudonym": pa.array(list(own.values()), pa.string())}),
        "contacts": contacts,
        "days": pa.table({"day": pa.array(days, pa.date32())}),
    }
    with session(memory=memory) as connection:
        connection.execute("set temp_directory = ''")
        for name, table in given.items():
            connection.register(name, table)
        return connection.sql(f"from ({EMAILS}) union all from ({MEETINGS})").to_arrow_table()
