"""The steps of the station `contacts`: accounts and contacts by the code of customers, and what links them."""

from functools import partial

from cdp_assets.config import Project, ProjectConfig
from cdp_assets.contacts import links, profiles
from cdp_assets.contacts.entity import ACCOUNTS, CONTACTS, STATION, Entity, of_entity, statement, table_of, view
from cdp_assets.contacts.tables import (
    ACCOUNT_KEYS,
    CONTACT_ACCOUNT_LINKS,
    CONTACT_KEYS,
    CONTACT_QUARANTINE,
    REASONS,
    contact_profiles,
    contacts_of,
    contacts_table,
)
from cdp_assets.identity.assets import steps as identity_steps
from cdp_assets.identity.registry_tables import CUSTOMER_ID_CHANGES
from cdp_assets.identity.tables import MATCH_OVERRIDES
from cdp_assets.lake import Step, Table
from cdp_assets.unify import statistics
from cdp_assets.unify.assets import steps as unify_steps
from cdp_assets.unify.deduplicated_tables import deduplicated
from cdp_assets.unify.tables import ALTERNATE_KEYS


def steps(project: Project) -> list[Step]:
    """The steps of accounts, then of contacts, then of what links them, as far as the configuration has them; then the statistics."""
    config = project.config
    accounts = _unified(project, ACCOUNTS) if config.accounts else []
    contacts = [*_unified(project, CONTACTS), *_linked(config)] if config.contacts else []
    return [*accounts, *contacts, _statistics(project)]


def _statistics(project: Project) -> Step:
    """One table for customers, accounts and contacts alike: it is the last step of unification, and a small one."""
    config = project.config
    parts, reads = {"customers": statistics.statement(config)}, statistics.reads(config)
    for entity in (ACCOUNTS, CONTACTS):
        if getattr(config, entity.section):
            seen = view(project, entity).config
            parts[entity.section] = statement(statistics.statement(seen), entity)
            reads |= {table.name: table for table in (table_of(each, entity) for each in statistics.reads(seen).values())}
    total = "coalesce(sum(value) filter (of = 'customers' and step = '{}' and figure = '{}'), 0)"
    return Step(
        statistics.UNIFICATION_STATISTICS,
        "unify",
        "What unification did, step by step, in numbers: what `cdp review customers` shows, with the difference to the version before.",
        reads,
        stages=lambda: [statistics.stage(parts, reads)],
        numbers={
            "mapped_fields": total.format("fields", "mapped"),
            "unmapped_fields": total.format("fields", "unmapped"),
            "duplicates": total.format("duplicates", "duplicates"),
            "unique_records": total.format("duplicates", "unique records"),
            "groups": total.format("matches", "groups"),
            "groups_of_several_sources": total.format("matches", "groups of several sources"),
        },
    )


# What people state is one table for all entities; why ids changed is told of customers, whose ids other systems keep.
OF_CUSTOMERS = (MATCH_OVERRIDES, CUSTOMER_ID_CHANGES)


def unifying(project: Project, of: str) -> list[Step]:
    """The steps that unify `of`: customers, accounts or contacts."""
    entity = {ACCOUNTS.section: ACCOUNTS, CONTACTS.section: CONTACTS}.get(of)
    return _unified(project, entity) if entity else [*identity_steps(project), *unify_steps(project)]


def _unified(project: Project, entity: Entity) -> list[Step]:
    seen = view(project, entity)
    own = [step for step in (*identity_steps(seen), *unify_steps(seen)) if step.table not in OF_CUSTOMERS]
    return [of_entity(step, entity) for step in own]


def _linked(config: ProjectConfig) -> list[Step]:
    records = {table.name: table for table in (deduplicated(config, source) for source in contacts_of(config).match_order)}
    keys: dict[str, Table] = {table.name: table for table in (CONTACT_KEYS, ACCOUNT_KEYS)}
    link = {CONTACT_ACCOUNT_LINKS.name: CONTACT_ACCOUNT_LINKS}
    customers = {**records, CONTACT_KEYS.name: CONTACT_KEYS, ALTERNATE_KEYS.name: ALTERNATE_KEYS} if contacts_of(config).customers else {}
    return [
        Step(
            CONTACT_ACCOUNT_LINKS,
            STATION,
            "The one account of each contact, by the foreign key of its records.",
            {**records, **keys},
            stages=partial(links.link_stages, config),
            checks=links.link_checks,
            numbers={"contacts_with_an_account": "count(*)", "accounts_with_contacts": "count(distinct account_id)"},
        ),
        Step(
            CONTACT_QUARANTINE,
            STATION,
            "Records of contacts whose link to an account does not count: nothing is lost, and each has its reason.",
            {**records, **keys, **link},
            stages=partial(links.quarantine_stages, config),
            checks=partial(links.quarantine_checks, config),
            numbers={reason: f"count(*) filter (reason = '{reason}')" for reason in REASONS},
        ),
        Step(
            contact_profiles(config),
            STATION,
            "Contacts with an account, with the attributes that the card shows.",
            {"contacts": contacts_table(config), **link, **customers},
            stages=partial(profiles.stages, config),
            checks=profiles.checks,
            numbers={
                "contacts": "count(*)",
                "accounts": "count(distinct account_id)",
                "of_a_customer": "count(customer_id)",
                "contacts_an_account": "round(count(*) / nullif(count(distinct account_id), 0), 2)",
            },
        ),
    ]
