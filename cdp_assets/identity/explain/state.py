"""Which versions of the tables an explanation reads: those of the last whole state, while a newer one may be half made."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from cdp_assets.identity.tables import TERM_FREQUENCIES
from cdp_assets.lake import Place, Source, Table, no_values_in_errors
from cdp_assets.lake import delta as log
from cdp_assets.lake.ledger import Entry
from cdp_assets.lake.run import source_of
from cdp_assets.lake.source import parquet_rows


@dataclass(frozen=True)
class Tables:
    """The tables that an explanation reads, as customers, accounts or contacts call them; records by source."""

    edges: Table
    clusters: Table
    keys: Table
    records: Mapping[str, Table]
    overrides: Table | None = None
    identities: Table | None = None
    id_column: str = "customer_id"
    terms: Table = TERM_FREQUENCIES
    lists: tuple[Table, ...] = ()
    """The sources in which lists of aliases and of values to bypass stand."""
    pair_lists: tuple[Table, ...] = ()
    """The sources in which pairs stand that always or never match: inputs of `overrides`. For decisions only."""
    ids: Table | None = None
    """The registry of ids, an input of `keys`, for decisions only."""
    asked: Table | None = None
    """The ids that are made from fields, an input of `ids`."""

    def all(self) -> Iterator[Table]:
        """All of them."""
        yield from (self.keys, self.clusters, self.edges, *self.records.values())
        yield self.terms
        yield from (*self.lists, *self.pair_lists)
        yield from (each for each in (self.overrides, self.identities, self.ids, self.asked) if each is not None)


@dataclass(frozen=True)
class State:
    """The version of each table in the last whole state; `newer` are tables that have been made anew since."""

    versions: Mapping[str, int | None]
    newer: tuple[str, ...]

    def sources(self, place: Place, tables: Tables) -> dict[str, Source]:
        """The rows of these versions by the name of the table."""
        found = {}
        for table in tables.all():
            version = self.versions.get(table.name)
            with no_values_in_errors(table.name):
                # without a version there are no rows, also where somebody is just making the first
                known = source_of(place.lake / table.name, table, version) if version is not None else None
            found[table.name] = known or Source(table, parquet_rows(table, []))
        return found


def last_whole(place: Place, tables: Tables) -> State | None:
    """The last state in which keys, clusters, edges and records belong together; None before the first refresh.

    The keys are made last. What they were made from is followed back to the records, so that nothing is read that a
    refresh under way, or one that failed, has made without them.
    """
    keys = _newest(place, tables.keys.name)
    if keys is None:
        return None
    versions: dict[str, int | None] = {tables.keys.name: keys}
    made_from: dict[str, int | None] = {}
    read: set[tuple[str, int | None]] = {(tables.keys.name, keys)}
    for table, made in ((tables.clusters, tables.keys), (tables.edges, tables.clusters)):
        inputs = _inputs(place, made.name, versions[made.name])
        versions[table.name] = inputs.get(table.name)
        made_from |= inputs
        read |= set(inputs.items())
    inputs = _inputs(place, tables.edges.name, versions[tables.edges.name])
    for table in tables.lists:  # one that only rules inside a source use is no input of the edges
        versions[table.name] = inputs[table.name] if table.name in inputs else _newest(place, table.name)
    for table in tables.all():
        versions.setdefault(table.name, inputs.get(table.name, made_from.get(table.name)))
    if tables.overrides is not None:
        versions |= _chosen(place, tables.pair_lists, tables.overrides, versions)
    if tables.ids is not None:
        versions |= _chosen(place, [tables.ids], tables.keys, versions)
        versions |= _chosen(place, [tables.asked] if tables.asked else [], tables.ids, versions)
    for each in tables.records.values():
        read |= set(_inputs(place, each.name, versions[each.name]).items())
    newest = {name: _newest(place, name) for name in {name for name, _ in read} | versions.keys()}
    newer = {name for name, version in [*read, *versions.items()] if version is not None and newest[name] != version}
    return State(versions, tuple(sorted(newer)))


def _chosen(place: Place, tables: Iterable[Table], made: Table, versions: Mapping[str, int | None]) -> dict[str, int | None]:
    """The versions of these inputs from which the known version of `made` came about."""
    inputs = _inputs(place, made.name, versions[made.name])
    return {table.name: inputs.get(table.name) for table in tables}


def made_by(place: Place, table: str, version: int | None) -> Entry | None:
    """How a version was made. The ledger knows it better than the commit: equal rows make no new version."""
    if version is None:
        return None
    entry = place.ledger.read(table)
    if entry is not None and entry.version == version:
        return entry
    with no_values_in_errors(table):
        noted = log.commit_metadata(place.lake / table, version)
    if "inputs" not in noted:
        return None
    return Entry(noted.get("step", ""), version, noted.get("run", ""), noted.get("as_of", ""), noted["inputs"], noted.get("content", ""))


def _inputs(place: Place, table: str, version: int | None) -> Mapping[str, int | None]:
    """What a version was made from."""
    made = made_by(place, table, version)
    return made.inputs if made is not None else {}


def _newest(place: Place, table: str) -> int | None:
    with no_values_in_errors(table):
        handle = log.open_table(place.lake / table)
    return None if handle is None else handle.version()
