"""From rules to edges: who is tried on which rule, which hit counts, and what stands in the ledger for the others."""

import pytest

from cdp_assets.config import ProjectConfig, parse_config
from cdp_assets.identity import match
from cdp_assets.unify.deduplicated_tables import duplicate_pairs
from cdp_assets_tests.identity.edges_world import CONFIG, EMPTY, IDENTITIES, NOBODY, NOTHING, RECORDS, edges, overrides
from cdp_assets_tests.support import rows, run_tables


def test_the_first_rule_that_finds_something_counts() -> None:
    found = edges(
        crm="record_key | name | mail\nc1 | Ann Lee | ann@x\nc2 | Bob Kent | bob@x",
        loyalty="record_key | name | mail\nl1 | Bob Kent | ann@x\nl2 | Bob Kent | other@x",
    )
    assert found == [
        ("crm.c1", "loyalty.l1", "mail", "joined"),
        ("crm.c2", "loyalty.l1", "name", "an earlier rule matched"),
        ("crm.c2", "loyalty.l2", "name", "joined"),
    ]


def test_a_pair_that_a_later_rule_finds_too_is_redundant() -> None:
    found = edges(crm="record_key | name | mail\nc1 | Ann Lee | ann@x", loyalty="record_key | name | mail\nl1 | Ann Lee | ann@x")
    assert found == [("crm.c1", "loyalty.l1", "mail", "joined"), ("crm.c1", "loyalty.l1", "name", "redundant")]


def test_of_several_hits_the_best_score_wins() -> None:
    found = edges(crm="record_key | name\nc1 | Ann Lee\nc2 | Ann Leo", loyalty="record_key | name\nl1 | Ann Lee")
    assert found == [("crm.c1", "loyalty.l1", "name", "joined"), ("crm.c2", "loyalty.l1", "name", "a better hit")]


def test_of_equal_hits_the_greatest_key_wins() -> None:
    found = edges(crm="record_key | mail\nc1 | ann@x\nc2 | ann@x", loyalty="record_key | mail\nl1 | ann@x")
    assert found == [("crm.c1", "loyalty.l1", "mail", "a better hit"), ("crm.c2", "loyalty.l1", "mail", "joined")]


def test_several_records_may_be_led_to_one() -> None:
    found = edges(crm="record_key | mail\nc1 | ann@x", loyalty="record_key | mail\nl1 | ann@x\nl2 | ann@x")
    assert found == [("crm.c1", "loyalty.l1", "mail", "joined"), ("crm.c1", "loyalty.l2", "mail", "joined")]


def test_a_source_is_tried_on_all_sources_above_it_in_the_order_of_the_rules() -> None:
    found = edges(
        crm="record_key | mail\nc1 | ann@x",
        loyalty="record_key | mail\nl1 | ann@x\nl2 | bob@x",
        shop="record_key | mail\ns1 | ann@x\ns2 | bob@x",
    )
    assert found == [
        ("crm.c1", "loyalty.l1", "mail", "joined"),
        ("crm.c1", "shop.s1", "crm mail", "joined"),
        ("loyalty.l1", "shop.s1", "loyalty mail", "an earlier rule matched"),
        ("loyalty.l2", "shop.s2", "loyalty mail", "joined"),
    ]


def test_duplicates_are_edges_and_one_that_closes_a_circle_is_redundant() -> None:
    found = edges(
        crm="record_key | name\nc1 | x\nc2 | x\nc3 | x",
        pairs="""
            left_key | right_key | rule      | rule_rank | score
            c1       | c2        | same mail | 0         | 0.9
            c1       | c3        | same mail | 0         | 0.8   # the weakest one is not needed
            c2       | c3        | same mail | 0         | 1.0
        """,
    )
    assert found == [
        ("crm.c1", "crm.c2", "same mail", "joined"),
        ("crm.c1", "crm.c3", "same mail", "redundant"),
        ("crm.c2", "crm.c3", "same mail", "joined"),
    ]


def test_every_record_is_matched_also_one_that_is_not_the_winner_of_its_duplicates() -> None:
    found = edges(
        crm="record_key | mail\nc1 | old@x\nc2 | new@x",
        loyalty="record_key | mail\nl1 | old@x",
        pairs="left_key | right_key | rule | rule_rank | score\nc1 | c2 | same mail | 0 | 1.0",
    )
    assert found == [("crm.c1", "crm.c2", "same mail", "joined"), ("crm.c1", "loyalty.l1", "mail", "joined")]


MAIL_RULE = "{name: mail, left: crm, right: loyalty, all: [{field: mail}]}"
ANN = "record_key | name | mail\nc1 | Ann Lee | ann@x\nc2 | Bob Kent | bob@x"
APART = "exception: name not alike"


def with_mail_rule(more: str) -> ProjectConfig:
    """The project with something more in its first match rule."""
    return parse_config(CONFIG.replace(MAIL_RULE, MAIL_RULE.replace("{name: mail,", f"{{name: mail, {more},"), 1))


