"""Why records are one, and why they are not: on a world small enough to read, and on every edge of the demo."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cdp_assets.errors import UserError
from cdp_assets.identity.explain import Reader, Why, WhyNot, verdicts_of, why, why_not
from cdp_assets_tests.identity.explain.world import CONFIG, FILES, reader, unified
from cdp_assets_tests.projects import demo_project, run_up_to, small_project


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    with reader(unified(tmp_path_factory.mktemp("world"))) as opened:
        yield opened


def is_one(ask: Reader, a: str, b: str) -> Why:
    found = why(ask, *ask.find(a, b))
    assert found is not None
    assert why_not(ask, found.a, found.b) is None
    return found


def is_not(ask: Reader, a: str, b: str) -> WhyNot:
    found = why_not(ask, *ask.find(a, b))
    assert found is not None
    assert why(ask, found.a, found.b) is None
    return found


def test_the_way_leads_over_other_records_with_rule_score_and_values(ask: Reader) -> None:
    found = is_one(ask, "crm:c2", "shop:s1")
    first, second = found.steps
    assert [str(hop.hop.end.key) for hop in found.steps] == ["l1", "s1"]
    assert (first.hop.edge.rule, first.hop.edge.weight) == ("name and birth date", 0.875)
    assert first.verdict is not None
    assert next((c.left, c.right, c.score) for c in first.verdict.conditions) == ("Anna Lee", "Lee Anne", 0.875)
    assert (second.hop.edge.rule, second.hop.edge.weight) == ("mail of loyalty", 1.0)


def test_the_way_back_is_the_same(ask: Reader) -> None:
    there, back = is_one(ask, "crm:c2", "shop:s1"), is_one(ask, "shop:s1", "crm:c2")
    assert [step.hop.edge for step in there.steps] == [step.hop.edge for step in back.steps][::-1]


def test_duplicates_inside_a_source_and_visitors_are_part_of_the_way(ask: Reader) -> None:
    [step] = is_one(ask, "crm:c2", "crm:c1").steps
    assert (step.hop.edge.kind, step.hop.edge.rule) == ("duplicate", "same mail")
    [step] = is_one(ask, "web:v1", "crm:c3").steps
    [sighting] = step.sightings
    assert (sighting.field, sighting.value, sighting.same, sighting.still) == ("crm.id", "c3", True, True)


def test_a_record_and_itself_are_one_without_a_step(ask: Reader) -> None:
    assert is_one(ask, "crm:c4", "crm:c4").steps == ()


def test_why_not_says_which_condition_failed_and_by_how_much(ask: Reader) -> None:
    [rule] = is_not(ask, "crm:c3", "loyalty:l3").verdicts
    name, born = rule.conditions
    assert (name.holds, born.holds) == (False, True)
    assert name.score is not None
    assert name.score < 0.8


def test_why_not_says_which_value_is_missing(ask: Reader) -> None:
    [rule] = is_not(ask, "crm:c4", "shop:s1").verdicts
    assert rule.conditions[0].missing == ("left",)


def test_why_not_says_which_value_is_nobodys(tmp_path: Path) -> None:
    files = {
        **FILES,
        "crm.csv": FILES["crm.csv"].replace("bob@x.example", "none@none.com"),
        "shop.csv": FILES["shop.csv"].replace("odd@", "ann@"),
    }
    files["shop.csv"] = files["shop.csv"].replace("bob@x.example", "None@None.com")
    project = small_project(tmp_path, CONFIG.replace("customers:\n", "customers:\n  guards: {shared_by: 1}\n"), files)
    assert list(run_up_to(project, "alternate_keys"))
    with reader(project) as ask:
        junk, shared = (is_not(ask, *pair).verdicts[0].conditions[0] for pair in (("crm:c3", "shop:s2"), ("crm:c1", "shop:a|b:c")))
    assert (junk.left, junk.right, junk.missing, junk.of_nobody) == ("none@none.com", "None@None.com", ("left", "right"), ("left", "right"))
    assert (shared.left, shared.missing, shared.of_nobody) == ("ann@x.example", ("left", "right"), ("left", "right")), (
        "Ann and Anna have it"
    )


def test_why_not_gives_evidence_that_was_not_used_and_what_was_used_in_its_place(ask: Reader) -> None:
    # both have the mail bob@x.example; that of crm comes first for s2
    found = is_not(ask, "loyalty:l2", "shop:s2")
    [refused] = found.direct
    assert (refused.edge.rule, refused.edge.status, refused.edge.reason) == ("mail of loyalty", "refused", "an earlier rule matched")
    assert refused.instead is not None
    assert (refused.instead.left.key, refused.instead.rule) == ("c3", "mail of crm")


def test_why_not_gives_the_evidence_between_other_records_of_the_two(ask: Reader) -> None:
    found = is_not(ask, "loyalty:l2", "crm:c3")
    assert found.direct == ()
    assert [each.edge.rule for each in found.near] == ["mail of loyalty"]


def test_a_visitor_who_was_somebody_else_once_is_told_with_both_ids(ask: Reader) -> None:
    found = is_not(ask, "web:v3", "crm:c1")
    assert [(each.value, each.same, each.still) for each in found.sightings] == [("c1", True, False), ("c3", False, True)]
    assert found.direct[0].edge.reason == "signed in as another since"
    assert found.direct[0].instead is not None


def test_where_no_rule_compares_the_sources_those_with_rules_are_named(ask: Reader) -> None:
    found = is_not(ask, "stall:x1", "shop:s1")
    assert found.verdicts == ()
    assert found.partners == (("loyalty",), ("crm", "loyalty"))


def test_a_key_may_hold_colons_and_bars(ask: Reader) -> None:
    assert len({each.node for each in ask.find("shop:a|b:c", "shop|a|b:c")}) == 1
    assert ask.find("shop:a|b:c")[0].node.key == "a|b:c"


def test_the_id_of_a_profile_stands_for_a_record_of_it(ask: Reader) -> None:
    profile = ask.find("shop:s1")[0].profile
    assert profile is not None
    assert ask.find(profile)[0].node.key == "c1"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("crn:c1", "crn is no source. Did you mean crm?"),
        ("ann@x.example:c1", "What stands before the colon is no source."),
        ("c1", "A record is named as source:key"),
        ("crm:", "A record is named as source:key"),
        ("crm:c", "crm has no record with this key"),
        ("web:v9", "web has no visitor with this key"),
        ("0" * 32, "Nothing has this id now"),
    ],
)
def test_what_is_not_there_is_said_without_any_value(ask: Reader, text: str, says: str) -> None:
    with pytest.raises(UserError) as error:
        ask.find(text)
    assert error.value.message.startswith(says)
    assert "c1," not in error.value.message
    assert "ann@" not in error.value.message


def test_before_the_first_refresh_there_is_nothing_to_ask(tmp_path: Path) -> None:
    from cdp_assets_tests.identity.explain.world import FILES
    from cdp_assets_tests.projects import small_project

    with pytest.raises(UserError, match="There are no customers yet"):
        reader(small_project(tmp_path, CONFIG, FILES))


def test_a_rule_that_was_changed_since_is_told_apart(tmp_path: Path) -> None:
    project = unified(tmp_path)
    (tmp_path / "cdp.yaml").write_text(CONFIG.replace("precision: high", "precision: 0.9"))
    from cdp_assets.config import load_project

    with reader(load_project(project.folder)) as opened:
        [first, _] = is_one(opened, "crm:c2", "shop:s1").steps
    assert first.verdict is not None
    assert (first.hop.edge.weight, first.verdict.holds) == (0.875, False)


def test_while_a_refresh_is_half_done_the_last_whole_state_is_asked(tmp_path: Path) -> None:
    project = unified(tmp_path)
    with reader(project) as opened:
        assert opened.newer == ()
    (tmp_path / "shop.csv").write_text("account,customer,mail,postcode\ns1,A Lee,other@x.example,N1\n")
    list(run_up_to(project, "match_edges"))
    with reader(project) as opened:
        assert {"match_edges", "deduplicated_shop", "shop"} <= set(opened.newer)
        assert len(is_one(opened, "crm:c2", "shop:s1").steps) == 2
        assert opened.find("shop:s2")[0].profile is not None
    list(run_up_to(project, "alternate_keys"))
    with reader(project) as opened:
        assert opened.newer == ()
        is_not(opened, "crm:c2", "shop:s1")


def test_people_who_say_never_are_named_with_file_and_line_whether_a_rule_holds_or_not(tmp_path: Path) -> None:
    lists = (
        "  apart: {files: apart.csv, primary_key: nr, fields: {left_source: text, left_key: text, right_source: text, right_key: text}}\n"
    )
    config = CONFIG.replace("customers:\n", f"{lists}customers:\n  never_match: [apart]\n")
    (tmp_path / "apart.csv").write_text("nr,left_source,left_key,right_source,right_key\n1,shop,s2,crm,c3\n2,crm,c4,loyalty,l3\n")
    with reader(unified(tmp_path, config)) as opened:
        by_rule, by_none = is_not(opened, "crm:c3", "shop:s2"), is_not(opened, "crm:c4", "loyalty:l3")
    assert (by_rule.direct[0].edge.reason, by_rule.direct[0].instead) == ("never-match", None)
    for found, line in ((by_rule, 2), (by_none, 3)):
        [stated] = found.stated
        assert (stated.verdict, stated.origin, stated.file, stated.line) == ("never", "apart", "apart.csv", line)


WORDS = """
version: 1
sources:
  crm: {files: crm.csv, primary_key: id, fields: {street: location.street, firm: organization.name, city: location.city}}
  shop: {files: shop.csv, primary_key: id, fields: {street: location.street, firm: organization.name, city: location.city}}
  same: {files: same.csv, primary_key: nr, fields: {one: text, other: text}}
