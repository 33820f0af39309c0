"""What is wrong with the merging of fields: names that must exist, rules that every source can follow, fields that are in use."""

from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING

from cdp_assets.config.accounts import ENTITY_COLUMNS
from cdp_assets.config.clusters import cluster_columns
from cdp_assets.config.customers import Customers
from cdp_assets.config.field_users import users_of_field
from cdp_assets.config.merge import MOST_SOURCES, Merge
from cdp_assets.config.problems import Finding, Location, field_places, shown, unknown
from cdp_assets.config.sources import RecordsSource
from cdp_assets.config.unified import (
    MOMENTS,
    UnifiedField,
    all_fields,
    called,
    choices,
    group_sources,
    keys_column,
    moment_field,
    moment_type,
    record_sources,
)  # fmt: skip

if TYPE_CHECKING:
    from cdp_assets.config.project import ProjectConfig


def check(config: "ProjectConfig") -> Iterator[Finding]:
    """What is wrong with merge and what goes with it, of customers, accounts and contacts."""
    for entity in (config.customers, config.accounts, config.contacts):
        if entity is not None and record_sources(seen := config.model_copy(update={"customers": entity})):
            fields = {field.name: field for field in all_fields(seen)}
            yield from _merge(seen, entity, fields)
            yield from _choices(seen, entity, fields)
            yield from _excluded(config, entity, fields)


def check_combine(config: "ProjectConfig") -> Iterator[Finding]:
    """What is wrong with combine; before the rest, because fields may be missing for it."""
    for entity in (config.customers, config.accounts, config.contacts):
        if entity is not None:
            yield from _combine(config.model_copy(update={"customers": entity}), entity)


def _unknown(config: "ProjectConfig", entity: Customers, at: Location, name: str, known: Iterable[str], what: str = "field") -> Finding:
    """A name that no field of the profile has; a source may call one so."""
    called = next((f.name for f in all_fields(config) for m in f.members if m.field == name), None)
    if called is not None and called != name:
        return Finding(at, "goes into the profile under another name", shown(name), nearest=called)
    # a source that could not be read is gone from match_order
    lacks: list[Location] = [("sources", source, "kind") for source in entity.match_order]
    lacks += [place for source in record_sources(config) for place in field_places(source, name)]
    return unknown(at, what, name, known, *lacks, *choices(entity, name), (*at, "group"))


def _merge(config: "ProjectConfig", entity: Customers, fields: dict[str, UnifiedField]) -> Iterator[Finding]:
    grouped: dict[str, str] = {}
    alike: dict[str, str] = {}
    for name, entry in entity.merge.items():
        at: Location = (entity.section, "merge", name)
        if (other := alike.setdefault(name.casefold(), name)) != name:  # names of tables in statements have no case
            yield Finding(at, f"differs from {other} in capital letters only; choose another name for the group", lacks=())
        if entry.group is not None:
            yield from _group(config, entity, at, entry, fields, grouped)
            sources = group_sources(config, entry)
        elif name not in fields:
            yield _unknown(config, entity, at, name, fields)
            continue
        else:
            sources = [member.source for member in fields[name].members]
        yield from _importance(config, at, entry, sources, name)
        yield from _moments(config, at, entry, sources)


def _group(
    config: "ProjectConfig", entity: Customers, at: Location, entry: Merge, fields: dict[str, UnifiedField], grouped: dict[str, str]
) -> Iterator[Finding]:
    name = str(at[-1])
    sources = record_sources(config)
    if name in fields or any(name in config.sources[source].fields for source in sources):
        yield Finding(at, "is the name of a field; a group of fields needs a name of its own", lacks=())
    for place, field in enumerate(entry.group or ()):
        where = (*at, "group", place)
        if field not in fields:
            yield _unknown(config, entity, where, field, fields)
        elif field in (entry.group or ())[:place]:
            yield Finding(where, "stands twice", shown(field))
        elif field in grouped:
            yield Finding(where, f"is in the group {grouped[field]} already; a field is in one group", shown(field))
        elif field in entity.merge and entity.merge[field].group is None:
            message = f"has a rule of its own in merge.{field}, and the group decides for it; remove one of the two"
            yield Finding(where, message, shown(field))
        else:
            grouped[field] = name
    if len(group_sources(config, entry)) > MOST_SOURCES:
        message = f"is taken from {len(group_sources(config, entry))} sources, and {MOST_SOURCES} are allowed; take fields out of it"
        yield Finding((*at, "group"), message)


