"""Which fields of the sources are one field of the profile."""

from cdp_assets.config import parse_config
from cdp_assets.unify.fields import unified_fields
from cdp_assets.unify.tables import unified_profiles
from cdp_assets_tests.unify.profile_world import config


def members(merge: str = "", more: str = "") -> dict[str, list[str]]:
    return {field.name: [f"{m.source}.{m.field}" for m in field.members] for field in unified_fields(config(merge, more))}


def of(crm: str, shop: str) -> dict[str, list[str]]:
    """Unified fields of two sources with these fields."""
    parsed = parse_config(f"""
version: 1
sources:
  crm: {{files: a, primary_key: id, fields: {{{crm}}}}}
  shop: {{files: b, primary_key: no, fields: {{{shop}}}}}
customers:
  match: [{{name: same, left: crm, right: shop, all: [{{field: {{left: id, right: no}}}}]}}]
""")
    found = {field.name: [f"{m.source}.{m.field}" for m in field.members] for field in unified_fields(parsed)}
    return {name: its for name, its in found.items() if name not in ("id", "no")}


def test_the_first_field_of_a_semantic_type_combines_under_the_name_in_the_highest_source() -> None:
    assert members()["name"] == ["crm.name", "loyalty.full_name", "shop.customer"]
    # shop's only e-mail is its first one, although crm has a second one of that name
    assert members()["email"] == ["crm.email", "loyalty.mail", "shop.other_email"]


def test_a_further_field_of_a_type_stands_alone() -> None:
    assert members()["other_email"] == ["crm.other_email"]


def test_further_fields_combine_by_equal_name_and_type() -> None:
    assert of("a: identity.phone, home: identity.phone", "b: identity.phone, home: identity.phone") == {
        "a": ["crm.a", "shop.b"], "home": ["crm.home", "shop.home"],
    }  # fmt: skip


def test_plain_fields_combine_by_equal_name_and_type_and_another_type_gets_its_source_in_front() -> None:
    assert members()["status"] == ["crm.status", "shop.status"]
    assert members()["loyalty_status"] == ["loyalty.status"]


def test_a_field_that_got_its_source_in_front_combines_with_lower_sources_by_its_own_name() -> None:
    assert of("code: text", "code: identity.id")["shop_code"] == ["shop.code"]


def test_a_name_that_is_taken_twice_gets_a_number() -> None:
    assert of("code: text, shop_code: text", "code: integer")["shop_code_2"] == ["shop.code"]


def test_primary_keys_never_combine() -> None:
    assert members()["contact_id"] == ["crm.contact_id"]
    assert members()["shop_contact_id"] == ["shop.contact_id"]
    assert of("id: identity.id", "no: identity.id, other: identity.id") == {"other": ["shop.other"]}


def test_importance_follows_match_order_unless_stated() -> None:
    assert members("{email: {importance: [shop, loyalty, crm]}}")["email"] == ["shop.other_email", "loyalty.mail", "crm.email"]


def test_sources_that_importance_leaves_out_follow_in_match_order() -> None:
    assert members("{email: {importance: [shop]}}")["email"] == ["shop.other_email", "crm.email", "loyalty.mail"]


def test_the_declaration_has_the_fields_with_their_types_and_says_which_are_personal() -> None:
    columns = {column.name: column for column in unified_profiles(config()).columns}
    keys = ["crm_record_keys", "loyalty_record_keys", "shop_record_keys"]
    assert list(columns)[2:-5] == [*members(), *keys]
    assert (columns["born"].type, columns["spent"].type, columns["points"].type) == ("date", "decimal(18,2)", "bigint")
    assert {name for name, column in columns.items() if column.personal} == {"name", "email", "other_email", "born", *keys}
    assert columns["name"].description == "person.full_name: crm.name, else loyalty.full_name, else shop.customer"


def test_combine_puts_fields_of_one_type_under_a_name_of_ones_own() -> None:
    found = members(more="combine: {second_email: {crm: other_email, shop: other_email}}")
    assert found["second_email"] == ["crm.other_email", "shop.other_email"]
    assert found["email"] == ["crm.email", "loyalty.mail"]


def test_what_combine_leaves_out_is_not_drawn_in() -> None:
    found = members(more="combine: {email: {crm: email, loyalty: mail}}")
    assert (found["email"], found["other_email"]) == (["crm.email", "loyalty.mail"], ["crm.other_email"])
    assert found["shop_other_email"] == ["shop.other_email"]


def test_separate_lets_each_part_stand_for_itself() -> None:
    found = members(more="separate: [email]")
    assert (found["email"], found["mail"], found["shop_other_email"]) == (["crm.email"], ["loyalty.mail"], ["shop.other_email"])


def test_an_excluded_field_is_not_in_the_profile_and_no_other_takes_its_name() -> None:
    assert members(more="exclude: [status]") == {name: its for name, its in members().items() if name != "status"}


def test_order_comes_first_and_the_others_follow() -> None:
    assert list(members(more="order: [spent, email]"))[:3] == ["spent", "email", "contact_id"]


def test_rename_changes_what_is_shown_and_no_column() -> None:
    parsed = config(more="rename: {born: Date of birth}")
    assert {f.name: f.label for f in unified_fields(parsed)}["born"] == "Date of birth"
    assert unified_profiles(parsed).column_names == unified_profiles(config()).column_names


def test_importance_of_a_group_orders_the_sources_of_all_its_fields() -> None:
    found = members("{mails: {group: [email, status], importance: [shop, crm]}}")
    assert (found["email"][0], found["status"][0]) == ("shop.other_email", "shop.status")
