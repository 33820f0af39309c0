"""What explanations are read from: one open connection, pinned to the last whole state, over tables that are sorted by key."""

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import pyarrow as pa

from cdp_assets.config import EventsSource, ProjectConfig
from cdp_assets.config.problems import nearest
from cdp_assets.errors import UserError
from cdp_assets.identity import words
from cdp_assets.identity.explain.compare import Row, fields_of, kinds_weighed, make, prepare
from cdp_assets.identity.explain.path import USED, Edge, Node
from cdp_assets.identity.explain.state import Tables, last_whole
from cdp_assets.identity.own_values import own_value
from cdp_assets.identity.rules import Rule, event_sources, every_rule, record_sources
from cdp_assets.identity.tables import TERM_FREQUENCIES
from cdp_assets.identity.usable import nobody_stages, usable_stages
from cdp_assets.lake import Place, Source, no_values_in_errors, session
from cdp_assets.lake.session import provide
from cdp_assets.lake.source import literal, name

MEMORY = 512 << 20
KEPT = 8
"""So many records' rows, and so many clusters' members, are kept between questions."""
EDGE = "left_source, left_key, right_source, right_key, kind, rule, rule_rank, weight, status, reason"
"""The columns of an edge."""
_RECORD_KEY = ("source", "record_key")
_RECORD = re.compile(r"([^:|]*)[:|](.+)", re.DOTALL)
_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Record:
    """A record or visitor that was asked about: its cluster with the number of members, and its profile's id, if it has one."""

    node: Node
    cluster: str
    members: int
    profile: str | None


