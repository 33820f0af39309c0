"""The way between two records of one cluster: a path of edges that are used."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

USED = ("joined", "redundant")
"""An edge with one of these statuses says that its two ends are one."""


class Node(NamedTuple):
    """A record of a source, or a visitor."""

    source: str
    key: str


@dataclass(frozen=True)
class Edge:
    """One row of MATCH_EDGES: two records for which a rule holds, used or not."""

    left: Node
    right: Node
    kind: str
    rule: str
    rank: int
    weight: float
    status: str
    reason: str | None = None

    @property
    def order(self) -> tuple[float, int, Node, Node, str]:
        """The strongest first; the order in which edges are taken."""
        return (-self.weight, self.rank, self.left, self.right, self.rule)


@dataclass(frozen=True)
class Hop:
    """A step of a path: the strongest edge between two records, seen from `start`, and further ones that say the same."""

    start: Node
    end: Node
    edge: Edge
    also: tuple[Edge, ...] = ()


def path(edges: Iterable[Edge], start: Node, end: Node) -> list[Hop] | None:
    """The shortest way along used edges; of several the one whose weakest edge is strongest, then the first by keys.

    None: no way leads there. No hop: both are the same record.
    """
    between: dict[Node, dict[Node, list[Edge]]] = {}
    for edge in sorted((each for each in edges if each.status in USED), key=lambda each: each.order):
        between.setdefault(edge.left, {}).setdefault(edge.right, []).append(edge)
        between.setdefault(edge.right, {}).setdefault(edge.left, []).append(edge)
    reached: dict[Node, tuple[float, Node]] = {start: (1.0, start)}
    layer = [start]
    while layer and end not in reached:
        found: dict[Node, tuple[float, Node]] = {}
        for node in layer:
            for other, ways in between.get(node, {}).items():
                if other in reached:
                    continue
                weakest = min(reached[node][0], ways[0].weight)
                if other not in found or (-weakest, node) < (-found[other][0], found[other][1]):
                    found[other] = (weakest, node)
        reached |= found
        layer = sorted(found)
    if end not in reached:
        return None
    return _hops(between, reached, start, end)


def _hops(between: dict[Node, dict[Node, list[Edge]]], reached: dict[Node, tuple[float, Node]], start: Node, end: Node) -> list[Hop]:
    hops: list[Hop] = []
    node = end
    while node != start:
        before = reached[node][1]
        strongest, *also = between[before][node]
        hops.append(Hop(before, node, strongest, tuple(also)))
        node = before
    return hops[::-1]


def strongest_first(edges: Iterable[Edge]) -> Sequence[Edge]:
    """Edges as evidence is told: the strongest first."""
    return sorted(edges, key=lambda each: each.order)
