"""All suggested columns of a source, or of all sources, added to cdp.yaml at once: every other line of it stays as it is."""

import hashlib
import os
import stat
import uuid
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime

from ruamel.yaml.error import YAMLError

from cdp_assets.config import ConfigError, Project, parse_config
from cdp_assets.config.document import read_document
from cdp_assets.errors import UserError
from cdp_assets.lake import BusyError, Holder, Place, project_lock
from cdp_assets.lake.ledger import replace_text
from cdp_assets.start.present import SourceFields
from cdp_assets.start.yaml_places import with_fields
from cdp_assets.start.yaml_text import scalar

_BOM = "\ufeff"
_NO_PLACE = "its fields cannot be added to without touching others, as where & and * share them; paste the lines of `cdp suggest`"


@dataclass(frozen=True)
class Added:
    """What became of the suggested columns of a source: the fields that were added, or why they were not."""

    source: str
    fields: tuple[str, ...]
    left: str | None = None


def add_columns(project: Project, found: Sequence[SourceFields], user: str) -> list[Added]:
    """Write a field for each suggested column into cdp.yaml; source by source, as far as the file is valid with it.

    The file is replaced whole, or not at all. UserError while a run holds the project, or where the file has changed since it was
    read; nothing has been written then.
    """
    if not any(each.columns for each in found):
        return []
    place = Place(project.store)
    place.prepare()
    holder = Holder(str(uuid.uuid4()), user, os.getpid(), datetime.now(UTC).isoformat(timespec="seconds"))
    file = project.file.resolve()  # where it is a link, the file that it leads to is written
    try:
        with project_lock(place.lock, holder):
            content = file.read_bytes()
            if hashlib.sha256(content).hexdigest() != project.digest:
                raise UserError(f"{project.file} has been changed meanwhile: nothing was written. Try again.")
            before = content.decode()
            text, added = before, []
            for each in found:
                if each.columns:
                    text, told = _with(project, text, each)
                    added.append(told)
            if text != before:
                replace_text(file, text, mode=stat.S_IMODE(file.stat().st_mode))
            return added
    except BusyError as error:
        raise UserError(f"Nothing was written, because a run may be reading it. {error.message}") from None
    except OSError as error:
        raise UserError(f"{project.file} cannot be written: {error.strerror}. Nothing was changed.") from None


def _with(project: Project, text: str, found: SourceFields) -> tuple[str, Added]:
    """The text with the columns of a source, if it then says this and nothing else, and is valid; else as it is, with the reason."""
    mark, plain = (_BOM, text[1:]) if text.startswith(_BOM) else ("", text)
    flowing = [f"{scalar(each.field)}: {each.value}" for each in found.columns]
    try:
        more = with_fields(plain, found.source, flowing, found.lines(found.columns))
    except YAMLError:
        more = None
    if more is None or _data(more) != _wanted(plain, found, flowing):
        return text, Added(found.source, (), _NO_PLACE)
    try:
        parse_config(more, project.file)
    except ConfigError as error:
        return text, Added(found.source, (), f"cdp.yaml would not be valid with its columns: {error.problems[0]}")
    return mark + more, Added(found.source, tuple(each.field for each in found.columns))


def _data(text: str) -> object:
    document, wrong = read_document(text.encode())
    return wrong or document.data


def _wanted(text: str, found: SourceFields, flowing: Sequence[str]) -> object:
    """What the document is to hold: what it holds, and the new fields of this source."""
    wanted = deepcopy(read_document(text.encode())[0].data)
    source = wanted["sources"][found.source]
    source["fields"] = {**(source.get("fields") or {}), **read_document("\n".join(flowing).encode())[0].data}
    return wanted
