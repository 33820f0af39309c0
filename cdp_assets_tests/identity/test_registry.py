"""Customer ids: who keeps an id, who gets a new one, and where a retired one leads."""

import random
from collections import defaultdict
from hashlib import md5

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from cdp_assets.identity import registry
from cdp_assets_tests.identity.registry_world import advance, clusters, held, history, label, redirects, run, violations


def test_the_first_id_is_md5_of_the_smallest_record_and_0() -> None:
    (one, *_) = history(("ba",)).to_pylist()
    assert one["customer_id"] == md5(b"crm|a|0").hexdigest()
    assert (one["base_record"], one["generation"], one["birth"], one["since"]) == ("crm|a", 0, 1, 1)


def test_all_records_of_a_cluster_hold_one_id() -> None:
    assert held(history(("ab", "c"))) == {"a0": "ab", "c0": "c"}


def test_a_cluster_keeps_its_id_when_records_come_and_go() -> None:
    assert held(history(("bc",), ("abc",), ("ac",))) == {"b0": "ac"}


def test_unchanged_clusters_leave_every_row_as_it_is() -> None:
    before = history(("ab", "c"), ("abc",), ("a", "bc"))
    assert advance(before, clusters("a", "bc")).equals(before)


def test_the_order_of_rows_does_not_matter() -> None:
    before, now = history(("ab", "cd", "e"), ("abcd", "e")), clusters("ab", "cde")
    turned = before.take(pc.sort_indices(before, [("record_key", "descending"), ("held", "ascending")]))
    assert advance(turned, now.take(list(range(now.num_rows - 1, -1, -1)))).equals(advance(before, now))


class TestMerge:
    """Several ids meet in one cluster."""

    def test_the_id_with_most_records_survives(self) -> None:
        assert held(history(("a", "bc"), ("abc",))) == {"b0": "abc"}

    def test_at_a_tie_the_older_id_survives(self) -> None:
        # b0 is of the first version, a0 of the second.
        assert held(history(("b",), ("a", "b"), ("ab",))) == {"b0": "ab"}

    def test_of_two_equally_old_ids_the_smaller_one_survives(self) -> None:
        ids = history(("a", "b"))
        smaller = min(ids.to_pylist(), key=lambda row: row["customer_id"])
        assert held(advance(ids, clusters("ab"))) == {label(smaller): "ab"}

    def test_the_other_id_leads_to_the_survivor(self) -> None:
        assert redirects(history(("a", "bc"), ("abc",))) == {"a0": "b0"}


class TestSplit:
    """The records of one id are in several clusters."""

    def test_the_larger_part_keeps_the_id(self) -> None:
        assert held(history(("abc",), ("a", "bc"))) == {"a0": "bc", "a1": "a"}

    def test_at_a_tie_the_part_with_the_smaller_key_keeps_it(self) -> None:
        assert held(history(("abcd",), ("bd", "ac"))) == {"a0": "ac", "b0": "bd"}

    def test_an_id_that_was_given_out_before_is_not_given_out_again(self) -> None:
        # a0 stays with b and c, so a has the next id made of a.
        assert held(history(("abc",), ("a", "bc"))) == {"a0": "bc", "a1": "a"}
        # a1 is held by x when a is alone once more.
        assert held(history(("abc",), ("ax", "bc"), ("x", "abc"), ("x", "a", "bc"))) == {"a0": "bc", "a1": "x", "a2": "a"}


