"""Why two records are one, and why they are not: facts only; what of them may be shown, and how, is for those who ask."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from cdp_assets.identity.explain import of_rule
from cdp_assets.identity.explain.compare import Verdict, judge
from cdp_assets.identity.explain.path import USED, Edge, Hop, Node, path
from cdp_assets.identity.explain.reader import Reader, Record, known_fields
from cdp_assets.identity.judged import ALWAYS
from cdp_assets.identity.rules import Rule, event_sources


@dataclass(frozen=True)
class Sighting:
    """An id that a visitor gave, the field of a source whose value it is, and whether it is the one of the record."""

    visitor: Node
    field: str
    value: str | None
    same: bool
    still: bool


@dataclass(frozen=True)
class Step:
    """A step of the way between two records. `verdict`: None where no rule of cdp.yaml made the edge, or an end is a visitor."""

    hop: Hop
    verdict: Verdict | None
    sightings: tuple[Sighting, ...] = ()


@dataclass(frozen=True)
class Why:
    """Why two records are one: the way between them; no step: a record and itself. None: they are not one."""

    a: Record
    b: Record
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class NotUsed:
    """Evidence that was not used, and the edge that was used in its place, if it is about a better one."""

    edge: Edge
    instead: Edge | None


@dataclass(frozen=True)
class Stated:
    """What people say of two records: `verdict` always or never; `origin`: the list, with file and line, or decision."""

    left: Node
    right: Node
    verdict: str
    origin: str
    file: str | None
    line: int | None


@dataclass(frozen=True)
class WhyNot:
    """Why two records are not one. `direct`: evidence between the two; `near`: between other members of their clusters.

    `stated`: what people say of records of the one and of the other.

    `verdicts`: rules on the two, the nearest to holding first. `partners`: where there is no rule between their sources,
    the sources that have rules with those of a and of b.
    """

    a: Record
    b: Record
    direct: tuple[NotUsed, ...]
    near: tuple[NotUsed, ...]
    stated: tuple[Stated, ...]
    verdicts: tuple[Verdict, ...]
    sightings: tuple[Sighting, ...]
    partners: tuple[tuple[str, ...], tuple[str, ...]]


def why(reader: Reader, a: Record, b: Record) -> Why | None:
    """The way from a to b along the edges that are used; None where none leads there."""
    if a.cluster != b.cluster:
        return None
    found = path(reader.used(a.cluster), a.node, b.node)
    return None if found is None else Why(a, b, tuple(_step(reader, hop) for hop in found))


def why_not(reader: Reader, a: Record, b: Record) -> WhyNot | None:
    """What speaks for a and b being one and was not enough; None where they are one."""
    if a.cluster == b.cluster:
        return None
    edges = sorted(reader.not_used(a.cluster, b.cluster), key=lambda each: each.order)
    between = [each for each in edges if each.status not in USED]
    better = _better(edges)
    told = [NotUsed(edge, _instead(edge, better)) for edge in between]
    both = {a.node, b.node}
    return WhyNot(
        a, b,
        tuple(each for each in told if {each.edge.left, each.edge.right} == both),
        tuple(each for each in told if {each.edge.left, each.edge.right} != both),
        tuple(Stated(*each) for each in reader.stated(a.cluster, b.cluster)),
        tuple(verdicts_of(reader, a, b)),
        _sightings(reader, a.node, b.node),
        (_partners(reader, a.node.source), _partners(reader, b.node.source)),
    )  # fmt: skip


def verdicts_of(reader: Reader, a: Record, b: Record) -> list[Verdict]:
    """What each rule between their sources makes of two records, the nearest to being met first."""
    found = [_judged(reader, rule, a.node, b.node) for rule in rules_between(reader, a.node.source, b.node.source)]
    return sorted((each for each in found if each), key=lambda each: (each.near, each.rule.rank))


def rules_between(reader: Reader, one: str, other: str) -> list[Rule]:
    """The rules between two sources, or inside one."""
    return [rule for rule in reader.rules if {rule.left_source, rule.right_source} == {one, other}]


def _partners(reader: Reader, source: str) -> tuple[str, ...]:
    sides = [(rule.left_source, rule.right_source) for rule in reader.rules]
    known = [(events, field.partition(".")[0]) for events in event_sources(reader.config) for field in known_fields(reader.config, events)]
    found = {one if other == source else other for one, other in [*sides, *known] if source in (one, other) and one != other}
    return tuple(each for each in reader.known if each in found)


def _step(reader: Reader, hop: Hop) -> Step:
    edge = hop.edge
    rule = next((r for r in rules_between(reader, edge.left.source, edge.right.source) if r.name == edge.rule), None)
    verdict = _judged(reader, rule, edge.left, edge.right) if rule else None
    return Step(hop, verdict, _sightings(reader, edge.left, edge.right) if edge.kind == "visitor" else ())


def _judged(reader: Reader, rule: Rule, one: Node, other: Node) -> Verdict | None:
    """The rule on two records, each on the side on which the pipeline has it; None where the state has no such row."""
    left, right = (one, other) if one.source == rule.left_source else (other, one)
    if rule.within:
        left, right = sorted((one, other), key=lambda each: each.key)
    one_row, other_row = reader.row(left), reader.row(right)
    return judge(reader.connection, rule, one_row, other_row) if one_row and other_row else None


def _better(edges: Iterable[Edge]) -> dict[Node, Edge]:
    """Of each record the edge by which it is led to one above it: it is led to one only."""
    found: dict[Node, Edge] = {}
    for edge in edges:
        if edge.status in USED and edge.left.source != edge.right.source:
            found.setdefault(edge.right, edge)
    return found


def _instead(edge: Edge, better: Mapping[Node, Edge]) -> Edge | None:
    """The edge that its right record has in its place."""
    of_others = ("a better hit", "an earlier rule matched", "signed in as another since", ALWAYS)
    return better.get(edge.right) if edge.reason in of_others else None


def _sightings(reader: Reader, one: Node, other: Node) -> tuple[Sighting, ...]:
    """Where one of the two is a visitor: the ids that it gave, as fields of the other's source."""
    events = event_sources(reader.config)
    visitors = [each for each in (one, other) if each.source in events]
    if len(visitors) != 1:
        return ()
    [visitor], record = visitors, other if visitors[0] == one else one
    found = []
    for source, field, value, still in reader.identities(visitor):
        if source is not None:
            same = source == record.source and value is not None and reader.value(record, str(field)) == value
            found.append(Sighting(visitor, f"{source}.{field}", value, same, still))
    return tuple(found)


@dataclass(frozen=True)
class Preview:
    """What became of one rule: records of its right source and how many it matched, its pairs by status and reason, the weakest used.

    `review`: pairs that wait for people to decide, the most alike first.
    """

    rule: Rule
    records: int
    matched: int
    pairs: tuple[tuple[str, str | None, int], ...]
    weakest: tuple[Step, ...]
    review: tuple[Step, ...]


def preview(reader: Reader, rule: Rule, many: int, decided: Collection[frozenset[tuple[str, str]]] = ()) -> Preview:
    """The rule's figures, the pairs of the lowest score that it was used for, and those that people are to decide.

    `decided`: pairs on which somebody has decided; they wait for nobody.
    """
    records, matched = of_rule.matched(reader, rule)
    weakest, review = (
        tuple(_step(reader, Hop(edge.left, edge.right, edge)) for edge in edges)
        for edges in (of_rule.weakest_used(reader, rule, many), of_rule.for_people(reader, rule, many, decided))
    )
    return Preview(rule, records, matched, tuple(of_rule.pairs(reader, rule)), weakest, review)
