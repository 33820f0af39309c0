"""Why a record has another customer id: every cause on a few records, and over many histories what the rule implies."""

import random
from collections import Counter
from functools import cache

import pyarrow as pa
import pytest

from cdp_assets.identity import id_changes
from cdp_assets.identity.registry_tables import CAUSES, CUSTOMER_ID_CHANGES
from cdp_assets_tests.identity.registry_world import NO_IDS, advance, advance_with, clusters, history, label, run, violations

NOTHING = CUSTOMER_ID_CHANGES.arrow_schema().empty_table()


@cache
def log(*worlds: tuple[str, ...]) -> pa.Table:
    """The changes after these worlds, one after another."""
    return found(log(*worlds[:-1]), history(*worlds), clusters(*worlds[-1])) if worlds else NOTHING


def found(before: pa.Table, ids: pa.Table, now: pa.Table) -> pa.Table:
    return run(id_changes.stages(), customer_id_changes_before=before, customer_ids=ids, clusters=now)


def last(*worlds: tuple[str, ...]) -> dict[str, tuple[str | None, str | None, str]]:
    """Record -> id before, id now, cause, of the changes that the last of these worlds made."""
    names = {None: None, **{row["customer_id"]: label(row) for row in history(*worlds).to_pylist()}}
    new = log(*worlds).to_pylist()
    old = {(row["record_key"], row["change"]) for row in log(*worlds[:-1]).to_pylist()}
    return {
        row["record_key"]: (names[row["previous_customer_id"]], names[row["customer_id"]], row["cause"])
        for row in new if (row["record_key"], row["change"]) not in old
    }  # fmt: skip


def test_new_record() -> None:
    assert last(("ab",), ("abc",)) == {"c": (None, "a0", "new record")}


def test_record_gone() -> None:
    assert last(("ab",), ("a",)) == {"b": ("a0", None, "record gone")}


def test_no_profile() -> None:
    assert last(("a", "b"), ("a", "-b")) == {"b": ("b0", None, "no profile")}


def test_came_back() -> None:
    assert last(("a", "b"), ("a",), ("a", "b")) == {"b": (None, "b0", "came back")}


def test_merged() -> None:
    assert last(("a", "bc"), ("abc",)) == {"a": ("a0", "b0", "merged")}


def test_split() -> None:
    assert last(("abc",), ("a", "bc")) == {"a": ("a0", "a1", "split")}


def test_moved() -> None:
    assert last(("abc", "de"), ("ab", "cde")) == {"c": ("a0", "d0", "moved")}


def test_an_unchanged_refresh_adds_no_row() -> None:
    before = log(("ab", "c"), ("abc",))
    assert found(before, history(("ab", "c"), ("abc",)), clusters("abc")).equals(before)


def test_the_order_of_rows_does_not_matter() -> None:
    before, ids, now = log(("abc", "de")), history(("abc", "de"), ("ab", "cde")), clusters("ab", "cde")
    turned = [table.take(list(range(table.num_rows - 1, -1, -1))) for table in (before, ids, now)]
    assert found(*turned).equals(found(before, ids, now))


def test_what_a_run_missed_that_ended_between_the_two_tables_the_next_one_finds() -> None:
    # the registry has seen two refreshes, the log only the first of them
    caught_up = found(log(("a", "bc")), history(("a", "bc"), ("abc",), ("abcd",)), clusters("abcd"))
    assert {row["record_key"]: row["cause"] for row in caught_up.to_pylist() if row["change_set"] == 2} == {
        "a": "merged",
        "d": "new record",
    }


@pytest.mark.parametrize(
    ("logged", "missed", "now", "wanted"),
    [
        # the others of the id that survived are gone: nobody is left who says that it was a merge
        (("ab", "cde"), [("abcde",)], ("ab",), {"a": "not recorded", "b": "not recorded", "c": "record gone"}),
        # a left b, who kept the id and is gone
        (("ab",), [("a", "b")], ("b",), {"a": "record gone"}),
        (("ab",), [("b", "a")], ("b",), {"a": "record gone"}),
        (("abc",), [("a", "bc")], ("a",), {"a": "not recorded", "b": "record gone"}),
        # a went to another customer and with a new record out of it again, while b is gone
        (("ab", "cd"), [("acd",), ("e", "acd")], ("ae", "cd"), {"a": "not recorded", "b": "record gone", "e": "new record"}),
        # both ends are there: the cause is known as ever
        (("ab", "cde"), [("abcde",)], ("abc",), {"a": "merged", "b": "merged", "d": "record gone"}),
        (("ab", "cde"), [("ab",)], ("abf",), {"c": "record gone", "f": "new record"}),
    ],
)
def test_what_two_refreshes_did_that_the_log_missed_is_not_recorded_where_nobody_is_left_who_tells(
    logged: tuple[str, ...], missed: list[tuple[str, ...]], now: tuple[str, ...], wanted: dict[str, str]
) -> None:
    ids = history(logged, *missed, now)
    caught_up = found(log(logged), ids, clusters(*now))
    causes = {row["record_key"]: row["cause"] for row in caught_up.to_pylist() if row["change_set"] == 2}
    assert wanted.items() <= causes.items()
    assert not any(violations(id_changes.checks(), customer_id_changes=caught_up, customer_ids=ids).values())


