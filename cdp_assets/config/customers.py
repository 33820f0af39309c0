"""The section ``customers``: dedupe inside a source, match between sources, and which value wins."""

from typing import Annotated, ClassVar

import pydantic
from pydantic import StrictBool

from cdp_assets.config.base import Section, Text
from cdp_assets.config.clusters import Cluster, ClusterName, HouseholdsOrNot
from cdp_assets.config.customer_id import IdFields
from cdp_assets.config.dedupe import Dedupe, RuleException
from cdp_assets.config.guards import Guards, PairList
from cdp_assets.config.merge import Merge, Parts, UnifiedName
from cdp_assets.config.rule_condition import Conditions, Precision
from cdp_assets.config.value_lists import AliasList, BypassList, ListName


class MatchRule(Section):
    """A record of the right source is the same person as one of the left when all conditions hold."""

    name: Text
    """How the rule is called in the results."""
    left: str
    """The source that stands higher in match_order."""
    right: str
    """The source that stands lower in match_order."""
    all: Conditions
    """The conditions, all of which must hold."""
    exceptions: tuple[RuleException, ...] = ()
    """What the rule found is not taken when any of these holds."""
    review: Precision | None = None
    """A precision below every other one of the rule: a pair of which some value is less alike than its condition asks for, and no less
    than this, is kept for people to look at and joins nobody. Conditions with precision exact must hold all the same."""
    active: StrictBool = True
    """false: as if the rule were not there; `cdp review customers --rule NAME` (or accounts) tries what it would find."""


class Customers(Section):
    """How records of the sources become profiles of people."""

    section: ClassVar[str] = "customers"
    """Where this is written; accounts and contacts have the same form."""

    match_order: Annotated[tuple[str, ...], pydantic.Field(min_length=1)] = ()
    """The sources that take part, the most complete and reliable first; without it all, in the order of the file."""
    dedupe: dict[str, Dedupe] = {}
    """Rules inside a source, by source; a source without rules here has those of its match rules."""
    match: tuple[MatchRule, ...] = ()
    """Rules between two sources, the first that holds for a record wins."""
    always_match: PairList = ()
    """Sources whose rows are pairs of records that are the same, whatever the rules say: left_source, left_key, right_source, right_key."""
    never_match: PairList = ()
    """Sources whose rows are pairs of records that are not the same, whatever else is said of them, with the same four fields."""
    guards: Guards = Guards()
    """What keeps a profile from growing too far."""
    aliases: dict[ListName, AliasList] = {}
    """Lists of values that mean the same, by name; a condition names one by alias."""
    bypass: dict[ListName, BypassList] = {}
    """Lists of values that are alike to nothing, by name; a condition names one by bypass."""
    merge: dict[str, Merge] = {}
    """Which value wins, by field or by name of a group of fields; without it the order of match_order."""
    id: IdFields = ()
    """At most five fields that ids are made from, each a field of the profile or source.field; without it, and for whoever lacks
    a value of one of them, the registry gives ids."""
    combine: dict[UnifiedName, Parts] = {}
    """Fields of several sources that are one field of the profile, by its name: {source: field, ...}, all of one type.
    Without it the first field of each semantic type is one, and fields of equal name and type are."""
    separate: tuple[str, ...] = ()
    """Fields of the profile whose parts stand each for themselves, although they have one type."""
    exclude: tuple[str, ...] = ()
    """Fields that do not go into the profile; they may be compared all the same."""
    rename: dict[str, Text] = {}
    """What pages call a field of the profile; the column keeps its name."""
    order: tuple[str, ...] = ()
    """Fields of the profile in the order in which they are shown; the others follow."""


class People(Customers):
    """How records of the sources become profiles of people, and which of these people belong together."""

    households: HouseholdsOrNot = None
    """true: customers with the same last name and address are a household, whose id stands in household_id."""
    clusters: dict[ClusterName, Cluster] = {}
    """Further groups of customers, by name; the id of each stands in <name>_id."""
