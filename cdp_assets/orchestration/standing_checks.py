"""Checks that stand alone: across tables, and limits. They never stop a run."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import dagster as dg

from cdp_assets.clv.tables import CLV_USABILITY
from cdp_assets.config import EventsSource, Project, ProjectConfig
from cdp_assets.contacts.entity import ACCOUNTS, CONTACTS, table_of, view
from cdp_assets.events.tables import VISITOR_IDENTITIES
from cdp_assets.identity.components import too_large
from cdp_assets.identity.tables import CLUSTERS, MATCH_EDGES, TERM_FREQUENCIES
from cdp_assets.identity.terms import learnt_from
from cdp_assets.identity.usable import ALL
from cdp_assets.lake import Run, Table, session
from cdp_assets.lake.source import literal, name
from cdp_assets.orchestration.keys import RUN, Prefix, asset_key, named
from cdp_assets.sources.tables import QUARANTINE, SOURCE_COLUMNS
from cdp_assets.sources.tables import table_of as source_table
from cdp_assets.unify.deduplicated_tables import deduplicated

MAXIMUM_CLUSTER = 50
MAXIMUM_QUARANTINED = 1000
MAXIMUM_CUT = 0.001
OUTGROWN = 2
"""By what factor the number of values may differ from the one that was learnt from."""


@dataclass(frozen=True)
class Limit:
    """`sql` over `reads` gives one number, which should be at most `at_most`; the variable `as_of` is the day of the run."""

    asset: str
    name: str
    description: str
    reads: dict[str, Table]
    sql: str
    at_most: float


def limits_of(project: Project) -> list[Limit]:
    """The limits of a project."""
    made = [
        Limit(
            "clusters",
            "largest_cluster",
            f"no cluster has more than {MAXIMUM_CLUSTER} records, as a shared value would make",
            {"clusters": CLUSTERS},
            "select coalesce(max(records), 0) from clusters",
            MAXIMUM_CLUSTER,
        ),
        Limit(
            "quarantine",
            "rows_in_quarantine",
            f"at most {MAXIMUM_QUARANTINED} rows are in quarantine",
            {"quarantine": QUARANTINE},
            "select count(distinct (source, source_file, source_line)) from quarantine",
            MAXIMUM_QUARANTINED,
        ),
    ]
    made.append(
        Limit(
            SOURCE_COLUMNS.name,
            "columns_as_before",
            "the files of the sources have the columns, of the types, that they had the last time",
            {SOURCE_COLUMNS.name: SOURCE_COLUMNS},
            "select count(*) from source_columns where changed = getvariable('as_of')",
            0,
        )
    )
    return [*made, *_cut(project), *_outgrown(project), *_ids_without_record(project.config), *_predictions(project.config)]


def _ids_without_record(config: ProjectConfig) -> list[Limit]:
    """Ids that visitors gave and that no record of their source has; no limit where no source has `known_as`."""
    events = [source for source in config.sources.values() if isinstance(source, EventsSource)]
    known = sorted({tuple(target.split(".")) for source in events for target in source.known_as.values()})
    if not known:
        return []
    reads, ids = {"visitor_identities": VISITOR_IDENTITIES}, []
    for source, field in known:
        records = f"deduplicated_{source}"
        reads[records] = deduplicated(config, source)
        ids.append(
            f"select {literal(source)} as source, {literal(field)} as field, cast({name(field)} as varchar) as id from {name(records)}"
        )
    sql = f"""
        select count(*) from visitor_identities where known_value is not null and (known_source, known_field, known_value) not in
        (select (source, field, id) from ({" union all ".join(ids)}) where id is not null)
    """
    return [Limit("visitor_identities", "ids_without_record", "every id that a visitor gave is in its source", reads, sql, 0)]


def _entities(project: Project, *tables: Table) -> Iterator[tuple[ProjectConfig, list[Table]]]:
    """The configuration of customers, accounts and contacts, of those that there are, each with what it calls these tables."""
    yield project.config, list(tables)
    for entity in (ACCOUNTS, CONTACTS):
        if getattr(project.config, entity.section) is not None:
            yield view(project, entity).config, [table_of(table, entity) for table in tables]


def _cut(project: Project) -> list[Limit]:
    """Records of groups that were cut because they grew too large: a value that many share joins them, or a rule that is too wide."""
    found = []
    for config, (edges, clusters) in _entities(project, MATCH_EDGES, CLUSTERS):
        reason = literal(too_large(config.customers.guards.largest_cluster))
        cut = f"from {name(edges.name)} where status = 'refused' and reason = {reason}"
        sql = f"""
            select count(*) / nullif((select count(*) from {name(clusters.name)}), 0)
            from (select left_source, left_key {cut} union select right_source, right_key {cut})
        """
        description = (
            f"at most {MAXIMUM_CUT:.1%} of the records have an edge that was refused because its group would be larger than "
            "guards.largest_cluster"
        )
        found.append(Limit(edges.name, "records_cut_off", description, {edges.name: edges, clusters.name: clusters}, sql, MAXIMUM_CUT))
    return found


def _outgrown(project: Project) -> list[Limit]:
    """What was learnt from far fewer or far more records than there are; no limit for an entity that learns nothing."""
    found = []
    for config, (table,) in _entities(project, TERM_FREQUENCIES):
        fields = learnt_from(config)
        if not fields:
            continue
        reads = {source: source_table(source, project.config.sources[source]) for _, source, _ in fields}
        counts = [f"select {literal(kind)} as type, count({name(field)}) as records from {name(source)}" for kind, source, field in fields]
        sql = f"""
            select coalesce(max(greatest(n.records / t.records, t.records / nullif(n.records, 0))), 1)
            from (select type, sum(records) as records from ({" union all ".join(counts)}) group by type) as n
            join {name(table.name)} as t on t.kind = {literal(ALL)} and t.type = n.type
        """
        description = "there are at most twice, at least half as many values as it was learnt from; `cdp refresh --learn` learns anew"
        found.append(Limit(table.name, "learnt_from_as_many", description, {table.name: table, **reads}, sql, OUTGROWN))
    return found


def _predictions(config: ProjectConfig) -> list[Limit]:
    """A prediction whose input has errors is not trained; no limit without predictions."""
    if not config.clv:
        return []
    sql = "select count(*) from clv_usability where state = 'error'"
    description = "the input has what predictions need: customers, history, few missing values (details: the table, `cdp review clv`)"
    return [Limit(CLV_USABILITY.name, "prerequisites", description, {CLV_USABILITY.name: CLV_USABILITY}, sql, 0)]


def checks(project: Project, prefix: Prefix = ()) -> list[dg.AssetChecksDefinition]:
    """One check definition for all limits, so that the graph stays small."""
    found, resource = limits_of(project), named(RUN, prefix)
    specs = [_spec(limit, prefix) for limit in found]
    configuration = dg.AssetCheckSpec(
        "configuration_current",
        asset=asset_key("published_snapshot", prefix),
        description="cdp.yaml is the one that this code location was loaded with",
    )

    @dg.multi_asset_check(
        name=named("standing_checks", prefix), specs=[*specs, configuration], can_subset=True, required_resource_keys={resource}
    )
    def _standing(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        wanted = set(context.selected_asset_check_keys)
        for limit in found:
            if dg.AssetCheckKey(asset_key(limit.asset, prefix), limit.name) not in wanted:
                continue
            value = _ask(getattr(context.resources, resource), limit)
            yield dg.AssetCheckResult(
                passed=value <= limit.at_most,
                check_name=limit.name,
                asset_key=asset_key(limit.asset, prefix),
                severity=dg.AssetCheckSeverity.WARN,
                metadata={"value": value, "limit": limit.at_most},
                description=None if value <= limit.at_most else _outside(limit, value),
            )
        if configuration.key not in wanted:
            return
        current = project.file.exists() and hashlib.sha256(project.file.read_bytes()).hexdigest() == project.digest
        yield dg.AssetCheckResult(
            passed=current,
            check_name="configuration_current",
            asset_key=asset_key("published_snapshot", prefix),
            severity=dg.AssetCheckSeverity.WARN,
            metadata={"loaded_digest": project.digest[:12]},
            description=None if current else "cdp.yaml changed since it was loaded: reload the code location, then refresh again",
        )

    return [_standing]


def _outside(limit: Limit, value: float) -> str:
    """What is wrong, for people: where the check is seen, its description is not."""
    return f"not so: {limit.description} (found {value:,.6g}, at most {limit.at_most:,.6g})"


def _spec(limit: Limit, prefix: Prefix) -> dg.AssetCheckSpec:
    others = sorted({table.name for table in limit.reads.values()} - {limit.asset})
    deps = [asset_key(name, prefix) for name in others]
    return dg.AssetCheckSpec(limit.name, asset=asset_key(limit.asset, prefix), description=limit.description, additional_deps=deps)


def _ask(run: Run, limit: Limit) -> float:
    with session(memory=run.engine.memory) as connection:
        for n, table in limit.reads.items():
            connection.execute(f"create temp view {name(n)} as {run.read(table).sql}")
        connection.execute(f"set variable as_of = cast({literal(run.as_of.isoformat())} as date)")
        return float(connection.execute(limit.sql).fetchall()[0][0] or 0)
