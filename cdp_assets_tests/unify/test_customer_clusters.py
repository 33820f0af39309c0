"""Households and clusters: who belongs together, and that the id of a household stays while people come and go."""

from pathlib import Path
from typing import Any

import pytest

from cdp_assets.config import Project, ProjectConfig, parse_config
from cdp_assets.contacts.entity import ACCOUNTS, view
from cdp_assets.identity import terms
from cdp_assets.identity.registry_tables import CUSTOMER_IDS
from cdp_assets.identity.tables import TERM_FREQUENCIES
from cdp_assets.sources.tables import table_of
from cdp_assets.unify import survivorship
from cdp_assets.unify.assets import steps
from cdp_assets.unify.deduplicated_tables import deduplicated
from cdp_assets.unify.tables import ALTERNATE_KEYS, unified_profiles
from cdp_assets_tests.support import rows, run_stages, run_tables

SOURCES = """
version: 1
sources:
  crm:
    files: a
    primary_key: no
    fields: {first: person.first_name, last: person.last_name, street: location.street, zip: location.postcode, phone: identity.phone}
  web: {kind: events, files: w, visitor: cookie, time: at, include_all_records: true}
customers:
"""
PEOPLE = """
    no | first | last     | street        | zip   | phone
    1  | Ann   | Lee      | Long St. 1    | 53111 | 1
    2  | Bob   | LEE      | long street 1 | 53111 | 2
    3  | Cem   | Lee      | Long St. 1    | 53112 | 2
    4  | Dan   | Lee      | Long St. 1    |       |
    5  | Eve   | Öz       | Sea Rd        | 1     | 5
    6  | Fay   | Oz       | Sea Rd        | 1     | 6
"""


def config(more: str = "households: true") -> ProjectConfig:
    return parse_config(f"{SOURCES}  {more}\n")


def given(births: dict[str, int], gone: str = "", people: str = PEOPLE) -> dict[str, Any]:
    """Customer c1 has the record 1, and so on; v is a visitor."""
    lines = [line.split("|") for line in people.strip().splitlines()]
    head = f"record_key | is_winner | source_file | source_line | {'|'.join(lines[0])}"
    body = [f"{line[0]} | true | a | 2 | {'|'.join(line)}" for line in lines[1:] if line[0].strip() not in gone]
    numbers = [line.split("|")[0].strip() for line in body]
    keys = [f"crm | {n} | c{n} | record | true" for n in numbers]
    ids = [f"crm | {n} | c{n} | {births.get(n, 1)} | true" for n in numbers]
    keys = ["source | record_key | customer_id | kind | is_winner", *keys, "web | v | v | visitor | false"]
    ids = ["source | record_key | customer_id | birth | held", *ids, "web | v | v | 1 | true"]
    return {
        "deduplicated_crm": ("\n".join([head, *body]), deduplicated(config(), "crm")),
        "alternate_keys": ("\n".join(keys), ALTERNATE_KEYS),
        "customer_ids": ("\n".join(ids), CUSTOMER_IDS),
    }


def ids(more: str = "households: true", column: str = "household_id", gone: str = "", **births: int) -> dict[str, str | None]:
    found = run_stages(survivorship.stages(config(more)), **given({name.removeprefix("c"): n for name, n in births.items()}, gone))
    return {row["customer_id"]: row[column] for row in found}


def test_a_household_is_the_same_last_name_street_and_postcode_however_they_are_written() -> None:
    assert ids() == {"c1": "c1", "c2": "c1", "c3": "c3", "c4": "c4", "c5": "c5", "c6": "c5", "v": None}


def test_its_id_is_that_of_the_member_with_the_oldest_id() -> None:
    assert ids(c1=2, c2=1)["c1"] == "c2"


def test_its_id_stays_when_somebody_joins_or_another_than_the_oldest_leaves() -> None:
    before = ids(c2=2, gone="56")
    assert (before["c1"], before["c2"]) == ("c1", "c1")
    assert ids(c2=2, c5=3, c6=3)["c2"] == "c1"
    assert ids(gone="2")["c1"] == "c1"


def test_the_fields_may_be_stated() -> None:
    assert ids("households: {last_name: first, address: [phone]}")["c2"] == "c2"
    assert ids("households: {address: [street]}")["c3"] == "c1"


def test_a_cluster_has_rules_of_its_own_over_the_profile() -> None:
    more = "clusters: {line: {rules: [{name: same phone, all: [{field: phone}]}, {name: same zip, all: [{field: zip}]}]}}"
    found = ids(more, "line_id")
    # c1 and c2 by the postcode, c2 and c3 by the telephone number
    assert (found["c1"], found["c2"], found["c3"], found["c4"]) == ("c1", "c1", "c1", "c4")


def test_exceptions_and_inactive_rules_hold_for_clusters_too() -> None:
    zips = "{name: same zip, all: [{field: zip}], exceptions: [{field: last, normalise: [lower], differs: true}]}"
    assert ids(f"clusters: {{line: {{rules: [{zips}]}}}}", "line_id")["c6"] == "c6"
    both = "[{name: zip, active: false, all: [{field: zip}]}, {name: phone, all: [{field: phone}]}]"
    assert ids(f"clusters: {{line: {{rules: {both}}}}}", "line_id")["c2"] == "c2"


