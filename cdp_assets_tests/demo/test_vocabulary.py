"""The words of the demo: no name twice, one spelling of each, more names among more people."""

import unicodedata

from cdp_assets.demo.vocabulary import MAIL_DOMAINS, MEN, OWN_ADDRESSES, WOMEN, company_names, families, towns


def test_names_come_once_and_in_one_spelling() -> None:
    for names in (WOMEN, MEN, families(300), families(1_000_000)):
        assert len(names) == len(set(names))
        assert all(unicodedata.is_normalized("NFC", name) for name in names)


def test_names_hold_what_breaks_naive_matching() -> None:
    names = {*WOMEN, *MEN, *families(300)}
    assert {"Jürgen", "Łukasz", "Zoë", "O'Brien", "Marie-Claire", "Øystein", "Weiß"} <= names


def test_family_names_grow_with_the_people_and_keep_their_order() -> None:
    few, many = families(300), families(1_000_000)
    assert len(many) > 50_000
    assert many[: len(few)] == few


def test_each_town_has_a_postal_prefix_of_its_own() -> None:
    for people in (300, 1_000_000):
        prefixes = [town.prefix for town in towns(people)]
        assert len(prefixes) == len(set(prefixes))
        assert {len(prefix) for prefix in prefixes} == {3}
    assert len(towns(1_000_000)) > 20 * len(towns(300))


def test_mail_domains_are_reserved_for_examples() -> None:
    assert all(domain.endswith(".example") or domain.startswith("example.") for domain in MAIL_DOMAINS)


def test_no_two_companies_have_the_same_name() -> None:
    few, many = company_names(12), company_names(200_000)
    assert len(set(many)) == 200_000
    assert many[:12] == few


def test_own_addresses_are_reserved_for_examples() -> None:
    assert len(set(OWN_ADDRESSES)) == 6
    assert all(address.endswith("@northwind.example") for address in OWN_ADDRESSES)
