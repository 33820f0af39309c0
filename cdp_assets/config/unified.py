"""Which fields of the sources are one field of the profile, and whose value wins: plain data, no rows.

The first field of a semantic type in each source is the same thing in all of them (`email` of one source, `mail` of
another) and takes its name from the source that stands highest in match_order. Every other field is the same as one of
equal name and type in another source, or stands alone. A primary key always stands alone: the number 17 of one source
and the number 17 of another are two things. `combine` and `separate` of the configuration come first.

All of it can be asked of a configuration whose parts do not fit together yet: what does not exist is left out here, and
reported by merge_checks.py.
"""

import dataclasses
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cdp_assets.config.base import COLUMNS
from cdp_assets.config.fields import Field
from cdp_assets.config.merge import Merge, Policy
from cdp_assets.config.problems import Location
from cdp_assets.config.sources import RecordsSource

if TYPE_CHECKING:
    from cdp_assets.config.customers import Customers
    from cdp_assets.config.project import ProjectConfig

MOMENTS = {"date": "day", "timestamp": "day", "bigint": "number", "decimal(18,2)": "number", "double": "number"}
"""Types of fields that say how recent a value is; days and numbers cannot be compared with one another."""


@dataclass(frozen=True)
class Member:
    """A field of a source that goes into a unified field; `moment`: the field of its source that says how recent it is."""

    source: str
    field: str
    moment: str | None = None


@dataclass(frozen=True)
class UnifiedField:
    """A field of the profile; `members` in the order of their importance, at most one of a source.

    `moment_type` is the type in which moments of its sources are compared; fields of one `group` come from one record.
    """

    name: str
    type: str
    data_type: str
    personal: bool
    members: tuple[Member, ...]
    policy: Policy = "importance"
    moment_type: str | None = None
    group: str | None = None
    label: str | None = None


def unified_fields(config: "ProjectConfig") -> tuple[UnifiedField, ...]:
    """The fields of the profile, in the configured order, else in that in which the sources bring them."""
    customers = config.customers
    kept = [field for field in all_fields(config) if field.name not in customers.exclude]
    rank = {name: place for place, name in enumerate(customers.order)}
    return tuple(sorted(kept, key=lambda field: rank.get(field.name, len(rank))))


def all_fields(config: "ProjectConfig") -> tuple[UnifiedField, ...]:
    """The fields of the profile with those that are excluded, in the order in which the sources bring them."""
    merge, label = config.customers.merge, config.customers.rename.get
    found = [
        UnifiedField(g.name, g.field.type, g.field.data_type, g.field.personal, tuple(g.members), label=label(g.name))
        for g in _groups(config)
    ]
    group_of = {name: group for group, entry in merge.items() for name in entry.group or ()}
    entries = {field.name: merge.get(group_of.get(field.name, field.name), Merge.model_construct()) for field in found}
    return tuple(_ruled(config, field, found, entries[field.name], group_of.get(field.name)) for field in found)


def group_sources(config: "ProjectConfig", entry: Merge) -> list[str]:
    """The sources that have any field of a group, in match order."""
    having = {m.source for field in all_fields(config) if field.name in (entry.group or ()) for m in field.members}
    return [source for source in record_sources(config) if source in having]


def moment_field(config: "ProjectConfig", entry: Merge, source: str) -> str | None:
    """The field of a source that says how recent its values are; None where it has none, or importance decides."""
    return _moment(config, entry, source, _groups(config))


def moment_type(types: set[str]) -> str | None:
    """The type in which moments of these types can be compared; None where there is none."""
    kinds = {MOMENTS.get(each) for each in types}
    if len(types) <= 1 or len(kinds) > 1 or None in kinds:
        return next(iter(types)) if len(types) == 1 and None not in kinds else None
    # a whole number may be greater than decimal(18,2) holds, and no double is exact beside one
    return "timestamp" if kinds == {"day"} else "double" if "double" in types else "decimal(38,2)"


def record_sources(config: "ProjectConfig") -> list[str]:
    """The sources of records that take part, the highest first."""
    return [name for name in config.customers.match_order if isinstance(config.sources.get(name), RecordsSource)]