class TestUndo:
    """What is taken apart again has the ids that it had before it was put together."""

    def test_the_part_that_split_off_has_its_former_id(self) -> None:
        ids = history(("a", "bc"), ("abc",), ("a", "bc"))
        assert held(ids) == {"b0": "bc", "a0": "a"}

    def test_an_id_that_is_back_is_no_redirect_any_more(self) -> None:
        assert redirects(history(("a", "bc"), ("abc",))) == {"a0": "b0"}
        assert redirects(history(("a", "bc"), ("abc",), ("a", "bc"))) == {}

    def test_of_two_equal_parts_the_one_that_had_the_id_first_keeps_it(self) -> None:
        once = history(("b",), ("a", "b"), ("ab",))
        assert held(once) == {"b0": "ab"}
        assert held(advance(once, clusters("a", "b"))) == {"b0": "b", "a0": "a"}

    def test_several_merges_taken_back_one_after_another_give_each_its_id(self) -> None:
        there = [("d", "bc", "efgh"), ("bcd", "efgh"), ("bcdefgh",)]
        back = [("bcd", "efgh"), ("bc", "d", "efgh")]
        assert held(history(*there, back[0])) == {"b0": "bcd", "e0": "efgh"}
        assert held(history(*there, *back)) == {"b0": "bc", "d0": "d", "e0": "efgh"}
        assert held(history(*there, back[1])) == {"b0": "bc", "d0": "d", "e0": "efgh"}

    def test_merged_and_taken_apart_as_often_as_one_likes_it_makes_no_new_id(self) -> None:
        ids = history(*[("a", "bc"), ("abc",)] * 3, ("a", "bc"))
        assert {label(row) for row in ids.to_pylist()} == {"a0", "b0"}

    def test_an_id_does_not_return_where_fewer_of_its_former_records_are(self) -> None:
        # c0 had c, d and e; d and e are with a0, so c alone is not the customer that c0 was.
        ids = history(("abxy", "cde"), ("abcdexy",), ("abdexy", "c"))
        assert held(ids) == {"a0": "abdexy", "c1": "c"}
        assert redirects(ids) == {"c0": "a0"}

    def test_only_records_that_gave_it_up_last_speak_for_it(self) -> None:
        # d had e0 once; but e0 was e alone when it was merged.
        worlds = [("abc", "def"), ("abcdf", "e"), ("abcdfe",), ("abcdf", "e")]
        assert held(history(*worlds)) == {"a0": "abcdf", "d0": "e"}

    def test_not_if_somebody_else_holds_it(self) -> None:
        assert held(history(("ab", "cde"), ("a", "bcde"), ("a", "b", "cde"))) == {"a0": "a", "b0": "b", "c0": "cde"}

    def test_whatever_two_partitions_are_when_the_first_one_is_back_its_ids_are(self) -> None:
        draw = random.Random(3)
        letters = "abcdefghijkl"

        def drawn() -> pa.Table:
            words: dict[int, str] = defaultdict(str)
            for letter in letters:
                words[draw.randrange(5)] += letter
            return clusters(*words.values())

        ids = advance(history(("abc", "defg", "hi", "jkl")), drawn())
        for _ in range(25):
            first = drawn()
            before = advance(ids, first)
            ids = advance(advance(before, drawn()), first)
            assert held(ids) == held(before)


def test_a_record_that_moves_takes_no_id_along() -> None:
    assert held(history(("abc", "de"), ("ab", "cde"))) == {"a0": "ab", "d0": "cde"}


def test_merge_and_split_at_once_are_decided_by_one_order() -> None:
    # a0 has two records in each part and takes that with the smaller key; e0 has one in each and takes what is left.
    assert held(history(("abcd", "ef"), ("abe", "cdf"))) == {"a0": "abe", "e0": "cdf"}


class TestRecordsThatComeBack:
    """A record that had left brings its last id along, unless that would take anything from others."""

    def test_alone_it_has_its_old_id_again(self) -> None:
        ids = history(("ab", "c"), ("ab",), ("ab", "c"))
        assert held(ids) == {"a0": "ab", "c0": "c"}
        assert [row["since"] for row in ids.to_pylist() if label(row) == "c0"] == [2]

    def test_it_gives_its_new_cluster_the_old_id_if_that_has_none(self) -> None:
        assert held(history(("c",), ("x",), ("x", "bc"))) == {"x0": "x", "c0": "bc"}

    def test_not_if_the_cluster_has_an_id(self) -> None:
        assert held(history(("ab", "cde"), ("ab",), ("abcde",))) == {"a0": "abcde"}

    def test_not_if_others_hold_the_id(self) -> None:
        assert held(history(("cd",), ("d",), ("c", "d"))) == {"c0": "d", "c1": "c"}

    def test_it_remembers_the_last_of_several_ids(self) -> None:
        # c held c0, then a0, and left; then a and b left as well.
        assert held(history(("ab", "c"), ("abc",), ("ab",), ("x",), ("x", "c"))) == {"x0": "x", "a0": "c"}

    def test_of_two_clusters_that_want_it_back_the_one_with_more_of_its_records_gets_it(self) -> None:
        assert held(history(("abc",), ("x",), ("x", "a", "bc"))) == {"x0": "x", "a0": "bc", "a1": "a"}