def _importance(config: "ProjectConfig", at: Location, entry: Merge, sources: list[str], name: str) -> Iterator[Finding]:
    ranked = record_sources(config)
    for rank, source in enumerate(entry.importance or ()):
        where = (*at, "importance", rank)
        if source not in ranked:
            order: Location = (config.customers.section, "match_order")
            yield unknown(where, "source of records in match_order", source, ranked, ("sources", source), order)
        elif source in (entry.importance or ())[:rank]:
            yield Finding(where, "stands twice", shown(source))
        elif source not in sources:
            what = "none of its fields" if entry.group else f"no field {name}, nor one of its type"
            places: list[Location] = [("sources", source, "fields"), ("sources", source, "primary_key")]
            yield Finding(where, f"{source} has {what}; remove it", lacks=places)


def _moments(config: "ProjectConfig", at: Location, entry: Merge, sources: list[str]) -> Iterator[Finding]:
    """Every source that takes part can say how recent its values are, and all of them say it in a comparable way."""
    moment = entry.moment
    if moment is None:
        return
    where = (*at, entry.policy)
    types: dict[str, str] = {}
    if isinstance(moment, dict):
        for source in moment:
            if source not in sources:
                message = "has nothing to do with this field; remove it" if source in config.sources else "unknown source"
                yield Finding(
                    (*where, source), message, None, sources, lacks=[("sources", source), (config.customers.section, "match_order")]
                )
    for source in sources:
        its = config.sources[source].fields
        fitting = [name for name, field in its.items() if field.data_type in MOMENTS]
        field = moment_field(config, entry, source)
        if field is not None and its[field].data_type in MOMENTS:
            types[source] = its[field].data_type
            continue
        stated = moment.get(source) if isinstance(moment, dict) else moment
        place = (*where, source) if isinstance(moment, dict) and source in moment else where
        needed: list[Location] = [("sources", source, "fields"), ("sources", source, "primary_key"), *([place] if place != where else [])]
        if field is not None:
            message = f"{source}.{field} is {its[field].data_type}; how recent a value is, a date, timestamp or number of {source} says"
        elif stated is None:
            message = f"says nothing of {source}, which has the field too; add {source}: <a date, timestamp or number of it>"
        else:
            message = f"{source} has no field {stated}; write {{source: field}} with a date, timestamp or number of each source"
        yield Finding(place, message, shown(stated) if stated else None, fitting or ["none"], lacks=needed)
    if types and len(types) == len(sources) and moment_type(set(types.values())) is None:
        listing = ", ".join(f"{source}: {kind}" for source, kind in types.items())
        yield Finding(where, f"days and numbers cannot be compared with one another ({listing}); name fields of one kind")


def _choices(config: "ProjectConfig", entity: Customers, fields: dict[str, UnifiedField]) -> Iterator[Finding]:
    """What is separated, excluded, renamed or put in order exists, once."""
    together = {
        field.name: field for field in all_fields(config.model_copy(update={"customers": entity.model_copy(update={"separate": ()})}))
    }
    known = {"separate": together, "exclude": fields, "order": fields}
    for key, its in known.items():
        names = getattr(entity, key)
        for place, name in enumerate(names):
            at: Location = (entity.section, key, place)
            if name not in its:
                yield _unknown(config, entity, at, name, its)
            elif name in names[:place]:
                yield Finding(at, "stands twice", shown(name))
            elif key == "separate" and name in entity.combine:
                yield Finding(at, "is combined by combine; remove one of the two", shown(name), lacks=[(entity.section, "combine", name)])
            elif key == "separate" and len(together[name].members) == 1:
                others: list[Location] = [at, *choices(entity), *(("sources", source) for source in entity.match_order)]
                yield Finding(at, "stands for itself already; remove it", shown(name), lacks=others)
    yield from _rename(config, entity, fields)


