"""The section ``connections``: the places outside to which exports may send data, and who may use them."""

import re
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Annotated, Any, Literal

import pydantic
from pydantic import AfterValidator, Discriminator, StrictBool, Tag

from cdp_assets.config.base import NAME, NAME_RULE, RefusedError, Section, Text, snake_case
from cdp_assets.config.problems import Finding, Location, field_places, shown, unknown
from cdp_assets.config.sources import Reference

if TYPE_CHECKING:
    from cdp_assets.config.project import ProjectConfig

STORE = ".cdp"
_SERVER = re.compile(r"https://[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.api)?\.crm\d{0,2}\.dynamics\.com")
_SERVER_RULE = "https://<organisation>.crm<number>.dynamics.com, such as https://contoso.crm4.dynamics.com"
_AGREE = (
    "must be true: over a connection data leave this product, and what becomes of them there is in the hands of whoever "
    "holds that place. Write `agree: true` to say that you agree, or remove the connection"
)


def _connection_name(name: str) -> str:
    if not NAME.fullmatch(name):
        raise RefusedError("is not a name for a connection", allowed=[NAME_RULE], nearest=snake_case(name))
    return name


def _agreed(value: bool) -> bool:
    if not value:
        raise RefusedError(_AGREE)
    return value


def _folder(value: str) -> str:
    if "\\" in value or value.startswith(("/", "~")) or value[1:2] == ":" or "://" in value:
        raise RefusedError("must be a folder of the project, relative to cdp.yaml", allowed=["a path such as exports"])
    parts = PurePosixPath(value).parts
    if not parts or ".." in parts:
        raise RefusedError("must be a folder of its own inside the project", allowed=["a path such as exports"])
    if parts[0].lower() == STORE:
        raise RefusedError(f"is inside {STORE}, the store of the program; choose another", allowed=["a path such as exports"])
    if parts[0].lower() == "sources":
        raise RefusedError("is inside sources, from where files are read; choose another", allowed=["a path such as exports"])
    return str(PurePosixPath(*parts))


def _server(value: str) -> str:
    # the exact form of a host of Dynamics: no other host, no number, no port, user or path gets a customer's data
    address = value.removesuffix("/")
    if not _SERVER.fullmatch(address):
        raise RefusedError("is not the address of a Dynamics 365 server", allowed=[_SERVER_RULE])
    return address


ConnectionName = Annotated[str, AfterValidator(_connection_name)]
Agreed = Annotated[StrictBool, AfterValidator(_agreed)]


class _Shared(Section):
    """What connections of every kind have."""

    name: Text
    """How people call it."""
    share_with: tuple[Literal["contributor"], ...] = ()
    """Roles that may run exports over it besides administrators; without it none."""
    agree: Agreed = pydantic.Field(default=False, validate_default=True)
    """true: I agree that data leave this product over this connection."""


class FileConnection(_Shared):
    """A folder into which exports write files, one a segment.

    A text that a spreadsheet would take for a formula is written with an apostrophe before it: one that begins with `=`,
    `@`, a tab or a carriage return, or with `+` or `-` and is no number or telephone number. After a run an export's own
    folder holds only the files of segments that were written in it; files of earlier runs are removed.
    """

    kind: Literal["file"]
    """Files."""
    folder: Annotated[Text, AfterValidator(_folder)]
    """The folder, relative to cdp.yaml; each export has a folder of its own in it."""


class DynamicsConnection(_Shared):
    """A Dynamics 365 server with contacts, to which exports send segments of them."""

    kind: Literal["dynamics_sales", "dynamics_marketing"]
    """Dynamics 365 Sales or Dynamics 365 Marketing."""
    server: Annotated[Text, AfterValidator(_server)]
    """The address of the server."""
    contact_id: Reference
    """The source.field with the id that a customer's contact has on the server."""


def _kind(written: Any) -> str:
    kind = written.get("kind") if isinstance(written, dict) else getattr(written, "kind", None)
    return "nothing" if kind is None else str(kind)


KINDS = ("file", "dynamics_sales", "dynamics_marketing")
Connection = Annotated[
    Annotated[FileConnection, Tag("file")]
    | Annotated[DynamicsConnection, Tag("dynamics_sales")]
    | Annotated[DynamicsConnection, Tag("dynamics_marketing")],
    Discriminator(_kind),
]
AnyConnection = FileConnection | DynamicsConnection


def check(config: "ProjectConfig") -> Iterator[Finding]:
    """Folders from which no source reads, and contact ids that are fields of records."""
    for name, connection in config.connections.items():
        at: Location = ("connections", name)
        if isinstance(connection, FileConnection):
            yield from _read_by_source(config, (*at, "folder"), connection.folder)
        else:
            yield from contact_id(config, (*at, "contact_id"), connection.contact_id)


def _read_by_source(config: "ProjectConfig", at: Location, folder: str) -> Iterator[Finding]:
    """What is written into a folder that a source reads would come back as data."""
    mine = PurePosixPath(folder).parts
    for name, files in [(name, files) for name, source in config.sources.items() for files in source.reads]:
        read = folder_of(files)
        everywhere = not read and "**" in files
        if everywhere or (read and (mine[: len(read)] == read or read[: len(mine)] == mine)):
            yield Finding(at, f"is a folder from which the source {name} reads; choose another", shown(folder))
            return


def folder_of(files: str) -> tuple[str, ...]:
    """The parts of the folder that a source reads: of a file or pattern the one that it is in."""
    fixed = re.split(r"[*?\[]", files, maxsplit=1)[0]
    path = PurePosixPath(fixed)
    is_folder = fixed.endswith("/") or (fixed == files and not path.suffix)
    return path.parts if is_folder else path.parent.parts


def contact_id(config: "ProjectConfig", at: Location, reference: str) -> Iterator[Finding]:
    """The source must hold records that are unified, as customers or as contacts, and have the field."""
    source, _, field = reference.partition(".")
    unified = unified_sources(config)
    if source not in unified:
        orders: list[Location] = [] if source not in config.sources else [("customers", "match_order"), ("contacts", "match_order")]
        yield unknown(at, "source of records in customers.match_order", source, unified, ("sources", source), *orders)
        return
    fields = config.sources[source].fields
    if field not in fields:
        yield unknown(at, f"field of {source}", field, fields, *field_places(source, field))


def unified_sources(config: "ProjectConfig") -> list[str]:
    """The sources of records that become customers or contacts, so that a member's id in them is known."""
    orders: list[Iterable[str]] = [config.customers.match_order]
    if config.contacts is not None:
        orders.append(config.contacts.match_order)
    names = dict.fromkeys(name for order in orders for name in order)
    return [name for name in names if name in config.sources and config.sources[name].kind == "records"]
