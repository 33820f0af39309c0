"""Which records belong together through edges, however far apart: union-find over text nodes, with limits or without.

Nodes are texts ("source|key"); a group is named after its smallest one.
"""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from cdp_assets.lake import Stage, intermediate, whole


@dataclass(frozen=True)
class Limited:
    """What a group may not hold.

    That is more than `largest` records (nodes of the sources `weightless` are none), both ends of a pair of the stage
    `never` (a, b), or more than `most` different values of a type, as the stage `held` has them (node, type, value).
    """

    never: str
    largest: int
    held: str | None = None
    most: Mapping[str, int] = field(default_factory=dict)
    weightless: tuple[str, ...] = ()


_TRIANGLES = {"place": [5, 1, 2, 3, 4, 6, 7], "a": ["a", "b", "b", "x", "a", "y", "q"], "b": ["c", "c", "d", "y", "b", "z", "q2"]}


def too_large(largest: int) -> str:
    """The reason of an edge that is refused because its group would have more than so many records."""
    return f"the group would have more than {largest} records"


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


def constrained_stage(title: str, edges: str, limits: Limited) -> Stage:
    """Rows of (place, state, reason) for edges (place, a, b, forced), taken by place: joined, redundant, or refused and why.

    Reads `limits.never` (a, b) and, where a type is limited, `limits.held` (node, type, value).
    """
    table = intermediate(
        title,
        "place | bigint | number of the edge\nstate | varchar | joined, redundant or refused\nreason | varchar | why it was refused",
        key=("place",),
    )
    names = {"edges": edges, "never": limits.never, "held": limits.held}
    reads = [name for name in names.values() if name is not None]
    ends = tuple(f"{edges}.{column}" for column in ("place", "a", "b", "forced"))
    return Stage(
        title,
        dict.fromkeys(reads, whole()),
        _constrained,
        table,
        params={**names, "largest": limits.largest, "most": dict(limits.most), "weightless": list(limits.weightless)},
        nasty=lambda: {n: each for n, each in _constrained_example(edges, limits).items() if n in reads},
        lineage={"place": ends[:1], "state": ends, "reason": ends},
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


def _constrained(tables: Mapping[str, pa.Table], params: Mapping[str, Any]) -> pa.Table:
    from cdp_assets.identity import constrained as kernels

    edges = tables[params["edges"]].sort_by("place")
    one, other, texts = _numbered(edges)
    never = _known_ends(tables[params["never"]], ("a", "b"), texts)
    held, most = _held(tables, params, texts)
    weights = np.ones(len(texts), np.int64)
    for source in params["weightless"]:
        weights[pc.starts_with(texts, f"{source}|").to_numpy(zero_copy_only=False)] = 0
    forced = edges["forced"].to_numpy().astype(np.bool_)
    limits = kernels.Limits(weights, params["largest"], (never[0], never[1]), held, np.array([*most.values()], np.int64))
    states = kernels.constrained(one, other, forced, limits)
    names = ["redundant", "joined", *["refused"] * (2 + len(most))]
    reasons = [
        None, None, too_large(params["largest"]), "a never-match stands between the two groups",
        *(f"the group would have more than {limit} different values of {kind}" for kind, limit in most.items()),
    ]  # fmt: skip
    return pa.table(
        {
            "place": edges["place"],
            "state": pa.array(names, pa.string()).take(pa.array(states)),
            "reason": pa.array(reasons, pa.string()).take(pa.array(states)),
        }
    )


def _known_ends(table: pa.Table, columns: Sequence[str], texts: pa.Array) -> list[npt.NDArray[np.int64]]:
    """The nodes in these columns as numbers; rows with one that no edge has are left out."""
    found = [pc.index_in(table[column].combine_chunks(), texts) for column in columns]
    valid = functools.reduce(pc.and_, (pc.is_valid(each) for each in found))
    return [each.filter(valid).to_numpy().astype(np.int64) for each in found]


def _held(
    tables: Mapping[str, pa.Table], params: Mapping[str, Any], texts: pa.Array
) -> tuple[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]], dict[str, int]]:
    """The identifiers of nodes as numbers (node, type, value), and the limits of the types."""
    most: dict[str, int] = params["most"]
    if params["held"] is None:
        nothing = np.empty(0, np.int64)
        return (nothing, nothing, nothing), most
    held = tables[params["held"]]
    nodes = pc.index_in(held["node"].combine_chunks(), texts)
    held = held.filter(pc.is_valid(nodes))
    kinds = pc.index_in(held["type"].combine_chunks(), pa.array([*most], pa.string())).to_numpy().astype(np.int64)
    values = held["value"].combine_chunks().dictionary_encode().indices.to_numpy().astype(np.int64)
    return (nodes.drop_null().to_numpy().astype(np.int64), kinds, values), most


def _constrained_example(edges: str, limits: Limited) -> dict[str | None, pa.Table]:
    forced = pa.array([False, False, True, False, False, False, False])
    rows = {"place": pa.array(_TRIANGLES["place"], pa.int64()), "a": _TRIANGLES["a"], "b": _TRIANGLES["b"], "forced": forced}
    held = {"node": ["a", "b", "c", "d"], "type": [*limits.most, "none"][:1] * 4, "value": ["1", "2", "1", "3"]}
    return {edges: pa.table(rows), limits.never: pa.table({"a": ["a", "x"], "b": ["d", "z"]}), limits.held: pa.table(held)}
