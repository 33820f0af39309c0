"""The section engagement: region, tenant, addresses, and the business accounts that it needs."""

import pytest

from cdp_assets.config import ConfigError, parse_config
from cdp_assets.config.base import RefusedError
from cdp_assets.config.engagement import addresses_in
from cdp_assets_tests.contacts.world import WORLD

ENGAGEMENT = """
engagement:
  region: Europe
  tenant: 11111111-1111-1111-1111-111111111111
  client_id: 22222222-2222-2222-2222-222222222222
  secret: CDP_GRAPH_SECRET
  service: demo
  addresses: stand_in/addresses.txt
  email: primary_email
"""
ONE_SOURCE = "version: 1\nsources: {crm: {files: a.csv, primary_key: id, fields: {}}}\n"
BUSINESS = WORLD + ENGAGEMENT


def problems(old: str, new: str, text: str = BUSINESS) -> str:
    """All that is wrong after this change."""
    assert old in text
    with pytest.raises(ConfigError) as caught:
        parse_config(text.replace(old, new, 1))
    return "\n".join(map(str, caught.value.problems))


def test_a_valid_section_and_its_defaults() -> None:
    engagement = parse_config(BUSINESS).engagement
    assert engagement is not None
    assert (engagement.region, engagement.delay_hours, engagement.addresses) == ("Europe", 6, "stand_in/addresses.txt")
    assert parse_config(WORLD).engagement is None


@pytest.mark.parametrize("region", ["UK", "Europe", "North America"])
def test_the_three_regions(region: str) -> None:
    assert parse_config(BUSINESS.replace("Europe", region)).engagement is not None


def test_another_region_is_refused_with_the_three() -> None:
    found = problems("region: Europe", "region: Asia")
    assert "engagement.region" in found
    assert all(region in found for region in ("UK", "Europe", "North America"))


@pytest.mark.parametrize("tenant", ["common", "organizations", "contoso.com", "1234"])
def test_a_tenant_is_an_id(tenant: str) -> None:
    assert "engagement.tenant" in problems("tenant: 11111111-1111-1111-1111-111111111111", f"tenant: {tenant}")


@pytest.mark.parametrize(
    "secret",
    [
        "Zx8Q~abcDEF123ghiJKL456mnoPQR789stuVWX",
        "33333333-3333-3333-3333-333333333333",
        "ABCDEF0123456789ABCDEF0123456789",
        "cdp_secret",
        "A" * 65,
    ],
)
def test_a_secret_is_the_name_of_a_variable_and_a_value_is_never_shown(secret: str) -> None:
    found = problems("secret: CDP_GRAPH_SECRET", f'secret: "{secret}"')
    assert "engagement.secret" in found
    assert "environment variable" in found
    assert secret not in found


@pytest.mark.parametrize("hours", ["-1", "49", "1.5"])
def test_the_delay_is_0_to_48_hours(hours: str) -> None:
    assert "engagement.delay_hours" in problems("service: demo", f"delay_hours: {hours}")


def test_business_accounts_are_required() -> None:
    found = problems("secret", "secret", ONE_SOURCE + ENGAGEMENT)
    assert "business accounts required" in found
    assert "accounts: {match_order" in found
    assert "contacts: {match_order" in found


def test_the_email_is_an_attribute_of_contacts() -> None:
    found = problems("email: primary_email", "email: primary_mail")
    assert "engagement.email" in found
    assert 'Did you mean "primary_email"?' in found


def listed(count: int) -> str:
    return "addresses: [" + ", ".join(f"a{number}@own.com" for number in range(count)) + "]"


@pytest.mark.parametrize(("count", "shown"), [(1, "1 distinct address;"), (2501, "2,501 distinct addresses;")])
def test_fewer_than_2_and_more_than_2500_addresses_are_refused_and_none_is_shown(count: int, shown: str) -> None:
    found = problems("addresses: stand_in/addresses.txt", listed(count))
    assert shown in found
    assert "from 2 to 2,500" in found
    assert "@" not in found


@pytest.mark.parametrize("count", [2, 2500])
def test_from_2_to_2500_addresses_are_accepted(count: int) -> None:
    engagement = parse_config(BUSINESS.replace("addresses: stand_in/addresses.txt", listed(count))).engagement
    assert engagement is not None
    assert len(engagement.addresses) == count


@pytest.mark.parametrize("written", ["ann@own.com", "[ann@own.com, ben]", "[ann@own.com, 5]", "/etc/addresses.txt", "{a: b}"])
def test_addresses_are_a_list_or_a_file_and_a_message_shows_none(written: str) -> None:
    found = problems("addresses: stand_in/addresses.txt", f"addresses: {written}")
    assert "engagement.addresses" in found
    assert "@" not in found


def test_addresses_are_trimmed_lowered_distinct_and_without_comments() -> None:
    assert addresses_in([" Ben@Own.com ", "", "# the board", "ann@own.com  # Ann", "ben@own.com"]) == ("ann@own.com", "ben@own.com")
    with pytest.raises(RefusedError, match="line 3 is not") as caught:
        addresses_in(["ann@own.com", "ben@own.com", "secret name"])
    assert "secret name" not in str(caught.value)
