"""The rules of the links between contacts and accounts, each on rows small enough to read."""

from collections.abc import Mapping
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdp_assets.contacts import links, profiles
from cdp_assets.contacts.tables import (
    ACCOUNT_KEYS,
    CONTACT_ACCOUNT_LINKS,
    CONTACT_KEYS,
    CONTACT_QUARANTINE,
    contact_profiles,
    contacts_table,
)
from cdp_assets.lake import Check
from cdp_assets.unify.deduplicated_tables import deduplicated
from cdp_assets.unify.tables import ALTERNATE_KEYS
from cdp_assets_tests.contacts.world import config, without_customers
from cdp_assets_tests.support import rows, run_stages, run_tables

ACCOUNTS = """
    source       | record_key | account_id | kind   | is_winner
    crm_accounts | 1          | bakery     | record | true
    crm_accounts | 2          | bakery     | record | false      # duplicate of 1
    crm_accounts | 3          | smithy     | record | true
    erp_accounts | E1         | bakery     | record | true       # matched with crm_accounts 1
    erp_accounts | E9         | mill       | record | true
"""
CONTACTS = """
    source   | record_key | contact_id | kind   | is_winner
    business | b1         | ann        | record | true
    business | b2         | bob        | record | true
    business | b3         | bob        | record | false
    partners | p1         | ann        | record | true
"""


def tables(
    accounts: str = ACCOUNTS, contacts: str = CONTACTS, business: str = "record_key | account_no", partners: str = "record_key | account"
) -> dict[str, pa.Table]:
    return {
        "account_keys": rows(accounts, ACCOUNT_KEYS),
        "contact_keys": rows(contacts, CONTACT_KEYS),
        "deduplicated_business": rows(business, deduplicated(config(), "business")),
        "deduplicated_partners": rows(partners, deduplicated(config(), "partners")),
    }


def settled(**texts: str) -> tuple[dict[str, tuple[str, str]], dict[str, str]]:
    """Links as contact -> (account, deciding record), and the quarantine as record -> reason; the checks hold."""
    given_ = tables(**texts)
    found = run_tables(links.link_stages(config()), given_)
    quarantine = run_tables(links.quarantine_stages(config()), given_)
    everything = {**given_, "contact_account_links": found, "contact_quarantine": quarantine}
    assert [answer(check, everything) for check in (*links.link_checks(), *links.quarantine_checks(config()))] == [0, 0]
    linked = {row["contact_id"]: (row["account_id"], row["record_key"]) for row in found.to_pylist()}
    return linked, {row["record_key"]: row["reason"] for row in quarantine.to_pylist()}


def answer(check: Check, given_: Mapping[str, pa.Table]) -> int:
    with duckdb.connect() as connection:
        for name, table in given_.items():
            connection.register(name, table)
        return int(connection.execute(check.sql).fetchall()[0][0])


def test_row_23_a_foreign_key_is_the_key_of_a_record_of_an_account() -> None:
    assert settled(business="record_key | account_no\nb1 | 1\nb2 | 3") == ({"ann": ("bakery", "b1"), "bob": ("smithy", "b2")}, {})


def test_row_23_a_contact_without_a_foreign_key_is_in_quarantine_as_no_account() -> None:
    assert settled(business="record_key | account_no\nb1 |\nb2 | 3")[1] == {"b1": "no_account"}


def test_row_23_a_contact_of_an_account_that_nobody_knows_is_in_quarantine_as_account_unknown() -> None:
    linked, quarantine = settled(business="record_key | account_no\nb1 | 77\nb2 | 3")
    assert (set(linked), quarantine) == ({"bob"}, {"b1": "account_unknown"})


def test_a_key_of_another_source_of_accounts_is_unknown() -> None:
    assert settled(business="record_key | account_no\nb1 | E9")[1] == {"b1": "account_unknown"}


