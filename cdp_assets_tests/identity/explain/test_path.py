"""The way between two records of a cluster, on edges that can be drawn."""

from hypothesis import given
from hypothesis import strategies as st

from cdp_assets.identity.explain.path import Edge, Node, path


def edge(one: str, other: str, weight: float = 1.0, rule: str = "r", status: str = "joined") -> Edge:
    left, right = sorted((Node("s", one), Node("s", other)))
    return Edge(left, right, "match", rule, 0, weight, status)


def way(edges: list[Edge], one: str, other: str) -> str | None:
    found = path(edges, Node("s", one), Node("s", other))
    return None if found is None else "".join([one, *(hop.end.key for hop in found)])


def test_the_way_is_the_shortest_and_redundant_edges_count() -> None:
    edges = [edge("a", "b"), edge("b", "c"), edge("c", "d"), edge("a", "d", 0.5, status="redundant")]
    assert way(edges, "a", "d") == "ad"
    assert way(edges, "d", "b") in ("dab", "dcb")
    assert way(edges, "d", "b") == "dcb"  # its weakest edge is stronger


def test_edges_that_are_not_used_lead_nowhere() -> None:
    assert way([edge("a", "b", status="refused"), edge("b", "c", status="review")], "a", "b") is None


def test_a_record_and_itself_have_no_way_between_them() -> None:
    assert way([], "a", "a") == "a"


def test_of_equal_ways_the_first_by_keys_is_taken_in_both_directions() -> None:
    edges = [edge("a", "x"), edge("a", "m"), edge("x", "z"), edge("m", "z")]
    assert way(edges, "a", "z") == "amz"
    assert way(edges, "z", "a") == "zma"
    assert way(edges[::-1], "a", "z") == "amz"


def test_several_rules_for_one_step_are_told_with_the_strongest_first() -> None:
    [hop] = path([edge("a", "b", 0.8, "weak"), edge("a", "b", 0.9, "strong", "redundant")], Node("s", "a"), Node("s", "b")) or []
    assert (hop.edge.rule, [each.rule for each in hop.also]) == ("strong", ["weak"])


@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.sampled_from("abcdefgh"), st.sampled_from([0.5, 0.8, 1.0])), max_size=14))
def test_a_way_is_there_exactly_when_the_ends_are_connected_and_none_is_shorter(drawn: list[tuple[str, str, float]]) -> None:
    edges = [edge(*each) for each in drawn if each[0] != each[1]]
    distance = {"a": 0}
    layer = {"a"}
    while layer:
        layer = {n for e in edges for n, o in ((e.left.key, e.right.key), (e.right.key, e.left.key)) if o in layer and n not in distance}
        distance |= dict.fromkeys(layer, max(distance.values()) + 1)
    for end in "bcdefgh":
        found = path(edges, Node("s", "a"), Node("s", end))
        assert (found is None) == (end not in distance)
        if found is not None:
            assert len(found) == distance[end]
            assert [hop.start for hop in found[1:]] == [hop.end for hop in found[:-1]]
            assert all({hop.start, hop.end} == {hop.edge.left, hop.edge.right} for hop in found)
