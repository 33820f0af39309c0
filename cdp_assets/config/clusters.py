"""The parts `households` and `clusters` of customers: which customers belong together without being one person."""

from typing import TYPE_CHECKING, Annotated, Any

import pydantic
from pydantic import AfterValidator, BeforeValidator

from cdp_assets.config.base import NAME, NAME_RULE, RefusedError, Section
from cdp_assets.config.dedupe import DedupeRule
from cdp_assets.config.rule_condition import Condition
from cdp_assets.config.unified import all_fields, unified_fields

if TYPE_CHECKING:
    from cdp_assets.config.customers import Customers
    from cdp_assets.config.project import ProjectConfig

HOUSEHOLD = "household"
"""The cluster that `households` makes."""
PROFILES = "profiles"
"""The name under which rules know the profiles; no field nor message shows it."""

_NAME: tuple[Any, ...] = ("lower", "whitespace", "symbols", "unicode")
_ADDRESS: tuple[Any, ...] = ("address", "whitespace")


def _cluster_name(name: str) -> str:
    if not NAME.fullmatch(name):
        raise RefusedError("is not a name for a cluster", allowed=[NAME_RULE])
    if name in ("customer", HOUSEHOLD):
        raise RefusedError("is the name of a cluster that is there by itself; choose another name")
    return name


def _households(written: Any) -> Any:
    if written is True:
        return {}
    if written is False:
        return None
    if isinstance(written, dict | Households):
        return written
    raise RefusedError("must be true, or say the fields", allowed=["true", "{last_name: field, address: [field, ...]}"])


class Households(Section):
    """Customers with the same last name and address. Without a field here the first one of its type is meant."""

    last_name: str | None = None
    """The field of the profile with the last name; else the one of type person.last_name."""
    address: tuple[str, ...] = ()
    """The fields of the profile that make up the address; else that of type location.address, or those of street and postcode."""


class Cluster(Section):
    """Customers who belong together by rules over their profiles."""

    rules: Annotated[tuple[DedupeRule, ...], pydantic.Field(min_length=1)]
    """Any of them joins two customers; its fields are those of the profile."""


ClusterName = Annotated[str, AfterValidator(_cluster_name)]
HouseholdsOrNot = Annotated[Households | None, BeforeValidator(_households, json_schema_input_type=bool | Households)]


def clusters_of(entity: "Customers") -> dict[str, Cluster]:
    """The clusters of the user's own; only customers have any."""
    found: dict[str, Cluster] = getattr(entity, "clusters", {})
    return found


def cluster_rules(config: "ProjectConfig") -> dict[str, tuple[DedupeRule, ...]]:
    """The rules of every cluster, by its name; none for accounts and contacts, which are no people that live together."""
    customers = config.customers
    found: dict[str, tuple[DedupeRule, ...]] = {}
    households: Households | None = getattr(customers, "households", None)
    if households is not None:
        last_name, *address = household_fields(config, households)
        steps = [(last_name, _NAME), *((field, _ADDRESS) for field in address)]
        conditions = tuple(Condition(field=name, normalise=normalise) for name, normalise in steps if name)
        found[HOUSEHOLD] = (DedupeRule(name="same last name and address", all=conditions),)
    found |= {name: cluster.rules for name, cluster in clusters_of(customers).items()}
    return found


def cluster_columns(config: "ProjectConfig") -> dict[str, str]:
    """The column of the profile with the id of each cluster, by the name of the cluster."""
    names = [HOUSEHOLD] if getattr(config.customers, "households", None) is not None else []
    return {name: f"{name}_id" for name in (*names, *clusters_of(config.customers))}


def household_fields(config: "ProjectConfig", households: Households, *, excluded: bool = False) -> list[str | None]:
    """The last name, then the parts of the address; None for what the profile does not have (with what is excluded, if asked)."""
    fields = all_fields(config) if excluded else unified_fields(config)
    first = {field.type: field.name for field in reversed(fields)}
    address: tuple[str | None, ...] = households.address
    if not address:
        whole = first.get("location.address")
        address = (whole,) if whole else (first.get("location.street"), first.get("location.postcode"))
    return [households.last_name or first.get("person.last_name"), *address]
