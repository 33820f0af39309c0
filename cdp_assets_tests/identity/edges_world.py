"""Edges from rows small enough to read: a project of three sources of records and one of visitors."""

import pyarrow as pa

from cdp_assets.config import ProjectConfig, parse_config
from cdp_assets.identity import match
from cdp_assets.identity.tables import MATCH_EDGES, MATCH_OVERRIDES
from cdp_assets.lake import Column, Table
from cdp_assets.unify.deduplicated_tables import duplicate_pairs
from cdp_assets_tests.identity.checks_on_rows import run_checks_on
from cdp_assets_tests.support import rows, run_tables

CONFIG = """
version: 1
sources:
  crm: {files: a, primary_key: id, fields: {name: person.full_name, mail: identity.email}}
  loyalty: {files: b, primary_key: id, fields: {name: person.full_name, mail: identity.email}}
  shop: {files: c, primary_key: id, fields: {name: person.full_name, mail: identity.email}}
  web: {kind: events, files: d, visitor: v, time: t, known_as: {user: crm.id, mail: crm.mail, card: loyalty.id}}
customers:
  match_order: [crm, loyalty, shop, web]
  dedupe: {crm: {rules: [{name: same mail, all: [{field: mail}]}]}, loyalty: {rules: []}, shop: {rules: []}}
  match:
    - {name: mail, left: crm, right: loyalty, all: [{field: mail}]}
    - {name: name, left: crm, right: loyalty, all: [{field: name, as: name, precision: high}]}
    - {name: crm mail, left: crm, right: shop, all: [{field: mail}]}
    - {name: loyalty mail, left: loyalty, right: shop, all: [{field: mail}]}
"""
RECORDS = Table("records", "a record", (), tuple(Column(n, "varchar", n) for n in ("record_key", "id", "name", "mail")))
IDENTITIES = Table(
    "identities",
    "an identity",
    (),
    (
        *(Column(n, "varchar", n) for n in ("source", "visitor_id", "known_source", "known_field", "known_value")),
        Column("valid_to", "timestamp", "end"),
    ),
)
EMPTY = "record_key | id | name | mail"
NOBODY = "source | visitor_id | known_source | known_field | known_value | valid_to"
NOTHING = "left_source | left_key | right_source | right_key | verdict"
Edge = tuple[str, ...]


def overrides(stated: str) -> pa.Table:
    """What people state, all of it of use."""
    found = rows(stated, MATCH_OVERRIDES)
    numbers = [str(n) for n in range(found.num_rows)]
    for column, values in (
        ("entity", ["customers"] * found.num_rows),
        ("origin", ["list"] * found.num_rows),
        ("entry", numbers),
        ("state", ["used"] * found.num_rows),
    ):
        found = found.set_column(found.schema.get_field_index(column), column, pa.array(values, pa.string()))
    return found


def edges(
    crm: str = EMPTY,
    loyalty: str = EMPTY,
    shop: str = EMPTY,
    visitors: str = NOBODY,
    pairs: str = "left_key | right_key | rule | rule_rank | score",
    config: ProjectConfig | None = None,
    stated: str = NOTHING,
) -> list[Edge]:
    """Edges as (left, right, rule, status or reason), records written source.key, in the order of the table's key."""
    tables = {
        "deduplicated_crm": rows(crm, RECORDS), "deduplicated_loyalty": rows(loyalty, RECORDS), "deduplicated_shop": rows(shop, RECORDS),
        "visitor_identities": rows(visitors, IDENTITIES), "duplicate_pairs_crm": rows(pairs, duplicate_pairs("crm")),
        "match_overrides": overrides(stated),
    }  # fmt: skip
    config = config or parse_config(CONFIG)
    found = run_tables(match.stages(config), tables)
    assert run_checks_on(match.checks(config), MATCH_EDGES, found, tables) == [0, 0]
    return [
        (f"{e['left_source']}.{e['left_key']}", f"{e['right_source']}.{e['right_key']}", e["rule"], e["reason"] or e["status"])
        for e in found.to_pylist()
    ]
