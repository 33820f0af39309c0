"""The section ``exports``: which segments go where, with what, with whose consent, and when."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import pydantic
from pydantic import AfterValidator

from cdp_assets.config.base import NAME, NAME_RULE, RefusedError, Section, Text, snake_case
from cdp_assets.config.clusters import cluster_columns
from cdp_assets.config.connections import KINDS, AnyConnection, FileConnection, contact_id, unified_sources
from cdp_assets.config.problems import Finding, Location, field_places, nearest, shown, unknown
from cdp_assets.config.schedule import Cron
from cdp_assets.config.sources import Reference, purpose_form
from cdp_assets.config.unified import choices, unified_fields

if TYPE_CHECKING:
    from cdp_assets.config.project import ProjectConfig

TAKEN = ("runs", "ledger")
"""`export_runs` and `export_ledger` are tables of all exports."""
ID_OF = {"customers": "customer_id", "contacts": "contact_id"}
"""The id of a member, by what a segment is of."""


def _export_name(name: str) -> str:
    if not NAME.fullmatch(name):
        raise RefusedError("is not a name for an export", allowed=[NAME_RULE], nearest=snake_case(name))
    if name in TAKEN:
        raise RefusedError("is taken: the program has a table of that name; choose another", nearest=f"{name}_export")
    return name


def _each_once(names: tuple[str, ...]) -> tuple[str, ...]:
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise RefusedError(f"name each once; stands twice: {', '.join(twice)}")
    return names


ExportName = Annotated[str, AfterValidator(_export_name)]


class Export(Section):
    """Segments that go to one place. Writing it here sends nothing: `cdp export run` does, or its schedule."""

    connection: str
    """The connection to the place."""
    name: Text | None = None
    """How people call it; without it by its name in the file."""
    segments: Annotated[tuple[str, ...], pydantic.Field(min_length=1), AfterValidator(_each_once)]
    """The segments whose members go there."""
    contact_id: Reference | None = None
    """Dynamics: the source.field with the contact's id; without it that of the connection."""
    fields: Annotated[tuple[str, ...], AfterValidator(_each_once)] = ()
    """Files: the fields of the profile that stand beside the id; without it none."""
    consent: Annotated[Text, AfterValidator(purpose_form)] | None = None
    """The purpose to which members must have consented; those who have not are left out, and counted."""
    schedule: Cron | None = None
    """When it runs by itself, as minute, hour, day, month, weekday; without it only on demand."""


def check(config: "ProjectConfig") -> Iterator[Finding]:
    """An export has a connection, segments of one kind that fit it, and fields and a contact id that exist."""
    for name, export in config.exports.items():
        at: Location = ("exports", name)
        connection = config.connections.get(export.connection)
        if connection is None:
            yield _without_connection(config, (*at, "connection"), export.connection)
        else:
            yield from _of_the_kind(config, at, export, connection)
        yield from _segments(config, at, export, connection)
        if export.consent is not None and not any(source.kind == "consents" for source in config.sources.values()):
            message = "asks for a consent, and no source holds any; add one with kind: consents, or remove this"
            yield Finding((*at, "consent"), message, shown(export.consent), lacks=[("sources", name, "kind") for name in config.sources])


def _without_connection(config: "ProjectConfig", at: Location, name: str) -> Finding:
    known = list(config.connections)
    message = (
        "unknown connection: an export needs one. An administrator adds it under `connections:`, as in "
        f"`{name if NAME.fullmatch(name) else 'files'}: {{kind: file, name: Files, folder: exports, agree: true}}` "
        f"(kinds: {', '.join(KINDS)}), and confirms it once with `cdp connection confirm`"
    )
    return Finding(at, message, shown(name), known or ["none"], nearest(name, known), lacks=[("connections", name)])


def _of_the_kind(config: "ProjectConfig", at: Location, export: Export, connection: AnyConnection) -> Iterator[Finding]:
    if isinstance(connection, FileConnection):
        if export.contact_id is not None:
            yield Finding((*at, "contact_id"), f"is for exports to Dynamics, and {export.connection} is a folder of files; remove it")
        known = fields_of(config, export)
        for place, field in enumerate(export.fields):
            if field not in known:
                of_customers = entity_of(config, export) == "customers"
                what = "field of the profile" if of_customers else "attribute of contacts"
                places = [its for source in config.customers.match_order for its in field_places(source, field)]
                places += choices(config.customers, field)
                lacks = [*(places if of_customers else [("contacts", "attributes", field)]), (*at, "segments")]
                yield unknown((*at, "fields", place), what, field, known, *lacks)
        return
    if export.fields:
        yield Finding((*at, "fields"), f"are for exports to files; over {export.connection} only ids of contacts go. Remove them")
    if export.contact_id is not None:
        yield from contact_id(config, (*at, "contact_id"), export.contact_id)


def _segments(config: "ProjectConfig", at: Location, export: Export, connection: AnyConnection | None) -> Iterator[Finding]:
    """The segments exist, and are of the customers or contacts that the export can send."""
    wanted, why = _sendable(config, export, connection)
    known = [name for name, segment in config.segments.items() if wanted is None or segment.of == wanted]
    for place, name in enumerate(export.segments):
        where = (*at, "segments", place)
        if name not in config.segments:
            yield unknown(where, "segment", name, known, ("segments", name))
        elif wanted is not None and config.segments[name].of != wanted:
            message = f"is a segment of {config.segments[name].of}, and {why}; choose only segments of {wanted}"
            lacks: list[Location] = [("segments", each) for each in export.segments]
            yield Finding(where, message, shown(name), known or ["none"], lacks=[*lacks, (*at, "connection"), (*at, "contact_id")])


def _sendable(config: "ProjectConfig", export: Export, connection: AnyConnection | None) -> tuple[str | None, str]:
    """What the segments of the export must be of (None: not known), and why."""
    if connection is None or isinstance(connection, FileConnection):
        return entity_of(config, export), f"a file holds members of one kind, here those of {export.segments[0]}"
    reference = export.contact_id or connection.contact_id
    source = reference.partition(".")[0]
    if source not in unified_sources(config):
        return None, ""
    wanted = "customers" if source in config.customers.match_order else "contacts"
    return wanted, f"the contact id {reference} is one of {wanted}"


def entity_of(config: "ProjectConfig", export: Export) -> str:
    """What the export's segments are of: customers or contacts."""
    return next((config.segments[name].of for name in export.segments if name in config.segments), "customers")


def fields_of(config: "ProjectConfig", export: Export) -> Sequence[str]:
    """The fields that may stand in a file of this export, beside the member's id."""
    if entity_of(config, export) == "contacts":
        return list(config.contacts.attributes) if config.contacts is not None else []
    return [*(field.name for field in unified_fields(config)), *cluster_columns(config).values()]


def contact_id_of(config: "ProjectConfig", export: Export) -> str | None:
    """The source.field with the id that a member has at the destination; None for files."""
    connection = config.connections[export.connection]
    return None if isinstance(connection, FileConnection) else export.contact_id or connection.contact_id