def test_a_pair_of_an_exception_is_refused_with_the_reason_and_the_next_rule_is_tried() -> None:
    config = with_mail_rule("exceptions: [{field: name, differs: true}]")
    found = edges(crm=ANN, loyalty="record_key | name | mail\nl1 | Bob Kent | ann@x", config=config)
    assert found == [("crm.c1", "loyalty.l1", "mail", APART), ("crm.c2", "loyalty.l1", "name", "joined")]


def test_a_match_rule_that_is_not_active_finds_nothing() -> None:
    found = edges(crm=ANN, loyalty="record_key | name | mail\nl1 | Ann Lee | ann@x", config=with_mail_rule("active: false"))
    assert found == [("crm.c1", "loyalty.l1", "name", "joined")]


def test_a_refused_duplicate_pair_is_an_edge_that_joins_nothing() -> None:
    pairs = f"left_key | right_key | rule | rule_rank | score | status | reason\nc1 | c2 | same mail | 0 | 1.0 | refused | {APART}"
    assert edges(crm="record_key | mail\nc1 | a@x\nc2 | a@x", pairs=pairs) == [("crm.c1", "crm.c2", "same mail", APART)]


def test_a_visitor_belongs_to_the_record_that_it_is_signed_in_as_now() -> None:
    found = edges(
        crm="record_key | id\nc1 | c1\nc2 | c2",
        visitors="""
            source | visitor_id | known_source | known_field | known_value | valid_to
            web    | v1         | crm          | id          | c1          | 2024-01-02 00:00:00
            web    | v1         | crm          | id          | c2          |
            web    | v2         |              |             |             |
        """,
    )
    assert found == [
        ("crm.c1", "web.v1", "known_as crm.id", "signed in as another since"),
        ("crm.c2", "web.v1", "known_as crm.id", "joined"),
    ]


def test_a_shared_device_does_not_make_two_persons_one() -> None:
    visitors = """
        source | visitor_id | known_source | known_field | known_value | valid_to
        web    | v1         | crm          | id          | c1          | 2024-01-02 00:00:00
        web    | v1         | crm          | id          | c2          | 2024-01-03 00:00:00
        web    | v1         | crm          | id          | c1          |
    """
    assert edges(crm="record_key | id\nc1 | c1\nc2 | c2", visitors=visitors) == [
        ("crm.c1", "web.v1", "known_as crm.id", "joined"),
        ("crm.c2", "web.v1", "known_as crm.id", "signed in as another since"),
    ]


def test_a_visitor_with_several_identities_is_led_by_the_first_known_as_that_finds_a_record() -> None:
    visitors = """
        source | visitor_id | known_source | known_field | known_value | valid_to
        web    | v1         | crm          | id          | nobody      |
        web    | v1         | crm          | mail        | ann@x       |
        web    | v1         | loyalty      | id          | l1          |
    """
    found = edges(crm="record_key | id | mail\nc1 | c1 | ann@x\nc2 | c2 | ann@x", loyalty="record_key | id\nl1 | l1", visitors=visitors)
    assert found == [
        ("crm.c1", "web.v1", "known_as crm.mail", "a better hit"),
        ("crm.c2", "web.v1", "known_as crm.mail", "joined"),
        ("loyalty.l1", "web.v1", "known_as loyalty.id", "an earlier rule matched"),
    ]


def test_a_visitor_who_is_now_somebody_without_a_record_is_led_to_nobody() -> None:
    visitors = f"{NOBODY}\nweb | v1 | crm | id | c1 | 2024-01-02 00:00:00\nweb | v1 | crm | id | nobody |"
    assert edges(crm="record_key | id\nc1 | c1", visitors=visitors) == [
        ("crm.c1", "web.v1", "known_as crm.id", "signed in as another since")
    ]


def test_a_pair_that_is_never_one_gives_way_to_the_next_hit() -> None:
    found = edges(
        crm="record_key | mail\nc1 | ann@x\nc2 | ann@x",
        loyalty="record_key | mail\nl1 | ann@x",
        stated=f"{NOTHING}\ncrm | c2 | loyalty | l1 | never",
    )
    assert found == [("crm.c1", "loyalty.l1", "mail", "joined"), ("crm.c2", "loyalty.l1", "mail", "never-match")]


def test_never_forbids_the_way_round_too() -> None:
    found = edges(
        crm="record_key | mail\nc1 | ann@x",
        loyalty="record_key | mail\nl1 | ann@x\nl2 | ann@x",
        stated=f"{NOTHING}\nloyalty | l1 | loyalty | l2 | never",
    )
    assert found == [
        ("crm.c1", "loyalty.l1", "mail", "joined"),
        ("crm.c1", "loyalty.l2", "mail", "a never-match stands between the two groups"),
    ]


def test_duplicates_that_are_never_one_are_refused() -> None:
    found = edges(
        crm="record_key\nc1\nc2",
        pairs="left_key | right_key | rule | rule_rank | score\nc1 | c2 | same mail | 0 | 1.0",
        stated=f"{NOTHING}\ncrm | c1 | crm | c2 | never",
    )
    assert found == [("crm.c1", "crm.c2", "same mail", "never-match")]


