"""A few people in three sources and on a web site, unified; and a reader of what came of it."""

from pathlib import Path

from cdp_assets.cli.entities import Of, config_of, tables_of
from cdp_assets.config import Project
from cdp_assets.identity.explain import Reader
from cdp_assets.lake import Place
from cdp_assets_tests.projects import run_up_to, small_project

CONFIG = """
version: 1
sources:
  crm:
    files: crm.csv
    primary_key: id
    fields: {id: text, name: person.full_name, mail: identity.email, born: person.birth_date}
  loyalty: {files: loyalty.csv, primary_key: no, fields: {name: person.full_name, mail: identity.email, born: person.birth_date}}
  shop: {files: shop.csv, primary_key: account, fields: {customer: person.full_name, mail: identity.email, postcode: location.postcode}}
  stall: {files: stall.csv, primary_key: slip, fields: {mail: identity.email}}
  web: {kind: events, files: web/, visitor: visitor, time: ts, known_as: {user: crm.id}, include_all_records: true}
customers:
  match_order: [crm, loyalty, shop, stall, web]
  dedupe: {crm: {rules: [{name: same mail, all: [{field: mail, normalise: [lower]}]}]}}
  match:
    - {name: name and birth date, left: crm, right: loyalty, all: [{field: name, as: name, precision: high}, {field: born}]}
    - {name: mail of crm, left: crm, right: shop, all: [{field: mail, normalise: [lower]}]}
    - {name: mail of loyalty, left: loyalty, right: shop, all: [{field: mail, normalise: [lower]}]}
    - {name: mail of the stall, left: loyalty, right: stall, all: [{field: mail}]}
"""
FILES = {
    "crm.csv": """id,name,mail,born
c1,Ann Lee,ann@x.example,1980-01-02
c2,Anna Lee,ANN@x.example,1980-01-02
c3,Bob Kent,bob@x.example,1981-01-02
c4,Cy Orr,,1982-01-02
""",
    "loyalty.csv": """no,name,mail,born
l1,Lee Anne,lee@x.example,1980-01-02
l2,Rob Kent,bob@x.example,1981-02-02
l3,Zed Zimmermann,,1981-01-02
""",
    "shop.csv": """account,customer,mail,postcode
s1,A Lee,lee@x.example,N1
s2,B Kent,bob@x.example,N2
a|b:c,Odd Key,odd@x.example,N3
""",
    "stall.csv": "slip,mail\nx1,x@x.example\n",
    "web/1.csv": """event_id,event,visitor,ts,user
1,view,v1,2026-11-19T10:00:00,
2,view,v1,2026-11-19T10:01:00,c3
3,view,v2,2026-11-19T10:00:00,
4,view,v3,2026-11-19T10:00:00,c1
5,view,v3,2026-11-19T10:09:00,c3
""",
}


def unified(folder: Path, config: str = CONFIG) -> Project:
    """The world after its first refresh, as far as the keys of customers."""
    project = small_project(folder, config, FILES)
    made = list(run_up_to(project, "alternate_keys"))
    assert made
    return project


def reader(project: Project, of: Of = "customers", *, many: bool = False) -> Reader:
    """What questions about this project are answered from."""
    return Reader(Place(project.store), config_of(project, of), tables_of(project, of), many=many)