def _rename(config: "ProjectConfig", entity: Customers, fields: dict[str, UnifiedField]) -> Iterator[Finding]:
    """What is renamed exists, and nothing else is called so: no other new name, nor what keeps its own."""
    columns = [*(name for name in fields if name not in entity.exclude), *cluster_columns(config).values()]
    labels = {called(name).casefold(): name for name in columns if name not in entity.rename}
    for name, label in entity.rename.items():
        at: Location = (entity.section, "rename", name)
        same = called(label).casefold()
        if name not in fields:
            yield _unknown(config, entity, at, name, fields)
        elif same in labels:
            message = f"{labels[same]} is called so already; nobody could tell the two apart"
            places = [place for source in record_sources(config) for place in field_places(source, labels[same])]
            yield Finding(at, message, shown(label), lacks=[at, (entity.section, "rename"), *places, *choices(entity)])
        labels.setdefault(same, name)


def _left_out(fields: Collection[str], part: str | None, name: str) -> bool:
    """Whether a source has a field of that name, and another one or none is its part."""
    return name in fields and part != name and (part is None or part in fields)


def _combine(config: "ProjectConfig", entity: Customers) -> Iterator[Finding]:
    taken: dict[tuple[str, str], str] = {}
    added = {*ENTITY_COLUMNS.get(entity.section, ()), *map(keys_column, record_sources(config))}
    for name, parts in entity.combine.items():
        at: Location = (entity.section, "combine", name)
        others = [s for s in record_sources(config) if _left_out(config.sources[s].fields, parts.get(s), name)]
        if others:
            yield Finding(at, f"is a field of {others[0]} that is not part of it; choose another name, or add {others[0]}: {name}")
        if name in added:
            yield Finding(at, f"is a column that the program adds to {entity.section}; choose another name")
        types: dict[str, str] = {}
        for source, field in parts.items():
            where = (*at, source)
            settings = config.sources.get(source)
            if not isinstance(settings, RecordsSource) or source not in record_sources(config):
                order: Location = (entity.section, "match_order")
                yield unknown(where, "source of records in match_order", source, record_sources(config), ("sources", source), order)
            elif field not in settings.fields:
                yield unknown(where, f"field of {source}", field, settings.fields, *field_places(source, field))
            elif field == settings.primary_key:
                yield Finding(where, f"is the primary key of {source}, which stands for itself; choose another field", shown(field))
            elif (source, field) in taken:
                yield Finding(where, f"is part of {taken[source, field]} already", shown(field))
            else:
                taken[source, field] = name
                types[source] = settings.fields[field].type
        if len(set(types.values())) > 1:
            listing = ", ".join(f"{source}: {kind}" for source, kind in types.items())
            places = [place for source in types for place in field_places(source, parts[source])]
            yield Finding(at, f"only fields of one type can be one field ({listing}); give them the same type", lacks=[at, *places])


def _excluded(config: "ProjectConfig", entity: Customers, fields: dict[str, UnifiedField]) -> Iterator[Finding]:
    """A field that something needs stays in the profile; all that need it are named."""
    for place, name in enumerate(entity.exclude):
        users = users_of_field(config, entity, name) if name in fields else []
        if users:
            where = "one place" if len(users) == 1 else f"{len(users)} places"
            yield Finding((entity.section, "exclude", place), f"cannot be left out: {name} is used in {where}", None, users=users)