NEAR = "clusters: {line: {rules: [{name: near, all: [{field: zip}, {field: street, as: address, precision: high}]}]}}"


def test_words_weigh_what_was_learnt_from_the_sources_and_kept_whoever_is_there_now() -> None:
    """Sea Rd and Sea Pier: whether they are one address says the weight of their first word."""
    people = PEOPLE.replace("Oz       | Sea Rd", "Oz       | Sea Pier")
    for sea, household in ((9000, "c5"), (900, "c6")):
        kept = f"kind | type | term | weight\nword | address | sea | {sea}\nword | address | rd | 800\nword | address | pier | 800"
        learnt = {TERM_FREQUENCIES.name: (kept, TERM_FREQUENCIES)}
        found = run_stages(survivorship.stages(config(NEAR)), **given({}, people=people), **learnt)
        assert {row["customer_id"]: row["line_id"] for row in found}["c6"] == household


def test_what_they_weigh_is_learnt_from_the_fields_that_the_profile_is_made_of() -> None:
    its = config(NEAR)
    assert ("address", "crm", "street") in terms.learnt_from(its)
    records = rows("record_key | street\n1 | Long St. 1\n2 | long street 2\n3 | Sea Rd", table_of("crm", its.sources["crm"]))
    found = run_tables(terms.stages(its), {"crm": records}).to_pylist()
    texts = {row["term"]: row["records"] for row in found if row["kind"] == "word"}
    assert texts == {"long": 2, "st": 2, "1": 1, "2": 1, "sea": 1, "rd": 1}
    profiles = next(step for step in steps(Project(Path(), Path(), its, "")) if step.table.name == "unified_profiles")
    assert TERM_FREQUENCIES.name in profiles.reads


def test_junk_makes_no_cluster() -> None:
    """Bob and Cem gave the same number, which the guards say is nobody's."""
    line = "clusters: {line: {rules: [{name: same phone, all: [{field: phone}]}]}}"
    assert ids(line, "line_id")["c3"] == "c2"
    assert ids(f"{line}\n  guards: {{junk: {{identity.phone: ['2']}}}}", "line_id")["c3"] == "c3"


@pytest.mark.parametrize("source", ["words", "people", "former", "profiles", "births"])
def test_a_list_of_a_rule_may_stand_in_a_source_whatever_its_name(source: str) -> None:
    words = f"  {source}: {{files: l, primary_key: k, fields: {{one: text, other: text}}}}\ncustomers:\n  match_order: [crm, web]\n"
    rules = "{rules: [{name: alike, all: [{field: first, alias: names}]}]}"
    lists = f"aliases: {{names: {{source: {source}, value: one, same_as: other}}}}\n  clusters: {{namesakes: {rules}}}"
    parsed = parse_config(SOURCES.replace("customers:\n", words) + f"  {lists}\n")
    pairs = ("record_key | k | one | other\n1 | 1 | Ann | Dan", table_of(source, parsed.sources[source]))
    found = {row["customer_id"]: row["namesakes_id"] for row in run_stages(survivorship.stages(parsed), **given({}), **{source: pairs})}
    assert (found["c1"], found["c4"], found["c2"]) == ("c1", "c1", "c2")
    [step] = [each for each in steps(Project(Path(), Path(), parsed, "")) if each.table.name == "unified_profiles"]
    assert source in step.reads


def test_several_clusters_stand_side_by_side() -> None:
    more = "{households: true, clusters: {line: {rules: [{name: same phone, all: [{field: phone}]}]}}}"
    parsed = parse_config(SOURCES.replace("customers:\n", f"customers: {more}\n"))
    assert [c for c in unified_profiles(parsed).column_names if c.endswith("_id")] == ["customer_id", "household_id", "line_id"]
    inputs = {name: rows(*each) for name, each in given({}).items()}
    one, seven = (run_tables(survivorship.stages(parsed), inputs, buckets) for buckets in (1, 7))
    assert one.equals(seven)
    assert {row["customer_id"]: row["line_id"] for row in one.to_pylist()}["c3"] == "c2"


def test_the_keys_of_the_records_stand_in_the_profile_winners_first() -> None:
    inputs = given({})
    text, table = inputs["alternate_keys"]
    inputs["alternate_keys"] = (f"{text}\ncrm | 0 | c1 | record | false\ncrm | x | c1 | record | true", table)
    found = {row["customer_id"]: row["crm_record_keys"] for row in run_stages(survivorship.stages(config()), **inputs)}
    assert (found["c1"], found["c2"], found["v"]) == (["1", "x", "0"], ["2"], [])


def test_accounts_have_none() -> None:
    firms = "  firms: {files: f, primary_key: firm_no, fields: {company: organization.name}}\n"
    sections = "customers: {match_order: [crm, web], households: true}\naccounts: {match_order: [firms]}\n"
    text = SOURCES.replace("customers:\n", firms + sections)
    seen = view(Project(Path(), Path(), parse_config(text), ""), ACCOUNTS).config
    assert "household_id" not in unified_profiles(seen).column_names
