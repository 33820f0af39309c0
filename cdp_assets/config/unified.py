"""Which fields of the sources are one field of the profile, and whose value weighs most: plain data, no rows.

The first field of a semantic type in each source is the same thing in all of them (`email` of one source, `mail` of
another) and takes its name from the source that stands highest in match_order. Every other field is the same as one of
equal name and type in another source, or stands alone. A primary key always stands alone: the number 17 of one source
and the number 17 of another are two things.
"""

import dataclasses
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cdp_assets.config.base import COLUMNS
from cdp_assets.config.fields import Field
from cdp_assets.config.sources import RecordsSource

if TYPE_CHECKING:
    from cdp_assets.config.project import ProjectConfig


@dataclass(frozen=True)
class Member:
    """A field of a source that goes into a unified field."""

    source: str
    field: str


@dataclass(frozen=True)
class UnifiedField:
    """A field of the profile; `members` in the order of their importance, at most one of a source."""

    name: str
    type: str
    data_type: str
    personal: bool
    members: tuple[Member, ...]


def unified_fields(config: "ProjectConfig") -> tuple[UnifiedField, ...]:
    """The fields of the profile, in the order in which the sources bring them.

    A name that is taken by a field of another type, or by a column that every profile has, gets its source in front.
    """
    groups: list[_Group] = []
    for source in _record_sources(config):
        seen: set[str] = set()
        for name, field in config.sources[source].fields.items():
            is_key = name == _primary_key(config, source)
            first = field.semantic and not is_key and field.type not in seen
            if first:
                seen.add(field.type)
            group = None if is_key else _group_for(groups, Member(source, name), field, first=first)
            if group is None:
                group = _Group(_free_name(groups, source, name), field, first=first, is_key=is_key)
                groups.append(group)
            group.members.append(Member(source, name))
    return tuple(UnifiedField(g.name, g.field.type, g.field.data_type, g.field.personal, _by_importance(config, g)) for g in groups)


def _record_sources(config: "ProjectConfig") -> list[str]:
    return [name for name in config.customers.match_order if isinstance(config.sources[name], RecordsSource)]


@dataclass
class _Group:
    """A unified field while its members are still being found; they come in match order."""

    name: str
    field: Field
    first: bool
    is_key: bool
    members: list[Member] = dataclasses.field(default_factory=list)


def _group_for(groups: list[_Group], member: Member, field: Field, *, first: bool) -> _Group | None:
    """The group that a field joins: by its meaning where it is the first of its type, else by name and type."""
    for group in groups:
        if group.is_key or group.field.type != field.type or any(m.source == member.source for m in group.members):
            continue
        if group.first if first else any(m.field == member.field for m in group.members):
            return group
    return None


def _free_name(groups: list[_Group], source: str, name: str) -> str:
    taken = {*COLUMNS, *(group.name for group in groups)}
    tries = itertools.chain((name, f"{source}_{name}"), (f"{source}_{name}_{n}" for n in itertools.count(2)))
    return next(each for each in tries if each not in taken)


def _primary_key(config: "ProjectConfig", source: str) -> str:
    settings = config.sources[source]
    assert isinstance(settings, RecordsSource)
    return settings.primary_key


def _by_importance(config: "ProjectConfig", group: _Group) -> tuple[Member, ...]:
    """Members in the order that `customers.merge` states; sources that it leaves out follow in match order."""
    stated = config.customers.merge.get(group.name)
    rank = {source: place for place, source in enumerate(stated.importance)} if stated else {}
    return tuple(sorted(group.members, key=lambda member: rank.get(member.source, len(rank))))
