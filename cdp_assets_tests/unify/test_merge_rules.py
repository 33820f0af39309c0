"""Whose value wins where importance alone does not decide: the newest, the oldest, fields of one record; and what lineage says."""

from typing import Any

import pytest

from cdp_assets.config import ProjectConfig, parse_config
from cdp_assets.identity.registry_tables import CUSTOMER_IDS
from cdp_assets.unify import lineage, survivorship
from cdp_assets.unify.deduplicated_tables import deduplicated
from cdp_assets.unify.fields import unified_fields
from cdp_assets.unify.tables import ALTERNATE_KEYS, unified_profiles
from cdp_assets_tests.identity.registry_world import violations
from cdp_assets_tests.support import rows, run_stages, run_tables

SOURCES = """
version: 1
sources:
  crm:
    files: a
    primary_key: id
    fields:
      name: person.full_name
      mail: identity.email
      street: location.street
      city: location.city
      postcode: location.postcode
      on: date
  shop:
    files: b
    primary_key: no
    fields: {who: person.full_name, email: identity.email, street: location.street, city: location.city, seen: timestamp, visits: integer}
  club:
    files: c
    primary_key: card
    fields: {member: person.full_name, address: identity.email, postcode: location.postcode, at: date, points: number}
customers:
  match:
    - {name: one, left: crm, right: shop, all: [{field: {left: mail, right: email}}]}
    - {name: two, left: crm, right: club, all: [{field: {left: mail, right: address}}]}
"""
CRM = """
    record_key | is_winner | source_file | source_line | id | name | mail    | street  | city | postcode | on
    1          | true      | a           | 2           | 1  | Ann  | ann@1   |         | Bonn |          | 2020-01-05
    2          | true      | a           | 3           | 2  | Anna |         | Long St |      | 53111    | 2020-01-01
    3          | false     | a           | 4           | 3  | Lost | lost@1  | Lost St | Lost | 00000    | 2099-01-01
"""
SHOP = """
    record_key | is_winner | source_file | source_line | no | who  | email   | street  | city | seen                | visits
    S1         | true      | b           | 2           | S1 | A.   | ann@s1  |         |      | 2020-01-05 10:00:00 | 4
    S2         | true      | b           | 3           | S2 | B.   | ann@s2  | Sea Rd  | Kiel |                     | 9
"""
CLUB = """
    record_key | is_winner | source_file | source_line | card | member | address | postcode | at         | points
    C1         | true      | c           | 2           | C1   | Anne   | ann@c   | 99999    | 2019-12-31 | 9.5
    C2         | true      | c           | 3           | C2   | Annie  |         |          | 2020-01-05 | 1
"""
KEYS = "source | record_key | customer_id | kind | is_winner\n" + "\n".join(
    f"{source} | {key} | ann | record | {str(key != '3').lower()}"
    for source, its in (("crm", "1 2 3"), ("shop", "S1 S2"), ("club", "C1 C2")) for key in its.split()
)  # fmt: skip
IDS = ("source | record_key | customer_id | held | birth\ncrm | 1 | ann | true | 1", CUSTOMER_IDS)
BY_DAY = "{crm: on, shop: seen, club: at}"
ADDRESS = "group: [street, city, postcode]"


def config(merge: str) -> ProjectConfig:
    return parse_config(f"{SOURCES}  merge: {merge}\n")


def inputs(parsed: ProjectConfig) -> dict[str, Any]:
    given = {f"deduplicated_{s}": (text, deduplicated(parsed, s)) for s, text in (("crm", CRM), ("shop", SHOP), ("club", CLUB))}
    return {"alternate_keys": (KEYS, ALTERNATE_KEYS), **given}


def ann(merge: str) -> dict[str, Any]:
    parsed = config(merge)
    [row] = run_stages(survivorship.stages(parsed), **inputs(parsed), customer_ids=IDS)
    return row


def origins(merge: str) -> dict[str, dict[str, Any]]:
    parsed = config(merge)
    return {row["attribute"]: row for row in run_stages(lineage.stages(parsed), **inputs(parsed))}


