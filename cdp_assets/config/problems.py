"""What is wrong with a configuration, as people read it: file, line, field, found, allowed, the nearest known name."""

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cdp_assets.errors import UserError

Location = tuple[str | int, ...]
"""The way to a value in the document: keys and positions in lists, from the top."""

LATER = "is built by a later version; remove it until then"

_SECRET = re.compile(r"passw|passphrase|secret|token|credential|(^|[_\- ])key$|apikey|accesskey|webhook|^database$", re.IGNORECASE)
_NOT_SECRET = frozenset(["primary_key", "foreign_key"])
_LONGEST = 60
_MANY = 30


@dataclass(frozen=True)
class Finding:
    """Something that is wrong at a place of the document; ``line`` only where the place alone does not give it.

    ``lacks``: the places that make it wrong by what is not there, such as ``("sources", "shop")`` for an unknown source.
    Where one of them could not be read, that is reported and this is not. Without it these are the place itself, what
    stands in it and what it stands in; ``()`` says that it is wrong whatever could not be read.
    """

    at: Location
    message: str
    found: str | None = None
    allowed: Sequence[str] = ()
    nearest: str | None = None
    line: int | None = None
    lacks: Sequence[Location] | None = None
    users: Sequence[Location] = ()
    """Other places that the message is about; they stand at its end, each with its line."""


def unknown(at: Location, what: str, name: str, known: Iterable[str], *lacks: Location) -> Finding:
    """A name of something that does not exist; ``lacks`` are the places where it would be."""
    names = list(known)
    return Finding(at, f"unknown {what}", shown(name), names or ["none"], nearest(name, names), lacks=lacks or None)


def field_places(source: str, *fields: str) -> list[Location]:
    """Where fields of a source are written, its key too: a field that is named as the key alone is there as well."""
    return [*(("sources", source, "fields", field) for field in fields), ("sources", source, "primary_key")]


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, ready to be shown. ``line`` counts from 1; 0 means the file as a whole."""

    file: str
    line: int
    field: str
    message: str
    found: str | None = None
    allowed: str | None = None
    nearest: str | None = None

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        text = ": ".join(part for part in (where, self.field, self.message) if part)
        if self.found is not None:
            text += f", found {self.found}"
        text += "" if text.endswith((".", "?")) else "."
        if self.nearest is not None:
            text += f' Did you mean "{self.nearest}"?'
        if self.allowed is not None:
            text += f" Allowed: {self.allowed}."
        return "".join(letter if letter.isprintable() else " " for letter in text)


class ConfigError(UserError):
    """The configuration cannot be used; ``problems`` holds all that is wrong with it, in the order of the lines."""

    def __init__(self, file: Path, problems: Sequence[Problem]) -> None:
        self.file = file
        self.problems = list(problems)
        number = "a problem" if len(self.problems) == 1 else f"{len(self.problems)} problems"
        super().__init__("\n".join([f"The configuration {file} has {number}:", *map(str, self.problems)]))


def dotted(at: Location) -> str:
    """The place as people write it, such as ``customers.match[0].left``."""
    text = ""
    for step in at:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def listed(allowed: Sequence[str]) -> str | None:
    """What is allowed in one line, the end left out where it is long; None for nothing."""
    if not allowed:
        return None
    more = f" and {len(allowed) - _MANY} more" if len(allowed) > _MANY else ""
    return ", ".join(allowed[:_MANY]) + more


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9.]", "", name.lower())


def nearest(found: Any, known: Iterable[str]) -> str | None:
    """The known name that somebody who wrote ``found`` most likely meant, or None."""
    candidates = sorted(known, reverse=True)
    if not isinstance(found, str) or not _plain(found) or found in candidates:
        return found if isinstance(found, str) and found in candidates else None
    names = {_plain(name): name for name in candidates}
    plain = _plain(found[:_LONGEST])
    start, dot, end = plain.rpartition(".")
    ends = {name.rpartition(".")[2]: name for name in names if dot and name.rpartition(".")[0] == start}
    same_end = [name for name in names if name.rpartition(".")[2] == end]
    # of names with a dot those with the same beginning count first: person.nam is no organization.name
    near = [plain] if plain in names else [ends[name] for name in _closest(end, ends)]
    near = near or same_end or _closest(plain, names)
    return names[near[0]] if near else None


def _closest(found: str, known: Iterable[str]) -> list[str]:
    """The known name that is most alike, if any; of equally alike ones the one that begins alike."""
    names = list(known)
    near = difflib.get_close_matches(found, names, len(names) or 1, 0.6)

    def alike(name: str) -> tuple[float, int]:
        same = next((n for n, letters in enumerate(zip(name, found, strict=False)) if letters[0] != letters[1]), len(found))
        return difflib.SequenceMatcher(None, name, found).ratio(), same

    return sorted(near, key=alike, reverse=True)[:1]


def shown(value: Any, at: Location = ()) -> str:
    """A value of the configuration as a message shows it: short, and never one that looks like a secret."""
    if any(isinstance(step, str) and step not in _NOT_SECRET and _SECRET.search(step) for step in at):
        return "(hidden)"
    if value is None:
        return "nothing"
    if isinstance(value, dict | list | tuple):
        kind = "a mapping" if isinstance(value, dict) else "a list"
        return kind if value else f"an empty {kind[2:]}"
    if isinstance(value, str):
        # an address may carry a password between // and @
        text = re.sub(r"//[^/@\s]*@", "//(hidden)@", value)
        return f'"{text}"' if len(text) <= _LONGEST else f'"{text[:_LONGEST]}..."'
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)[:_LONGEST]
