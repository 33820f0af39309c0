"""The companies of the demo world as business accounts of two systems: duplicates in crm, other spellings in erp.

Some companies belong to another one, are called after it and may sit in the same house: they are companies of their
own. Only companies and their accounts; the people who work there belong to `colleagues`.
"""

from __future__ import annotations

from datetime import date

import duckdb
import numpy as np
import pyarrow as pa

from cdp_assets.demo.draws import Draws, Ints
from cdp_assets.demo.names import streets
from cdp_assets.demo.people import as_words
from cdp_assets.demo.vocabulary import LEGAL_FORMS, REGIONS, company_names, towns

PEOPLE_PER_COMPANY = 8
FEWEST_COMPANIES = 12
DUPLICATES = 0.12  # of the companies have a second account in crm, and at least two
IN_ERP = 0.60
SUBSIDIARIES = 0.08  # of the companies, and at least two; a parent has up to two
SAME_HOUSE = 0.25  # of the subsidiaries sit where their parent does

# A duplicate is written with other capitals, spaces, symbols or accents and has no street: it is the lesser filled one,
# so that the first account is the one that goes on.
_COMPANIES = """
    create table companies as
    select
        company, parent, word || ' ' || trade || region || ' ' || form as name, word || ' ' || trade || region as short_name,
        form, other_form, trade, '+1 ' || area || ' 555 0100' as switchboard,
        lower(word || '-' || trade) || '.example' as domain, house || ' ' || street as street,
        postcode(country, prefix, code) as postcode, city, country, duplicated, in_erp, number, again_number, erp_number,
        way, erp_way, age, again_age, typo_kind, typo_place, typo_letter
    from drawn_companies
"""
_CRM = """
    create table accounts_crm as
    with listed as (
        select
            company, number, name, street, postcode, city, country,
            $end + time '00:00:00' - to_minutes(age) as changed_at
        from companies
        union all
        select
            company, again_number,
            case way
                when 0 then upper(name) || '.'
                when 1 then short_name || ',  ' || form || '.'
                when 2 then lower(replace(short_name, ' ', '-')) || ' ' || form
                else left(name, 1) || replace(replace(substr(name, 2), 'a', 'á'), 'e', 'é')
            end,
            null, lower(postcode), city, country, $end + time '00:00:00' - to_minutes(again_age)
        from companies
        where duplicated
    )
    select
        printf('A%07d', number) as account_no, name as company, street, postcode, city, country,
        strftime(changed_at, '%Y-%m-%dT%H:%M:%SZ') as updated_at
    from listed
    order by number
"""
_ERP = """
    create table accounts_erp as
    with spelled as (
        select
            *,
            case
                when erp_way < 0.30 then name
                when erp_way < 0.65 then short_name || ' ' || form || '.'
                when erp_way < 0.80 then short_name || ' ' || other_form
                when erp_way < 0.88 then short_name
                else typo(name, typo_kind, spot(name, typo_place), typo_letter)
            end as erp_name
        from companies
        where in_erp
    )
    select printf('E%07d', erp_number) as customer_no, erp_name as name, postcode, city, trade as industry
    from spelled
    order by erp_number
"""
_KEYS = """
    create table company_keys as
    select 'crm_accounts' as source, printf('A%07d', number) as key, company, false as again from companies
    union all
    select 'crm_accounts', printf('A%07d', again_number), company, true from companies where duplicated
    union all
    select 'erp_accounts', printf('E%07d', erp_number), company, false from companies where in_erp
"""


def make_companies(con: duckdb.DuckDBPyConnection, draws: Draws, people: int, end: date) -> None:
    """Write the tables `accounts_crm` and `accounts_erp` of `con` as the files will hold them, and two more.

    companies: one row a company (0, 1, ...) with its name, domain, telephone and place; parent: the company that it belongs
    to (null: none); duplicated: it has two accounts in crm; in_erp: it has one there.
    company_keys: one row an account; source, key, company, and `again`, true for the duplicate.
    Uses the macros that `make_people` and `make_records` leave.
    """
    con.register("drawn_companies", _drawn(draws, people))
    con.execute(_COMPANIES)
    con.unregister("drawn_companies")
    con.execute(_CRM, {"end": end})
    con.execute(_ERP)
    con.execute(_KEYS)


