"""A year of mail between the demo company and its business contacts: conversations, newsletters, drafts, noise.

One row a message, however many mailboxes hold it. Only who wrote to whom and when; there is no subject and no text.
"""

from __future__ import annotations

import duckdb
import numpy as np
import pyarrow as pa

from cdp_assets.demo.draws import Draws, Flags, Ints
from cdp_assets.demo.parties import DAYS, STALE_DAYS, Parties
from cdp_assets.demo.vocabulary import OWN_ADDRESSES

OWN_IN_COPY, THEIRS_IN_COPY = 0.25, 0.15
TO_TWO_COMPANIES = 0.02  # of the messages that we write
DRAFTS = 0.03  # of the messages that we write
SHOUTED = 0.05  # addresses in capital letters, as some systems write them
INTERNAL, STRANGERS = 60, 40  # messages among ourselves, and with people whom nobody knows

_STRANGERS = 8
_NOBODY = -1
_DAY = 24 * 60 * 60
_YEAR = DAYS * _DAY

# Addresses by number; the own ones come first, then the contacts', then strangers'. A message has up to two of each side.
_MAIL = """
    create table mail as
    with addressed as (
        select
            m.*, sender.address as sender_address, receiver.address as receiver_address,
            also_to.address as also_to_address, own_copy.address as own_copy_address,
            their_copy.address as their_copy_address
        from drawn_mail as m
        join mail_addresses as sender on sender.nth = m.sender
        join mail_addresses as receiver on receiver.nth = m.receiver
        left join mail_addresses as also_to on also_to.nth = m.also_to
        left join mail_addresses as own_copy on own_copy.nth = m.own_copy
        left join mail_addresses as their_copy on their_copy.nth = m.their_copy
    ),
    numbered as (
        select *, row_number() over (order by second, conversation, turn) as number from addressed
    )
    select
        '<' || printf('%08d', number) || '@' || split_part(sender_address, '@', 2) || '>' as internet_message_id,
        'conversation-' || printf('%07d', conversation) as conversation_id,
        if(shouted, upper(sender_address), sender_address) as sender,
        list_filter([receiver_address, also_to_address], lambda x: x is not null) as recipients,
        list_filter([own_copy_address, their_copy_address], lambda x: x is not null) as cc,
        $start + to_seconds(second) as received_at,
        is_draft
    from numbered
    order by number
"""


def make_mail(con: duckdb.DuckDBPyConnection, draws: Draws, parties: Parties) -> None:
    """Write the table `mail` of `con` as the file will hold it: the messages of the year, in the order of time."""
    ours, theirs = len(OWN_ADDRESSES), len(parties.theirs)
    messages = [
        _messages(draws, parties),
        _noise(draws, "internal", INTERNAL, 0, ours),
        _noise(draws, "strangers", STRANGERS, ours + theirs, _STRANGERS),
    ]
    conversation = 0
    for part in messages:
        part["conversation"] += conversation
        conversation = 1 + int(part["conversation"].max())
    strangers = pa.array([f"stranger.{n}@letters.example" for n in range(_STRANGERS)])
    con.register("mail_addresses", _numbered([pa.array(OWN_ADDRESSES), parties.theirs, strangers]))
    table = pa.table({name: np.concatenate([part[name] for part in messages]) for name in messages[0]})
    shouted = draws.happens("mail shouted", len(table), SHOUTED)
    con.register("drawn_mail", table.append_column("shouted", pa.array(shouted)))
    con.execute(_MAIL, {"start": parties.start})
    con.unregister("drawn_mail")
    con.unregister("mail_addresses")


def _numbered(parts: list[pa.Array]) -> pa.Table:
    addresses = pa.concat_arrays([part.cast(pa.string()) for part in parts])
    return pa.table({"nth": np.arange(len(addresses)), "address": addresses})


