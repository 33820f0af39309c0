"""From records and visitors to profiles, through all steps between and their checks: what a user sees of it in the end."""

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from cdp_assets.config import ProjectConfig, parse_config
from cdp_assets.events.tables import VISITOR_IDENTITIES
from cdp_assets.governance.tables import DECISIONS
from cdp_assets.identity import clusters, dedupe_rules, match, overrides, record_sources, registry, terms
from cdp_assets.identity.registry_tables import CUSTOMER_IDS
from cdp_assets.lake import Check, Stage
from cdp_assets.sources.tables import table_of
from cdp_assets.unify import alternate_keys, deduplicate, lineage, survivorship
from cdp_assets_tests.support import rows, run_tables

pytestmark = pytest.mark.pipeline

NO_IDS = CUSTOMER_IDS.arrow_schema().empty_table()


class World:
    """Tables by name; `make` adds one and asks its checks."""

    def __init__(self, **tables: pa.Table) -> None:
        self.tables = dict(tables)

    def make(self, stages: Sequence[Stage], checks: Sequence[Check] = ()) -> None:
        made, needed = {stage.name for stage in stages}, {name for stage in stages for name in stage.reads}
        table = run_tables(stages, {name: self.tables[name] for name in needed - made})
        self.tables[stages[-1].writes.name] = table
        with duckdb.connect() as connection:
            for name, each in self.tables.items():
                connection.register(name, each)
            assert {check.name: connection.execute(check.sql).fetchall()[0][0] for check in checks} == {check.name: 0 for check in checks}


def unify(config: ProjectConfig, ids: pa.Table = NO_IDS, **given: str) -> World:
    """All tables of identity and unify from the rows of the sources and from visitor_identities."""
    world = World(customer_ids_before=ids, decisions=DECISIONS.arrow_schema().empty_table())
    for name, text in given.items():
        table = VISITOR_IDENTITIES if name == "visitor_identities" else table_of(name, config.sources[name])
        world.tables[name] = rows(text, table)
    world.make(overrides.stages([config]))
    if terms.learns(config):
        world.make(terms.stages(config))
    for source in record_sources(config):
        if dedupe_rules(config, source):
            world.make(deduplicate.pairs_stages(config, source))
        world.make(deduplicate.stages(config, source), deduplicate.checks(source))
    world.make(match.stages(config), match.checks(config))
    world.make(clusters.stages(config), clusters.checks(config))
    world.make(registry.stages(), registry.checks())
    world.make(registry.redirect_stages(), registry.redirect_checks())
    world.make(alternate_keys.stages(config), alternate_keys.checks())
    world.make(survivorship.stages(config), survivorship.checks())
    world.make(lineage.stages(config), lineage.checks(config))
    return world


def table(world: World, name: str, *columns: str) -> list[tuple[Any, ...]]:
    return [tuple(row[column] for column in columns) for row in world.tables[name].to_pylist()]


def profiles(world: World) -> list[Mapping[str, Any]]:
    return sorted(world.tables["unified_profiles"].to_pylist(), key=lambda row: (not row["known"], str(row.get("first_name"))))


PEOPLE_TEXT = """
version: 1
sources:
  contact: {files: c, primary_key: id, fields: {first_name: person.first_name, last_name: person.last_name, email: identity.email}}
  referral: {files: r, primary_key: id, fields: {first_name: person.first_name, last_name: person.last_name, email: identity.email}}
customers:
  dedupe:
    contact: {rules: [{name: same e-mail, all: [{field: email}]}]}
    referral: {rules: [{name: same e-mail, all: [{field: email}]}]}
  match: [{name: same e-mail, left: contact, right: referral, all: [{field: email}]}]
"""
PEOPLE = parse_config(PEOPLE_TEXT)
CONTACT = """
    source_file | source_line | record_key | id | first_name | last_name | email
    c.csv       | 2           | 1          | 1  |            | Thomson   | e@x.org
    c.csv       | 3           | 2          | 2  | Monica     |           | e@x.org
    c.csv       | 4           | 3          | 3  | Carl       | Other     | c@x.org
"""
REFERRAL = """
    source_file | source_line | record_key | id  | first_name | last_name | email
    r.csv       | 2           | 100        | 100 | Moni       | Thomson   | e@x.org
    r.csv       | 3           | 200        | 200 | Monica     | Smith     | e@x.org
"""


