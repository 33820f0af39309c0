"""Which value a profile shows, and what else a profile says."""

from typing import Any

import pytest

from cdp_assets.config import parse_config
from cdp_assets.unify import alternate_keys, lineage, survivorship
from cdp_assets.unify.tables import unified_profiles
from cdp_assets_tests.identity.registry_world import violations
from cdp_assets_tests.support import rows, run_stages
from cdp_assets_tests.unify.profile_world import config, tables

CRM = """
    record_key | is_winner | source_file | source_line | contact_id | name     | email     | born       | status
    1          | true      | crm.csv     | 2           | 1          | Ann Lee  |           | 2001-02-03 | gold
    2          | true      | crm.csv     | 3           | 2          |          | ann@b.org |            |
    10         | true      | crm.csv     | 4           | 10         | Ann      |           |            |
    3          | false     | crm.csv     | 5           | 3          | A. Lee   | a@b.org   |            | silver
    4          | true      | crm.csv     | 6           | 4          | Bob Kent | bob@b.org |            |
"""
LOYALTY = """
    record_key | is_winner | source_file | source_line | card | full_name | mail      | points | status
    L1         | true      | l.csv       | 2           | L1   | Anne Lee  | ann@l.org | 7      | 5
"""
SHOP = """
    record_key | is_winner | source_file | source_line | contact_id | customer | other_email | spent | status
    S1         | true      | s.csv       | 2           | S1         | Ann Lee  | ann@s.org   | 12.50 | bronze
"""
KEYS = """
    source  | record_key | customer_id | kind    | is_winner | first_seen          | last_seen
    crm     | 1          | ann         | record  | true      |                     |
    crm     | 2          | ann         | record  | true      |                     |
    crm     | 10         | ann         | record  | true      |                     |
    crm     | 3          | ann         | record  | false     |                     |
    crm     | 4          | bob         | record  | true      |                     |
    loyalty | L1         | ann         | record  | true      |                     |
    shop    | S1         | ann         | record  | true      |                     |
    web     | v1         | ann         | visitor | false     | 2024-01-02 03:00:00 | 2024-01-09 00:00:00
    web     | v2         | ann         | visitor | false     | 2024-01-01 00:00:00 | 2024-01-08 00:00:00
    web     | v3         | someone     | visitor | false     | 2024-02-01 00:00:00 | 2024-02-01 00:00:00
"""
IDS = """
    source | record_key | customer_id | held
    crm    | 1          | ann         | true
    crm    | 1          | old b       | false
    crm    | 2          | ann         | true
    crm    | 2          | old a       | false
    crm    | 10         | ann         | true
    crm    | 10         | old b       | false
    crm    | 4          | bob         | true
    web    | gone       | bob         | false
    web    | gone       | old c       | false
"""
GIVEN = {"alternate_keys": KEYS, "customer_ids": IDS, "deduplicated_crm": CRM, "deduplicated_loyalty": LOYALTY, "deduplicated_shop": SHOP}


def inputs() -> dict[str, Any]:
    return {name: (text, tables()[name]) for name, text in GIVEN.items()}


def profiles(merge: str = "") -> dict[str, dict[str, Any]]:
    return {row["customer_id"]: row for row in run_stages(survivorship.stages(config(merge)), **inputs())}


def origins(merge: str = "") -> dict[tuple[str, str], dict[str, Any]]:
    given = {name: table for name, table in inputs().items() if name != "customer_ids"}
    return {(row["customer_id"], row["attribute"]): row for row in run_stages(lineage.stages(config(merge)), **given)}


@pytest.fixture(scope="module")
def ann() -> dict[str, Any]:
    return profiles()["ann"]


@pytest.fixture(scope="module")
def lines() -> dict[tuple[str, str], dict[str, Any]]:
    return origins()


def test_the_most_important_source_that_has_a_value_wins(ann: dict[str, Any]) -> None:
    assert ann["email"] == "ann@b.org"  # crm before loyalty before shop
    assert ann["points"] == 7  # only loyalty has it


def test_of_several_records_the_one_with_the_greatest_key_that_has_a_value_wins(ann: dict[str, Any]) -> None:
    # keys are texts: "2" is the greatest, but has no name; "10" is greater than "1" and has one, but no birth date
    assert ann["name"] == "Ann"
    assert str(ann["born"]) == "2001-02-03"


def test_values_of_alternates_do_not_count(ann: dict[str, Any], lines: dict[tuple[str, str], dict[str, Any]]) -> None:
    assert ann["status"] == "gold"
    assert "silver" not in lines["ann", "status"]["losing_values"]


def test_importance_is_as_stated() -> None:
    ann = profiles("{email: {importance: [shop, crm]}, name: {importance: [loyalty]}}")["ann"]
    assert (ann["email"], ann["name"]) == ("ann@s.org", "Anne Lee")


def test_values_keep_their_types(ann: dict[str, Any]) -> None:
    assert {name: type(ann[name]).__name__ for name in ("born", "points", "spent", "name")} == {
        "born": "date", "points": "int", "spent": "Decimal", "name": "str",
    }  # fmt: skip


