"""Who is who: from rules and evidence to edges, clusters and stable ids. The same code for every entity.

Public functions for `unify/` and `events/`: the rules of the configuration, the pairs that fulfil them, and the limits
of what becomes one.
"""

from cdp_assets.identity.components import constrained_stage, group_stage
from cdp_assets.identity.forms import Forms, forms_stages
from cdp_assets.identity.limits import limits_of
from cdp_assets.identity.pairs import pair_stages
from cdp_assets.identity.rules import Rule, dedupe_rules, event_sources, forms_of, list_sources, match_rules, record_sources
from cdp_assets.identity.usable import OF_NOBODY, nobody_stages, usable_stages

__all__ = [
    "OF_NOBODY",
    "Forms",
    "Rule",
    "constrained_stage",
    "dedupe_rules",
    "event_sources",
    "forms_of",
    "forms_stages",
    "group_stage",
    "limits_of",
    "list_sources",
    "match_rules",
    "nobody_stages",
    "pair_stages",
    "record_sources",
    "usable_stages",
]
