"""Ids that are made from fields: what a cluster asks for, who gets it, and how that lives with the registry."""

import random
from hashlib import md5
from typing import Any

import duckdb
import pyarrow as pa

from cdp_assets.config import ProjectConfig, parse_config
from cdp_assets.identity import configured, id_changes, registry
from cdp_assets.identity.registry_tables import CUSTOMER_ID_CHANGES
from cdp_assets.identity.tables import CLUSTERS
from cdp_assets.unify.deduplicated_tables import deduplicated
from cdp_assets_tests.identity.registry_world import (
    NO_IDS,
    advance,
    advance_with,
    asked,
    clusters,
    held,
    history,
    label,
    redirects,
    run,
    violations,
)
from cdp_assets_tests.support import rows, run_stages

SOURCES = """
version: 1
sources:
  crm: {files: a, primary_key: no, fields: {mail: identity.email, born: person.birth_date, country: text}}
  shop: {files: b, primary_key: id, fields: {email: identity.email, country: text}}
customers:
  match: [{name: same, left: crm, right: shop, all: [{field: mail}]}]
"""
MEMBERS = """
    source | record_key | cluster_id | smallest_record | records | has_profile
    crm    | 1          | k1         | crm/1           | 4       | true
    crm    | 2          | k1         | crm/1           | 4       | true
    crm    | 9          | k1         | crm/1           | 4       | true
    shop   | a          | k1         | crm/1           | 4       | true
    shop   | b          | k2         | shop/b          | 1       | true
    shop   | c          | k3         | shop/c          | 1       | true
    shop   | d          | k4         | shop/d          | 1       | false
"""
CRM = """
    record_key | is_winner | no | mail   | born       | country
    1          | true      | 1  | one@x  | 2001-02-03 |
    2          | true      | 2  | two@x  |            |
    9          | false     | 9  | dup@x  | 1999-01-01 | FR
"""
SHOP = """
    record_key | is_winner | id | email  | country
    a          | true      | a  | shop@x | DE
    b          | true      | b  | two@x  | DE
    c          | true      | c  |        | AT
    d          | true      | d  | d@x    | AT
"""


def asks(fields: str) -> dict[str, dict[str, Any]]:
    """What each cluster asks for with these fields."""
    parsed = parse_config(f"{SOURCES}  id: {fields}\n")
    found = run_stages(
        configured.stages(parsed),
        clusters=rows(MEMBERS, CLUSTERS),
        **{f"deduplicated_{s}": (t, deduplicated(parsed, s)) for s, t in _read(parsed).items()},
    )
    return {row["cluster_id"]: row for row in found}


def _read(parsed: ProjectConfig) -> dict[str, str]:
    return {source: text for source, text in (("crm", CRM), ("shop", SHOP)) if source in configured.id_sources(parsed)}


def base(*values: str) -> str:
    """What an id of these sources and values is made from."""
    return "configured:" + md5("".join(md5(value.encode()).hexdigest() for value in values).encode()).hexdigest()


class TestWhatAClusterAsksFor:
    """The first value of each field, by match order."""

    def test_the_first_source_in_match_order_that_has_a_value_counts_with_its_name(self) -> None:
        # two winners of crm have an address: the one with the greatest key counts
        found = asks("[mail]")
        assert found["k1"]["base_record"] == base("crm|two@x")
        assert found["k1"]["customer_id"] == md5(f"{base('crm|two@x')}|0".encode()).hexdigest()

    def test_the_same_value_of_another_source_is_another_id(self) -> None:
        found = asks("[mail]")
        assert found["k2"]["base_record"] == base("shop|two@x") != found["k1"]["base_record"]

    def test_who_lacks_a_value_of_one_field_asks_for_none(self) -> None:
        assert set(asks("[mail]")) == {"k1", "k2"}
        assert set(asks("[mail, born]")) == {"k1"}

    def test_several_fields_may_come_from_several_sources(self) -> None:
        # the country of crm is that of a duplicate that did not go on, so shop's counts
        assert asks("[born, country]")["k1"]["base_record"] == base("crm|2001-02-03", "shop|DE")

    def test_a_field_of_one_source_is_named_with_the_source(self) -> None:
        assert set(asks("[shop.country]")) == {"k1", "k2", "k3"}

    def test_clusters_without_a_profile_ask_for_none(self) -> None:
        assert "k4" not in asks("[shop.country]")

    def test_it_is_said_how_many_ask_for_the_same(self) -> None:
        assert {name: row["clusters"] for name, row in asks("[shop.country]").items()} == {"k1": 2, "k2": 2, "k3": 1}