def test_a_profile_counts_its_records_duplicates_included_and_its_visitors(ann: dict[str, Any]) -> None:
    assert (ann["records"], ann["visitors"], ann["known"]) == (6, 2, True)


def test_a_profile_was_seen_from_the_first_to_the_last_event_of_its_visitors(ann: dict[str, Any]) -> None:
    assert (str(ann["first_seen"]), str(ann["last_seen"])) == ("2024-01-01 00:00:00", "2024-01-09 00:00:00")


def test_an_unknown_visitor_is_a_profile_without_values() -> None:
    someone = profiles()["someone"]
    assert (someone["known"], someone["records"], someone["visitors"]) == (False, 0, 1)
    assert not any(someone[name] for name in ("name", "email", "contact_id", "points", "previous_customer_ids"))


def test_previous_ids_are_those_that_its_records_held_before_each_once(ann: dict[str, Any]) -> None:
    assert ann["previous_customer_ids"] == ["old a", "old b"]
    assert profiles()["bob"]["previous_customer_ids"] == []


class TestLineage:
    """Where a value comes from."""

    def test_it_names_the_record_with_file_and_line(self, lines: dict[tuple[str, str], dict[str, Any]]) -> None:
        email = lines["ann", "email"]
        assert (email["source"], email["record_key"], email["source_file"], email["source_line"]) == ("crm", "2", "crm.csv", 3)
        assert email["rule"] == "importance"

    def test_losing_values_are_the_others_in_order_each_once(self, lines: dict[tuple[str, str], dict[str, Any]]) -> None:
        # shown is "Ann" of crm 10; "Ann Lee" is in crm 1 and in shop
        assert lines["ann", "name"]["losing_values"] == ["Ann Lee", "Anne Lee"]
        assert lines["ann", "name"]["losing_records"] == ["crm|1", "loyalty|L1", "shop|S1"]

    def test_a_record_with_the_same_value_does_not_lose(self) -> None:
        shown = origins("{name: {importance: [shop]}}")["ann", "name"]
        assert (shown["source"], shown["losing_records"]) == ("shop", ["crm|10", "loyalty|L1"])

    def test_values_of_other_types_are_written_as_text(self, lines: dict[tuple[str, str], dict[str, Any]]) -> None:
        assert lines["ann", "contact_id"]["losing_values"] == ["1", "10"]
        assert lines["ann", "spent"]["losing_values"] == []

    def test_a_field_without_a_value_has_none(self, lines: dict[tuple[str, str], dict[str, Any]]) -> None:
        assert ("bob", "born") not in lines
        assert {customer for customer, _ in lines} == {"ann", "bob"}

    def test_it_points_to_the_value_that_the_profile_shows(self, lines: dict[tuple[str, str], dict[str, Any]]) -> None:
        shown = {
            (customer, name) for customer, row in profiles().items() for name in row
            if row[name] is not None and name in {attribute for _, attribute in lines}
        }  # fmt: skip
        assert shown == set(lines)


ALL_IDS = rows("customer_id | held\nann | true\nbob | true\nann | true\nold | false", held="boolean")


def test_each_id_that_is_held_has_one_profile_or_nothing_is_written() -> None:
    for written, found in (("ann\nbob", 0), ("ann", 1), ("ann\nbob\nold", 1)):
        table = rows(f"customer_id\n{written}")
        assert violations(survivorship.checks(), unified_profiles=table, customer_ids=ALL_IDS) == {"conservation": found}


def test_each_value_has_its_origin_or_nothing_is_written() -> None:
    shown = rows("customer_id | name | contact_id\nann | Ann | 1", unified_profiles(config()))
    checks = lineage.checks(config())
    for origins_, found in (("ann | name\nann | contact_id", (0, 0)), ("ann | name", (1, 0)), ("ann | name\neve | name", (0, 1))):
        table = rows(f"customer_id | attribute\n{origins_}")
        assert tuple(violations(checks, unified_profiles=shown, profile_lineage=table).values()) == found


def test_visitors_alone_have_profiles_without_values_and_no_lineage() -> None:
    visitors = parse_config("version: 1\nsources: {web: {kind: events, files: w, visitor: c, time: t, include_all_records: true}}")
    written = run_stages(survivorship.stages(visitors), alternate_keys=inputs()["alternate_keys"], customer_ids=inputs()["customer_ids"])
    assert len(written) == 3
    assert run_stages(lineage.stages(visitors)) == []
    nothing = rows("customer_id | attribute\nann | name").slice(1)
    found = violations(lineage.checks(visitors), unified_profiles=rows("customer_id\nann\nbob"), profile_lineage=nothing)
    assert found == {"conservation": 0, "of_a_profile": 0}


def test_each_record_of_a_profile_leads_to_it_or_nothing_is_written() -> None:
    members = rows("source | record_key | has_profile\ncrm | 1 | true\nweb | v | false", has_profile="boolean")
    for keys, found in (("crm | 1", 0), ("crm | 1\nweb | v", 1), ("crm | 2", 2)):
        table = rows(f"source | record_key\n{keys}")
        assert violations(alternate_keys.checks(), clusters=members, alternate_keys=table) == {"conservation": found}