def test_row_23_a_contact_of_an_account_that_lost_its_deduplication_is_in_quarantine() -> None:
    linked, quarantine = settled(business="record_key | account_no\nb1 | 2\nb2 | 3")
    assert (set(linked), quarantine) == ({"bob"}, {"b1": "account_lost_deduplication"})


def test_row_24_a_contact_that_points_at_two_accounts_stays_with_that_of_the_source_highest_in_match_order() -> None:
    linked, quarantine = settled(business="record_key | account_no\nb1 | 3", partners="record_key | account\np1 | E9")
    assert (linked, quarantine) == ({"ann": ("smithy", "b1")}, {"p1": "another_account"})


def test_row_24_inside_a_source_the_smallest_key_decides() -> None:
    two = CONTACTS.replace("bob        | record | false", "bob        | record | true")
    linked, quarantine = settled(contacts=two, business="record_key | account_no\nb3 | 1\nb2 | 3")
    assert (linked, quarantine) == ({"bob": ("smithy", "b2")}, {"b3": "another_account"})


def test_row_24_an_account_has_any_number_of_contacts() -> None:
    assert settled(business="record_key | account_no\nb1 | 1\nb2 | 1")[0] == {"ann": ("bakery", "b1"), "bob": ("bakery", "b2")}


def test_accounts_that_rules_joined_are_one_account_and_no_conflict() -> None:
    linked, quarantine = settled(business="record_key | account_no\nb1 | 1", partners="record_key | account\np1 | E1")
    assert (linked, quarantine) == ({"ann": ("bakery", "b1")}, {})


def test_a_link_that_does_not_count_does_not_decide() -> None:
    linked, quarantine = settled(business="record_key | account_no\nb1 | 2", partners="record_key | account\np1 | E9")
    assert (linked, quarantine) == ({"ann": ("mill", "p1")}, {"b1": "account_lost_deduplication"})


def test_a_winner_comes_before_its_duplicate_whose_other_account_is_not_lost() -> None:
    swapped = CONTACTS.replace("b2  ", "x   ").replace("b3  ", "b2  ").replace("x   ", "b3  ")
    linked, quarantine = settled(contacts=swapped, business="record_key | account_no\nb2 | 1\nb3 | 3")
    assert (linked, quarantine) == ({"bob": ("smithy", "b3")}, {"b2": "another_account"})


def test_a_duplicate_without_a_foreign_key_says_nothing() -> None:
    assert settled(business="record_key | account_no\nb2 | 3\nb3 |") == ({"bob": ("smithy", "b2")}, {})


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from(["", "1", "2", "3", "77"]), min_size=3, max_size=3), st.sampled_from(["", "E1", "E9", "no"]))
def test_whatever_the_keys_are_every_record_is_in_one_place(keys: list[str], other: str) -> None:
    business = "\n".join(["record_key | account_no", *(f"b{n} | {key}" for n, key in enumerate(keys, 1))])
    linked, quarantine = settled(business=business, partners=f"record_key | account\np1 | {other}")
    assert {key for _, key in linked.values()}.isdisjoint(quarantine)
    assert set(quarantine.values()) <= {"no_account", "account_unknown", "account_lost_deduplication", "another_account"}


LINK = "contact_id | account_id | source | record_key | account_source | account_key\n"
WRONG = "source | record_key | contact_id | account_source | reason\n"


def test_a_link_to_a_duplicate_or_to_the_wrong_account_is_caught() -> None:
    (check,) = links.link_checks()
    for wrong in (
        "ann | bakery | business | b1 | crm_accounts | 2",
        "ann | mill | business | b1 | crm_accounts | 1",
        "ann | x | business | b1 | crm_accounts | 9",
    ):
        assert answer(check, {**tables(), "contact_account_links": rows(LINK + wrong, CONTACT_ACCOUNT_LINKS)}) == 1


