"""What became of one rule, read off the stored edges: how many records it matched, its pairs, the weakest and those for people."""

from collections.abc import Collection

from cdp_assets.identity.explain.path import USED, Edge, Node
from cdp_assets.identity.explain.reader import EDGE, Reader
from cdp_assets.identity.rules import Rule
from cdp_assets.lake.source import literal, name


def matched(reader: Reader, rule: Rule) -> tuple[int, int]:
    """The records of a rule's right source, and how many of them it was used for."""
    records = f"select count(*) from {name(reader.tables.records[rule.right_source].name)}"
    [(all_, used)] = reader.rows(f"""
        select ({records}), count(distinct right_key) from {name(reader.tables.edges.name)}
        where {_mine(rule)} and status in ({", ".join(map(literal, USED))})
    """)
    return all_, used


def pairs(reader: Reader, rule: Rule) -> list[tuple[str, str | None, int]]:
    """The pairs of a rule by status and reason."""
    edges = name(reader.tables.edges.name)
    return reader.rows(f"select status, reason, count(*) as n from {edges} where {_mine(rule)} group by all order by n desc, 1, 2")


def weakest_used(reader: Reader, rule: Rule, many: int) -> list[Edge]:
    """The edges of a rule that are used, those of the lowest score first."""
    rows = reader.rows(f"""
        select {EDGE} from {name(reader.tables.edges.name)}
        where {_mine(rule)} and status in ({", ".join(map(literal, USED))})
        order by weight, left_source, left_key, right_source, right_key limit {int(many)}
    """)
    return [Edge(Node(*row[:2]), Node(*row[2:4]), *row[4:]) for row in rows]


def for_people(reader: Reader, rule: Rule, many: int, decided: Collection[frozenset[tuple[str, str]]]) -> list[Edge]:
    """The edges of a rule that wait for people to decide, those of the highest score first.

    Without those whose ends are one by other evidence, and those on which somebody has decided since the last refresh.
    """
    clusters = name(reader.tables.clusters.name)
    rows = reader.rows(f"""
        select {EDGE} from {name(reader.tables.edges.name)} as e
        left join (select source as l_source, record_key as l_key, cluster_id as one from {clusters})
            on l_source = left_source and l_key = left_key
        left join (select source as r_source, record_key as r_key, cluster_id as other from {clusters})
            on r_source = right_source and r_key = right_key
        where {_mine(rule)} and status = 'review' and one is distinct from other
        order by weight desc, left_source, left_key, right_source, right_key limit {int(many) + len(decided)}
    """)
    found = [Edge(Node(*row[:2]), Node(*row[2:4]), *row[4:]) for row in rows]
    return [each for each in found if frozenset((tuple(each.left), tuple(each.right))) not in decided][:many]


def _mine(rule: Rule) -> str:
    sides = f"left_source = {literal(rule.left_source)} and right_source = {literal(rule.right_source)}"
    return f"rule = {literal(rule.name)} and {sides} and kind in ('duplicate', 'match')"
