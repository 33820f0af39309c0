"""The way from any key to the customer."""

from typing import Any

from cdp_assets.config import parse_config
from cdp_assets.events.tables import VISITOR_IDENTITIES
from cdp_assets.unify import alternate_keys
from cdp_assets_tests.support import run_stages
from cdp_assets_tests.unify.profile_world import config, tables

CRM = """
    record_key | is_winner | source_file | source_line
    1          | true      | crm.csv     | 2
    2          | false     | crm.csv     | 3
    9          | true      | crm.csv     | 4             # in no profile
"""
ONE = "record_key | is_winner | source_file | source_line\n1 | true | x.csv | 2"
IDS = """
    source  | record_key | customer_id | held
    crm     | 1          | ann         | true
    crm     | 1          | before      | false
    crm     | 2          | ann         | true
    loyalty | 1          | bob         | true
    crm     | 9          | carl        | false
    web     | v1         | ann         | true
    web     | v2         | bob         | true
    web     | v3         | someone     | true
"""
IDENTITIES = """
    source | visitor_id | nth | known_source | known_field | known_value | valid_from          | valid_to            | identified_at       | first_seen          | last_seen           | events
    web    | v1         | 1   | crm          | contact_id  | 7           | 2024-01-01 00:00:00 | 2024-01-03 00:00:00 | 2024-01-02 00:00:00 | 2024-01-01 00:00:00 | 2024-01-09 00:00:00 | 12
    web    | v1         | 2   | crm          | contact_id  | 1           | 2024-01-03 00:00:00 |                     | 2024-01-03 00:00:00 | 2024-01-01 00:00:00 | 2024-01-09 00:00:00 | 12
    web    | v1         | 3   | crm          | email       | x@y.org     | 2024-01-01 00:00:00 |                     | 2024-01-01 00:00:00 | 2024-01-01 00:00:00 | 2024-01-09 00:00:00 | 12
    web    | v2         | 1   | crm          | contact_id  | 2           | 2024-02-01 00:00:00 |                     | 2024-02-05 00:00:00 | 2024-02-01 00:00:00 | 2024-02-06 00:00:00 | 3
    web    | v3         | 1   |              |             |             | 2024-03-01 00:00:00 |                     |                     | 2024-03-01 00:00:00 | 2024-03-01 00:00:00 | 1
"""  # noqa: E501
EDGES = """
    left_source | left_key | right_source | right_key | kind    | rule                    | status
    crm         | 7        | web          | v1        | visitor | known_as crm.contact_id | refused
    crm         | 1        | web          | v1        | visitor | known_as crm.contact_id | joined
    crm         | 2        | web          | v2        | visitor | known_as crm.contact_id | joined
"""


def given() -> dict[str, Any]:
    texts = {"customer_ids": IDS, "deduplicated_crm": CRM, "deduplicated_loyalty": ONE, "deduplicated_shop": ONE, "match_edges": EDGES}
    return {**{name: (text, tables()[name]) for name, text in texts.items()}, "visitor_identities": (IDENTITIES, VISITOR_IDENTITIES)}


def keys() -> dict[tuple[str, str], dict[str, Any]]:
    return {(row["source"], row["record_key"]): row for row in run_stages(alternate_keys.stages(config()), **given())}


def test_winners_alternates_and_visitors_lead_to_the_customer_whose_id_they_hold_now() -> None:
    assert {key: row["customer_id"] for key, row in keys().items()} == {
        ("crm", "1"): "ann", ("crm", "2"): "ann", ("loyalty", "1"): "bob",
        ("web", "v1"): "ann", ("web", "v2"): "bob", ("web", "v3"): "someone",
    }  # fmt: skip


def test_a_record_without_a_profile_leads_nowhere() -> None:
    assert ("crm", "9") not in keys()


def test_a_record_has_its_file_and_line_and_says_whether_it_is_a_winner() -> None:
    row = keys()["crm", "2"]
    assert (row["kind"], row["is_winner"], row["source_file"], row["source_line"]) == ("record", False, "crm.csv", 3)
    assert row["first_seen"] is row["events"] is row["identified_at"] is None


def test_a_visitor_is_identified_since_the_sign_in_that_led_to_its_record() -> None:
    # v1 was 7 before, which is another; its e-mail, given earlier, led to nothing
    row = keys()["web", "v1"]
    assert (row["kind"], row["is_winner"], str(row["identified_at"])) == ("visitor", False, "2024-01-03 00:00:00")
    assert (str(row["first_seen"]), str(row["last_seen"]), row["events"]) == ("2024-01-01 00:00:00", "2024-01-09 00:00:00", 12)


def test_an_unknown_visitor_was_never_identified() -> None:
    assert keys()["web", "v3"]["identified_at"] is None


def test_a_project_without_events_reads_no_visitors() -> None:
    stages = alternate_keys.stages(parse_config("version: 1\nsources: {crm: {files: a, primary_key: id, fields: {}}}"))
    assert {name for stage in stages for name in stage.reads} == {"customer_ids", "records", "deduplicated_crm"}


def test_a_project_of_events_alone_has_visitors_only() -> None:
    text = "version: 1\nsources: {web: {kind: events, files: w, visitor: c, time: t, include_all_records: true}}"
    inputs = {name: given()[name] for name in ("customer_ids", "match_edges", "visitor_identities")}
    assert len(run_stages(alternate_keys.stages(parse_config(text)), **inputs)) == 3
