"""The steps of the station `identity`: evidence, groups of records, stable ids."""

from functools import partial

from cdp_assets.config import Project, ProjectConfig
from cdp_assets.events.tables import VISITOR_IDENTITIES
from cdp_assets.governance.tables import DECISIONS
from cdp_assets.identity import clusters, configured, id_changes, match, overrides, registry, taken
from cdp_assets.identity.registry_tables import CONFIGURED_IDS, CUSTOMER_ID_CHANGES, CUSTOMER_ID_REDIRECTS, CUSTOMER_IDS
from cdp_assets.identity.rules import dedupe_rules, entities, event_sources, list_sources, match_rules, record_sources
from cdp_assets.identity.tables import CLUSTERS, MATCH_EDGES, MATCH_OVERRIDES
from cdp_assets.identity.terms import terms_read, terms_steps
from cdp_assets.lake import Step, Table
from cdp_assets.sources.tables import table_of
from cdp_assets.unify.deduplicated_tables import deduplicated, duplicate_pairs


def steps(project: Project) -> list[Step]:
    """Edges between records, the clusters that follow, and the registry of customer ids."""
    config = project.config
    records, pairs, visitors = _inputs(config)
    views = entities(config)
    asked = {CONFIGURED_IDS.name: CONFIGURED_IDS} if config.customers.id else {}
    lists = {name: table_of(name, config.sources[name]) for name in list_sources(match_rules(config))}
    return [
        Step(
            MATCH_OVERRIDES,
            "identity",
            "What people say of two records: lists of pairs that always or never match, and decisions.",
            {DECISIONS.name: DECISIONS, **{name: table_of(name, config.sources[name]) for name in overrides.reads(views)}},
            stages=partial(overrides.stages, views),
            numbers={
                "always": "count(*) filter (state = 'used' and verdict = 'always')",
                "never": "count(*) filter (state = 'used' and verdict = 'never')",
                "of_no_use": "count(*) filter (state <> 'used')",
            },
            notice=overrides.NOTICE,
        ),
        *terms_steps(config),
        Step(
            MATCH_EDGES,
            "identity",
            "Every pair of records for which a rule holds, used, refused or for a review, with the reason.",
            {**records, **pairs, **visitors, **lists, **terms_read(config), MATCH_OVERRIDES.name: MATCH_OVERRIDES},
            stages=partial(match.stages, config),
            checks=partial(match.checks, config),
            numbers={
                "joined": "count(*) filter (status = 'joined')",
                "redundant": "count(*) filter (status = 'redundant')",
                "refused": "count(*) filter (status = 'refused')",
                "review": "count(*) filter (status = 'review')",
            },
            notice=taken.notice(config),
        ),
        Step(
            CLUSTERS,
            "identity",
            "Which records and visitors are one person: the groups that joined edges make.",
            {"match_edges": MATCH_EDGES, **records, **visitors},
            stages=partial(clusters.stages, config),
            checks=partial(clusters.checks, config),
            numbers={
                "clusters": "count(distinct cluster_id)",
                "largest_cluster": "coalesce(max(records), 0)",
                "left_out": "count(*) filter (not has_profile)",
            },
        ),
        *_configured(config, records),
        Step(
            CUSTOMER_IDS,
            "identity",
            "The registry of customer ids: which record holds or held which. Reads its own last version.",
            {"clusters": CLUSTERS, "customer_ids_before": CUSTOMER_IDS, **asked},
            stages=partial(registry.stages, configured=bool(asked)),
            checks=partial(registry.checks, configured=bool(asked)),
            numbers={"customers": "count(distinct customer_id) filter (held)", "registry_number": "coalesce(max(since), 0)"},
        ),
        Step(
            CUSTOMER_ID_REDIRECTS,
            "identity",
            "Where a customer id that nobody holds any more leads.",
            {"customer_ids": CUSTOMER_IDS},
            stages=registry.redirect_stages,
            checks=registry.redirect_checks,
            numbers={"retired_ids": "count(*)", "without_survivor": "count(*) filter (surviving_customer_id is null)"},
        ),
        Step(
            CUSTOMER_ID_CHANGES,
            "identity",
            "Every change of a customer id, with its cause. Reads its own last version.",
            {"customer_ids": CUSTOMER_IDS, "clusters": CLUSTERS, "customer_id_changes_before": CUSTOMER_ID_CHANGES},
            stages=id_changes.stages,
            checks=id_changes.checks,
            numbers=id_changes.numbers(),
        ),
    ]


def _configured(config: ProjectConfig, records: dict[str, Table]) -> list[Step]:
    """The step of the ids that are made from fields; none where the configuration makes none."""
    if not config.customers.id:
        return []
    read = {name: records[name] for name in (f"deduplicated_{source}" for source in configured.id_sources(config))}
    return [
        Step(
            CONFIGURED_IDS,
            "identity",
            "Which cluster asks for which id, by the fields that the configuration makes ids from.",
            {"clusters": CLUSTERS, **read},
            stages=partial(configured.stages, config),
            checks=configured.checks,
            numbers={"clusters_with_values": "count(*)", "sharing_values_with_another": "count(*) filter (clusters > 1)"},
            notice=configured.notice(config.customers.section),
        )
    ]


def _inputs(config: ProjectConfig) -> tuple[dict[str, Table], dict[str, Table], dict[str, Table]]:
    """What edges are made of: records, duplicate pairs, visitors - those that the configuration has."""
    records = {table.name: table for table in (deduplicated(config, source) for source in record_sources(config))}
    pairs = {table.name: table for table in (duplicate_pairs(s) for s in record_sources(config) if dedupe_rules(config, s))}
    visitors = {VISITOR_IDENTITIES.name: VISITOR_IDENTITIES} if event_sources(config) else {}
    return records, pairs, visitors