class TestRecency:
    """The newest or the oldest value of all sources."""

    def test_the_most_recent_value_wins_whatever_its_source(self) -> None:
        # of the newest records crm's is of the day 5 January, shop's of 10 o'clock on it
        assert ann(f"{{mail: {{most_recent: {BY_DAY}}}}}")["mail"] == "ann@s1"

    def test_the_least_recent_value_wins(self) -> None:
        assert ann(f"{{mail: {{least_recent: {BY_DAY}}}}}")["mail"] == "ann@c"

    def test_a_record_without_a_value_has_no_say(self) -> None:
        # crm 2 is older than crm 1 and has no e-mail address; the next oldest is club's
        assert ann("{mail: {least_recent: {crm: on, shop: seen, club: at}}, name: {importance: [crm]}}")["mail"] == "ann@c"

    def test_a_record_without_a_day_comes_last_both_ways(self) -> None:
        assert ann(f"{{street: {{most_recent: {BY_DAY.replace(', club: at', '')}}}}}")["street"] == "Long St"
        assert ann(f"{{street: {{least_recent: {BY_DAY.replace(', club: at', '')}}}}}")["street"] == "Long St"

    def test_at_a_tie_the_more_important_source_wins(self) -> None:
        # crm 1 and club C2 are of the same day, and no other record is newer but shop's, which has no such field now
        without_shop = SOURCES.replace("who: person.full_name", "who: text")
        parsed = parse_config(f"{without_shop}  merge: {{name: {{most_recent: {{crm: on, club: at}}}}}}\n")
        given = {**inputs(config("{}")), "customer_ids": IDS}
        [row] = run_stages(survivorship.stages(parsed), **given)
        assert row["name"] == "Ann"

    def test_at_a_tie_inside_a_source_the_greatest_key_wins(self) -> None:
        same_day = CRM.replace("2020-01-01", "2020-01-05")
        parsed = parse_config(
            f"{SOURCES.replace('who: person.full_name', 'who: text')}  merge: {{name: {{most_recent: {{crm: on, club: at}}}}}}\n"
        )
        given = {**inputs(config("{}")), "deduplicated_crm": (same_day, deduplicated(parsed, "crm")), "customer_ids": IDS}
        [row] = run_stages(survivorship.stages(parsed), **given)
        assert row["name"] == "Anna"

    def test_numbers_say_how_recent_a_value_is_too(self) -> None:
        text = SOURCES.replace("on: date", "on: integer")
        parsed = parse_config(f"{text}  merge: {{mail: {{most_recent: {{crm: on, shop: visits, club: points}}}}}}\n")
        crm = CRM.replace("2020-01-05", "7").replace("2020-01-01", "1").replace("2099-01-01", "99")
        given = {**inputs(config("{}")), "deduplicated_crm": (crm, deduplicated(parsed, "crm")), "customer_ids": IDS}
        [row] = run_stages(survivorship.stages(parsed), **given)
        assert row["mail"] == "ann@c"  # 9.5 points, more than 9 visits

    def test_a_plain_name_is_the_field_of_that_name_in_every_source(self) -> None:
        text = SOURCES.replace("seen: timestamp", "on: timestamp").replace("at: date", "on: date")
        parsed = parse_config(f"{text}  merge: {{mail: {{most_recent: on}}}}\n")
        [mail] = [field for field in unified_fields(parsed) if field.name == "mail"]
        assert ([member.moment for member in mail.members], mail.moment_type) == (["on", "on", "on"], "timestamp")

    def test_alternates_have_no_say(self) -> None:
        assert "lost@1" not in (ann(f"{{mail: {{most_recent: {BY_DAY}}}}}")["mail"], *origins("{}")["mail"]["losing_values"])


class TestGroups:
    """Fields that are taken together from one record."""

    def test_all_come_from_one_record_even_where_it_lacks_one(self) -> None:
        # the greatest key of crm with any of the three is 2, which has no city: Bonn of crm 1 is not mixed in
        row = ann(f"{{home: {{{ADDRESS}}}}}")
        assert (row["street"], row["city"], row["postcode"]) == ("Long St", None, "53111")

    def test_importance_takes_the_first_source_that_has_any(self) -> None:
        row = ann(f"{{home: {{{ADDRESS}, importance: [shop, crm, club]}}}}")
        assert (row["street"], row["city"], row["postcode"]) == ("Sea Rd", "Kiel", None)

    def test_a_source_is_skipped_only_if_all_its_fields_are_null(self) -> None:
        row = ann(f"{{home: {{{ADDRESS}, importance: [club, crm, shop]}}}}")
        assert (row["street"], row["city"], row["postcode"]) == (None, None, "99999")

    def test_the_most_and_the_least_recent_record_with_any(self) -> None:
        newest = ann(f"{{home: {{{ADDRESS}, most_recent: {BY_DAY}}}}}")
        oldest = ann(f"{{home: {{{ADDRESS}, least_recent: {BY_DAY}}}}}")
        assert (newest["street"], newest["city"]) == (None, "Bonn")
        assert (oldest["street"], oldest["postcode"]) == (None, "99999")

    def test_other_fields_are_chosen_one_by_one(self) -> None:
        assert ann(f"{{home: {{{ADDRESS}}}}}")["mail"] == "ann@1"


OF_OURS = "moment importance key_number place candidates ranked value attribute may_win winner_number p k".split()