def test_four_records_of_two_sources_become_one_profile() -> None:
    """The winners are contact 2 (as filled as 1, greater key) and referral 200; the missing last name comes from the second source."""
    world = unify(PEOPLE, contact=CONTACT, referral=REFERRAL)
    carl, monica = profiles(world)
    assert (monica["first_name"], monica["last_name"], monica["records"]) == ("Monica", "Smith", 4)
    assert (carl["first_name"], carl["records"]) == ("Carl", 1)
    origin = {row["attribute"]: row for row in world.tables["profile_lineage"].to_pylist() if row["customer_id"] == monica["customer_id"]}
    assert [origin["last_name"][column] for column in ("source", "record_key", "losing_values")] == ["referral", "200", []]


def test_the_worked_example_as_published_where_the_first_of_two_duplicates_goes_on() -> None:
    """The oldest by number wins: contact 1 without a first name, and referral 100, whose first name then shows."""
    text = PEOPLE_TEXT.replace("fields: {first", "fields: {id: integer, first")
    text = text.replace("{field: email}]}]}", "{field: email}]}], keep: {least_recent: id}}")
    contact = """
        source_file | source_line | record_key | id | first_name | last_name | email
        c.csv       | 2           | 1          | 1  |            | Thomson   | e
        c.csv       | 3           | 2          | 2  | Monica     | Smith     | e
    """
    world = unify(parse_config(text), contact=contact, referral=REFERRAL.replace("e@x.org", "e"))
    [monica] = profiles(world)
    assert (monica["first_name"], monica["last_name"], monica["records"]) == ("Moni", "Thomson", 4)
    origin = {row["attribute"]: (row["source"], row["record_key"]) for row in world.tables["profile_lineage"].to_pylist()}
    assert (origin["first_name"], origin["last_name"]) == (("referral", "100"), ("contact", "1"))
    keys = {row["record_key"]: row["is_winner"] for row in world.tables["alternate_keys"].to_pylist()}
    assert keys == {"1": True, "2": False, "100": True, "200": False}


def test_a_second_run_on_the_same_input_gives_the_same_ids_and_profiles() -> None:
    first = unify(PEOPLE, contact=CONTACT, referral=REFERRAL)
    again = unify(PEOPLE, first.tables["customer_ids"], contact=CONTACT, referral=REFERRAL)
    assert again.tables["customer_ids"].equals(first.tables["customer_ids"])
    assert again.tables["unified_profiles"].equals(first.tables["unified_profiles"])


VISITS = """
version: 1
sources:
  loyalty: {{files: l, primary_key: card, fields: {{first_name: person.first_name}}}}
  web: {{kind: events, files: w, visitor: user, time: at, known_as: {{card: loyalty.card}}, include_all_records: {everybody}}}
"""
LOYALTY = "source_file | source_line | record_key | card | first_name\nl.csv | 2 | 707 | 707 | Ann"
SIGNED_IN = """
    source | visitor_id | nth | known_source | known_field | known_value | valid_from          | identified_at       | first_seen          | last_seen           | events
    web    | abc123     | 1   | loyalty      | card        | 707         | 2024-01-01 10:00:00 | 2024-01-01 10:05:00 | 2024-01-01 10:00:00 | 2024-01-01 10:10:00 | 3
    web    | xyz789     | 1   |              |             |             | 2024-01-01 10:20:00 |                     | 2024-01-01 10:20:00 | 2024-01-01 10:20:00 | 1
"""  # noqa: E501
BEFORE = """
    source | visitor_id | nth | valid_from          | first_seen          | last_seen           | events
    web    | abc123     | 1   | 2024-01-01 10:00:00 | 2024-01-01 10:00:00 | 2024-01-01 10:00:00 | 1
"""


def visits(everybody: str) -> ProjectConfig:
    return parse_config(VISITS.format(everybody=everybody))


def test_unknown_visitors_are_profiles_of_their_own_where_all_are_kept() -> None:
    ann, unknown = profiles(unify(visits("true"), loyalty=LOYALTY, visitor_identities=SIGNED_IN))
    assert (ann["known"], ann["first_name"], ann["visitors"], str(ann["first_seen"])) == (True, "Ann", 1, "2024-01-01 10:00:00")
    assert (unknown["known"], unknown["first_name"], unknown["visitors"]) == (False, None, 1)


