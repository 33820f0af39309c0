"""The words of the demo: towns, domains and companies."""

from cdp_assets.demo.vocabulary import JUNK_EMAILS, MAIL_DOMAINS, OWN_ADDRESSES, company_names, composed, towns


def test_each_town_has_a_postal_prefix_of_its_own() -> None:
    for people in (300, 1_000_000):
        prefixes = [town.prefix for town in towns(people)]
        assert len(prefixes) == len(set(prefixes))
        assert {len(prefix) for prefix in prefixes} == {3}
    assert len(towns(1_000_000)) > 20 * len(towns(300))


def test_towns_that_come_with_more_people_have_many_names() -> None:
    many = towns(1_000_000)
    assert len({town.name for town in many}) > 0.8 * len(many)


def test_composed_words_come_once_and_begin_alike_in_every_world() -> None:
    few, many = composed(50), composed(60_000)
    assert len(many) == len(set(many)) > 50_000
    assert many[:50] == few


def test_mail_domains_are_reserved_for_examples() -> None:
    assert all(domain.endswith(".example") or domain.startswith("example.") for domain in MAIL_DOMAINS)


def test_junk_addresses_can_belong_to_nobody() -> None:
    domains = {mail.partition("@")[2] for mail in JUNK_EMAILS}
    assert all("." not in domain or domain in MAIL_DOMAINS or domain.endswith(".example") for domain in domains)


def test_no_two_companies_have_the_same_name() -> None:
    few, many = company_names(12), company_names(200_000)
    assert len(set(many)) == 200_000
    assert many[:12] == few


def test_own_addresses_are_reserved_for_examples() -> None:
    assert len(set(OWN_ADDRESSES)) == 6
    assert all(address.endswith("@northwind.example") for address in OWN_ADDRESSES)
