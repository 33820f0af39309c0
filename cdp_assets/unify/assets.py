"""The steps of the station `unify`: duplicates inside a source, and what unification gives."""

from functools import partial

from cdp_assets.config import Project, ProjectConfig
from cdp_assets.events.tables import VISITOR_IDENTITIES
from cdp_assets.identity.cluster_rules import cluster_lists, forms_of_profiles
from cdp_assets.identity.registry_tables import CUSTOMER_IDS
from cdp_assets.identity.rules import dedupe_rules, event_sources, list_sources, record_sources
from cdp_assets.identity.tables import CLUSTERS, MATCH_EDGES, MATCH_OVERRIDES
from cdp_assets.identity.terms import terms_read
from cdp_assets.lake import Step
from cdp_assets.lake.source import literal
from cdp_assets.sources.tables import table_of
from cdp_assets.unify import alternate_keys, deduplicate, lineage, survivorship
from cdp_assets.unify.deduplicated_tables import deduplicated, duplicate_pairs
from cdp_assets.unify.fields import unified_fields
from cdp_assets.unify.primary_keys import key_notice
from cdp_assets.unify.tables import ALTERNATE_KEYS, PROFILE_LINEAGE, unified_profiles


def steps(project: Project) -> list[Step]:
    """Records without duplicates for each source, then keys, profiles and their lineage."""
    config = project.config
    sources = record_sources(config)
    return [*(step for source in sources for step in _source(config, source)), *_customers(config)]


def _source(config: ProjectConfig, source: str) -> list[Step]:
    rows, records = table_of(source, config.sources[source]), deduplicated(config, source)
    numbers = {
        "winners": "count(*) filter (is_winner)",
        "duplicates": "count(*) filter (not is_winner)",
        "source_records": "coalesce(sum(duplicate_rows), 0)",
        "share_deduplicated": "round(1 - count(*) filter (is_winner) / nullif(sum(duplicate_rows), 0), 4)",
        "rows_with_a_repeated_key": "coalesce(sum(duplicate_rows) - count(*), 0)",
    }
    stated = {MATCH_OVERRIDES.name: MATCH_OVERRIDES}
    limited = terms_read(config) if config.customers.guards.identifiers else {}
    if not dedupe_rules(config, source):
        return [
            Step(
                records,
                "unify",
                f"The distinct records of {source}; rows with the same primary key are one.",
                {source: rows, **stated, **limited},
                stages=partial(deduplicate.stages, config, source),
                checks=partial(deduplicate.checks, source),
                numbers=numbers,
                notice=key_notice(config, source),
            )
        ]
    pairs = duplicate_pairs(source)
    lists = {n: table_of(n, config.sources[n]) for n in list_sources(dedupe_rules(config, source))}
    return [
        Step(
            pairs,
            "unify",
            f"Pairs of records of {source} that a dedupe rule takes for one person.",
            {source: rows, **lists, **terms_read(config)},
            stages=partial(deduplicate.pairs_stages, config, source),
            shown_with=records.name,
            numbers={
                "rules_that_found_any": "count(distinct rule)",
                "pairs": "count(*) filter (status = 'used')",
                "refused": "count(*) filter (status = 'refused')",
                "review": "count(*) filter (status = 'review')",
            },
        ),
        Step(
            records,
            "unify",
            f"The distinct records of {source}: of each group of duplicates one goes on, and stands for the others.",
            {source: rows, pairs.name: pairs, **stated, **limited},
            stages=partial(deduplicate.stages, config, source),
            checks=partial(deduplicate.checks, source),
            numbers=numbers,
            notice=key_notice(config, source),
        ),
    ]


NAMES = {"accounts": ("organization.name",), "customers": ("person.full_name", "organization.name"), "contacts": ("person.full_name",)}
"""The types of which one gives the title of a card; first and last name together are a full name."""


def no_name(config: ProjectConfig) -> str | None:
    """SQL for the notice that no field gives the cards a title; None: one does."""
    section = config.customers.section
    types = {field.type for field in unified_fields(config)}
    if types & set(NAMES[section]) or (section != "accounts" and {"person.first_name", "person.last_name"} <= types):
        return None
    wanted = " or ".join(NAMES[section][:1]) if section == "accounts" else "person.full_name, or of person.first_name and person.last_name"
    said = f"No field of {section} is of type {wanted}: their cards have no name. `cdp suggest` looks for one."
    return f"select {literal(said)}"


def _customers(config: ProjectConfig) -> list[Step]:
    records = {table.name: table for table in (deduplicated(config, source) for source in record_sources(config))}
    visitors = {table.name: table for table in (VISITOR_IDENTITIES, MATCH_EDGES)} if event_sources(config) else {}
    lists = {name: table_of(name, config.sources[name]) for name in cluster_lists(config)}
    weights = terms_read(config) if forms_of_profiles(config).weighted else {}
    profiles = unified_profiles(config)
    return [
        Step(
            ALTERNATE_KEYS,
            "unify",
            "The way from any source's key or visitor id to the customer.",
            {"clusters": CLUSTERS, "customer_ids": CUSTOMER_IDS, **records, **visitors},
            stages=partial(alternate_keys.stages, config),
            checks=alternate_keys.checks,
            numbers={"record_keys": "count(*) filter (kind = 'record')", "visitor_ids": "count(*) filter (kind = 'visitor')"},
        ),
        Step(
            profiles,
            "unify",
            "The golden record of each customer, known people and unknown visitors alike.",
            {"alternate_keys": ALTERNATE_KEYS, "customer_ids": CUSTOMER_IDS, **records, **lists, **weights},
            stages=partial(survivorship.stages, config),
            checks=survivorship.checks,
            notice=no_name(config),
            numbers={
                "known": "count(*) filter (known)",
                "unknown": "count(*) filter (not known)",
                "of_several_records": "count(*) filter (records > 1)",
                "records_a_profile": "round(avg(records + visitors), 2)",
            },
        ),
        Step(
            PROFILE_LINEAGE,
            "unify",
            "For every value of a profile: the record it comes from, why, and what it won against.",
            {"alternate_keys": ALTERNATE_KEYS, profiles.name: profiles, **records},
            stages=partial(lineage.stages, config),
            checks=partial(lineage.checks, config),
            numbers={"with_losing_values": "count(*) filter (len(losing_values) > 0)"},
        ),
    ]
