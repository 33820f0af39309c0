"""What customers, accounts and contacts are called: `--of`, and the tables that belong to each."""

from typing import TYPE_CHECKING, Literal

from cdp_assets.config import Project, ProjectConfig
from cdp_assets.errors import UserError

if TYPE_CHECKING:
    from cdp_assets.identity.explain import Tables

Of = Literal["customers", "accounts", "contacts"]


def config_of(project: Project, of: Of) -> ProjectConfig:
    """The configuration, read as one of the entity: its section stands in the place of `customers`."""
    section = getattr(project.config, of)
    if section is None:
        raise UserError(f"This project has no {of}. Add the section {of} to cdp.yaml.")
    return project.config.model_copy(update={"customers": section})


def tables_of(project: Project, of: Of) -> "Tables":
    """The tables from which questions about the entity are answered."""
    from cdp_assets.contacts.entity import ACCOUNTS, CONTACTS, table_of
    from cdp_assets.events.tables import VISITOR_IDENTITIES
    from cdp_assets.identity.explain import Tables
    from cdp_assets.identity.rules import dedupe_rules, event_sources, list_sources, match_rules, record_sources
    from cdp_assets.identity.tables import CLUSTERS, MATCH_EDGES, MATCH_OVERRIDES, TERM_FREQUENCIES
    from cdp_assets.sources.tables import table_of as table_of_source
    from cdp_assets.unify.deduplicated_tables import deduplicated
    from cdp_assets.unify.tables import ALTERNATE_KEYS

    config = config_of(project, of)
    rules = [*match_rules(config), *(rule for source in record_sources(config) for rule in dedupe_rules(config, source))]
    entity = {"accounts": ACCOUNTS, "contacts": CONTACTS}.get(of)
    edges, clusters, keys, overrides = (
        table_of(t, entity) if entity else t for t in (MATCH_EDGES, CLUSTERS, ALTERNATE_KEYS, MATCH_OVERRIDES)
    )
    return Tables(
        edges, clusters, keys,
        {source: deduplicated(config, source) for source in record_sources(config)},
        overrides,
        VISITOR_IDENTITIES if event_sources(config) else None,
        entity.column("customer_id") if entity else "customer_id",
        table_of(TERM_FREQUENCIES, entity) if entity else TERM_FREQUENCIES,
        tuple(table_of_source(each, config.sources[each]) for each in list_sources(rules)),
    )  # fmt: skip
