"""How much dedupe has found, over a source and by rule, on rows that can be counted by hand."""

import pytest

from cdp_assets.config import parse_config
from cdp_assets.unify import dedupe_statistics, deduplicate
from cdp_assets.unify.dedupe_statistics import DEDUPE_STATISTICS
from cdp_assets_tests.identity.checks_on_rows import run_checks_on
from cdp_assets_tests.support import rows, run_tables

CONFIG = parse_config("""
version: 1
sources:
  crm: {files: a.csv, primary_key: id, fields: {name: text, mail: identity.email, phone: identity.phone}}
  shop: {files: b.csv, primary_key: id, fields: {mail: identity.email}}
customers:
  match_order: [crm, shop]
  dedupe:
    crm:
      rules:
        - {name: mail, all: [{field: mail}], exceptions: [{field: name, differs: true}]}
        - {name: phone, all: [{field: phone}]}
        - {name: name, all: [{field: name}, {field: phone, normalise: [lower]}]}
    shop: {rules: []}
  match: [{name: mail, left: crm, right: shop, all: [{field: mail}]}]
""")
CRM = """
    source_file | source_line | record_key | id | name | mail | phone
    a           | 2           | c1         | c1 | Ann  | a@x  |
    a           | 3           | c2         | c2 | Ann  | a@x  |
    a           | 4           | c3         | c3 | Tom  | a@x  | 1
    a           | 5           | c4         | c4 | Bob  | b@x  | 1
    a           | 6           | c4         | c4 | Bob  |      |
    a           | 7           | c5         | c5 | Eve  | e@x  | 2
"""
SHOP = "source_file | source_line | record_key | id | mail\nb | 2 | s1 | s1 | a@x\nb | 3 | s1 | s1 | a@x"


@pytest.mark.parametrize("buckets", [1, 3])
def test_duplicates_of_a_source_and_what_each_rule_found(buckets: int) -> None:
    tables = {"crm": rows(CRM, source_line="bigint"), "shop": rows(SHOP, source_line="bigint")}
    tables["duplicate_pairs_crm"] = run_tables(deduplicate.pairs_stages(CONFIG, "crm"), tables, buckets)
    for source in ("crm", "shop"):
        tables[f"deduplicated_{source}"] = run_tables(deduplicate.stages(CONFIG, source), tables, buckets)
    found = run_tables(dedupe_statistics.stages(CONFIG), tables, buckets)
    assert run_checks_on(dedupe_statistics.checks(), DEDUPE_STATISTICS, found, tables) == [0]
    assert [tuple(row.values()) for row in found.to_pylist()] == [
        # c1 and c2, c3 and c4 are one each, and two rows have the key c4; c1 - c3 and c2 - c3 are refused
        ("crm", "", None, 6, 3, 2, 2, 3, 0.5),
        ("crm", "mail", 0, 6, None, 1, 2, 2, 0.333333),
        ("crm", "name", 2, 6, None, 0, 0, 0, 0.0),
        ("crm", "phone", 1, 6, None, 1, 0, 2, 0.333333),
        ("shop", "", None, 2, 1, 0, 0, 1, 0.5),
    ]


def test_figures_that_do_not_fit_together_fail_the_check() -> None:
    broken = rows("source | rule | source_records | unique_records | records\ncrm | '' | 6 | 3 | 2", DEDUPE_STATISTICS)
    assert run_checks_on(dedupe_statistics.checks(), DEDUPE_STATISTICS, broken, {}) == [1]