@pytest.mark.parametrize("field", OF_OURS)
@pytest.mark.parametrize("merge", ["most_recent: on", "group: [{field}, city]", "group: [{field}, city], most_recent: on"])
def test_a_field_may_have_a_name_that_statements_use(field: str, merge: str) -> None:
    name = field if "group" not in merge else "both"
    parsed = parse_config(f"""
version: 1
sources:
  crm: {{files: a, primary_key: id, fields: {{id: text, {field}: identity.email, city: text, on: date}}}}
customers: {{merge: {{{name}: {{{merge.replace("{field}", field)}}}}}}}
""")
    crm = f"""
        record_key | is_winner | source_file | source_line | id | {field}  | city | on
        1          | true      | a           | 2           | 1  | old@x    | Bonn | 2020-01-01
        2          | true      | a           | 3           | 2  | new@x    | Kiel | 2020-01-02
    """
    keys = "source | record_key | customer_id | kind | is_winner\ncrm | 1 | ann | record | true\ncrm | 2 | ann | record | true"
    given: dict[str, Any] = {"deduplicated_crm": (crm, deduplicated(parsed, "crm")), "alternate_keys": (keys, ALTERNATE_KEYS)}
    [row] = run_stages(survivorship.stages(parsed), **given, customer_ids=IDS)
    assert row[field] == "new@x"
    [line] = [each for each in run_stages(lineage.stages(parsed), **given) if each["attribute"] == field]
    assert (line["record_key"], line["losing_values"]) == ("2", ["old@x"])


class TestLineage:
    """What profile_lineage says of these values."""

    def test_it_names_the_rule_the_record_and_what_lost(self) -> None:
        mail = origins(f"{{mail: {{most_recent: {BY_DAY}}}}}")["mail"]
        assert (mail["rule"], mail["source"], mail["record_key"], mail["source_line"]) == ("most_recent", "shop", "S1", 2)
        assert mail["losing_values"] == ["ann@1", "ann@c", "ann@s2"]
        assert mail["losing_records"] == ["club|C1", "crm|1", "shop|S2"]

    def test_of_a_group_only_what_the_one_record_has(self) -> None:
        found = origins(f"{{home: {{{ADDRESS}}}}}")
        assert "city" not in found
        assert {(found[name]["rule"], found[name]["record_key"]) for name in ("street", "postcode")} == {("group home: importance", "2")}
        assert found["postcode"]["losing_records"] == ["club|C1"]

    @pytest.mark.parametrize("merge", ["{}", f"{{mail: {{most_recent: {BY_DAY}}}}}", "{both: {group: [mail, city]}}"])
    def test_it_names_the_record_whose_value_a_winner_took_over(self, merge: str) -> None:
        parsed = parse_config(f"{SOURCES}  dedupe: {{crm: {{rules: [], fields: {{mail: most_filled}}}}}}\n  merge: {merge}\n")
        taken = "[mail] | [3] | [z] | [4]"
        head = "record_key | is_winner | source_file | source_line | id | mail | city | on"
        crm = f"{head} | taken_fields | taken_keys | taken_files | taken_lines\n1 | true | a | 2 | 1 | of3@x | Bonn | 2030-01-01 | {taken}"
        given = {**inputs(config("{}")), "deduplicated_crm": (crm, deduplicated(parsed, "crm"))}
        lines = {row["attribute"]: row for row in run_stages(lineage.stages(parsed), **given)}
        found = {name: (lines[name]["record_key"], lines[name]["source_file"], lines[name]["source_line"]) for name in ("mail", "city")}
        assert found == {"mail": ("3", "z", 4), "city": ("1", "a", 2)}

    @pytest.mark.parametrize(
        "merge",
        [
            "{}",
            f"{{mail: {{most_recent: {BY_DAY}}}, name: {{least_recent: {BY_DAY}}}}}",
            f"{{home: {{{ADDRESS}, most_recent: {BY_DAY}}}}}",
            f"{{home: {{{ADDRESS}, importance: [club]}}}}",
        ],
    )
    def test_every_value_of_the_profile_has_its_origin(self, merge: str) -> None:
        parsed = config(merge)
        tables = {name: rows(*given) for name, given in inputs(parsed).items()}
        for buckets in (1, 7):
            profiles = run_tables(survivorship.stages(parsed), {**tables, "customer_ids": rows(*IDS)}, buckets)
            lines = run_tables(lineage.stages(parsed), tables, buckets)
            assert not any(violations(lineage.checks(parsed), unified_profiles=profiles, profile_lineage=lines).values())
        shown = {name: profiles[name][0].as_py() for name in profiles.column_names}
        for line in lines.to_pylist():
            [record] = [r for r in tables[f"deduplicated_{line['source']}"].to_pylist() if r["record_key"] == line["record_key"]]
            assert shown[line["attribute"]] in record.values()


def test_the_declaration_says_how_a_value_is_chosen() -> None:
    declared = {
        c.name: c.description for c in unified_profiles(config(f"{{mail: {{most_recent: {BY_DAY}}}, home: {{{ADDRESS}}}}}")).columns
    }
    assert declared["mail"] == "identity.email: the most recent of crm.mail by on, shop.email by seen, club.address by at"
    assert declared["city"] == "location.city: crm.city, else shop.city; of one record with the group home"