def _ruled(config: "ProjectConfig", field: UnifiedField, fields: list[UnifiedField], entry: Merge, group: str | None) -> UnifiedField:
    """The field with its rule: its members in the order of their importance, each with its moment."""
    together = [each for each in fields if each.name in (entry.group or ())] if group else [field]
    sources = {member.source for each in together for member in each.members}
    moments = {source: _moment(config, entry, source, fields) for source in sources}
    types = {config.sources[source].fields[name].data_type for source, name in moments.items() if name}
    rank = {source: place for place, source in enumerate(entry.importance or ())}
    ranked = sorted(field.members, key=lambda member: rank.get(member.source, len(rank)))
    members = tuple(dataclasses.replace(member, moment=moments[member.source]) for member in ranked)
    return dataclasses.replace(field, members=members, policy=entry.policy, moment_type=moment_type(types), group=group)


def _moment(config: "ProjectConfig", entry: Merge, source: str, fields: "list[UnifiedField] | list[_Group]") -> str | None:
    """The source's own field of that name, else its part of the field of the profile with that name."""
    moment = entry.moment
    if moment is None:
        return None
    own = config.sources[source].fields
    if isinstance(moment, dict):
        return moment[source] if moment.get(source) in own else None
    if moment in own:
        return moment
    return next((m.field for field in fields if field.name == moment for m in field.members if m.source == source), None)


@dataclass
class _Group:
    """A unified field while its members are still being found; they come in match order."""

    name: str
    field: Field
    first: bool
    alone: bool
    members: list[Member] = dataclasses.field(default_factory=list)


def _groups(config: "ProjectConfig") -> list[_Group]:
    """The unified fields without their rules. Only the first pass knows the names of what is to be separated."""
    apart = {member for group in _walk(config, frozenset()) if group.name in config.customers.separate for member in group.members}
    return _walk(config, frozenset(apart)) if apart else _walk(config, frozenset())


def _walk(config: "ProjectConfig", apart: frozenset[Member]) -> list[_Group]:
    """Every field of every source finds its unified field; a name that is taken gets its source in front."""
    groups: list[_Group] = []
    combine = reversed(config.customers.combine.items())  # of two that name the same field the first one has it
    stated = {Member(source, field): name for name, parts in combine for source, field in parts.items()}
    for source in record_sources(config):
        settings = config.sources[source]
        assert isinstance(settings, RecordsSource)
        seen: set[str] = set()
        for name, field in settings.fields.items():
            member = Member(source, name)
            is_key = name == settings.primary_key
            first = field.semantic and not is_key and field.type not in seen
            if first:
                seen.add(field.type)
            alone = is_key or member in apart
            group = (
                _stated(groups, stated, member) if member in stated else None if alone else _group_for(groups, member, field, first=first)
            )
            if group is None:
                called = stated.get(member) or _free_name(config, groups, source, name)
                group = _Group(called, field, first=first and member not in stated, alone=alone or member in stated)
                groups.append(group)
            group.members.append(member)
    return groups


def _stated(groups: list[_Group], stated: dict[Member, str], member: Member) -> _Group | None:
    """The group that the configuration puts a field into, once its first field was found."""
    return next((group for group in groups if group.name == stated.get(member) and group.members[0] in stated), None)


def _group_for(groups: list[_Group], member: Member, field: Field, *, first: bool) -> _Group | None:
    """The group that a field joins: by its meaning where it is the first of its type, else by name and type."""
    for group in groups:
        if group.alone or group.field.type != field.type or any(m.source == member.source for m in group.members):
            continue
        if group.first if first else any(m.field == member.field for m in group.members):
            return group
    return None


def _free_name(config: "ProjectConfig", groups: list[_Group], source: str, name: str) -> str:
    """A name that no other field has, nor a column that every profile gets, nor a field that the configuration makes."""
    keys = (keys_column(each) for each in record_sources(config))
    taken = {*COLUMNS, *keys, *config.customers.combine, *(group.name for group in groups)}
    tries = itertools.chain((name, f"{source}_{name}"), (f"{source}_{name}_{n}" for n in itertools.count(2)))
    return next(each for each in tries if each not in taken)


def choices(entity: "Customers", *field: str) -> list[Location]:
    """Where it is said which fields the profile has, or that it has this one: what is wrong there may be why it is missing elsewhere.

    What is excluded although it is needed is told once, with all that need it.
    """
    named = [name for name, parts in entity.combine.items() if {name, *parts.values()} & {*field}]
    combined: list[Location] = [(entity.section, "combine", name) for name in (*field, *named)] or [(entity.section, "combine")]
    return [(entity.section, "match_order"), (entity.section, "separate"), *combined]


def called(column: str) -> str:
    """What pages call a column that is not renamed: full_name is Full name."""
    text = column.replace("_", " ").strip()
    return text[:1].upper() + text[1:]


def keys_column(source: str) -> str:
    """The column of the profile with the keys of its records in a source."""
    return f"{source}_record_keys"