def test_unknown_visitors_have_no_profile_where_only_matches_are_kept() -> None:
    (ann,) = profiles(unify(visits("false"), loyalty=LOYALTY, visitor_identities=SIGNED_IN))
    assert (ann["known"], ann["visitors"]) == (True, 1)


def test_a_visitor_is_identified_since_its_sign_in() -> None:
    world = unify(visits("true"), loyalty=LOYALTY, visitor_identities=SIGNED_IN)
    assert [(key, str(at)) for key, at in table(world, "alternate_keys", "record_key", "identified_at") if at] == [
        ("abc123", "2024-01-01 10:05:00"),
    ]


def test_whoever_signs_in_is_taken_over_and_the_old_id_leads_to_the_customer() -> None:
    first = unify(visits("true"), loyalty=LOYALTY, visitor_identities=BEFORE)
    ann, unknown = profiles(first)
    world = unify(visits("true"), first.tables["customer_ids"], loyalty=LOYALTY, visitor_identities=SIGNED_IN)
    after = profiles(world)[0]
    survivor, retired = after["customer_id"], ({ann["customer_id"], unknown["customer_id"]} - {after["customer_id"]}).pop()
    assert (after["first_name"], after["visitors"], after["previous_customer_ids"]) == ("Ann", 1, [retired])
    assert table(world, "customer_id_redirects", "customer_id", "surviving_customer_id") == [(retired, survivor)]


SHOWS_OTHERS = """
version: 1
sources:
  crm: {files: a, primary_key: id, fields: {household: text, mail: identity.email, since: date}}
  shop: {files: b, primary_key: no, fields: {mail: identity.email}}
  web: {kind: events, files: c, visitor: v, time: t, known_as: {user: crm.mail}}
customers:
  match_order: [crm, shop, web]
  guards: {identifiers: {identity.email: LIMIT}}
  dedupe:
    crm: {rules: [{name: household, all: [{field: household}]}], fields: {mail: {least_recent: since}}}
    shop: {rules: []}
  match: [{name: mail, left: crm, right: shop, all: [{field: mail}]}]
"""
TWO_MAILS = "record_key | household | mail | since\n1 | h | one@x | 2024-01-01\n2 | h | two@x | 2024-02-01"


def clusters_of(world: World) -> list[set[str]]:
    found: dict[str, set[str]] = {}
    for row in world.tables["clusters"].to_pylist():
        found.setdefault(row["cluster_id"], set()).add(f"{row['source']}.{row['record_key']}")
    return sorted(found.values(), key=min)


def test_a_record_is_matched_by_its_own_value_also_where_it_shows_that_of_another() -> None:
    world = unify(
        parse_config(SHOWS_OTHERS.replace("LIMIT", "9")),
        crm=TWO_MAILS,
        shop="record_key | mail\nS1 | one@x\nS2 | two@x",
        visitor_identities="source | visitor_id | nth | known_source | known_field | known_value\nweb | v | 1 | crm | mail | two@x",
    )
    [winner] = [row for row in world.tables["deduplicated_crm"].to_pylist() if row["is_winner"]]
    assert (winner["record_key"], winner["mail"], winner["own_values"]) == ("2", "one@x", ["two@x"])
    assert clusters_of(world) == [{"crm.1", "crm.2", "shop.S1", "shop.S2", "web.v"}]


def test_a_group_that_a_limit_cut_stays_cut_whatever_its_winner_shows() -> None:
    crm = f"{TWO_MAILS}\n3 | h | three@x | 2024-03-01"
    world = unify(
        parse_config(SHOWS_OTHERS.replace("LIMIT", "2")), crm=crm, shop="record_key | mail",
        visitor_identities="source | visitor_id | known_source | known_field | known_value",
    )  # fmt: skip
    groups: dict[str, set[str]] = {}
    for row in world.tables["deduplicated_crm"].to_pylist():
        groups.setdefault(row["winner_key"], set()).add(f"crm.{row['record_key']}")
    assert len(groups) == 2
    assert clusters_of(world) == sorted(groups.values(), key=min)
