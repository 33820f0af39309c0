"""The contacts of the demo's companies: people of the world, with an address at work, in a list that is not clean.

Some contacts stand in it twice, some without an account or with one that does not exist, and some with the account that
does not go on when duplicates are brought together. The truth says of each what has to become of it.
"""

from __future__ import annotations

import duckdb
import numpy as np
import pyarrow as pa

from cdp_assets.demo.draws import Draws, Flags, Ints
from cdp_assets.demo.people import as_words
from cdp_assets.demo.vocabulary import JOB_TITLES

MOST_CONTACTS = 6  # of a company
WITHOUT_ACCOUNT = 0.03  # of the contacts, and at least two; as many name an account that does not exist
WITH_THE_DUPLICATE = 0.40  # of the contacts of a company with two accounts name the second, and at least one does
TWICE = 0.05  # of the linked contacts, and at least two
SWITCHBOARD = 0.20  # of the contacts with a telephone number have the company's
INFO_ADDRESS = 0.01  # of the contacts, and at least one, have the address of the whole company
TWICE_ELSEWHERE = 0.02  # of the linked contacts, and at least one: the second time with another company's account

# What becomes of a contact record.
LINKED = "linked"
NO_ACCOUNT = "no_account"
ACCOUNT_UNKNOWN = "account_unknown"
ACCOUNT_LOST = "account_lost_deduplication"
ANOTHER_ACCOUNT = "another_account"
_OUTCOMES = (LINKED, NO_ACCOUNT, ACCOUNT_UNKNOWN, ACCOUNT_LOST, ANOTHER_ACCOUNT)
_LINKED, _NO_ACCOUNT, _UNKNOWN, _LOST, _ANOTHER = range(len(_OUTCOMES))

# The second record of a contact has no phone, job title or customer: the first is filled more and goes on.
_COLLEAGUES = """
    create table colleagues as
    with first_keys as (
        select person, min(key) as key from owners where source = 'crm' and not again group by person
    ),
    accounts as (
        select company, min(key) filter (not again) as first_key, min(key) filter (again) as second_key
        from company_keys
        where source = 'crm_accounts'
        group by company
    )
    select
        'business_contacts' as source, printf('K%07d', c.number) as key,
        case c.outcome
            when 'no_account' then null
            when 'account_unknown' then printf('A95%05d', c.number)
            when 'account_lost_deduplication' then own.second_key
            when 'another_account' then other.first_key
            else own.first_key
        end as account_no,
        if(c.again, null, first_keys.key) as person_no,
        if(c.name_typo,
           typo(p.given || ' ' || p.family, c.typo_kind, spot(p.given || ' ' || p.family, c.typo_place), c.typo_letter),
           p.given || ' ' || p.family) as full_name,
        p.given as first_name, p.family as last_name,
        split_part(p.other_email, '@', 1) || '@' || company.domain as own_address,
        if(c.no_email, null, if(c.info_email, 'info@' || company.domain, own_address)) as address,
        c.shouted_email, c.again, c.person, c.company, c.outcome,
        if(c.no_phone or c.again, null,
           if(c.switchboard, company.switchboard, '+1 ' || p.area || ' 555 ' || printf('%04d', p.line))) as phone,
        if(c.again, null, c.job_title) as job_title,
        company.city
    from drawn_colleagues as c
    join people as p using (person)
    join companies as company using (company)
    join accounts as own on own.company = c.company
    join accounts as other on other.company = c.other_company
    left join first_keys on first_keys.person = c.person
"""
_FILE = """
    create table contacts_business as
    select
        key as contact_no, account_no, person_no, full_name, first_name, last_name,
        if(shouted_email, ' ' || upper(left(address, 1)) || substr(address, 2) || '  ', address) as email,
        phone, job_title, city
    from colleagues
    order by contact_no
"""


def make_colleagues(con: duckdb.DuckDBPyConnection, draws: Draws, people: int) -> None:
    """Write the table `contacts_business` of `con` as the file will hold it, and the table `colleagues`.

    colleagues: one row a contact record; source, key, person, company (where the person works, whatever the record
    says), address (the e-mail in lower case, null: none), own_address (of the person alone), again (the second record of
    the person), outcome (what has to become of the record).
    Reads the tables `people`, `owners`, `companies` and `company_keys`.
    """
    duplicated = con.execute("select duplicated from companies order by company").fetchnumpy()["duplicated"]
    con.register("drawn_colleagues", _drawn(draws, people, duplicated))
    con.execute(_COLLEAGUES)
    con.unregister("drawn_colleagues")
    con.execute(_FILE)


def _drawn(draws: Draws, people: int, duplicated: Flags) -> pa.Table:
    companies = len(duplicated)
    size = np.minimum(people, 1 + draws.ranks("contacts of the company", companies, MOST_CONTACTS, flat=2))
    company = np.repeat(np.arange(companies), size)
    # Everybody works for one company; only in a tiny world somebody has to work for two.
    person = draws.order("works for a company", people)[np.arange(len(company)) % people]
    outcome = _outcomes(draws, duplicated[company])

    linked = draws.order("contact twice", len(company))
    linked = linked[outcome[linked] == _LINKED]
    twice = max(2, round(len(linked) * TWICE))
    elsewhere = max(1, round(len(linked) * TWICE_ELSEWHERE))
    second = linked[: twice + elsewhere]
    again = np.arange(len(company) + len(second)) >= len(company)
    has_to_have_email = again.copy()
    has_to_have_email[second] = True
    outcome = np.concatenate([outcome, np.where(np.arange(len(second)) < twice, _LINKED, _ANOTHER)])
    company, person = np.concatenate([company, company[second]]), np.concatenate([person, person[second]])

    rows = len(company)
    return pa.table(
        {
            "number": draws.order("contact number", rows) + 1,
            "company": company,
            "other_company": (company + 1) % companies,
            "person": person,
            "again": again,
            "outcome": as_words(_OUTCOMES, outcome),
            "no_email": draws.happens("contact no email", rows, 0.05) & ~has_to_have_email,
            "info_email": draws.some("contact info email", rows, max(1, round(rows * INFO_ADDRESS))) & ~has_to_have_email,
            "switchboard": draws.happens("contact switchboard", rows, SWITCHBOARD),
            "shouted_email": draws.happens("contact shouted email", rows, 0.06),
            "no_phone": draws.happens("contact no phone", rows, 0.20),
            "job_title": as_words(JOB_TITLES, draws.ranks("job title", rows, len(JOB_TITLES))),
            "name_typo": draws.happens("contact name typo", rows, 0.04),
            "typo_kind": draws.below("contact typo kind", rows, 4),
            "typo_place": draws.share("contact typo place", rows),
            "typo_letter": as_words("abcdefghijklmnopqrstuvwxyz", draws.below("contact typo letter", rows, 26)),
        }
    )


def _outcomes(draws: Draws, has_duplicate: Flags) -> Ints:
    """Say of each contact what has to become of it."""
    rows = len(has_duplicate)
    outcome = np.full(rows, _LINKED)
    order = draws.order("contact goes astray", rows)
    could = order[has_duplicate[order]]
    outcome[could[: max(1, round(len(could) * WITH_THE_DUPLICATE))]] = _LOST
    rest = order[outcome[order] == _LINKED]
    astray = max(2, round(rows * WITHOUT_ACCOUNT))
    outcome[rest[:astray]] = _NO_ACCOUNT
    outcome[rest[astray : 2 * astray]] = _UNKNOWN
    return outcome
