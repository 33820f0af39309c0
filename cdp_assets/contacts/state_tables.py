"""The tables from which questions about customers, accounts or contacts are answered, in one state."""

from cdp_assets.config import Project
from cdp_assets.contacts.entity import ACCOUNTS, CONTACTS, table_of, view
from cdp_assets.events.tables import VISITOR_IDENTITIES
from cdp_assets.identity.explain.state import Tables
from cdp_assets.identity.overrides import reads as pair_lists_of
from cdp_assets.identity.registry_tables import CONFIGURED_IDS, CUSTOMER_IDS
from cdp_assets.identity.rules import event_sources, every_rule, list_sources, record_sources
from cdp_assets.identity.tables import CLUSTERS, MATCH_EDGES, MATCH_OVERRIDES, TERM_FREQUENCIES
from cdp_assets.lake import Table
from cdp_assets.sources.tables import table_of as table_of_source
from cdp_assets.unify.deduplicated_tables import deduplicated
from cdp_assets.unify.tables import ALTERNATE_KEYS


def state_tables(project: Project, of: str, *, for_decisions: bool = False) -> Tables:
    """The tables of `of`, one of customers, accounts and contacts. `for_decisions`: those too that say which ids would follow."""
    entity = {ACCOUNTS.section: ACCOUNTS, CONTACTS.section: CONTACTS}.get(of)
    config = view(project, entity).config if entity else project.config

    def mine(table: Table) -> Table:
        return table_of(table, entity) if entity else table

    return Tables(
        mine(MATCH_EDGES),
        mine(CLUSTERS),
        mine(ALTERNATE_KEYS),
        {source: deduplicated(config, source) for source in record_sources(config)},
        MATCH_OVERRIDES,
        VISITOR_IDENTITIES if event_sources(config) else None,
        entity.column("customer_id") if entity else "customer_id",
        mine(TERM_FREQUENCIES),
        tuple(table_of_source(each, config.sources[each]) for each in list_sources(every_rule(config))),
        tuple(table_of_source(each, config.sources[each]) for each in pair_lists_of([config])) if for_decisions else (),
        mine(CUSTOMER_IDS) if for_decisions else None,
        mine(CONFIGURED_IDS) if for_decisions and config.customers.id else None,
    )
