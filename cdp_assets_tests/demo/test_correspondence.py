"""Mail and meetings of the demo: the truth is counted again here, item by item, and everything that must not count is there."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import date, datetime

import pyarrow.parquet as pq

from cdp_assets_tests.demo.worlds import World

FIRST, LAST = date(2025, 11, 20), date(2026, 11, 19)  # the 365 days before the end of the demo, the 20th
PRESENT = {"accepted", "tentativelyAccepted", "organizer"}


def _own(world: World) -> set[str]:
    lines = (world.folder / "stand_in/addresses.txt").read_text(encoding="utf-8").splitlines()
    return {line for line in lines if not line.startswith("#")}


def _company_of(world: World) -> dict[str, str]:
    """The company of each linked contact's address."""
    truth = {row["key"]: row for row in world.truth["contacts"]}
    addresses = [(row["contact_no"], row["email"]) for row in world.rows("business_contacts")]
    addresses += [(row["partner_no"], row["mail"]) for row in world.rows("erp_contacts")]
    return {mail.strip().lower(): truth[key]["company_id"] for key, mail in addresses if mail and truth[key]["outcome"] == "linked"}


def _items(world: World, name: str) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = pq.read_table(world.folder / f"stand_in/{name}.parquet").to_pylist()
    return rows


def _receivers(message: Mapping[str, object]) -> set[str]:
    recipients, cc = message["recipients"], message["cc"]
    assert isinstance(recipients, list)
    assert isinstance(cc, list)
    return {*recipients, *cc}


def _there(meeting: Mapping[str, object]) -> set[str]:
    attendees, responses = meeting["attendees"], meeting["responses"]
    assert isinstance(attendees, list)
    assert isinstance(responses, list)
    return {who for who, said in zip(attendees, responses, strict=True) if said in PRESENT}


def test_the_truth_counts_as_the_rules_say(sized_world: World) -> None:
    own, company_of = _own(sized_world), _company_of(sized_world)
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    for message in _items(sized_world, "mail"):
        if message["is_draft"]:
            continue
        sender, receivers = str(message["sender"]).lower(), _receivers(message)
        companies = {company_of[a] for a in {sender, *receivers} if a in company_of}
        for company in companies:
            counted[company]["emails_to" if sender in own else "emails_from"] += 1
    for meeting in _items(sized_world, "meetings"):
        if meeting["is_cancelled"] or meeting["is_all_day"] or meeting["show_as"] == "free":
            continue
        there = _there(meeting)
        if there & own:
            for company in {company_of[a] for a in there if a in company_of}:
                counted[company]["meetings"] += 1
    names = ("emails_from", "emails_to", "meetings")
    expected = {company: tuple(counts[name] for name in names) for company, counts in counted.items()}
    assert {row["company_id"]: tuple(row[name] for name in names) for row in sized_world.truth["engagement"]} == expected


def test_the_truth_counted_by_sql_is_the_same(sized_world: World) -> None:
    own = ", ".join(f"('{address}')" for address in sorted(_own(sized_world)))
    found = sized_world.query(f"""
        with own(address) as (values {own}),
        theirs as (
            select distinct lower(trim(email)) as address, company_id
            from (select contact_no as key, email from business_contacts union all select partner_no, mail from erp_contacts)
            join t_contacts using (key) where outcome = 'linked' and email is not null
        ),
        parties as (
            select internet_message_id as id, lower(sender) as address, 'sender' as role from mail where not is_draft
            union select internet_message_id, unnest(recipients || cc), 'receiver' from mail where not is_draft
        ),
        directions as (
            select p.id, bool_or(p.role = 'sender' and p.address in (from own)) as ours from parties as p group by p.id
        )
        select company_id, count(distinct id) filter (not ours), count(distinct id) filter (ours)
        from parties join theirs using (address) join directions using (id)
        group by company_id having count(*) > 0
    """)
    mails = {row["company_id"]: (row["emails_from"], row["emails_to"]) for row in sized_world.truth["engagement"]}
    assert {company: (incoming, outgoing) for company, incoming, outgoing in found} == {c: n for c, n in mails.items() if any(n)}


def test_everything_is_in_the_365_days_before_the_end(sized_world: World) -> None:
    for name, column in (("mail", "received_at"), ("meetings", "starts_at")):
        days = [when.date() for row in _items(sized_world, name) if isinstance(when := row[column], datetime)]
        assert min(days) >= FIRST
        assert max(days) <= LAST
        assert (min(days) - FIRST).days < 7
        assert (LAST - max(days)).days < 7
    assert all(str(row["starts_at"]) < str(row["ends_at"]) for row in _items(sized_world, "meetings"))