def _messages(draws: Draws, parties: Parties) -> dict[str, Ints]:
    """Draw the conversations with the companies: their messages, whose sender is on one side and receiver on the other."""
    companies = len(parties.company)
    few, more = parties.per_bond("few_conversations"), parties.per_bond("more_conversations")
    count = few + draws.below("conversations", companies, more + 1)
    company = np.repeat(np.arange(companies), count)
    rows = len(company)
    stale, one_way = parties.per_bond("stale")[company], parties.per_bond("one_way")[company]
    ours, theirs = parties.of_ours(draws, "conversation ours", company), parties.of_theirs(draws, "conversation theirs", company)
    begins = draws.below("conversation begins", rows, np.where(stale > 0, _YEAR - (STALE_DAYS + 15) * _DAY, _YEAR))
    we_begin = draws.happens("we begin the conversation", rows, 0.5) | (one_way > 0)
    length = 1 + draws.below("messages of the conversation", rows, parties.per_bond("longest_conversation")[company])

    of = np.repeat(np.arange(rows), length)
    turn = np.arange(len(of)) - np.repeat(np.cumsum(length) - length, length)
    # From some minutes to three days until the answer, mostly some hours.
    wait = np.where(turn == 0, 0, 600 + (3 * _DAY * draws.share("answer after", len(of)) ** 3).astype(np.int64))
    waited = np.cumsum(wait)
    second = begins[of] + waited - (waited - wait)[np.cumsum(length) - length][of]
    we_write = we_begin[of] == (turn % 2 == 0)
    return _kept(draws, parties, company[of], ours[of], theirs[of], {"conversation": of, "turn": turn, "second": second}, we_write)


def _kept(
    draws: Draws, parties: Parties, company: Ints, ours: Ints, theirs: Ints, columns: dict[str, Ints], we_write: Flags
) -> dict[str, Ints]:
    """Add who else gets each message; those after the end of the year are left out."""
    rows, offset = len(company), len(OWN_ADDRESSES)
    us_too = (ours + 1 + draws.below("own copy", rows, offset - 1)) % offset
    # Nobody else is added to what a contact writes whose record is astray: whose message it is shall be beyond doubt.
    known = parties.is_linked[theirs]
    them_too = parties.first[company] + draws.below("their copy", rows, parties.linked[company])
    adds_them = draws.happens("their copy", rows, THEIRS_IN_COPY) & known & (them_too != theirs)
    other = (company + 1 + draws.below("second company", rows, max(1, len(parties.company) - 1))) % len(parties.company)
    two = draws.happens("two companies", rows, TO_TWO_COMPANIES) & we_write & (parties.bond[other] == parties.bond[company])
    two &= other != company
    kept = columns["second"] < _YEAR
    every = {
        **columns,
        "sender": np.where(we_write, ours, offset + theirs),
        "receiver": np.where(we_write, offset + theirs, ours),
        "also_to": np.where(two, offset + parties.first[other], _NOBODY),
        "own_copy": np.where(draws.happens("own copy", rows, OWN_IN_COPY), us_too, _NOBODY),
        "their_copy": np.where(adds_them, offset + them_too, _NOBODY),
        "is_draft": draws.happens("draft", rows, DRAFTS) & we_write,
    }
    return {name: column[kept] for name, column in every.items()}


def _noise(draws: Draws, what: str, rows: int, first: int, size: int) -> dict[str, Ints]:
    """Draw messages that are of no company: between an own person and somebody of `size` addresses from `first` on."""
    ours = draws.below(f"{what} ours", rows, len(OWN_ADDRESSES))
    other = first + (
        draws.below(f"{what} other", rows, size) if first else (ours + 1 + draws.below(f"{what} other", rows, size - 1)) % size
    )
    we_write = draws.happens(f"{what} we write", rows, 0.5)
    return {
        "conversation": np.arange(rows),
        "turn": np.zeros(rows, dtype=np.int64),
        "second": draws.below(f"{what} second", rows, _YEAR),
        "sender": np.where(we_write, ours, other),
        "receiver": np.where(we_write, other, ours),
        "also_to": np.full(rows, _NOBODY),
        "own_copy": np.full(rows, _NOBODY),
        "their_copy": np.full(rows, _NOBODY),
        "is_draft": draws.happens(f"{what} draft", rows, 0.1),
    }
