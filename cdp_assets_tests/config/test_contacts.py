"""The sections accounts and contacts: checked by the code of customers, and what they have beside it."""

import pytest

from cdp_assets.config import ConfigError, parse_config
from cdp_assets_tests.contacts.world import WORLD


def problems(*changes: tuple[str, str]) -> str:
    """All that is wrong with the small business after these changes, as people read it."""
    text = WORLD
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    with pytest.raises(ConfigError) as caught:
        parse_config(text)
    return "\n".join(map(str, caught.value.problems))


def test_the_small_business_is_valid_and_its_sources_are_no_customers() -> None:
    config = parse_config(WORLD)
    assert config.customers.match_order == ("crm",)
    assert config.accounts is not None
    assert config.contacts is not None
    assert (config.accounts.section, config.contacts.section) == ("accounts", "contacts")


def test_without_the_sections_there_are_no_accounts_and_no_contacts() -> None:
    config = parse_config("version: 1\nsources: {crm: {files: a, primary_key: id, fields: {}}}")
    assert (config.accounts, config.contacts) == (None, None)


@pytest.mark.parametrize(
    ("old", "new", "parts"),
    [
        (
            "match_order: [crm_accounts, erp_accounts]",
            "match_order: [crm_acounts, erp_accounts]",
            ["accounts.match_order[0]", "unknown source", '"crm_accounts"'],
        ),
        (
            "right: erp_accounts, all: [{field: company",
            "right: erp_accounts, all: [{field: compny",
            ["accounts.match[0].all[0].field", "unknown field of crm_accounts"],
        ),
        (
            "{field: email, normalise: [lower, whitespace]}",
            "{field: mail}",
            ["contacts.dedupe.business.rules[0].all[0].field", "unknown field of business"],
        ),
        (
            "  match: [{name: name and postcode, left: crm_accounts",
            "  mtch: [{name: name and postcode, left: crm_accounts",
            ["accounts.mtch", "unknown key", '"match"'],
        ),
        ("left: business, right: partners", "left: partners, right: business", ["contacts.match[0].left", "must stand above business"]),
    ],
)
def test_mistakes_are_said_with_the_place_in_their_own_section(old: str, new: str, parts: list[str]) -> None:
    found = problems((old, new))
    assert [part for part in parts if part not in found] == [], found


def test_a_source_without_a_way_up_is_told_where_to_add_a_rule() -> None:
    found = problems(("  match: [{name: e-mail, left: business, right: partners, all: [{field: email, normalise: [lower]}]}]\n", ""))
    assert "partners has no rule to a source above it; add a rule to contacts.match with right: partners" in found


def test_accounts_need_a_match_order() -> None:
    assert "accounts.match_order: is missing" in problems(("  match_order: [crm_accounts, erp_accounts]\n", ""))


def test_web_events_are_no_accounts() -> None:
    web = "sources:\n  web: {kind: events, files: w, visitor: v, time: t}"
    found = problems(("sources:", web), ("match_order: [crm_accounts, erp_accounts]", "match_order: [crm_accounts, erp_accounts, web]"))
    assert "has events, and accounts are made of records; take it out" in found


@pytest.mark.parametrize(("source", "field"), [("crm_accounts", "company"), ("partners", "job")])
def test_a_source_takes_part_in_one_section_only(source: str, field: str) -> None:
    rule = f"{{name: x, left: crm, right: {source}, all: [{{field: {{left: name, right: {field}}}}}]}}"
    found = problems(("\naccounts:\n", f"\ncustomers: {{match_order: [crm, {source}], match: [{rule}]}}\naccounts:\n"))
    assert "takes part in customers already; a source holds customers, accounts or contacts" in found


def test_a_source_of_accounts_holds_no_contacts() -> None:
    rule = "{name: x, left: business, right: erp_accounts, all: [{field: {left: first_name, right: sector}}]}"
    order = "match_order: [business, partners"
    found = problems((f"{order}]", f"{order}, erp_accounts]"), ("{name: e-mail, left", f"{rule}, {{name: e-mail, left"))
    assert "contacts.match_order[2]: takes part in accounts already" in found