def step(before: pa.Table, words: tuple[str, ...], **values: str) -> pa.Table:
    return advance_with(before, clusters(*words), values)


class TestWhoGetsIt:
    """How ids of fields live with those of the registry."""

    def test_a_cluster_that_asks_gets_it_and_the_others_have_one_of_the_registry(self) -> None:
        assert held(step(NO_IDS, ("ab", "c"), a="X")) == {"X": "ab", "c0": "c"}

    def test_where_ids_are_made_from_fields_from_now_on_the_old_ones_lead_to_them(self) -> None:
        ids = step(history(("ab", "c")), ("ab", "c"), a="X", c="Y")
        assert held(ids) == {"X": "ab", "Y": "c"}
        assert redirects(ids) == {"a0": "X", "c0": "Y"}

    def test_when_the_value_changes_the_old_id_leads_to_the_new_one(self) -> None:
        ids = step(step(NO_IDS, ("ab",), a="X"), ("ab",), a="Y")
        assert (held(ids), redirects(ids)) == ({"Y": "ab"}, {"X": "Y"})

    def test_when_the_value_changes_back_the_first_id_is_there_again(self) -> None:
        first = step(NO_IDS, ("ab",), a="X")
        ids = step(step(first, ("ab",), a="Y"), ("ab",), a="X")
        assert (held(ids), redirects(ids)) == ({"X": "ab"}, {"Y": "X"})
        assert {row["birth"] for row in ids.to_pylist() if label(row) == "X"} == {1}

    def test_of_two_that_ask_for_the_same_the_one_that_holds_it_keeps_it(self) -> None:
        ids = step(step(NO_IDS, ("c",), c="X"), ("ab", "c"), a="X", c="X")
        assert held(ids) == {"X": "c", "a0": "ab"}

    def test_of_two_that_ask_for_the_same_and_hold_none_of_it_the_greater_gets_it(self) -> None:
        assert held(step(NO_IDS, ("a", "bc"), a="X", b="X")) == {"X": "bc", "a0": "a"}
        assert held(step(NO_IDS, ("ad", "bc"), a="X", b="X")) == {"X": "ad", "b0": "bc"}

    def test_the_other_keeps_the_id_that_it_has(self) -> None:
        assert held(step(history(("a",)), ("a", "bc"), a="X", b="X")) == {"X": "bc", "a0": "a"}

    def test_who_asks_for_none_any_more_keeps_the_id_that_it_has(self) -> None:
        assert held(step(step(NO_IDS, ("ab",), a="X"), ("ab",))) == {"X": "ab"}
        assert held(advance(step(NO_IDS, ("ab",), a="X"), clusters("ab"))) == {"X": "ab"}

    def test_but_not_if_another_asks_for_it(self) -> None:
        assert held(step(step(NO_IDS, ("ab",), a="X"), ("ab", "c"), c="X")) == {"X": "c", "a0": "ab"}

    def test_when_two_merge_the_id_that_the_fields_give_survives(self) -> None:
        ids = step(step(NO_IDS, ("a", "bcd"), a="X", b="Y"), ("abcd",), a="X")
        assert (held(ids), redirects(ids)) == ({"X": "abcd"}, {"Y": "X"})

    def test_when_it_splits_and_both_parts_have_the_value_the_larger_part_keeps_it(self) -> None:
        assert held(step(step(NO_IDS, ("abc",), a="X"), ("a", "bc"), a="X", b="X")) == {"X": "bc", "a0": "a"}

    def test_the_same_input_changes_nothing(self) -> None:
        ids = step(step(history(("ab", "c", "d")), ("ab", "c"), a="X", c="X"), ("ab", "c", "d"), a="X", c="X")
        assert step(ids, ("ab", "c", "d"), a="X", c="X").equals(ids)


