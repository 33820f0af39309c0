"""From rules to edges: who is tried on which rule, which hit counts, and what stands in the ledger for the others."""

import duckdb
import pyarrow as pa
import pytest

from cdp_assets.config import ProjectConfig, parse_config
from cdp_assets.identity import match
from cdp_assets.identity.stated import UNKNOWN
from cdp_assets.identity.tables import MATCH_EDGES, MATCH_OVERRIDES
from cdp_assets.identity.taken import notice
from cdp_assets.lake import Column, Table
from cdp_assets.unify.deduplicated_tables import duplicate_pairs
from cdp_assets_tests.identity.checks_on_rows import run_checks_on
from cdp_assets_tests.support import rows, run_tables

CONFIG = """
version: 1
sources:
  crm: {files: a, primary_key: id, fields: {name: person.full_name, mail: identity.email}}
  loyalty: {files: b, primary_key: id, fields: {name: person.full_name, mail: identity.email}}
  shop: {files: c, primary_key: id, fields: {name: person.full_name, mail: identity.email}}
  web: {kind: events, files: d, visitor: v, time: t, known_as: {user: crm.id, mail: crm.mail, card: loyalty.id}}
customers:
  match_order: [crm, loyalty, shop, web]
  dedupe: {crm: {rules: [{name: same mail, all: [{field: mail}]}]}, loyalty: {rules: []}, shop: {rules: []}}
  match:
    - {name: mail, left: crm, right: loyalty, all: [{field: mail}]}
    - {name: name, left: crm, right: loyalty, all: [{field: name, as: name, precision: high}]}
    - {name: crm mail, left: crm, right: shop, all: [{field: mail}]}
    - {name: loyalty mail, left: loyalty, right: shop, all: [{field: mail}]}
"""
RECORDS = Table("records", "a record", (), tuple(Column(n, "varchar", n) for n in ("record_key", "id", "name", "mail")))
IDENTITIES = Table(
    "identities",
    "an identity",
    (),
    (
        *(Column(n, "varchar", n) for n in ("source", "visitor_id", "known_source", "known_field", "known_value")),
        Column("valid_to", "timestamp", "end"),
    ),
)
EMPTY = "record_key | id | name | mail"
NOBODY = "source | visitor_id | known_source | known_field | known_value | valid_to"
NOTHING = "left_source | left_key | right_source | right_key | verdict"
Edge = tuple[str, ...]


def overrides(stated: str) -> pa.Table:
    """What people state, all of it of use."""
    found = rows(stated, MATCH_OVERRIDES)
    numbers = [str(n) for n in range(found.num_rows)]
    for column, values in (
        ("entity", ["customers"] * found.num_rows),
        ("origin", ["list"] * found.num_rows),
        ("entry", numbers),
        ("state", ["used"] * found.num_rows),
    ):
        found = found.set_column(found.schema.get_field_index(column), column, pa.array(values, pa.string()))
    return found


def edges(
    crm: str = EMPTY,
    loyalty: str = EMPTY,
    shop: str = EMPTY,
    visitors: str = NOBODY,
    pairs: str = "left_key | right_key | rule | rule_rank | score",
    config: ProjectConfig | None = None,
    stated: str = NOTHING,
) -> list[Edge]:
    """Edges as (left, right, rule, status or reason), records written source.key, in the order of the table's key."""
    tables = {
        "deduplicated_crm": rows(crm, RECORDS), "deduplicated_loyalty": rows(loyalty, RECORDS), "deduplicated_shop": rows(shop, RECORDS),
        "visitor_identities": rows(visitors, IDENTITIES), "duplicate_pairs_crm": rows(pairs, duplicate_pairs("crm")),
        "match_overrides": overrides(stated),
    }  # fmt: skip
    config = config or parse_config(CONFIG)
    found = run_tables(match.stages(config), tables)
    assert run_checks_on(match.checks(config), MATCH_EDGES, found, tables) == [0, 0]
    return [
        (f"{e['left_source']}.{e['left_key']}", f"{e['right_source']}.{e['right_key']}", e["rule"], e["reason"] or e["status"])
        for e in found.to_pylist()
    ]


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


def test_the_group_of_a_source_is_made_before_anything_joins_it_from_outside() -> None:
    found = edges(
        crm="record_key | mail\nc1 | ann@x\nc2 | bob@x",
        loyalty="record_key | mail\nl1 | ann@x\nl2 | bob@x",
        pairs="left_key | right_key | rule | rule_rank | score\nc1 | c2 | same mail | 0 | 0.4",
        stated=f"{NOTHING}\nloyalty | l1 | loyalty | l2 | never",
    )
    assert found == [
        ("crm.c1", "crm.c2", "same mail", "joined"),
        ("crm.c1", "loyalty.l1", "mail", "joined"),
        ("crm.c2", "loyalty.l2", "mail", "a never-match stands between the two groups"),
    ]


LIMITED = CONFIG + "  guards: {identifiers: {identity.email: 1}}\n"


def test_a_profile_has_no_more_e_mails_than_the_guard_allows() -> None:
    found = edges(
        crm="record_key | name | mail\nc1 | Ann Lee | ann@x",
        loyalty="record_key | name | mail\nl1 | Ann Lee | other@x\nl2 | Ann Lee | ANN@x",
        config=parse_config(LIMITED),
    )
    assert found == [
        ("crm.c1", "loyalty.l1", "name", "the group would have more than 1 different values of identity.email"),
        ("crm.c1", "loyalty.l2", "name", "joined"),
    ]


TOO_MANY_MAILS = "the group would have more than 1 different values of identity.email"
NEVER_HERE = "a never-match stands between the two groups"


