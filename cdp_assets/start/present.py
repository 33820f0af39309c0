"""What is suggested for a project that is there: columns that no field reads, and semantic types for fields without one.

The meanings are those of a first configuration; nothing is written.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

from cdp_assets.config import AnySource, ConsentsSource, EventsSource, Project, RecordsSource
from cdp_assets.config.problems import nearest
from cdp_assets.errors import UserError
from cdp_assets.lake import session
from cdp_assets.sources.files import SourceError, find_files
from cdp_assets.sources.layouts import layouts
from cdp_assets.start.files import Group
from cdp_assets.start.look import look, work_folder
from cdp_assets.start.meanings import Meaning, meanings
from cdp_assets.start.names import field_name
from cdp_assets.start.sources_text import safe, written
from cdp_assets.start.yaml_text import aligned, flow, line, scalar


@dataclass(frozen=True)
class Suggested:
    """A line for the `fields` of a source. `present`: the type that the field has now; None: no field reads the column."""

    field: str
    meaning: Meaning
    present: str | None

    @property
    def why(self) -> str:
        """The reason, in words and counts."""
        return self.meaning.why

    @property
    def value(self) -> str:
        """What stands behind the field's name."""
        return flow(written(replace(self.meaning, seen=replace(self.meaning.seen, field=self.field))))


@dataclass(frozen=True)
class SourceFields:
    """The fields of a source: how many have a semantic type, and what is suggested. `left`: why it was not looked at."""

    source: str
    mapped: int
    unmapped: int
    types: tuple[Suggested, ...] = ()
    columns: tuple[Suggested, ...] = ()
    left: str | None = None

    def lines(self, suggested: Collection[Suggested]) -> list[str]:
        """Lines to paste below `fields:`, with the reasons beside them."""
        return list(aligned(line(f"      {scalar(each.field)}: {each.value}", each.why) for each in suggested))


def suggest_fields(project: Project, only: str | None = None) -> list[SourceFields]:
    """What is suggested for each source, or for one, in the order of cdp.yaml. Reads the files; those that cannot be read are left.

    UserError where there is no such source.
    """
    sources = project.config.sources
    if only is not None and only not in sources:
        hint = nearest(only, sources)
        mean = f" Did you mean {hint}?" if hint else ""
        raise UserError(f"There is no source of that name.{mean} Sources: {', '.join(sources)}.")
    return [_source(project, name, source) for name, source in sources.items() if only in (None, name)]


def _source(project: Project, name: str, source: AnySource) -> SourceFields:
    mapped = sum(field.semantic for field in source.fields.values())
    counted = SourceFields(name, mapped, len(source.fields) - mapped)
    if isinstance(source, ConsentsSource):
        return replace(counted, left="has consents, whose columns have their meaning from `person`, `purpose`, `given` and `at`")
    if source.database is not None:
        return replace(counted, left="is read from a database; only files are looked at")
    try:
        found = layouts(name, find_files(project.folder, name, source), {}, source.csv)
        stated = {"format": source.format or found[0].file.format, **({"csv": source.csv} if source.csv else {})}
        with work_folder() as work, session(Path(work)) as connection:
            seen = look(connection, project.folder, Group(name, source.files, found, stated=stated))
            known = [safe(each, needed=False) for each in meanings(connection, seen)]
    except SourceError as error:
        return replace(counted, left=f"cannot be read: {error.problems[0]}")
    types, columns = _suggested(source, known)
    return replace(counted, types=types, columns=columns)


def _suggested(source: AnySource, known: Collection[Meaning]) -> tuple[tuple[Suggested, ...], tuple[Suggested, ...]]:
    """Semantic types for fields without one, and fields for columns that nothing reads."""
    fields = {field.column or name: name for name, field in source.fields.items()}
    key = source.primary_key if isinstance(source, RecordsSource) else None
    roles = set()
    if isinstance(source, EventsSource):
        roles = {source.event_id, source.visitor, source.time, source.event, *source.known_as}
    types: list[Suggested] = []
    columns: list[Suggested] = []
    taken = list(source.fields)
    for meaning in known:
        column = meaning.seen.column
        if column in fields:
            name = fields[column]
            its = source.fields[name]
            if name != key and not its.semantic and meaning.semantic:
                types.append(Suggested(name, meaning, its.type))
        elif column not in roles and meaning.used:
            name = field_name(column, taken)
            taken.append(name)
            columns.append(Suggested(name, meaning, None))
    return tuple(types), tuple(columns)