def _drawn(draws: Draws, people: int) -> pa.Table:
    rows = max(FEWEST_COMPANIES, people // PEOPLE_PER_COMPANY)
    names, ways, places = company_names(rows), streets(people), towns(people)
    duplicated = draws.some("company duplicated", rows, max(2, round(rows * DUPLICATES)))
    number = draws.order("account number", rows + int(duplicated.sum())) + 1
    again_number = np.zeros(rows, dtype=np.int64)
    again_number[duplicated] = number[rows:]
    parent, region = _parents(draws, rows)
    group = np.where(parent < 0, np.arange(rows), parent)
    house = np.where(draws.happens("company in the same house", rows, SAME_HOUSE), group, np.arange(rows))
    town = draws.ranks("company town", rows, len(places), flat=10)[house]
    form = draws.ranks("legal form", rows, len(LEGAL_FORMS), flat=1)
    age = 1 + draws.below("account age", rows, 2 * 365 * 24 * 60)
    return pa.table(
        {
            "company": np.arange(rows),
            "parent": pa.array(parent, mask=parent < 0),
            "word": as_words([name.word for name in names], group),
            "trade": as_words([name.trade for name in names], group),
            "region": as_words(["", *(f" {name}" for name in REGIONS)], region),
            "area": 201 + draws.below("switchboard area", rows, 780),
            "form": as_words([short for short, _ in LEGAL_FORMS], form),
            "other_form": as_words([long for _, long in LEGAL_FORMS], form),
            "house": (1 + draws.below("company house", rows, 990))[house],
            "street": as_words(ways.words, draws.weighted("company street", rows, ways.weights)[house]),
            "code": draws.below("company postal code", rows, 100)[house],
            "city": as_words([place.name for place in places], town),
            "country": as_words([place.country for place in places], town),
            "prefix": as_words([place.prefix for place in places], town),
            "duplicated": duplicated,
            "in_erp": draws.some("company in erp", rows, round(rows * IN_ERP)),
            "number": number[:rows],
            "again_number": again_number,
            "erp_number": draws.order("erp number", rows) + 1,
            "way": draws.below("duplicate written", rows, 4),
            "erp_way": draws.share("erp written", rows),
            "age": age,
            "again_age": age + 1 + draws.below("duplicate age", rows, 2 * 365 * 24 * 60),
            "typo_kind": draws.below("company typo kind", rows, 4),
            "typo_place": draws.share("company typo place", rows),
            "typo_letter": as_words("abcdefghijklmnopqrstuvwxyz", draws.below("company typo letter", rows, 26)),
        }
    )


def _parents(draws: Draws, rows: int) -> tuple[Ints, Ints]:
    """Say of each company to which it belongs (-1: to none), and by what its name goes on (0: by nothing).

    The second company is Northern Tools East, and belongs to the first, Northern Tools.
    """
    others = draws.order("subsidiary", rows)
    parts = np.sort(np.append(others[others > 1][: max(2, round(rows * SUBSIDIARIES)) - 1], 1))
    is_part = np.isin(np.arange(rows), parts)
    alone = draws.order("parent", rows)
    alone = np.concatenate([[0], alone[~is_part[alone] & (alone > 0)]])
    parent, region = np.full(rows, -1), np.zeros(rows, dtype=np.int64)
    nth = np.arange(len(parts))
    parent[parts] = alone[nth // 2]
    # Both of a parent have the same draw, and go on from it: their names differ. The first one is called East.
    first = draws.below("region", rows, len(REGIONS))[parent[parts]]
    region[parts] = 1 + (np.where(parent[parts] == 0, 0, first) + nth % 2) % len(REGIONS)
    return parent, region