@pytest.mark.parametrize(
    ("guards", "stated", "refused", "reason"),
    [
        ("largest_cluster: 2", NOTHING, ["mail", "name"], "the group would have more than 2 records"),
        ("identifiers: {identity.email: 1}", NOTHING, ["name", "second name"], TOO_MANY_MAILS),
        ("largest_cluster: 9", f"{NOTHING}\nloyalty | l1 | loyalty | l2 | never", ["mail", "name"], NEVER_HERE),
        (
            "largest_cluster: 9",
            f"{NOTHING}\nloyalty | l1 | loyalty | l2 | never\ncrm | c1 | loyalty | l2 | always",
            ["always-match", "mail", "name"],
            NEVER_HERE,
        ),
    ],
)
def test_what_else_is_found_on_two_records_that_a_guard_keeps_apart_is_refused_with_it(
    guards: str, stated: str, refused: list[str], reason: str
) -> None:
    """l1 is taken first; c1 and l2 are found by two rules, and people may say that they are one."""
    mail = "other@x" if "identifiers" in guards else "ann@x"
    second = "\n    - {name: second name, left: crm, right: loyalty, all: [{field: name}]}\n    - {name: crm mail,"
    config = CONFIG.replace("\n    - {name: crm mail,", second) if "second name" in refused else CONFIG
    if "always-match" in refused:
        stated += "\ncrm | c1 | loyalty | l1 | always"
    found = edges(
        crm="record_key | name | mail\nc1 | Ann Lee | ann@x",
        loyalty=f"record_key | name | mail\nl1 | Ann Lee | ann@x\nl2 | Ann Lee | {mail}",
        config=parse_config(f"{config}  guards: {{{guards}}}\n"),
        stated=stated,
    )
    assert [edge for edge in found if edge[1] == "loyalty.l2"] == [("crm.c1", "loyalty.l2", rule, reason) for rule in refused]
    assert {edge[3] for edge in found if edge[1] == "loyalty.l1"} == {"joined", "redundant"}


def test_a_visitor_who_is_kept_apart_from_a_record_is_so_for_all_that_he_is_known_as() -> None:
    visitors = f"{NOBODY}\nweb | v1 | crm | id | c1 |\nweb | v1 | crm | mail | ann@x |\nweb | v2 | crm | id | c1 |"
    found = edges(crm="record_key | id | mail\nc1 | c1 | ann@x", visitors=visitors, stated=f"{NOTHING}\nweb | v1 | web | v2 | never")
    assert [(edge[1], edge[2], edge[3]) for edge in found] == [
        ("web.v1", "known_as crm.id", "joined"),
        ("web.v1", "known_as crm.mail", "redundant"),
        ("web.v2", "known_as crm.id", NEVER_HERE),
    ]
    turned = f"{NOBODY}\nweb | v0 | crm | id | c1 |\nweb | v1 | crm | id | c1 |\nweb | v1 | crm | mail | ann@x |"
    found = edges(crm="record_key | id | mail\nc1 | c1 | ann@x", visitors=turned, stated=f"{NOTHING}\nweb | v0 | web | v1 | never")
    assert [edge[3] for edge in found] == ["joined", NEVER_HERE, NEVER_HERE]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("jos\u00e9@x", "jose\u0301@x", True),  # e with an accent as one sign, and as two
        ("JOSE\u0301@x", " jos\u00e9@x", True),
        ("ANN@x", "ann @x", True),
        ("jos\u00e9@x", "jose@x", False),
    ],
)
def test_an_identifier_that_is_written_otherwise_is_counted_once(one: str, other: str, *, same: bool) -> None:
    found = edges(
        crm=f"record_key | name | mail\nc1 | Ann Lee | {one}",
        loyalty=f"record_key | name | mail\nl1 | Ann Lee | {other}",
        config=parse_config(LIMITED),
    )
    assert [edge[3] for edge in found if edge[2] == "name"] == (["joined"] if same else [TOO_MANY_MAILS])


def test_junk_is_junk_however_its_accents_are_written() -> None:
    config = parse_config(f"{CONFIG}  guards: {{junk: {{identity.email: [jos\u00e9@x]}}}}\n")
    mails = "record_key | mail\n{}1 | jose\u0301@x"
    assert edges(crm=mails.format("c"), loyalty=mails.format("l"), config=config) == []


CUT = "the group would have more than 2 records"


@pytest.mark.parametrize(
    ("reasons", "said"),
    [
        ([], []),
        (["a better hit", "the group would have more than 7 records"], []),
        ([CUT, CUT], ["4 records are not joined"]),
        ([UNKNOWN, CUT], ["1 pair that people say is one names a record", "2 records are not joined"]),
    ],
)
def test_what_people_are_told_of_edges(reasons: list[str], said: list[str]) -> None:
    edges = [
        f"crm | c{n} | loyalty | l{n} | {'always' if reason == UNKNOWN else 'match'} | r | 0 | 1.0 | refused | {reason}"
        for n, reason in enumerate(reasons)
    ]
    found = rows("\n".join([" | ".join(MATCH_EDGES.column_names), *edges]), MATCH_EDGES)
    with duckdb.connect() as connection:
        connection.register("match_edges", found)
        connection.register("match_overrides", overrides(f"{NOTHING}\ncrm | c0 | loyalty | l0 | always"))
        [(told,)] = connection.execute(notice(parse_config(f"{CONFIG}  guards: {{largest_cluster: 2}}\n"))).fetchall()
    assert [line[: len(begins)] for line, begins in zip((told or "").splitlines(), said, strict=True)] == said


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