def test_companies_are_in_touch_very_differently(sized_world: World) -> None:
    truth = sized_world.truth["engagement"]
    companies = {row["company_id"] for row in sized_world.truth["companies"]}
    assert 0.4 < len(truth) / len(companies) < 0.65
    mails = [(row["emails_from"], row["emails_to"]) for row in truth]
    assert any(incoming > 50 and outgoing > 50 for incoming, outgoing in mails)  # a partner
    assert any(incoming == 0 and outgoing > 15 for incoming, outgoing in mails)  # a newsletter
    assert any(incoming + outgoing <= 3 for incoming, outgoing in mails)  # tiny
    assert any(row["meetings"] > 40 for row in truth)


def test_of_some_company_nothing_has_been_heard_for_half_a_year(sized_world: World) -> None:
    company_of = _company_of(sized_world)
    last: dict[str, datetime] = {}
    for name, column in (("mail", "received_at"), ("meetings", "starts_at")):
        for row in _items(sized_world, name):
            attendees, when = row.get("attendees"), row[column]
            assert isinstance(when, datetime)
            parties = set(attendees) if isinstance(attendees, list) else {str(row["sender"]).lower(), *_receivers(row)}
            for company in {company_of[a] for a in parties if a in company_of}:
                last[company] = max(when, last.get(company, when))
    busy = {row["company_id"] for row in sized_world.truth["engagement"] if row["emails_from"] > 5 and row["emails_to"] > 5}
    assert any((LAST - last[company].date()).days >= 180 for company in busy)
    assert any((LAST - last[company].date()).days <= 30 for company in busy)


def test_what_must_not_count_is_there(sized_world: World) -> None:
    own, company_of = _own(sized_world), _company_of(sized_world)
    mail, meetings = _items(sized_world, "mail"), _items(sized_world, "meetings")
    contacts = {row["email"].strip().lower() for row in sized_world.rows("business_contacts") if row["email"]}
    parties = [{str(row["sender"]).lower(), *_receivers(row)} for row in mail]
    assert any(row["is_draft"] for row in mail)
    assert any(everybody <= own for everybody in parties)  # among ourselves
    assert any(not (everybody - own) & contacts and everybody - own for everybody in parties)  # strangers
    assert any(str(row["sender"]) != str(row["sender"]).lower() for row in mail)
    assert any(len(_receivers(row) & own) > 1 for row in mail)  # one message in several mailboxes
    assert any(row["is_cancelled"] for row in meetings)
    assert any(row["show_as"] == "free" for row in meetings)
    assert any(row["is_all_day"] for row in meetings)
    unheld = [row for row in meetings if not row["is_cancelled"] and not _there(row) & own]
    assert unheld  # none of us went
    absent = [row for row in meetings if _there(row) <= own and set(map(str, row["attendees"])) & set(company_of)]  # type: ignore[call-overload]
    assert absent  # none of theirs went


def test_conversations_have_answers_and_ids_come_once(sized_world: World) -> None:
    mail = _items(sized_world, "mail")
    assert len({row["internet_message_id"] for row in mail}) == len(mail)
    senders = defaultdict(set)
    own = _own(sized_world)
    for row in mail:
        senders[row["conversation_id"]].add(str(row["sender"]).lower() in own)
    assert sum(sides == {True, False} for sides in senders.values()) > 10


def test_a_weekly_meeting_has_one_id_and_many_starts(sized_world: World) -> None:
    starts = defaultdict(set)
    for row in _items(sized_world, "meetings"):
        starts[row["ical_uid"]].add(row["starts_at"])
    series = [times for times in starts.values() if len(times) > 1]
    assert series
    assert all(len(times) == 52 for times in series)


def test_mail_to_two_companies_at_once_exists(usual_world: World) -> None:
    company_of = _company_of(usual_world)
    found = [{company_of[a] for a in _receivers(row) if a in company_of} for row in _items(usual_world, "mail")]
    assert any(len(companies) == 2 for companies in found)


def test_each_attendee_has_an_answer_and_the_organizer_attends(sized_world: World) -> None:
    for row in _items(sized_world, "meetings"):
        attendees, responses = row["attendees"], row["responses"]
        assert isinstance(attendees, list)
        assert isinstance(responses, list)
        assert len(attendees) == len(responses) == len(set(attendees))
        assert responses.count("organizer") == 1
        assert attendees[responses.index("organizer")] == row["organizer"]
