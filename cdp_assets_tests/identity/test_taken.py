"""What becomes of edges that nothing speaks against: limits refuse some, two records have one fate, and what people are told of it."""

import duckdb
import pytest

from cdp_assets.config import parse_config
from cdp_assets.identity.stated import UNKNOWN
from cdp_assets.identity.tables import MATCH_EDGES
from cdp_assets.identity.taken import notice
from cdp_assets_tests.identity.edges_world import CONFIG, NOBODY, NOTHING, edges, overrides
from cdp_assets_tests.support import rows


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
