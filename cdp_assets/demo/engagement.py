"""What must be counted of a company's mail and meetings: the truth beside the files, by the rules of the engagement.

A message or an occurrence counts once for each company of whose linked contacts somebody is in it. Drafts do not count,
nor meetings that are cancelled, of a whole day, or shown as free. Somebody is at a meeting who has accepted it, perhaps
or surely, or organises it; of both sides somebody has to be there.
"""

from __future__ import annotations

from datetime import datetime

import duckdb

from cdp_assets.demo.vocabulary import OWN_ADDRESSES

_PRESENT = "['accepted', 'tentativelyAccepted', 'organizer']"
_ENGAGEMENT = f"""
    create table engagement as
    with own as (select unnest($own) as address),
    linked as (select distinct address, company from colleagues where outcome = 'linked' and address is not null),
    of_mail as (
        select
            internet_message_id, lower(sender) as sender, unnest(list_concat(recipients, cc)) as receiver
        from mail
        where not is_draft and received_at >= $start
    ),
    mails as (
        select 'from' as direction, linked.company, internet_message_id
        from of_mail join linked on linked.address = sender join own on own.address = receiver
        union
        select 'to', linked.company, internet_message_id
        from of_mail join own on own.address = sender join linked on linked.address = receiver
    ),
    seats as (
        select ical_uid, starts_at, unnest(attendees) as address, unnest(responses) as response
        from meetings
        where starts_at >= $start and not is_cancelled and not is_all_day and show_as <> 'free'
    ),
    present as (select ical_uid, starts_at, address from seats where list_contains({_PRESENT}, response)),
    met as (
        select distinct linked.company, ical_uid, starts_at
        from present
        join linked using (address)
        where exists (
            select 1 from present as us join own using (address)
            where us.ical_uid = present.ical_uid and us.starts_at = present.starts_at
        )
    ),
    counted as (
        select company, direction = 'from' as is_from, direction = 'to' as is_to, false as is_meeting from mails
        union all
        select company, false, false, true from met
    )
    select
        company, count(*) filter (is_from) as emails_from, count(*) filter (is_to) as emails_to,
        count(*) filter (is_meeting) as meetings
    from counted
    group by company
"""


def make_engagement(con: duckdb.DuckDBPyConnection, start: datetime) -> None:
    """Write the table `engagement` of `con`: one row a company of which there is something to count from `start` on.

    Columns: company, emails_from, emails_to, meetings. Reads the tables `mail`, `meetings` and `colleagues`.
    """
    con.execute(_ENGAGEMENT, {"own": list(OWN_ADDRESSES), "start": start})
