"""Which records belong together through edges, however far apart: union-find over text nodes.

Nodes are texts; a group is named after its smallest one.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from cdp_assets.lake import Stage, intermediate, whole

_TRIANGLES = {"place": [5, 1, 2, 3, 4, 6, 7], "a": ["a", "b", "b", "x", "a", "y", "q"], "b": ["c", "c", "d", "y", "b", "z", "q2"]}


def group_stage(title: str, edges: str) -> Stage:
    """Rows of (node, root) for the nodes of the edges (a, b): root is the smallest node of the group."""
    table = intermediate(title, "node | varchar | a record\nroot | varchar | the smallest record of its group", key=("node",))
    return Stage(
        title,
        {edges: whole()},
        _groups,
        table,
        params={"edges": edges},
        nasty=lambda: {edges: pa.table({"a": _TRIANGLES["a"], "b": _TRIANGLES["b"]})},
        lineage={"node": (f"{edges}.a", f"{edges}.b"), "root": (f"{edges}.a", f"{edges}.b")},
    )


def kruskal_stage(title: str, edges: str) -> Stage:
    """Rows of (place, joined) for edges (place, a, b): taken by place, an edge joins two groups or finds them joined."""
    table = intermediate(title, "place | bigint | number of the edge\njoined | boolean | it made two groups one", key=("place",))
    return Stage(
        title,
        {edges: whole()},
        _kruskal,
        table,
        params={"edges": edges},
        nasty=lambda: {edges: pa.table({"place": pa.array(_TRIANGLES["place"], pa.int64()), "a": _TRIANGLES["a"], "b": _TRIANGLES["b"]})},
        lineage={"place": (f"{edges}.place",), "joined": (f"{edges}.place", f"{edges}.a", f"{edges}.b")},
    )


def _numbered(edges: pa.Table) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], pa.Array]:
    """Both ends of the edges as numbers in the order of their texts, and the texts."""
    ends = pa.chunked_array([*edges["a"].chunks, *edges["b"].chunks], pa.string()).combine_chunks().dictionary_encode()
    order = pc.sort_indices(ends.dictionary)
    ranks = np.empty(len(order), np.int64)
    ranks[order.to_numpy()] = np.arange(len(order))
    numbers = ranks[ends.indices.to_numpy()]
    return numbers[: edges.num_rows], numbers[edges.num_rows :], ends.dictionary.take(order)


def _groups(tables: Mapping[str, pa.Table], params: Mapping[str, Any]) -> pa.Table:
    from cdp_assets.identity import kernels

    edges = tables[params["edges"]]
    one, other, texts = _numbered(edges)
    _, roots = kernels.join(one, other, len(texts))
    return pa.table({"node": texts, "root": texts.take(pa.array(roots))})


def _kruskal(tables: Mapping[str, pa.Table], params: Mapping[str, Any]) -> pa.Table:
    from cdp_assets.identity import kernels

    edges = tables[params["edges"]].sort_by("place")
    one, other, texts = _numbered(edges)
    joined, _ = kernels.join(one, other, len(texts))
    return pa.table({"place": edges["place"], "joined": pa.array(joined)})
