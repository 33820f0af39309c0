"""A small project with orders, enquiries by e-mail, contracts of accounts and web events, and its rows."""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from cdp_assets.activities import balance, unified
from cdp_assets.activities.tables import UNIFIED_ACTIVITIES
from cdp_assets.config import ProjectConfig, parse_config
from cdp_assets.contacts.tables import ACCOUNT_KEYS
from cdp_assets.lake import AS_OF, Stage
from cdp_assets.sources.tables import table_of
from cdp_assets.unify.deduplicated_tables import deduplicated
from cdp_assets.unify.tables import ALTERNATE_KEYS
from cdp_assets_tests.identity.checks_on_rows import run_checks_on
from cdp_assets_tests.support import rows, run_tables

SOURCES = """
version: 1
sources:
  crm: {files: a, primary_key: contact_id, fields: {email: identity.email}}
  firms: {files: f, primary_key: firm_no, fields: {company: organization.name}}
  web: {kind: events, files: w, visitor: cookie, time: at, known_as: {user: crm.contact_id}, fields: {page: text}}
  orders: {files: o, primary_key: order_no, fields: {buyer: text, at: timestamp, total: decimal, item: text}}
  enquiries: {files: e, primary_key: no, fields: {mail: identity.email, day: date, subject: text, undone: boolean, worth: number}}
  contracts: {files: c, primary_key: no, fields: {firm: text, signed: date}}
customers: {match_order: [crm, web]}
accounts: {match_order: [firms]}
"""
ACTIVITIES = """
activities:
  purchases: {source: orders, type: SalesOrder, of: {buyer: crm.contact_id}, time: at, amount: total, product: item}
  visits: {source: web, detail: page, show: false}
  questions: {source: enquiries, type: Price enquiry, of: {mail: crm.email}, time: day, title: subject, returned: undone, amount: worth}
  deals: {source: contracts, type: Subscription, of: {firm: firms.firm_no}, time: signed}
"""
DAY = "2024-05-06"
KEYS = """
    source | record_key | customer_id | kind    | is_winner
    crm    | 1          | ann         | record  | true
    crm    | 2          | ann         | record  | false
    crm    | 3          | bob         | record  | true
    web    | v1         | ann         | visitor | false
    web    | v2         | stranger    | visitor | false
"""
ACCOUNTS = "source | record_key | account_id | kind | is_winner\nfirms | 77 | contoso | record | true"
PEOPLE = "record_key | contact_id | email\n1 | 1 | ann@x\n2 | 2 | ann@y\n3 | 3 | bob@x"
EVENTS = """
    event_id | visitor_id | time                | event | page  | source_file | source_line
    e1       | v1         | 2024-05-01 10:00:00 | view  | /shop | w.csv       | 2
    e2       | v2         | 2024-05-02 10:00:00 |       |       | w.csv       | 3
    e3       | v9         | 2024-05-03 10:00:00 | view  |       | w.csv       | 4    # a visitor without a profile
    e4       | v1         | 2024-05-06 23:59:59 | buy   |       | w.csv       | 5    # the last second of the day of the run
    e5       | v1         | 2024-05-07 00:00:00 | buy   |       | w.csv       | 6    # after it
"""
ORDERS = "source_file | source_line | record_key | order_no | buyer | at | total | item"


def config(text: str = ACTIVITIES) -> ProjectConfig:
    """The project with these activities."""
    return parse_config(SOURCES + text)


def only(activity: str) -> ProjectConfig:
    """The project with one of the activities alone."""
    lines = [line for line in ACTIVITIES.splitlines() if line.startswith(f"  {activity}:")]
    return config("\n".join(["activities:", *lines]))


def given(project: ProjectConfig, **sources: str | pa.Table) -> dict[str, pa.Table]:
    """All that the stages read; sources that are not given are empty."""
    tables = {name: table_of(name, source) for name, source in project.sources.items()}
    found = {
        "alternate_keys": rows(KEYS, ALTERNATE_KEYS),
        "account_keys": rows(ACCOUNTS, ACCOUNT_KEYS),
        "deduplicated_crm": rows(PEOPLE, deduplicated(project, "crm")),
        AS_OF.name: rows(f"day\n{DAY}", AS_OF),
        **{name: tables[name].arrow_schema().empty_table() for name in ("web", "orders", "enquiries", "contracts")},
    }
    return found | {name: rows(text, tables.get(name)) if isinstance(text, str) else text for name, text in sources.items()}


def made(stages: list[Stage], tables: Mapping[str, pa.Table]) -> pa.Table:
    """The rows of the last stage."""
    outer = {name for stage in stages for name in stage.reads} - {stage.name for stage in stages}
    return run_tables(stages, {name: tables[name] for name in outer})


def computed(project: ProjectConfig, **sources: str | pa.Table) -> dict[str, pa.Table]:
    """Inputs, quarantine and activities; every blocking check has passed."""
    tables = given(project, **sources)
    tables["activity_quarantine"] = made(unified.quarantine_stages(project), tables)
    tables["unified_activities"] = made(unified.stages(project), tables)
    assert violations(project, tables) == dict.fromkeys(violations(project, tables), 0)
    return tables


def violations(project: ProjectConfig, tables: Mapping[str, pa.Table]) -> dict[str, int]:
    """What each blocking check counts."""
    checks = balance.checks(project)
    inputs = {name: table for name, table in tables.items() if name != "unified_activities"}
    answers = run_checks_on(checks, UNIFIED_ACTIVITIES, tables["unified_activities"], inputs)
    return {check.name: answer for check, answer in zip(checks, answers, strict=True)}


def activities(project: ProjectConfig, **sources: str | pa.Table) -> dict[str, dict[str, Any]]:
    """Activities by the key of their row."""
    return {row["source_key"]: row for row in computed(project, **sources)["unified_activities"].to_pylist()}


def reasons(project: ProjectConfig, **sources: str | pa.Table) -> dict[int, str]:
    """Line of the row -> why it is in quarantine."""
    return {row["source_line"]: row["reason"] for row in computed(project, **sources)["activity_quarantine"].to_pylist()}
