"""Joining records edge by edge where limits say what must not become one: compiled loops, imported only by bodies that run them.

Edges come in their order; an edge whose ends are together already is redundant. Limits are such that a larger group never
breaks fewer of them than a smaller one (docs/decisions/016), so a group that breaks none as a whole needs no second look:
only the edges of groups that do are taken one by one.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from cdp_assets.identity.kernels import join

Ints = npt.NDArray[np.int64]
REDUNDANT, JOINED, TOO_LARGE, NEVER, TOO_MANY = 0, 1, 2, 3, 4
"""What became of an edge; TOO_MANY + k: too many identifiers of the k-th limited type."""


class Limits(NamedTuple):
    """What a group may not hold. Nodes are numbers; `weights` say how much a node counts towards `largest`.

    `never`: pairs of nodes that must not be in one group. `held`: rows of (node, type, value), one for each identifier
    that a node has of a limited type; `most` says of each type how many different values a group may have.
    """

    weights: Ints
    largest: int
    never: tuple[Ints, Ints]
    held: tuple[Ints, Ints, Ints]
    most: Ints


def constrained(one: Ints, other: Ints, forced: npt.NDArray[np.bool_], limits: Limits) -> npt.NDArray[np.int64]:
    """What becomes of each edge, taken in order. A forced edge yields to `never` alone."""
    nodes = len(limits.weights)
    joined, roots = join(one, other, nodes)
    broken = _broken(roots, limits)
    states = np.where(joined, JOINED, REDUNDANT).astype(np.int64)
    if broken.any():
        mine = np.flatnonzero(broken[roots[one]])
        states[mine] = _one_by_one(one[mine], other[mine], forced[mine], limits.weights, limits.largest, *_of_nodes(limits), limits.most)
    return states


def _broken(roots: Ints, limits: Limits) -> npt.NDArray[np.bool_]:
    """Of each node that stands for a group: whether the group as a whole breaks a limit."""
    nodes = len(roots)
    sizes = np.bincount(roots, weights=limits.weights, minlength=nodes)
    broken = sizes > limits.largest
    one, other = limits.never
    broken[roots[one[roots[one] == roots[other]]]] = True
    node, kind, value = limits.held
    if len(node):
        order = np.lexsort((value, kind, roots[node]))
        root, kind, value = roots[node][order], kind[order], value[order]
        fresh = np.ones(len(root), np.bool_)
        fresh[1:] = (root[1:] != root[:-1]) | (kind[1:] != kind[:-1]) | (value[1:] != value[:-1])
        key = root * len(limits.most) + kind
        different = np.bincount(key[fresh], minlength=nodes * len(limits.most)).reshape(nodes, -1)
        broken |= (different > limits.most).any(axis=1)
    return broken


def _of_nodes(limits: Limits) -> tuple[Ints, Ints, Ints, Ints, Ints]:
    """Never-pairs and identifiers by node: rows of node n stand from starts[n] to starts[n + 1]."""
    nodes = len(limits.weights)
    ends = np.concatenate(limits.never), np.concatenate(limits.never[::-1])
    order = np.argsort(ends[0], kind="stable")
    never_starts = np.searchsorted(ends[0][order], np.arange(nodes + 1)).astype(np.int64)
    node, kind, value = limits.held
    by_node = np.lexsort((value, kind, node))
    held_starts = np.searchsorted(node[by_node], np.arange(nodes + 1)).astype(np.int64)
    return never_starts, ends[1][order], held_starts, kind[by_node], value[by_node]


@njit(cache=True, nogil=True)
def _one_by_one(
    one: Any, other: Any, forced: Any, weights: Any, largest: Any, never_starts: Any, never: Any, held_starts: Any, kinds: Any, values: Any,
    most: Any,
) -> Any:  # fmt: skip
    """Kruskal with refusals. The members of a group are a ring: following `after` from any of them meets all."""
    nodes = len(weights)
    parents, after, sizes, counts = np.arange(nodes), np.arange(nodes), weights.copy(), np.ones(nodes, np.int64)
    states = np.zeros(len(one), np.int64)
    for edge in range(len(one)):
        a, b = _find(parents, one[edge]), _find(parents, other[edge])
        if a == b:
            continue
        if counts[a] < counts[b]:
            a, b = b, a
        if not forced[edge] and sizes[a] + sizes[b] > largest:
            states[edge] = TOO_LARGE
        elif _forbidden(parents, after, never_starts, never, a, b):
            states[edge] = NEVER
        else:
            kind = -1 if forced[edge] else _too_many(after, held_starts, kinds, values, most, a, b)
            if kind >= 0:
                states[edge] = TOO_MANY + kind
                continue
            states[edge] = JOINED
            parents[b] = a
            sizes[a] += sizes[b]
            counts[a] += counts[b]
            after[a], after[b] = after[b], after[a]
    return states


@njit(cache=True, nogil=True)
def _find(parents: Any, node: Any) -> Any:
    while parents[node] != node:
        parents[node] = parents[parents[node]]
        node = parents[node]
    return node


@njit(cache=True, nogil=True)
def _forbidden(parents: Any, after: Any, starts: Any, never: Any, a: Any, b: Any) -> Any:
    """Whether a never-pair stands between the two groups; only the members of the smaller one, b, are met."""
    node = b
    while True:
        for place in range(starts[node], starts[node + 1]):
            if _find(parents, never[place]) == a:
                return True
        node = after[node]
        if node == b:
            return False


@njit(cache=True, nogil=True)
def _too_many(after: Any, starts: Any, kinds: Any, values: Any, most: Any, a: Any, b: Any) -> Any:
    """The first type of which both groups together hold too many different identifiers; -1: none."""
    for kind in range(len(most)):
        found = np.empty(0, np.int64)
        for first in (a, b):
            node = first
            while True:
                for place in range(starts[node], starts[node + 1]):
                    if kinds[place] == kind and not (found == values[place]).any():
                        found = np.append(found, values[place])
                        if len(found) > most[kind]:
                            return kind
                node = after[node]
                if node == first:
                    break
    return -1