class Reader:
    """The tables of one entity in their last whole state; a context manager, for one thread at a time.

    `many`: for a process that answers many questions. The members of clusters are then kept in memory, in the order of their
    clusters and in that of their keys, which takes some seconds for a million records, and the statements of all rules are
    made at once. Raises UserError where nothing has been unified yet.
    """

    def __init__(self, place: Place, config: ProjectConfig, tables: Tables, *, threads: int | None = None, many: bool = False) -> None:
        state = last_whole(place, tables)
        if state is None:
            raise UserError(f"There are no {config.customers.section} yet: `cdp refresh` makes them.")
        self.newer, self.tables, self.config = state.newer, tables, config
        self.known = [*record_sources(config), *event_sources(config)]
        self.rules, self.state = every_rule(config), state
        self._fields = _compared(self.rules, config)
        self._kept: dict[Node, Row | None] = {}
        self._members: dict[str, list[Node]] = {}
        self._many = many
        with ExitStack() as opened, no_values_in_errors(tables.clusters.name):
            self.connection = opened.enter_context(session(memory=MEMORY, threads=threads))
            self.sources: dict[str, Source] = {}
            self.put(state.sources(place, tables))
            if many:
                self._keep_members()
                prepare(self.rules)
            self._open = opened.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._open.close()

    def put(self, sources: Mapping[str, Source]) -> None:
        """Answer from these rows, by the names of the tables whose place they take."""
        self.sources |= sources
        for table, source in sources.items():
            self.connection.execute(f"create or replace temp view {name(table)} as {source.sql}")
        self._keep_what_is_learnt()

    def _keep_members(self) -> None:
        self.connection.execute(f"""
            create temp table placed as
            select c.source, c.record_key, c.cluster_id, c.records, k.{name(self.tables.id_column)} as id
            from {name(self.tables.clusters.name)} as c
            left join {name(self.tables.keys.name)} as k on c.source = k.source and c.record_key = k.record_key
            order by c.source, c.record_key
        """)
        self.connection.execute("create temp table members as select cluster_id, source, record_key from placed order by cluster_id")

    def _keep_what_is_learnt(self) -> None:
        """The weights of words and the values of nobody, as tables that are there for each question."""
        if self.tables.terms.name != TERM_FREQUENCIES.name:
            self.connection.execute(f"create or replace temp view {name(TERM_FREQUENCIES.name)} as from {name(self.tables.terms.name)}")
        learnt = [words.frozen_stage(kind, TERM_FREQUENCIES.name) for kind in kinds_weighed(self.rules)]
        for stage in (*learnt, *nobody_stages(self.config, record_sources(self.config))):
            provide(self.connection, stage.functions)
            make(self.connection, stage)

    def find(self, *texts: str) -> list[Record]:
        """The records that these name as `source:key` or `source|key`; the id of a profile stands for its first record.

        Raises UserError that says what is wrong with a name; no message holds a value of another record.
        """
        nodes = [self._node(text) for text in texts]
        listed = dict.fromkeys(nodes)
        if self._many:
            rows = self.rows(self._each("placed", "source, record_key, cluster_id, records, id", _RECORD_KEY, listed))
        else:
            rows = self.rows(self._each(self.tables.clusters.name, "source, record_key, cluster_id, records", _RECORD_KEY, listed))
            rows = [(*row, self._profile(Node(*row[:2]))) for row in rows]
        found = {Node(*row[:2]): Record(Node(*row[:2]), *row[2:]) for row in rows}
        if missing := [node for node in nodes if node not in found]:
            raise UserError(self._no_record(missing[0]))
        return [found[node] for node in nodes]

    def _profile(self, node: Node) -> str | None:
        rows = self.rows(self._each(self.tables.keys.name, name(self.tables.id_column), _RECORD_KEY, [node]))
        return rows[0][0] if rows else None

    def used(self, cluster: str) -> list[Edge]:
        """The edges that hold a cluster together."""
        members = self.members(cluster)
        return self._edges(members, f"status in ({', '.join(map(literal, USED))})")

    def not_used(self, one: str, other: str) -> list[Edge]:
        """The edges between two clusters, and for comparison those that hold each of them together."""
        mine, theirs = set(self.members(one)), set(self.members(other))
        found = self._edges(sorted(mine | theirs), "true")
        return [e for e in found if e.status in USED or (e.left in mine and e.right in theirs) or (e.left in theirs and e.right in mine)]

    def stated(self, one: str, other: str) -> list[tuple[Node, Node, str, str, str | None, int | None]]:
        """What people say of a record of one cluster and one of the other: the two, always or never, from where."""
        if self.tables.overrides is None:
            return []
        mine, theirs = set(self.members(one)), set(self.members(other))
        self._asked(sorted(mine | theirs))
        rows = self.rows(f"""
            select left_source, left_key, right_source, right_key, verdict, origin, source_file, source_line
            from {name(self.tables.overrides.name)} as e
            semi join asked as l on e.left_source = l.source and e.left_key = l.record_key
            semi join asked as r on e.right_source = r.source and e.right_key = r.record_key
            where state = 'used' and entity = {literal(self.config.customers.section)} order by origin, entry
        """)
        found = [(Node(*row[:2]), Node(*row[2:4]), *row[4:]) for row in rows]
        return [each for each in found if {each[0] in mine, each[1] in mine} == {True, False}]

    def members(self, cluster: str) -> list[Node]:
        """The records and visitors of a cluster."""
        if cluster not in self._members:
            if len(self._members) >= KEPT:
                self._members.clear()
            relation = "members" if self._many else name(self.tables.clusters.name)
            rows = self.rows(f"select source, record_key from {relation} where cluster_id = {literal(cluster)} order by all")
            self._members[cluster] = [Node(*row) for row in rows]
        return self._members[cluster]

    def row(self, node: Node) -> Row | None:
        """The one row of this record, its key and its compared fields; None: the state has none."""
        if node in self._kept:
            return self._kept[node]
        if len(self._kept) >= KEPT:
            self._kept.clear()
        relation, fields = f"row {len(self._kept)}", self._fields.get(node.source, ())
        own = (own_value(self.config, node.source, field).sql(dialect="duckdb") for field in fields)
        columns = "".join(f", {value} as {name(field)}" for value, field in zip(own, fields, strict=True))
        query = f"select record_key{columns} from {name(self.tables.records[node.source].name)} where record_key = {literal(node.key)}"
        there = self.rows(f"create or replace temp table {name(relation)} as {query}")[0][0]
        usable, names = usable_stages(self.config, {node.source: relation}, {node.source: fields})
        for stage in usable:
            provide(self.connection, stage.functions)
            make(self.connection, stage)
        self._kept[node] = Row(relation, names[node.source]) if there else None
        return self._kept[node]

    def value(self, node: Node, field: str) -> str | None:
        """The value of a compared field of a record, as text."""
        row = self.row(node)
        rows = self.rows(f"select cast({name(field)} as varchar) from {name(row.given)}") if row else []
        return rows[0][0] if rows else None

    def identities(self, visitor: Node) -> list[tuple[str | None, str | None, str | None, bool]]:
        """Who a visitor was, in the order of time: source, field and value of the known id, and whether it still is."""
        if self.tables.identities is None:
            return []
        return self.rows(f"""
            select known_source, known_field, known_value, valid_to is null from {name(self.tables.identities.name)}
            where source = {literal(visitor.source)} and visitor_id = {literal(visitor.key)} order by nth
        """)

    def _edges(self, members: Sequence[Node], condition: str) -> list[Edge]:
        """The edges with both ends among these records."""
        if not members:
            return []
        self._asked(members)
        rows = self.rows(f"""
            select {EDGE} from ({self._each(self.tables.edges.name, EDGE, ("left_source", "left_key"), members)}) as e
            semi join asked as r on e.right_source = r.source and e.right_key = r.record_key
            where {condition}
        """)
        return [Edge(Node(*row[:2]), Node(*row[2:4]), *row[4:]) for row in rows]

    @staticmethod
    def _each(relation: str, columns: str, key: tuple[str, str], nodes: Iterable[Node]) -> str:
        """The rows of these records, one look-up a source: with the keys given, only the parts of a file that may have them are read."""
        keys: dict[str, list[str]] = {}
        for node in nodes:
            keys.setdefault(node.source, []).append(literal(node.key))
        return " union all ".join(
            f"select {columns} from {name(relation)} where {key[0]} = {literal(source)} and {key[1]} in ({', '.join(its)})"
            for source, its in keys.items()
        )

    def _asked(self, members: Iterable[Node]) -> None:
        listed = list(members)
        given = pa.table({"source": pa.array([n.source for n in listed], pa.string()), "record_key": [n.key for n in listed]})
        self.connection.register("asked", given)

    def _node(self, text: str) -> Node:
        if _ID.fullmatch(text):
            return self._of_profile(text)
        parts = _RECORD.fullmatch(text)
        if parts is None:
            raise UserError(f"A record is named as source:key, such as {self.known[0]}:123. Sources: {', '.join(self.known)}.")
        if parts[1] not in self.known:
            raise UserError(self._no_source(parts[1]))
        return Node(parts[1], parts[2])

    def _no_record(self, node: Node) -> str:
        what = "visitor" if node.source in event_sources(self.config) else "record"
        return (
            f"{node.source} has no {what} with this key as of the last refresh. Keys are compared letter by letter; "
            "rows that could not be read are in quarantine: `cdp status` counts them."
        )

    def _of_profile(self, profile: str) -> Node:
        rows = self.rows(f"""
            select source, record_key from {name(self.tables.keys.name)}
            where {name(self.tables.id_column)} = {literal(profile)} order by kind, source, record_key limit 1
        """)
        if not rows:
            raise UserError("Nothing has this id now. Name a record instead, as source:key.")
        return Node(*rows[0])

    def _no_source(self, source: str) -> str:
        hint = nearest(source, self.known)
        elsewhere = source in self.config.sources
        what = f"is no source of {self.config.customers.section}" if elsewhere else "is no source"
        mean = f" Did you mean {hint}?" if hint and not elsewhere else ""
        of = " `--of accounts` and `--of contacts` ask about those." if elsewhere else ""
        shown = source if re.fullmatch(r"\w{1,60}", source) else "What stands before the colon"
        return f"{shown} {what}.{mean}{of} Sources: {', '.join(self.known)}."

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a statement over the tables of the state, by their names."""
        with no_values_in_errors(self.tables.clusters.name):
            return self.connection.execute(sql).fetchall()


def _compared(rules: Iterable[Rule], config: ProjectConfig) -> dict[str, list[str]]:
    """The fields that rules compare, by source; those by which visitors are known too."""
    found = {source: list(fields) for source, fields in fields_of(rules).items()}
    for events in event_sources(config):
        for target in known_fields(config, events):
            source, _, field = target.partition(".")
            found[source] = list(dict.fromkeys([*found.get(source, ()), field]))
    return found


def known_fields(config: ProjectConfig, events: str) -> list[str]:
    """The source.field of everything that visitors of this source may be known as."""
    its = config.sources[events]
    return list(dict.fromkeys(its.known_as.values())) if isinstance(its, EventsSource) else []
