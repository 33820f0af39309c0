"""Ids of fields and merge rules hold for accounts by the same code; households for customers, in a whole project."""

from pathlib import Path

import pytest

from cdp_assets_tests.projects import query, run_up_to, small_project

pytestmark = pytest.mark.pipeline

CONFIG = """
version: 1
sources:
  crm:
    files: crm.csv
    primary_key: no
    fields: {mail: identity.email, last: person.last_name, street: location.street, zip: location.postcode, at: date}
  firms: {files: firms.csv, primary_key: firm_no, fields: {company: organization.name, tax_no: text, city: location.city, seen: date}}
  erp: {files: erp.csv, primary_key: erp_no, fields: {name: organization.name, town: location.city, since: date}}
customers:
  match_order: [crm]
  households: true
accounts:
  match_order: [firms, erp]
  match: [{name: name, left: firms, right: erp, all: [{field: company}]}]
  id: [tax_no]
  merge: {city: {most_recent: {firms: seen, erp: since}}}
"""
FILES = {
    "crm.csv": "no,mail,last,street,zip,at\n1,a@x,Lee,Long St.,1,2020-01-01\n2,b@x,lee,long street,1,2020-01-01\n3,c@x,Oz,Sea Rd,2,\n",
    "firms.csv": "firm_no,company,tax_no,city,seen\nF1,Contoso,77,Bonn,2020-01-01\nF2,Fabrikam,,Kiel,\nF3,Litware,77,Rome,\n",
    "erp.csv": "erp_no,name,town,since\nE1,Contoso,Berlin,2021-01-01\n",
}


def test_accounts_have_ids_of_fields_and_customers_households(tmp_path: Path) -> None:
    project = small_project(tmp_path / "project", CONFIG, FILES)
    for _ in run_up_to(project, "account_lineage", "unified_profiles"):
        pass
    asked = query(project, "select account_id, clusters, records from account_configured_ids order by records desc")
    assert [row[1:] for row in asked] == [(2, 2), (2, 1)]
    shown = query(project, "select company, account_id, firms_record_keys, erp_record_keys, city from account_profiles order by company")
    contoso, fabrikam, litware = shown
    assert contoso[2:] == (["F1"], ["E1"], "Berlin")
    assert contoso[1] == asked[0][0]
    assert len({contoso[1], fabrikam[1], litware[1]}) == 3, "two with the same tax number do not share an id"
    assert query(project, "select rule, source from account_lineage where attribute = 'city' and record_key = 'E1'") == [
        ("most_recent", "erp")
    ]
    homes = query(project, "select count(*), count(distinct household_id) from unified_profiles")
    assert homes == [(3, 2)]
