"""Who uses a source: every place of cdp.yaml that names it. A source can be taken out only when there is none."""

from collections.abc import Iterator, Mapping
from typing import Any

from cdp_assets.config.problems import Location

ANY = None  # in a pattern: whatever key or number stands there
_ENTITIES = ("customers", "accounts", "contacts")
_NAMED: tuple[tuple[str | None, ...], ...] = (
    *((entity, "match_order", ANY) for entity in _ENTITIES),
    *((entity, "match", ANY, side) for entity in _ENTITIES for side in ("left", "right")),
    *((entity, "merge", ANY, "importance", ANY) for entity in _ENTITIES),
    *((entity, pairs, ANY) for entity in _ENTITIES for pairs in ("always_match", "never_match")),
    *((entity, part, ANY, "source") for entity in _ENTITIES for part in ("aliases", "bypass")),
    ("contacts", "relationships", ANY, "account"),
    ("activities", ANY, "source"),
)
"""Places whose value is the name of a source."""
_KEYS: tuple[tuple[str | None, ...], ...] = (
    *((entity, "dedupe") for entity in _ENTITIES),
    *((entity, "merge", ANY, policy) for entity in _ENTITIES for policy in ("most_recent", "least_recent")),
    *((entity, "combine", ANY) for entity in _ENTITIES),
    ("contacts", "relationships"),
)
"""Places whose keys are names of sources."""
_REFERENCES: tuple[tuple[str | None, ...], ...] = (
    ("sources", ANY, "known_as", ANY),
    *((entity, "id", ANY) for entity in _ENTITIES),
    ("sources", ANY, "person", ANY),
    ("contacts", "customers", ANY),
    ("activities", ANY, "of", ANY),
    ("connections", ANY, "contact_id"),
    ("exports", ANY, "contact_id"),
)
"""Places whose value is source.field."""
_REFERENCE_KEYS: tuple[tuple[str | None, ...], ...] = (("contacts", "customers"),)
"""Places whose keys are source.field."""


def users_of(written: Any, source: str) -> list[Location]:
    """The places that name a source, in the order of the document; `written` is its plain data, valid or not."""
    return [at for at, value in _places(written, ()) if _uses(at, value, source)]


def _uses(at: Location, value: Any, source: str) -> bool:
    if isinstance(value, str):
        if _is(at, _NAMED):
            return value == source
        if _is(at, _REFERENCES) and value.partition(".")[0] == source and "." in value:
            return True
    key = str(at[-1]) if at else ""
    return (_is(at[:-1], _KEYS) and key == source) or (_is(at[:-1], _REFERENCE_KEYS) and "." in key and key.partition(".")[0] == source)


def _is(at: Location, patterns: tuple[tuple[str | None, ...], ...]) -> bool:
    return any(
        len(at) == len(pattern) and all(step is ANY or step == mine for step, mine in zip(pattern, at, strict=True)) for pattern in patterns
    )


def _places(value: Any, at: Location) -> Iterator[tuple[Location, Any]]:
    """Every place of the document with what stands there."""
    yield at, value
    entries = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    for key, each in entries:
        yield from _places(each, (*at, key))
