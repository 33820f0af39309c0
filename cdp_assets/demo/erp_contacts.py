"""The second list of contacts, of the erp: people whom the crm has too, known by their e-mail, and people of its own.

It names the accounts of the erp; some of its contacts have none, or one that does not exist.
"""

from __future__ import annotations

import duckdb
import numpy as np
import pyarrow as pa

from cdp_assets.demo.colleagues import ACCOUNT_UNKNOWN, LINKED, NO_ACCOUNT
from cdp_assets.demo.draws import Draws
from cdp_assets.demo.people import as_words
from cdp_assets.demo.vocabulary import DEPARTMENTS

IN_BOTH = 0.50  # of the contacts in crm whose company is in the erp
OTHER_EMAIL, NO_EMAIL = 0.04, 0.03  # of those: nothing says that it is the same person
OF_ITS_OWN = 0.40  # so many other people for each of the companies in the erp
WITHOUT_ACCOUNT = 0.02  # of its contacts, and at least one; as many name an account that does not exist

_BOTH = """
    select person, company, own_address
    from colleagues
    join companies using (company)
    where in_erp and not again and address = own_address
    order by key
"""
_OWN = "select person from people where person not in (select person from colleagues) order by person limit $most"
_COLLEAGUES = """
    insert into colleagues by name
    select
        'erp_contacts' as source, printf('M%07d', c.number) as key, c.person, c.company, c.outcome, false as again,
        case c.outcome
            when 'no_account' then null
            when 'account_unknown' then printf('E95%05d', c.number)
            else account.key
        end as account_no,
        p.given || ' ' || p.family as full_name, p.given as first_name, p.family as last_name,
        split_part(p.other_email, '@', 1) || '@' || company.domain as own_address,
        case when c.no_email then null when c.other_email then p.email else own_address end as address,
        c.shouted_email,
        if(c.switchboard, company.switchboard, '+1-' || p.area || '-555-' || printf('%04d', p.line)) as phone,
        c.department as job_title, company.city
    from drawn_erp as c
    join people as p using (person)
    join companies as company using (company)
    join company_keys as account on account.company = c.company and account.source = 'erp_accounts'
"""
_FILE = """
    create table contacts_erp as
    select
        key as partner_no, account_no as customer_no, first_name, last_name,
        if(shouted_email, upper(address), address) as mail, phone as telephone, job_title as department
    from colleagues
    where source = 'erp_contacts'
    order by partner_no
"""


def make_erp_contacts(con: duckdb.DuckDBPyConnection, draws: Draws) -> None:
    """Write the table `contacts_erp` of `con` as the file will hold it, and add its rows to the table `colleagues`.

    Reads the tables `people`, `companies` and `company_keys`; to be called after `make_colleagues`.
    """
    con.register("drawn_erp", _drawn(con, draws))
    con.execute(_COLLEAGUES)
    con.unregister("drawn_erp")
    con.execute(_FILE)


def _drawn(con: duckdb.DuckDBPyConnection, draws: Draws) -> pa.Table:
    both = con.execute(_BOTH).fetchnumpy()
    companies = con.execute("select company from companies where in_erp order by company").fetchnumpy()["company"]
    chosen = draws.some("in both lists", len(both["person"]), max(1, round(len(both["person"]) * IN_BOTH)))
    added = con.execute(_OWN, {"most": round(len(companies) * OF_ITS_OWN)}).fetchnumpy()["person"]
    person = np.concatenate([both["person"][chosen], added]).astype(np.int64)
    company = np.concatenate([both["company"][chosen], companies[draws.below("erp contact company", len(added), len(companies))]])

    rows, shared = len(person), int(chosen.sum())
    astray = draws.order("erp contact goes astray", rows)
    few = min(max(1, round(rows * WITHOUT_ACCOUNT)), rows // 2)
    outcome = np.zeros(rows, dtype=np.int64)
    outcome[astray[:few]], outcome[astray[few : 2 * few]] = 1, 2
    unlike = draws.share("erp contact other email", rows)
    is_shared = np.arange(rows) < shared
    return pa.table(
        {
            "number": draws.order("erp contact number", rows) + 1,
            "person": person,
            "company": company.astype(np.int64),
            "outcome": as_words((LINKED, NO_ACCOUNT, ACCOUNT_UNKNOWN), outcome),
            "other_email": is_shared & (unlike < OTHER_EMAIL),
            "no_email": is_shared & (unlike > 1 - NO_EMAIL),
            "shouted_email": draws.happens("erp contact shouted email", rows, 0.10),
            "switchboard": draws.happens("erp contact switchboard", rows, 0.30),
            "department": as_words(DEPARTMENTS, draws.ranks("department", rows, len(DEPARTMENTS))),
        }
    )
