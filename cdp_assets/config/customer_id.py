"""The part `id` of customers, accounts and contacts: the fields that an id is made from, where the registry shall not choose it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import pydantic

from cdp_assets.config.problems import Finding, Location, field_places, shown, unknown
from cdp_assets.config.unified import Member, all_fields, choices, record_sources

if TYPE_CHECKING:
    from cdp_assets.config.project import ProjectConfig

MOST_FIELDS = 5
"""How many fields an id may be made from."""

IdFields = Annotated[tuple[str, ...], pydantic.Field(max_length=MOST_FIELDS)]


def id_members(config: "ProjectConfig", entry: str) -> tuple[Member, ...]:
    """The fields of sources that an entry of `id` stands for, in match order; none where there is no such field."""
    source, dot, name = entry.partition(".")
    if dot:
        return (Member(source, name),) if source in record_sources(config) and name in config.sources[source].fields else ()
    found = {m.source: Member(m.source, m.field) for field in all_fields(config) if field.name == entry for m in field.members}
    return tuple(found[source] for source in record_sources(config) if source in found)


def check(config: "ProjectConfig") -> Iterator[Finding]:
    """Every entry is a field of a source that takes part, or of the profile, once."""
    for entity in (config.customers, config.accounts, config.contacts):
        if entity is None:
            continue
        seen = config.model_copy(update={"customers": entity})
        for place, entry in enumerate(entity.id):
            at: Location = (entity.section, "id", place)
            source, dot, name = entry.partition(".")
            if entry in entity.id[:place]:
                yield Finding(at, "stands twice", shown(entry))
            elif dot and source not in record_sources(seen):
                order: Location = (entity.section, "match_order")
                yield unknown(at, "source of records in match_order", source, record_sources(seen), ("sources", source), order)
            elif dot and name not in config.sources[source].fields:
                yield unknown(at, f"field of {source}", name, config.sources[source].fields, *field_places(source, name))
            elif not id_members(seen, entry):
                fields = [field.name for field in all_fields(seen)]
                places = [its for each in record_sources(seen) for its in field_places(each, entry)]
                yield unknown(at, "field of the profile", entry, fields, *places, *choices(entity, entry))
