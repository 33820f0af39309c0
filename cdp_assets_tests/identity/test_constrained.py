"""Edges taken one by one under limits: each limit by itself, and against the definition on random edges."""

from collections.abc import Sequence
from typing import NamedTuple

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from cdp_assets.identity.components import Limited, constrained_stage
from cdp_assets_tests.support import run_tables

NAMES = [f"crm|{letter}" for letter in "abcdefgh"]
Pair = tuple[str, str]


class Case(NamedTuple):
    """Edges in their order, which of them people state, pairs that are never one, e-mails of nodes, and the limits."""

    edges: Sequence[Pair]
    forced: Sequence[bool] = ()
    never: Sequence[Pair] = ()
    mails: Sequence[Pair] = ()
    largest: int = 50
    most: int | None = None


def states(case: Case) -> list[str]:
    """What becomes of each edge: joined, redundant, or the reason why it is refused."""
    forced = [*case.forced, *[False] * len(case.edges)][: len(case.edges)]
    tables = {
        "edges": pa.table(
            {"place": pa.array(range(len(case.edges)), pa.int64()), **_columns(case.edges), "forced": pa.array(forced, pa.bool_())}
        ),
        "never": pa.table(_columns(case.never)),
    }
    held = case.most is not None
    if held:
        kinds = pa.array(["identity.email"] * len(case.mails), pa.string())
        tables["held"] = pa.table({"node": _columns(case.mails)["a"], "type": kinds, "value": _columns(case.mails)["b"]})
    limited = Limited("never", case.largest, "held" if held else None, {"identity.email": case.most} if case.most else {}, ("web",))
    found = run_tables([constrained_stage("joins", "edges", limited)], tables).sort_by("place").to_pylist()
    return [row["reason"] or row["state"] for row in found]


def _columns(pairs: Sequence[Pair]) -> dict[str, pa.Array]:
    return {"a": pa.array([a for a, _ in pairs], pa.string()), "b": pa.array([b for _, b in pairs], pa.string())}


def by_definition(case: Case) -> list[str]:
    """The same, with sets of nodes and no shortcut."""
    groups = {node: {node} for node in {*(n for pair in case.edges for n in pair)}}
    mails = {node: {mail for owner, mail in case.mails if owner == node} for node in groups}
    found = []
    for number, (a, b) in enumerate(case.edges):
        both = groups[a] | groups[b]
        forced = number < len(case.forced) and case.forced[number]
        records = sum(not node.startswith("web|") for node in both)
        if groups[a] is groups[b]:
            found.append("redundant")
        elif not forced and records > case.largest:
            found.append(f"the group would have more than {case.largest} records")
        elif any(x in both and y in both for x, y in case.never):
            found.append("a never-match stands between the two groups")
        elif not forced and case.most is not None and len(set().union(*(mails[node] for node in both))) > case.most:
            found.append(f"the group would have more than {case.most} different values of identity.email")
        else:
            found.append("joined")
            for node in both:
                groups[node] = both
    return found


def test_edges_are_taken_by_place_not_by_row() -> None:
    edges = pa.table({"place": pa.array([3, 1, 2], pa.int64()), "a": ["x", "x", "y"], "b": ["y", "z", "z"], "forced": [False] * 3})
    never = pa.table(_columns([]))
    found = run_tables([constrained_stage("joins", "edges", Limited("never", 50))], {"edges": edges, "never": never}).to_pylist()
    assert [(row["place"], row["state"]) for row in found] == [(1, "joined"), (2, "joined"), (3, "redundant")]


def test_a_group_grows_to_its_limit_and_the_weakest_edge_is_refused() -> None:
    chain = [("a", "b"), ("c", "d"), ("b", "c")]
    assert states(Case(chain, largest=3)) == ["joined", "joined", "the group would have more than 3 records"]
    assert states(Case(chain, largest=4)) == ["joined", "joined", "joined"]


def test_visitors_do_not_count_as_records() -> None:
    edges = [("crm|a", "crm|b"), ("crm|a", "web|1"), ("crm|a", "web|2")]
    assert states(Case(edges, largest=2)) == ["joined", "joined", "joined"]


def test_a_never_match_forbids_the_group_and_not_only_the_edge() -> None:
    never = "a never-match stands between the two groups"
    assert states(Case([("a", "b"), ("b", "c")], never=[("a", "c")])) == ["joined", never]
    assert states(Case([("a", "b"), ("c", "d"), ("b", "c")], never=[("d", "a")])) == ["joined", "joined", never]


def test_a_profile_has_no_more_e_mails_than_its_limit() -> None:
    mails = [("a", "x@x"), ("b", "x@x"), ("c", "y@x"), ("d", "z@x")]
    too_many = "the group would have more than 2 different values of identity.email"
    assert states(Case([("a", "b"), ("b", "c"), ("c", "d")], mails=mails, most=2)) == ["joined", "joined", too_many]


def test_what_people_state_breaks_the_size_but_never_a_never_match() -> None:
    edges = [("a", "b"), ("b", "c"), ("c", "d")]
    assert states(Case(edges, forced=[False, True], largest=2)) == ["joined", "joined", "the group would have more than 2 records"]
    assert states(Case(edges[:2], forced=[False, True], never=[("a", "c")]))[1].startswith("a never-match")


def test_only_groups_that_break_a_limit_are_cut() -> None:
    edges = [("a", "b"), ("b", "c"), ("x", "y"), ("y", "z")]
    assert states(Case(edges, never=[("a", "c")]))[2:] == ["joined", "joined"]


NODES = st.sampled_from([*NAMES, "web|1", "web|2"])
PAIRS = st.tuples(NODES, NODES)
APART = PAIRS.filter(lambda pair: pair[0] != pair[1])
MAILS = st.tuples(NODES, st.sampled_from(["a@x", "b@x", "c@x"]))


@settings(max_examples=150, deadline=None)
@given(
    st.lists(PAIRS, min_size=1, max_size=14), st.lists(st.booleans(), max_size=4), st.lists(APART, max_size=3),
    st.lists(MAILS, max_size=8), st.integers(2, 5), st.none() | st.integers(1, 2),
)  # fmt: skip
def test_edges_are_judged_as_by_definition(
    edges: list[Pair], forced: list[bool], never: list[Pair], mails: list[Pair], largest: int, most: int | None
) -> None:
    case = Case(edges, forced, never, mails, largest, most)
    assert states(case) == by_definition(case)
