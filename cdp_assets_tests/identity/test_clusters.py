"""From edges to groups of records: who belongs together, who stays alone, who gets a profile."""

import hashlib

import pyarrow as pa

from cdp_assets.config import parse_config
from cdp_assets.identity import clusters
from cdp_assets.identity.tables import CLUSTERS
from cdp_assets_tests.identity.checks_on_rows import run_checks_on
from cdp_assets_tests.support import rows, run_tables

CONFIG = """
version: 1
sources:
  crm: {files: a, primary_key: id, fields: {mail: identity.email}, include_all_records: %s}
  shop: {files: b, primary_key: id, fields: {mail: identity.email}, include_all_records: %s}
  web: {kind: events, files: c, visitor: v, time: t, known_as: {user: crm.id}, include_all_records: %s}
customers:
  match_order: [crm, shop, web]
  match: [{name: mail, left: crm, right: shop, all: [{field: mail}]}]
"""
NONE = "left_source | left_key | right_source | right_key | rule | status"


def groups(edges: str = NONE, keep: tuple[str, str, str] = ("true", "true", "true")) -> dict[str, tuple[str, int, bool]]:
    """source.key -> (smallest record of its group, size, has a profile), for two records of crm, two of shop, two visitors."""
    tables: dict[str, pa.Table] = {
        "deduplicated_crm": rows("record_key\nc1\nc2"), "deduplicated_shop": rows("record_key\ns1\ns2"), "match_edges": rows(edges),
        "visitor_identities": rows("source | visitor_id | nth\nweb | v1 | 1\nweb | v1 | 2\nweb | v2 | 1\napp | other | 1", nth="integer"),
    }  # fmt: skip
    config = parse_config(CONFIG % keep)
    found = run_tables(clusters.stages(config), tables)
    assert run_checks_on(clusters.checks(config), CLUSTERS, found, tables) == [0]
    for row in found.to_pylist():
        assert row["cluster_id"] == hashlib.md5(row["smallest_record"].encode()).hexdigest()
    return {f"{r['source']}.{r['record_key']}": (r["smallest_record"], r["records"], r["has_profile"]) for r in found.to_pylist()}


def test_records_without_an_edge_are_groups_of_their_own() -> None:
    everybody = ("crm", "c1"), ("crm", "c2"), ("shop", "s1"), ("shop", "s2"), ("web", "v1"), ("web", "v2")
    assert groups() == {f"{source}.{key}": (f"{source}|{key}", 1, True) for source, key in everybody}


def test_groups_are_connected_however_far_apart_and_named_after_the_smallest() -> None:
    found = groups(f"{NONE}\ncrm | c2 | shop | s2 | mail | joined\ncrm | c2 | web | v1 | w | joined\ncrm | c1 | crm | c2 | d | joined")
    assert found["shop.s2"] == found["web.v1"] == found["crm.c2"] == found["crm.c1"] == ("crm|c1", 4, True)
    assert found["shop.s1"] == ("shop|s1", 1, True)


def test_refused_edges_do_not_join() -> None:
    assert groups(f"{NONE}\ncrm | c1 | shop | s1 | mail | refused")["shop.s1"] == ("shop|s1", 1, True)


def test_unmatched_records_of_a_source_that_does_not_keep_all_have_no_profile() -> None:
    found = groups(f"{NONE}\ncrm | c1 | shop | s1 | mail | joined", keep=("true", "false", "false"))
    assert found["shop.s1"] == ("crm|c1", 2, True)
    assert found["shop.s2"] == ("shop|s2", 1, False)
    assert found["web.v2"] == ("web|v2", 1, False)


def test_duplicates_alone_are_no_match() -> None:
    found = groups(f"{NONE}\ncrm | c1 | crm | c2 | d | joined", keep=("false", "false", "false"))
    assert found["crm.c1"] == found["crm.c2"] == ("crm|c1", 2, False)


def test_records_of_two_sources_that_met_have_a_profile_though_neither_keeps_all() -> None:
    found = groups(f"{NONE}\ncrm | c1 | web | v1 | w | joined", keep=("false", "false", "false"))
    assert found["web.v1"] == found["crm.c1"] == ("crm|c1", 2, True)


def test_visitors_of_their_own_where_the_source_of_events_keeps_all() -> None:
    assert groups(keep=("false", "false", "true"))["web.v2"] == ("web|v2", 1, True)


def test_a_bar_in_a_key_does_not_mix_records_up() -> None:
    tables = {
        "deduplicated_crm": rows("record_key\na"), "deduplicated_shop": rows("record_key\nb"),
        "match_edges": rows(NONE), "visitor_identities": rows("source | visitor_id | nth", nth="integer"),
    }  # fmt: skip
    tables["deduplicated_crm"] = pa.table({"record_key": ["a|b", "a"]})
    tables["match_edges"] = pa.table(
        {"left_source": ["crm"], "left_key": ["a|b"], "right_source": ["shop"], "right_key": ["b"], "rule": ["r"], "status": ["joined"]}
    )
    found = run_tables(clusters.stages(parse_config(CONFIG % ("true", "true", "true"))), tables).to_pylist()
    assert [(r["record_key"], r["smallest_record"]) for r in found] == [("a", "crm|a"), ("a|b", "crm|a|b"), ("b", "crm|a|b")]