@pytest.mark.parametrize(("old", "field"), [("postcode: location.postcode, sector", "account_id"), ("job: text", "contact_id")])
def test_a_field_may_not_have_the_name_of_a_column_that_profiles_get(old: str, field: str) -> None:
    found = problems((old, f"{field}: text, {old}"))
    assert f"fields.{field}: is a column that the program adds to {field.removesuffix('_id')}s; choose another name" in found
    assert f"{field.removesuffix('_id')}_no: {{type: text, column: {field}}}" in found


def test_row_23_a_source_of_contacts_without_a_relationship_is_told_which_lines_to_add() -> None:
    found = problems(("    partners: {foreign_key: account, account: erp_accounts}\n", ""))
    assert "partners has no relationship" in found
    assert "partners: {foreign_key: <a field of partners>, account: crm_accounts}" in found


def test_contacts_need_accounts() -> None:
    start, end = WORLD.index("\naccounts:\n") + 1, WORLD.index("\ncontacts:\n") + 1
    found = problems((WORLD[start:end], "customers: {match_order: [crm]}\n"))
    assert "every contact belongs to an account, and there is no section accounts" in found


@pytest.mark.parametrize(
    ("old", "new", "parts"),
    [
        (
            "foreign_key: account_no",
            "foreign_key: acount_no",
            ["contacts.relationships.business.foreign_key", "unknown field of business", '"account_no"'],
        ),
        (
            "account: erp_accounts}",
            "account: crm}",
            ["contacts.relationships.partners.account", "unknown source of accounts", "crm_accounts, erp_accounts"],
        ),
        (
            "    partners: {foreign_key: account,",
            "    patners: {foreign_key: account,",
            ["unknown source of contacts", '"partners"', "partners has no relationship"],
        ),
        (
            "fields: {account_no: text, person",
            "fields: {account_no: integer, person",
            ["stored as bigint and the primary key of crm_accounts as varchar"],
        ),
        (
            "primary_email: email",
            "primary_email: mail",
            ["contacts.attributes.primary_email", "unknown unified field of contacts", '"email"'],
        ),
        ("primary_email: email", "contact_id: email", ["is there by itself; remove it"]),
        ("primary_email: email", "Primary-Email: email", ["is not a name for an attribute"]),
        ("business.person_no: crm", "business.person: crm", ["contacts.customers.business.person", "unknown field of business"]),
        (
            "business.person_no: crm.person_no",
            "business.person_no: crm.name",
            ["unknown primary key of a source of customers", "crm.person_no"],
        ),
        ("business.person_no: crm", "crm.name: crm", ["unknown source of contacts"]),
        ("relationships:", "relationship:", ["contacts.relationship", "unknown key", '"relationships"']),
        (
            "foreign_key: account_no,",
            "foreign_ke: account_no,",
            ["contacts.relationships.business.foreign_ke", "unknown key", '"foreign_key"'],
        ),
    ],
)
def test_mistakes_of_contacts_are_said_with_what_is_allowed(old: str, new: str, parts: list[str]) -> None:
    found = problems((old, new))
    assert [part for part in parts if part not in found] == [], found


def attributes(number: int) -> str:
    return ", ".join(f"a{n}: email" for n in range(number))


def test_row_25_seventeen_attributes_are_allowed() -> None:
    config = parse_config(WORLD.replace("first_name: first_name, primary_email: email, job_title: job", attributes(17)))
    assert config.contacts is not None
    assert len(config.contacts.attributes) == 17


def test_row_25_an_eighteenth_attribute_is_an_error_that_names_the_count() -> None:
    found = problems(("first_name: first_name, primary_email: email, job_title: job", attributes(18)))
    assert "contacts.attributes: has 18 attributes, and a contact has 17 at most: remove 1" in found
