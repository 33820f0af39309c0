"""Who uses a field of the profile: every place of cdp.yaml that names it. It can be excluded only when there is none."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cdp_assets.config.clusters import household_fields
from cdp_assets.config.customers import Customers
from cdp_assets.config.exports import entity_of
from cdp_assets.config.problems import Location

if TYPE_CHECKING:
    from cdp_assets.config.project import ProjectConfig


def users_of_field(config: "ProjectConfig", entity: Customers, field: str) -> list[Location]:
    """The places that need a field of the profiles of customers, accounts or contacts, in the order of the sections."""
    return [*_of_the_section(entity, field), *_further(config, entity, field)]


def _of_the_section(entity: Customers, field: str) -> Iterator[Location]:
    at: Location = (entity.section,)
    for name, merge in entity.merge.items():
        if name == field and merge.group is None:
            yield (*at, "merge", name)
        for place, member in enumerate(merge.group or ()):
            if member == field:
                yield (*at, "merge", name, "group", place)
    if field in entity.id:
        yield (*at, "id", entity.id.index(field))
    if field in entity.rename:
        yield (*at, "rename", field)
    if field in entity.order:
        yield (*at, "order", entity.order.index(field))


def _further(config: "ProjectConfig", entity: Customers, field: str) -> Iterator[Location]:
    """Households and clusters, attributes of contacts (which are all that is known of them), segments, exports."""
    if entity.section == "contacts":
        attributes = config.contacts.attributes if config.contacts else {}
        yield from (("contacts", "attributes", name) for name, shown in attributes.items() if shown == field)
        return
    if entity.section == "customers":
        yield from _clusters(config, field)
    asked = {"customers": ("customers", f"profile.{field}"), "accounts": ("contacts", f"account.{field}")}[entity.section]
    for name, segment in config.segments.items():
        for group in ("all", "any"):
            for number, condition in enumerate(getattr(segment, group)):
                if (segment.of, condition.what) == asked:
                    yield ("segments", name, group, number, condition.what)
    for name, export in config.exports.items() if entity.section == "customers" else ():
        if entity_of(config, export) == "customers" and field in export.fields:
            yield ("exports", name, "fields", export.fields.index(field))


def _clusters(config: "ProjectConfig", field: str) -> Iterator[Location]:
    households = config.customers.households
    if households is not None and field in household_fields(config, households, excluded=True):
        stated = [(("last_name",), households.last_name), *((("address", n), name) for n, name in enumerate(households.address))]
        yield from (("customers", "households", *place) for place, name in stated if name == field)
        if field not in (name for _, name in stated):
            yield ("customers", "households")
    for name, cluster in config.customers.clusters.items():
        for number, rule in enumerate(cluster.rules):
            for group, conditions in (("all", rule.all), ("exceptions", rule.exceptions)):
                for place, condition in enumerate(conditions):
                    if condition.field == field:
                        yield ("customers", "clusters", name, "rules", number, group, place, "field")