def test_a_cluster_without_a_profile_holds_no_id() -> None:
    ids = history(("a", "b"), ("a", "-b"))
    assert held(ids) == {"a0": "a"}
    assert redirects(ids) == {"b0": None}
    assert held(advance(ids, clusters("a", "b"))) == {"a0": "a", "b0": "b"}


def test_the_number_counts_versions_in_which_a_record_got_an_id() -> None:
    ids = history(("a", "b"), ("a",), ("a", "c"))  # that b left is no such version
    assert {row["record_key"]: row["since"] for row in ids.to_pylist()} == {"a": 1, "b": 1, "c": 2}


def test_a_record_keeps_a_row_for_each_id_that_it_held() -> None:
    ids = history(("a", "bc"), ("abc",))
    rows = [(row["record_key"], label(row), row["since"], row["held"]) for row in ids.to_pylist() if row["record_key"] == "a"]
    assert sorted(rows) == [("a", "a0", 1, False), ("a", "b0", 2, True)]


class TestRedirects:
    """Where an id leads that nobody holds."""

    def test_it_leads_to_the_id_with_most_of_its_former_records(self) -> None:
        # a0 had a, b and c: a is with v0 now, b and c are with u0.
        assert redirects(history(("abc", "vwx", "yzu"), ("avwx", "bcuyz"))) == {"a0": "u0"}

    def test_at_a_tie_to_the_older_one(self) -> None:
        # y0 is older than w0, and each of them took one record of a0.
        assert redirects(history(("zy",), ("zy", "xw", "ab"), ("zya", "xwb"))) == {"a0": "y0"}

    def test_it_follows_the_records_through_several_merges(self) -> None:
        assert redirects(history(("a", "bc", "defg"), ("abc", "defg"), ("abcdefg",))) == {"a0": "d0", "b0": "d0"}

    def test_it_leads_nowhere_when_no_record_is_left(self) -> None:
        assert redirects(history(("a", "b"), ("b",))) == {"a0": None}

    def test_a_held_id_has_none(self) -> None:
        assert redirects(history(("ab", "c"))) == {}


BEFORE = history(("ab", "c"))
NOW = clusters("ab", "cd")
GOOD = advance(BEFORE, NOW)


def test_the_checks_pass_on_what_the_stages_write() -> None:
    found = violations(registry.checks(), customer_ids=GOOD, customer_ids_before=BEFORE, clusters=NOW)
    assert found == {"conservation": 0, "one_id_a_cluster": 0, "nothing_forgotten": 0}


@pytest.mark.parametrize(
    ("check", "wrong"),
    [
        ("conservation", GOOD.filter(pc.field("record_key") != "d")),
        ("one_id_a_cluster", GOOD.set_column(2, "customer_id", [["same"] * GOOD.num_rows])),
        ("nothing_forgotten", GOOD.filter(pc.field("record_key") != "a")),
    ],
)
def test_a_wrong_registry_is_not_written(check: str, wrong: object) -> None:
    assert violations(registry.checks(), customer_ids=wrong, customer_ids_before=BEFORE, clusters=NOW)[check] > 0


def test_redirects_that_are_missing_or_lead_to_nobody_are_not_written() -> None:
    ids = history(("a", "bc"), ("abc",))
    good = run(registry.redirect_stages(), customer_ids=ids)
    wrong = good.set_column(1, "surviving_customer_id", [["nobody"]])
    checks = registry.redirect_checks()
    assert violations(checks, customer_ids=ids, customer_id_redirects=good) == {"conservation": 0, "leads_to_a_customer": 0}
    assert violations(checks, customer_ids=ids, customer_id_redirects=good.slice(1))["conservation"] == 1
    assert violations(checks, customer_ids=ids, customer_id_redirects=wrong)["leads_to_a_customer"] == 1
