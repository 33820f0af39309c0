"""A field that something uses cannot be left out, and everything that uses it is named with its line."""

import pytest

from cdp_assets.config import ConfigError, parse_config

DOCUMENT = """\
version: 1
sources:
  crm: {files: a, primary_key: no, fields: {name: person.full_name, last: person.last_name, zip: location.postcode, town: text, on: date}}
  shop: {files: b, primary_key: id, fields: {who: person.full_name, zip: location.postcode, town: text, at: date}}
  firms: {files: c, primary_key: firm_no, fields: {company: organization.name, sector: text}}
  people: {files: d, primary_key: person_no, fields: {firm: text, mail: identity.email}}
customers:
  match_order: [crm, shop]
  match: [{name: same, left: crm, right: shop, all: [{field: zip}]}]
  merge:
    zip: {most_recent: {crm: on, shop: at}}
    place: {group: [town, name]}
  id: [zip]
  exclude: [EXCLUDED]
  rename: {zip: Post code}
  order: [town, zip]
  households: {last_name: last, address: [town]}
  clusters:
    near:
      rules: [{name: near, all: [{field: zip}], exceptions: [{field: last}]}]
accounts:
  match_order: [firms]
contacts:
  match_order: [people]
  relationships: {people: {foreign_key: firm, account: firms}}
  attributes: {primary_email: mail}
segments:
  near: {all: [{profile.zip: "1"}]}
connections:
  agency: {kind: file, name: Agency, folder: out, agree: true}
exports:
  letter: {connection: agency, name: Letter, segments: [near], fields: [town]}
"""


def said(document: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse_config(document)
    return [str(problem) for problem in caught.value.problems]


def excluded(field: str) -> list[str]:
    """What is said where a field is excluded; no other place is reported for lacking it."""
    return said(DOCUMENT.replace("EXCLUDED", field))


def test_the_document_is_valid_without_it() -> None:
    assert parse_config(DOCUMENT.replace("EXCLUDED", "on"))


def test_a_field_in_use_is_refused_with_all_that_use_it() -> None:
    [message] = excluded("zip")
    assert message == (
        "cdp.yaml:14: customers.exclude[0]: cannot be left out: zip is used in 6 places: customers.merge.zip (line 11), "
        "customers.id[0] (line 13), customers.rename.zip (line 15), customers.order[1] (line 16), "
        "customers.clusters.near.rules[0].all[0].field (line 20), segments.near.all[0].profile.zip (line 28)."
    )


def test_groups_households_and_exports_use_fields_too() -> None:
    [message] = excluded("town")
    assert [place.split(" ")[0] for place in message.partition("places: ")[2].split(", ")] == [
        "customers.merge.place.group[0]", "customers.order[0]", "customers.households.address[0]", "exports.letter.fields[0]",
    ]  # fmt: skip
    assert "customers.clusters.near.rules[0].exceptions[0].field (line 20)" in excluded("last")[0]


def test_what_is_wrong_with_exclude_and_combine_hides_no_unknown_field_of_id_clusters_segments_or_exports() -> None:
    misspelt = DOCUMENT
    for right in ("id: [zip]", "address: [town]", "near, all: [{field: zip}]", "profile.zip", "fields: [town]"):
        misspelt = misspelt.replace(right, right.replace("zip", "zpi").replace("town", "twon"))
    expected = ["customers.id[0]", "customers.households.address[0]", "customers.clusters.near.rules[0].all[0].field",
                "segments.near.all[0].profile.zpi", "exports.letter.fields[0]"]  # fmt: skip

    def places(more: str) -> list[str]:
        return [message.split(": ")[1] for message in said(misspelt.replace("  exclude: [EXCLUDED]", more))]

    assert places("  exclude: [onn]") == [expected[0], "customers.exclude[0]", *expected[1:]]
    assert places("  combine: {when: {crm: on}}") == [expected[0], "customers.combine.when", *expected[1:]]
    assert places("  combine: {when: {crm: onn, shop: at}}") == [expected[0], "customers.combine.when.crm", *expected[1:]]


def test_a_field_of_a_wrong_combine_is_missed_by_nobody_who_uses_it() -> None:
    wrong = "combine: {when: {crm: on, shop: town}}\n  exclude: []"
    document = DOCUMENT.replace("id: [zip]", "id: [when]").replace("fields: [town]", "fields: [on]").replace("  order: [town, zip]\n", "")
    document = document.replace("[town, name]", "[zip, name]").replace("    zip: {most_recent: {crm: on, shop: at}}\n", "")
    [message] = said(document.replace("address: [town]", "address: [zip]").replace("exclude: [EXCLUDED]", wrong))
    assert message.startswith("cdp.yaml:13: customers.combine.when: only fields of one type can be one field (crm: date, shop: text)")


def test_an_excluded_attribute_of_contacts_is_one_problem_whatever_asks_for_it() -> None:
    segment = "  mailed: {of: contacts, all: [{profile.primary_email: x}]}"
    document = DOCUMENT.replace("EXCLUDED", "on").replace("  relationships", "  exclude: [mail]\n  relationships")
    assert len(said(document.replace("segments:\n", f"segments:\n{segment}\n"))) == 1


def test_contacts_are_used_by_their_attributes_and_accounts_by_segments() -> None:
    of_contacts = DOCUMENT.replace("EXCLUDED", "on").replace("  relationships", "  exclude: [mail]\n  relationships")
    assert said(of_contacts)[0].endswith("mail is used in one place: contacts.attributes.primary_email (line 27).")
    segment = "{of: contacts, all: [{account.sector: retail}]}"
    of_accounts = DOCUMENT.replace("EXCLUDED", "on").replace("match_order: [firms]", "match_order: [firms]\n  exclude: [sector]")
    [message] = said(of_accounts.replace("segments:\n", f"segments:\n  retail: {segment}\n"))
    assert message.endswith("sector is used in one place: segments.retail.all[0].account.sector (line 29).")


def test_what_says_how_recent_a_value_is_may_be_excluded() -> None:
    assert parse_config(DOCUMENT.replace("EXCLUDED", "on, at")).customers.exclude == ("on", "at")


def test_a_group_has_ten_fields_and_an_id_five_at_most() -> None:
    fields = [f"f{n}" for n in range(11)]
    document = f"version: 1\nsources: {{crm: {{files: a, primary_key: no, fields: {{{': text, '.join(fields)}: text}}}}}}\ncustomers: "
    assert parse_config(f"{document}{{id: [{', '.join(fields[:5])}], merge: {{all: {{group: [{', '.join(fields[:10])}]}}}}}}")
    assert said(f"{document}{{id: [{', '.join(fields[:6])}], merge: {{all: {{group: [{', '.join(fields)}]}}}}}}") == [
        "cdp.yaml:3: customers.id: has too many entries, found a list. Allowed: at most 5.",
        "cdp.yaml:3: customers.merge.all.group: has too many entries, found a list. Allowed: at most 10.",
    ]


def test_a_group_is_taken_from_fifteen_sources_at_most() -> None:
    fields = "fields: {a: text, b: text, k: text}"
    sources = "".join(f"  s{n}: {{files: f{n}, primary_key: no, {fields}}}\n" for n in range(16))
    rules = ", ".join(f"{{name: r{n}, left: s0, right: s{n}, all: [{{field: k}}]}}" for n in range(1, 16))
    document = f"version: 1\nsources:\n{sources}customers:\n  match: [{rules}]\n  merge: {{both: {{group: [a, b]}}}}\n"
    [message] = said(document)
    assert "customers.merge.both.group: is taken from 16 sources, and 15 are allowed" in message