@pytest.mark.parametrize(
    ("quarantine", "wrong"),
    [
        ("", 1),  # b1 is in no place
        ("business | b1 | ann | crm_accounts | no_account\nbusiness | b2 | bob | crm_accounts | no_account", 1),  # b2 is in two
        ("business | b1 | ann | crm_accounts | no_account\nbusiness | zz | bob | crm_accounts | no_account", 1),  # zz is nobody
        ("business | b1 | ann | crm_accounts | no_account", 0),
    ],
)
def test_a_record_that_is_lost_or_counted_twice_is_caught(quarantine: str, wrong: int) -> None:
    given_ = tables(business="record_key | account_no\nb1 |\nb2 | 3")
    link = rows(f"{LINK}bob | smithy | business | b2 | crm_accounts | 3", CONTACT_ACCOUNT_LINKS)
    (check,) = links.quarantine_checks(config())
    assert (
        answer(check, {**given_, "contact_account_links": link, "contact_quarantine": rows(WRONG + quarantine, CONTACT_QUARANTINE)})
        == wrong
    )


UNIFIED = """
    contact_id | first_name | email     | job
    ann        | Ann        | a@x.org   | Baker
    bob        | Bob        | b@x.org   |
"""
LINKS = f"{LINK}ann | bakery | business | b1 | crm_accounts | 1"
CUSTOMERS = """
    source | record_key | customer_id
    crm    | 7          | zoe
    crm    | 8          | adam
"""


def shown(business: str) -> list[dict[str, Any]]:
    return run_stages(
        profiles.stages(config()),
        contacts=(UNIFIED, contacts_table(config())),
        contact_account_links=(LINKS, CONTACT_ACCOUNT_LINKS),
        contact_keys=(CONTACTS, CONTACT_KEYS),
        alternate_keys=(CUSTOMERS, ALTERNATE_KEYS),
        deduplicated_business=(business, deduplicated(config(), "business")),
    )


def test_row_25_a_contact_shows_its_attributes_and_only_contacts_with_an_account_are_there() -> None:
    assert shown("record_key | person_no\nb1 | 7") == [
        {
            "contact_id": "ann",
            "account_id": "bakery",
            "customer_id": "zoe",
            "first_name": "Ann",
            "primary_email": "a@x.org",
            "job_title": "Baker",
        }
    ]


def test_of_several_customers_a_contact_is_the_one_with_the_smallest_id() -> None:
    both = CONTACTS.replace("b3         | bob", "b3         | ann")
    found = run_stages(
        profiles.stages(config()),
        contacts=(UNIFIED, contacts_table(config())),
        contact_account_links=(LINKS, CONTACT_ACCOUNT_LINKS),
        contact_keys=(both, CONTACT_KEYS),
        alternate_keys=(CUSTOMERS, ALTERNATE_KEYS),
        deduplicated_business=("record_key | person_no\nb1 | 7\nb3 | 8", deduplicated(config(), "business")),
    )
    assert [row["customer_id"] for row in found] == ["adam"]


def test_a_contact_that_is_no_customer_has_none() -> None:
    assert [row["customer_id"] for row in shown("record_key | person_no\nb1 | 99")] == [None]


def test_without_a_way_to_customers_none_is_read() -> None:
    stages = profiles.stages(without_customers())
    assert {name for stage in stages for name in stage.reads} == {"contacts", "contact_account_links"}
    given_ = {"contacts": (UNIFIED, contacts_table(config())), "contact_account_links": (LINKS, CONTACT_ACCOUNT_LINKS)}
    assert [row["customer_id"] for row in run_stages(stages, **given_)] == [None]


def test_a_profile_too_many_or_too_few_is_caught() -> None:
    (check,) = profiles.checks()
    links_ = rows(LINKS, CONTACT_ACCOUNT_LINKS)
    table = contact_profiles(config())
    for text, wrong in (("ann | bakery", 0), ("ann | mill", 1), ("bob | bakery", 2)):
        found = rows(f"contact_id | account_id\n{text}", table)
        assert answer(check, {"contact_account_links": links_, "contact_profiles": found}) == wrong