@pytest.mark.parametrize("seed", [1, 2])
def test_a_log_that_misses_any_refreshes_is_never_at_a_loss(seed: int) -> None:
    """Of twelve records and new ones all the time; ids of the registry and ids that fields ask for."""
    draw = random.Random(seed)
    ids, changes, counted = NO_IDS, NOTHING, Counter[str]()
    for _ in range(40):
        letters = draw.sample("abcdefghijklmnopqr", draw.randrange(6, 15))
        state = {letter: draw.randrange(5) for letter in letters}
        words = ["".join(sorted(r for r in letters if state[r] == number)) for number in range(5)]
        now = clusters(*filter(None, words))
        values = {word[0]: draw.choice("XYZ") for word in words if word and draw.random() < 0.3}
        ids = advance_with(ids, now, values)
        if draw.random() < 0.4:
            before, changes = changes.num_rows, found(changes, ids, now)
            assert not any(violations(id_changes.checks(), customer_id_changes=changes, customer_ids=ids).values())
            counted["not recorded"] += changes["cause"].to_pylist().count("not recorded")
            assert changes.num_rows >= before
    assert counted["not recorded"]


def test_every_change_has_its_number_and_its_set() -> None:
    rows = [(row["record_key"], row["change"], row["change_set"]) for row in log(("a", "bc"), ("abc",), ("abc", "d")).to_pylist()]
    assert rows == [("a", 1, 1), ("a", 2, 2), ("b", 1, 1), ("c", 1, 1), ("d", 1, 3)]


def checked(ids: pa.Table, now: pa.Table, before: pa.Table) -> dict[str, int]:
    changes = found(before, ids, now)
    return violations(id_changes.checks(), customer_id_changes=changes, customer_ids=ids)


def test_a_registry_that_gives_ids_against_its_rule_is_unexplained_and_not_written() -> None:
    """The negative control: an unchanged cluster that gets a new id, and a merge in which no id survives."""
    before, now = log(("ab", "c")), clusters("ab", "c")
    assert checked(history(("ab", "c")), now, before) == {"explained": 0, "conservation": 0}
    again = advance(NO_IDS, clusters("xb", "c"))  # as if the registry had been lost and the smallest record was another
    assert checked(again, clusters("xb", "c"), before)["explained"] == 1
    merged = advance(NO_IDS, clusters("_abc"))
    assert checked(merged, clusters("_abc"), before)["explained"] == 3


def test_a_log_that_does_not_end_where_the_registry_is_is_not_written() -> None:
    ids, changes = history(("ab",), ("a",)), log(("ab",))
    assert violations(id_changes.checks(), customer_id_changes=changes, customer_ids=ids)["conservation"] == 1


def by_definition(was: dict[str, str], now: dict[str, str], seen: set[str], there: set[str]) -> dict[str, str]:
    """The cause of each changed id, record by record; ids before and now by record."""
    causes = {}
    for record in sorted(was.keys() | now.keys()):
        one, other = was.get(record), now.get(record)
        if one == other:
            continue
        if one is None:
            causes[record] = "came back" if record in seen else "new record"
            continue
        if other is None:
            causes[record] = "no profile" if record in there else "record gone"
            continue
        mates = [each for each, held in was.items() if held == one and each in now]
        hosts = [each for each, held in was.items() if held == other and now.get(each) == other]
        if hosts:
            causes[record] = "merged" if all(now[each] == other for each in mates) else "moved"
        else:
            causes[record] = "split" if any(now[each] == one for each in mates) else "unexplained"
    return causes


@pytest.mark.parametrize("seed", [1, 2])
def test_any_history_has_the_causes_that_the_definition_says_and_none_unexplained(seed: int) -> None:
    draw = random.Random(seed)
    ids, changes, seen, was = NO_IDS, NOTHING, set[str](), dict[str, str]()
    letters = "abcdefghijklmnopqrst"
    counted = dict.fromkeys(CAUSES, 0)
    for _ in range(25):
        state = {letter: draw.randrange(9) for letter in letters}
        words = ["".join(r for r in letters if state[r] == number) for number in range(2, 9)]
        hidden = "".join(r for r in letters if state[r] == 1)
        now = clusters(*filter(None, words), *([f"-{hidden}"] if hidden else []))
        ids = advance(ids, now)
        held = {row["record_key"]: row["customer_id"] for row in ids.to_pylist() if row["held"]}
        wanted = by_definition(was, held, seen, {row["record_key"] for row in now.to_pylist()})
        before, changes = changes, found(changes, ids, now)
        number = 1 + max(before["change_set"].to_pylist(), default=0)
        causes = {row["record_key"]: row["cause"] for row in changes.to_pylist() if row["change_set"] == number}
        assert causes == wanted
        assert not any(violations(id_changes.checks(), customer_id_changes=changes, customer_ids=ids).values())
        for cause in causes.values():
            counted[cause] += 1
        was, seen = held, seen | held.keys()
    assert {cause for cause, count in counted.items() if count == 0} == {"configured value", "not recorded", "unexplained"}