def test_its_changes_have_the_cause_configured_value() -> None:
    worlds: list[tuple[tuple[str, ...], dict[str, str]]] = [
        (("ab", "c"), {}),
        (("ab", "c"), {"a": "X"}),
        (("ab", "c"), {"a": "Y"}),
        (("ab", "c"), {"c": "Y"}),
        (("a", "b", "c"), {"b": "Z", "c": "Y"}),
    ]
    ids, log, causes = NO_IDS, CUSTOMER_ID_CHANGES.arrow_schema().empty_table(), list[dict[str, str]]()
    for number, (words, values) in enumerate(worlds, start=1):
        now = clusters(*words)
        ids = advance_with(ids, now, values)
        log = run(id_changes.stages(), customer_id_changes_before=log, customer_ids=ids, clusters=now)
        causes.append({row["record_key"]: row["cause"] for row in log.to_pylist() if row["change_set"] == number})
        assert not any(violations(id_changes.checks(), customer_id_changes=log, customer_ids=ids).values())
    value = "configured value"
    assert causes[1:4] == [{"a": value, "b": value}, {"a": value, "b": value}, {"a": value, "b": value, "c": value}]
    assert causes[4] == {"b": "split"}


def test_over_any_history_each_id_is_with_one_cluster_and_every_change_is_explained() -> None:
    draw = random.Random(7)
    ids, log = NO_IDS, CUSTOMER_ID_CHANGES.arrow_schema().empty_table()
    letters = "abcdefghijkl"
    for _ in range(40):
        state = {letter: draw.randrange(1, 8) for letter in letters if draw.random() < 0.9}
        words = list(filter(None, ("".join(r for r in state if state[r] == number) for number in range(1, 8))))
        now, before = clusters(*words), ids
        values = {min(word): draw.choice("UVWXYZ") for word in words if draw.random() < 0.7}
        ids = advance_with(before, now, values)
        given = {"customer_ids": ids, "customer_ids_before": before, "clusters": now, "configured_ids": asked(now, values)}
        assert not any(violations(registry.checks(configured=True), **given).values())
        places = run(registry.redirect_stages(), customer_ids=ids)
        assert not any(violations(registry.redirect_checks(), customer_ids=ids, customer_id_redirects=places).values())
        log = run(id_changes.stages(), customer_id_changes_before=log, customer_ids=ids, clusters=now)
        assert not any(violations(id_changes.checks(), customer_id_changes=log, customer_ids=ids).values())
        assert set(values.values()) <= set(held(ids))
        assert advance_with(ids, now, values).equals(ids)


def test_a_registry_that_does_not_give_what_is_asked_for_is_not_written() -> None:
    now, values = clusters("ab"), {"a": "X"}
    wrong = advance(NO_IDS, now)
    given = {"customer_ids": wrong, "customer_ids_before": NO_IDS, "clusters": now, "configured_ids": asked(now, values)}
    assert violations(registry.checks(configured=True), **given)["configured_ids_are_given"] == 1


def test_people_are_told_of_customers_with_the_same_values() -> None:
    now = clusters("a", "bc")
    for values, said in (({"a": "X", "b": "X"}, True), ({"a": "X", "b": "Y"}, False)):
        with duckdb.connect() as connection:
            connection.register("configured_ids", asked(now, values))
            [(text,)] = connection.execute(configured.notice("customers")).fetchall()
        assert bool(text) == said
        assert not said or text.startswith("2 of customers have the same values of customers.id")