customers:
  match_order: [crm, shop]
  aliases: {cities: {source: same, value: one, same_as: other}}
  dedupe: {crm: {rules: [{name: streets, all: [{field: street, precision: 0.5}, {field: city, normalise: [lower], alias: cities}]}]}}
  match:
    - {name: firms, left: crm, right: shop, all: [{field: firm, precision: 0.5}, {field: city, normalise: [lower], alias: cities}]}
    - {name: streets, left: crm, right: shop, all: [{field: street, precision: 0.4}, {field: city, normalise: [lower], alias: cities}]}
"""


def test_words_weigh_as_much_as_in_the_pipeline_and_lists_count(tmp_path: Path) -> None:
    streets = ["12 Main Street", "12 Main St", "14 Main Street", "7 Old Mill Road", "7 Old Mil Road", "1 Long Lane North", "Long Lane 1 N"]
    firms = ["Contoso Foods Ltd", "Contoso Foods", "Contoso Toys", "Old Mill Bakery", "Old Mil Bakery", "North Bank", "Bank of the North"]
    rows = [f"{n},{street},{firm},Ulm" for n, (street, firm) in enumerate(zip(streets, firms, strict=True))]
    turned = [f"{n},{street},{firm},ulm AN der Donau" for n, (street, firm) in enumerate(zip(streets[::-1], firms[::-1], strict=True))]
    head = "id,street,firm,city\n"
    files = {"crm.csv": head + "\n".join(rows) + "\n", "shop.csv": head + "\n".join(turned) + "\n"}
    project = small_project(tmp_path, WORDS, {**files, "same.csv": "nr,one,other\n1,Ulm,Ulm an der Donau\n"})
    list(run_up_to(project, "alternate_keys"))
    with reader(project) as opened:
        sql = "select left_source || ':' || left_key, right_source || ':' || right_key, rule, weight from match_edges"
        edges = opened.connection.execute(sql).fetchall()
        for left, right, rule, weight in edges:
            a, b = opened.find(left, right)
            scores = {verdict.rule.name: verdict.score for verdict in verdicts_of(opened, a, b)}
            assert scores[rule] == weight, (left, right, rule)
    assert {rule for _, _, rule, _ in edges} >= {"firms", "streets"}
    assert len({weight for *_, weight in edges}) > 2


@pytest.mark.pipeline
def test_every_edge_of_the_demo_explained_has_its_own_score(tmp_path: Path) -> None:
    project = demo_project(tmp_path, people=160)
    list(run_up_to(project, "alternate_keys", "account_keys", "contact_keys"))
    for of, edges in (("customers", "match_edges"), ("accounts", "account_match_edges"), ("contacts", "contact_match_edges")):
        seen = set()
        with reader(project, of, many=True) as opened:  # type: ignore[arg-type]
            rows = opened.connection.execute(
                f"select left_source || ':' || left_key, right_source || ':' || right_key, rule, kind, status, weight from {edges}"
            ).fetchall()
            for left, right, rule, kind, status, weight in rows:
                a, b = opened.find(left, right)
                if a.cluster == b.cluster:
                    found = is_one(opened, left, right)
                    assert len(found.steps) == 1 or status == "refused"
                    told = {(s.hop.edge.rule, s.hop.edge.weight): s.verdict for s in found.steps}
                    score = {key: verdict.score for key, verdict in told.items() if verdict}
                    assert all(of_edge == score[key] for key in score for of_edge in [key[1]])
                else:
                    other = is_not(opened, left, right)
                    assert (rule, weight) in {(each.edge.rule, each.edge.weight) for each in other.direct}
                    assert kind == "visitor" or (rule, weight) in {(v.rule.name, v.score) for v in other.verdicts}
                seen.add((kind, status))
        assert {("match", "joined"), ("duplicate", "joined")} <= seen
