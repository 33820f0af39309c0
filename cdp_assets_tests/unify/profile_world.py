"""A project of three sources of records and one of events, small enough to work out every profile by hand."""

from cdp_assets.config import ProjectConfig, parse_config
from cdp_assets.identity.registry_tables import CUSTOMER_IDS
from cdp_assets.identity.tables import CLUSTERS, MATCH_EDGES
from cdp_assets.lake import Table
from cdp_assets.unify.deduplicated_tables import deduplicated
from cdp_assets.unify.tables import ALTERNATE_KEYS

SOURCES = """
version: 1
sources:
  crm:
    files: crm.csv
    primary_key: contact_id
    fields: {name: person.full_name, email: identity.email, other_email: identity.email, born: person.birth_date, status: text}
  loyalty:
    files: loyalty.csv
    primary_key: card
    fields: {full_name: person.full_name, mail: identity.email, points: integer, status: integer, since: date}
  shop:
    files: shop.csv
    primary_key: contact_id
    fields: {customer: person.full_name, other_email: identity.email, spent: decimal, status: text, seen: timestamp}
  web: {kind: events, files: web, visitor: cookie, time: at, known_as: {user: crm.contact_id, mail: crm.email}}
customers:
  match_order: [crm, loyalty, shop, web]
  match:
    - {name: e-mail, left: crm, right: loyalty, all: [{field: email}]}
    - {name: e-mail of shop, left: crm, right: shop, all: [{field: {left: email, right: other_email}}]}
"""


def config(merge: str = "", more: str = "") -> ProjectConfig:
    """The project, with `customers.merge` and further lines of `customers` where given."""
    return parse_config(SOURCES + (f"  merge: {merge}\n" if merge else "") + (f"  {more}\n" if more else ""))


def tables() -> dict[str, Table]:
    """The declarations of what the stages read."""
    records = {f"deduplicated_{source}": deduplicated(config(), source) for source in ("crm", "loyalty", "shop")}
    return {**records, "alternate_keys": ALTERNATE_KEYS, "customer_ids": CUSTOMER_IDS, "clusters": CLUSTERS, "match_edges": MATCH_EDGES}