def test_an_always_match_with_a_record_that_does_not_exist_decides_nothing() -> None:
    found = edges(
        crm="record_key | name | mail\nc1 | Ann | ann@x",
        loyalty="record_key | name | mail\nl1 | Bob | ann@x",
        visitors="source | visitor_id | known_source | known_field | known_value | valid_to\nweb | v1 | crm | mail | ann@x |",
        stated=f"{NOTHING}\ncrm | gone | loyalty | l1 | always\ncrm | gone | web | v1 | always",
    )
    assert ("crm.c1", "loyalty.l1", "mail", "joined") in found
    assert ("crm.gone", "loyalty.l1", "always-match", "a record that does not exist") in found
    assert ("crm.gone", "web.v1", "always-match", "a record that does not exist") in found
    assert not [each for each in found if each[3] == "an always-match decides"]


def test_what_is_always_one_decides_before_all_rules() -> None:
    found = edges(
        crm="record_key | mail\nc1 | ann@x\nc2 | bob@x",
        loyalty="record_key | mail\nl1 | ann@x",
        stated=f"{NOTHING}\ncrm | c2 | loyalty | l1 | always",
    )
    assert found == [("crm.c1", "loyalty.l1", "mail", "an always-match decides"), ("crm.c2", "loyalty.l1", "always-match", "joined")]


def test_a_record_that_does_not_exist_joins_nobody() -> None:
    found = edges(crm="record_key\nc1\nc2", stated=f"{NOTHING}\ncrm | c1 | loyalty | gone | always\ncrm | c2 | loyalty | gone | always")
    assert found == [
        ("crm.c1", "loyalty.gone", "always-match", "a record that does not exist"),
        ("crm.c2", "loyalty.gone", "always-match", "a record that does not exist"),
    ]


def test_what_a_rule_finds_and_people_state_too_is_redundant() -> None:
    found = edges(
        crm="record_key | mail\nc1 | ann@x",
        loyalty="record_key | mail\nl1 | ann@x",
        stated=f"{NOTHING}\ncrm | c1 | loyalty | l1 | always",
    )
    assert found == [("crm.c1", "loyalty.l1", "always-match", "joined"), ("crm.c1", "loyalty.l1", "mail", "redundant")]


def test_records_of_one_source_without_any_rule_are_one_if_people_say_so() -> None:
    found = edges(loyalty="record_key\nl1\nl2", stated=f"{NOTHING}\nloyalty | l1 | loyalty | l2 | always")
    assert found == [("loyalty.l1", "loyalty.l2", "always-match", "joined")]


def test_a_visitor_is_never_somebody_whom_people_exclude() -> None:
    visitors = f"{NOBODY}\nweb | v1 | crm | id | c1 |"
    found = edges(crm="record_key | id\nc1 | c1", visitors=visitors, stated=f"{NOTHING}\ncrm | c1 | web | v1 | never")
    assert found == [("crm.c1", "web.v1", "known_as crm.id", "never-match")]


def test_a_source_that_takes_no_part_has_no_edges() -> None:
    config = parse_config(CONFIG.replace("[crm, loyalty, shop, web]", "[crm, loyalty, shop]"))
    assert edges(crm="record_key | id\nc1 | c1", visitors=f"{NOBODY}\nweb | v1 | crm | id | c1 |", config=config) == []


def test_the_name_of_a_rule_may_hold_anything() -> None:
    config = parse_config(CONFIG.replace("name: mail, left", """name: "it's \\"one\\"; -- $rule", left""", 1))
    found = edges(crm="record_key | mail\nc1 | ann@x", loyalty="record_key | mail\nl1 | ann@x", config=config)
    assert found == [("crm.c1", "loyalty.l1", """it's "one"; -- $rule""", "joined")]


def test_one_source_without_rules_has_no_edges() -> None:
    alone = parse_config("version: 1\nsources:\n  crm: {files: a, primary_key: id, fields: {name: person.full_name}}\n")
    assert edges(crm="record_key | id\nc1 | c1", config=alone) == []


@pytest.mark.parametrize("buckets", [1, 3])
def test_edges_have_weight_rank_and_kind(buckets: int) -> None:
    tables = {
        "deduplicated_crm": rows("record_key | id | name\nc1 | c1 | Ann Lee", RECORDS),
        "deduplicated_loyalty": rows("record_key | name\nl1 | Leo Ann", RECORDS),
        "deduplicated_shop": rows(EMPTY, RECORDS),
        "visitor_identities": rows(f"{NOBODY}\nweb | v1 | crm | id | c1 |", IDENTITIES),
        "duplicate_pairs_crm": rows("left_key | right_key | rule | rule_rank | score", duplicate_pairs("crm")),
        "match_overrides": overrides(NOTHING),
    }
    found = run_tables(match.stages(parse_config(CONFIG)), tables, buckets).to_pylist()
    assert [(e["kind"], e["rule_rank"], e["weight"], e["status"], e["reason"]) for e in found] == [
        ("match", 1, 0.857143, "joined", None),
        ("visitor", 0, 1.0, "joined", None),
    ]
