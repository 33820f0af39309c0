"""What is wrong with households and clusters: rules over profiles are checked as rules inside a source are."""

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from cdp_assets.config.checks import rules_inside
from cdp_assets.config.clusters import HOUSEHOLD, PROFILES, Households, cluster_columns, household_fields
from cdp_assets.config.draft import Draft, DraftRule, DraftSource
from cdp_assets.config.fields import Field
from cdp_assets.config.problems import Finding, Location, field_places, unknown
from cdp_assets.config.rule_condition import Condition
from cdp_assets.config.unified import UnifiedField, choices, unified_fields

if TYPE_CHECKING:
    from cdp_assets.config.project import ProjectConfig


def check(config: "ProjectConfig") -> Iterator[Finding]:
    """Rules over profiles ask about their fields, and a cluster's column is no field."""
    fields = {field.name: field for field in unified_fields(config)}
    households = config.customers.households
    if households is not None:
        yield from _household(config, households, fields)
    for name, column in cluster_columns(config).items():
        if column in fields:
            at: Location = ("customers", "households") if name == HOUSEHOLD else ("customers", "clusters", name)
            message = f"its column {column} is a field of the profile; exclude that one, or call it otherwise in its source"
            yield Finding(at, message, lacks=[at, *_places(config, column)])
    for cluster, its in config.customers.clusters.items():
        for number, rule in enumerate(its.rules):
            if rule.review is not None:
                at = ("customers", "clusters", cluster, "rules", number, "review")
                yield Finding(at, "only rules of dedupe and match have it; remove it")
        for finding in rules_inside(_draft(config, cluster, fields)):
            fields_of: list[Location] = [("sources", source, "fields") for source in config.customers.match_order]
            missing = [str(at[3]) for at in finding.lacks or () if at[:3] == ("sources", PROFILES, "fields")][:1]
            yield replace(finding, lacks=[*(finding.lacks or [finding.at]), *choices(config.customers, *missing), *fields_of])


def _household(config: "ProjectConfig", households: Households, fields: dict[str, UnifiedField]) -> Iterator[Finding]:
    at: Location = ("customers", "households")
    stated = [((*at, "last_name"), households.last_name)] if households.last_name else []
    stated += [((*at, "address", place), name) for place, name in enumerate(households.address)]
    for where, name in stated:
        if name not in fields:
            yield unknown(where, "field of the profile", name, fields, *_places(config, name))
    last_name, *address = household_fields(config, households)
    lacks: list[Location] = [at, ("sources",), *choices(config.customers)]
    if last_name is None:
        message = "the profile has no field of type person.last_name; add last_name: <the field that holds it>"
        yield Finding(at, message, allowed=list(fields), lacks=lacks)
    if None in address:
        types = "location.address, nor both location.street and location.postcode"
        yield Finding(at, f"the profile has no field of type {types}; add address: [<fields>]", allowed=list(fields), lacks=lacks)


def _draft(config: "ProjectConfig", cluster: str, fields: dict[str, UnifiedField]) -> Draft:
    """The rules of a cluster as rules inside one source, whose fields are those of the profile."""
    source = DraftSource(PROFILES, {name: Field(type=field.type) for name, field in fields.items()}, {}, True, True, None)
    rules = []
    for number, rule in enumerate(config.customers.clusters[cluster].rules):
        at: Location = ("customers", "clusters", cluster, "rules", number)
        conditions: list[tuple[Location, Condition]] = [((*at, "all", place), each) for place, each in enumerate(rule.all)]
        exceptions: list[tuple[Location, Condition]] = [((*at, "exceptions", place), each) for place, each in enumerate(rule.exceptions)]
        rules.append(DraftRule(at, rule.name, PROFILES, PROFILES, conditions, exceptions, rule.active))
    return Draft("customers", {PROFILES: source}, [], [], rules, [], [], [])


def _places(config: "ProjectConfig", name: str) -> list[Location]:
    return [*(place for source in config.customers.match_order for place in field_places(source, name)), *choices(config.customers, name)]
