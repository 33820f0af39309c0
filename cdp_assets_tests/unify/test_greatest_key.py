"""Ties go to the greatest key, and 10 is greater than 9: the same in matches, values, their origins and ids of fields."""

from pathlib import Path

import pytest

from cdp_assets_tests.projects import query, run_up_to, small_project

pytestmark = pytest.mark.pipeline
CONFIG = """
version: 1
engine: {memory: 512MiB, threads: 1}
sources:
  crm: {files: crm.csv, primary_key: id, fields: {id: text, mail: identity.email}}
  shop: {files: shop.csv, primary_key: id, fields: {id: TYPE, mail: identity.email, name: person.full_name, at: date}}
  club: {files: club.csv, primary_key: id, fields: {id: text, mail: identity.email}}
customers:
  match_order: [crm, shop, club]
  dedupe: {crm: {rules: []}, shop: {rules: []}, club: {rules: []}}
  id: [name]
  match:
    - {name: shop, left: crm, right: shop, all: [{field: mail}]}
    - {name: club, left: shop, right: club, all: [{field: mail}]}
"""
FILES = {
    "crm.csv": "id,mail\nc1,ann@x.example\n",
    "shop.csv": "id,mail,name,at\n9,ann@x.example,Nine,2026-01-01\n10,ann@x.example,Ten,2026-01-01\n",
    "club.csv": "id,mail\nk1,ann@x.example\n",
}


@pytest.mark.parametrize("merge", ["", "  merge: {name: {most_recent: {shop: at}}}\n"], ids=["importance", "most recent"])
@pytest.mark.parametrize(("kind", "key", "name"), [("integer", "10", "Ten"), ("text", "9", "Nine")], ids=["integer", "text"])
def test_of_two_records_that_are_otherwise_equal_the_greatest_key_counts(
    tmp_path: Path, kind: str, key: str, name: str, merge: str
) -> None:
    project = small_project(tmp_path / "project", CONFIG.replace("TYPE", kind) + merge, FILES)
    for _ in run_up_to(project, "profile_lineage", "unified_profiles", "configured_ids"):
        pass
    assert query(project, "select left_key from match_edges where rule = 'club' and status <> 'refused'") == [(key,)]
    assert query(project, "select name from unified_profiles") == [(name,)]
    assert query(project, "select record_key from profile_lineage where attribute = 'name'") == [(key,)]
    asked = f"select base_record = 'configured:' || md5(md5('shop|{name}')) from configured_ids"
    assert query(project, asked) == [(True,)]
