"""Groups of texts that edges connect, against the definition."""

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from cdp_assets.identity.components import group_stage
from cdp_assets_tests.support import run_tables

NODES = st.sampled_from([f"crm|{letter}" for letter in "abcdefghij"])


def spread(edges: list[tuple[str, str]]) -> dict[str, str]:
    """The smallest node that each node reaches, by passing it on until nothing changes."""
    label = {node: node for edge in edges for node in edge}
    for _ in label:
        for a, b in edges:
            label[a] = label[b] = min(label[a], label[b])
    return label


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(NODES, NODES), min_size=1, max_size=12))
def test_every_node_is_named_after_the_smallest_that_it_reaches(edges: list[tuple[str, str]]) -> None:
    given_ = pa.table({"a": [a for a, _ in edges], "b": [b for _, b in edges]})
    found = run_tables([group_stage("groups", "edges")], {"edges": given_}).to_pylist()
    assert {row["node"]: row["root"] for row in found} == spread(edges)


def test_no_edges_no_groups() -> None:
    empty = pa.table({"a": pa.array([], pa.string()), "b": pa.array([], pa.string())})
    assert run_tables([group_stage("groups", "edges")], {"edges": empty}).num_rows == 0
