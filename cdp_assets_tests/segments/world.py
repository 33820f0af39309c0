"""A project with everything that a segment can ask about, and its tables with a few rows."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from cdp_assets.config import Project, ProjectConfig, parse_config
from cdp_assets.lake import AS_OF, Table
from cdp_assets.segments import membership
from cdp_assets.segments.assets import steps
from cdp_assets.segments.membership import BEFORE
from cdp_assets.segments.tables import SEGMENT_MEMBERSHIP
from cdp_assets_tests.support import rows, run_tables

SOURCES = """
version: 1
sources:
  crm:
    files: crm.csv
    primary_key: id
    fields: {mail: identity.email, country: location.country, born: person.birth_date, points: integer, spent: decimal, vip: boolean}
  orders: {files: o.csv, primary_key: order_no, fields: {buyer: text, ordered_at: timestamp, total: decimal}}
  erp: {files: a.csv, primary_key: account_no, fields: {name: organization.name, town: location.city}}
  people: {files: p.csv, primary_key: contact_no, fields: {account_no: text, person: text, job: text, born: date}}
  newsletter: {kind: consents, files: n.csv, person: {address: identity.email}}
accounts: {match_order: [erp]}
contacts:
  match_order: [people]
  relationships: {people: {foreign_key: account_no, account: erp}}
  attributes: {job_title: job, birth_date: born}
  customers: {people.person: crm.id}
activities: {sales: {source: orders, type: SalesOrder, of: {buyer: crm.id}, time: ordered_at, amount: total}}
measures:
  total_spend: {function: sum, field: amount, activities: [sales]}
  last_order: {function: max, field: time, activities: [sales]}
clv: {next_year: {months: 12}, half: {months: 6}}
engagement:
  region: Europe
  tenant: 00000000-0000-0000-0000-000000000001
  client_id: 00000000-0000-0000-0000-000000000002
  secret: CDP_GRAPH_SECRET
  addresses: [ann@contoso.com, bob@contoso.com]
  email: job_title
"""

PROFILES = """
    customer_id | known | mail    | country | born       | points | spent | vip
    ann         | true  | ann@x   | DE      | 1980-01-01 | 10     | 0.10  | true
    bob         | true  | bob@x   | de      | 1990-12-31 | -5     | 99.99 | false
    cid         | true  | O'C@x   | AT      |            |        |       |
    vis         | false |         |         |            |        |       |
"""
SCORES = """
    model     | customer_id | score  | rank | percentile | high_value
    next_year | ann         | 900    | 1    | 50         | true
    next_year | bob         | 10     | 2    | 100        | false
    half      | ann         | 1      | 2    | 100        | false
    half      | bob         | 450.5  | 1    | 50         | true
"""
MEASURES = """
    customer_id | total_spend | last_order
    ann         | 500.00      | 2024-05-31 23:59:59
    bob         | 499.99      | 2024-06-01 00:00:00
    cid         | 0.00        |
    vis         | 0.00        |
"""
ANSWERS = """
    customer_id | purpose    | given
    ann         | newsletter | true
    ann         | letters    | false
    bob         | newsletter | false
"""
PEOPLE = """
    contact_id | account_id | customer_id | job_title | birth_date
    k1         | big        | ann         | Head      | 1980-01-01
    k2         | big        | bob         |           |
    k3         | small      |             | Clerk     | 1970-01-01
"""
ACCOUNTS = """
    account_id | name  | town
    big        | Big   | Bonn
    small      | Small |
"""
ENGAGED = """
    account_id | aggregation_level | aggregation_start_date | engagement_score | no_of_emails_to_account
    big        | year              | 2023-07-01             | 80               | 5
    big        | month             | 2024-06-01             |                  | 1
    small      | year              | 2023-07-01             | 20               | 0
"""
TEXTS = {
    "unified_profiles": PROFILES,
    "clv_scores": SCORES,
    "customer_measures": MEASURES,
    "consents": ANSWERS,
    "contact_profiles": PEOPLE,
    "account_profiles": ACCOUNTS,
    "account_engagement": ENGAGED,
}


def config(segments: str) -> ProjectConfig:
    """The project with these segments (YAML in braces)."""
    return parse_config(f"{SOURCES}segments: {segments}\n")


def declarations(its: ProjectConfig) -> dict[str, Table]:
    """What the step of the history reads, by name."""
    return {n: t for n, t in steps(project(its))[0].reads.items() if n != BEFORE}


def project(its: ProjectConfig) -> Project:
    """A project that is in no folder."""
    return Project(Path("nowhere"), Path("nowhere/cdp.yaml"), its, "")


def inputs(its: ProjectConfig, texts: Mapping[str, str] | None = None) -> dict[str, pa.Table]:
    """The rows of this module, or others in their place, for what the segments read."""
    return {n: rows((texts or {}).get(n, TEXTS[n]), table) for n, table in declarations(its).items()}


def next_history(its: ProjectConfig, given: Mapping[str, pa.Table], day: str, before: pa.Table | None = None) -> pa.Table:
    """The history after a run for that day."""
    old = SEGMENT_MEMBERSHIP.arrow_schema().empty_table() if before is None else before
    return run_tables(membership.membership_stages(its), {**given, BEFORE: old, AS_OF.name: rows(f"day\n{day}", AS_OF)})


def members(rule: str, of: str = "customers") -> list[str]:
    """For whom a rule (YAML: `all: [...]`, `any: [...]`) holds among the rows of this module."""
    its = config(f"{{one: {{of: {of}, {rule}}}}}")
    return [row["member_id"] for row in next_history(its, inputs(its), "2024-06-30").to_pylist()]


def times(history: pa.Table) -> list[tuple[Any, ...]]:
    """(segment, member, entered, left, reason) with days as text."""
    return [
        (r["segment"], r["member_id"], str(r["entered_on"]), str(r["left_on"]) if r["left_on"] else None, r["reason"])
        for r in history.to_pylist()
    ]
