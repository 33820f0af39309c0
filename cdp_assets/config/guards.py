"""What keeps unification from going too far: limits of a profile, and lists of pairs that people state."""

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Annotated

import pydantic
from pydantic import AfterValidator

from cdp_assets.config.base import RefusedError, Section, SourceName, Text
from cdp_assets.config.fields import TYPES
from cdp_assets.config.problems import Finding, Location, shown, unknown
from cdp_assets.config.sources import RecordsSource

if TYPE_CHECKING:
    from cdp_assets.config.customers import Customers
    from cdp_assets.config.project import ProjectConfig

PAIR_FIELDS = ("left_source", "left_key", "right_source", "right_key")
"""The fields of a list of pairs: which two records, by source and key."""
_MEANINGS = [name for name in TYPES if "." in name]


def _meaning(name: str) -> str:
    if name not in _MEANINGS:
        raise RefusedError("is no semantic type", allowed=_MEANINGS)
    return name


Meaning = Annotated[str, AfterValidator(_meaning)]
_NONE = ("none", "null", "n/a", "na", "-", "unknown", "test")
JUNK: dict[str, tuple[str, ...]] = {
    "identity.email": (*_NONE, "none@none.com", "no@email.com", "noemail@noemail.com", "na@na.com", "unknown@unknown.com", "test@test.com"),
    "identity.phone": ("1111111111", "1234567890", "9999999999", "5555555555"),
    "person.birth_date": ("1900-01-01",),
}
"""What stands in fields that nobody filled in."""
AtLeastOne = Annotated[int, pydantic.Field(ge=1, le=10_000, strict=True)]
AtLeastTwo = Annotated[int, pydantic.Field(ge=2, le=10_000, strict=True)]


class Guards(Section):
    """Limits of what may become one profile. An edge that would break one is refused and kept, with the reason."""

    largest_cluster: AtLeastTwo = 50
    """Most records of one profile; visitor ids do not count."""
    identifiers: dict[Meaning, AtLeastOne] = {}
    """Most different values of a semantic type in one profile, as in {identity.email: 5, person.birth_date: 1}."""
    junk: dict[Meaning, tuple[Text, ...]] = JUNK
    """Values by semantic type that are nobody's: they are alike to nothing. What is written here replaces all of the default; {}: none
    is."""
    shared_by: AtLeastOne | None = 10
    """An identifier (identity.*) that people of more than so many names have is nobody's. Which ones is learnt once and kept, until
    `cdp refresh --learn` or another number here. null: none is."""


PairList = tuple[SourceName, ...]
"""Sources whose rows are pairs of records."""


def check(config: "ProjectConfig") -> Iterator[Finding]:
    """What is wrong with the guards and the lists of pairs of each section."""
    for entity in (config.customers, config.accounts, config.contacts):
        if entity is not None:
            yield from _junk(entity)
            yield from _lists(config, entity, "always_match", entity.always_match)
            yield from _lists(config, entity, "never_match", entity.never_match)


def _junk(entity: "Customers") -> Iterator[Finding]:
    """Junk of a type that is a date is one, written as dates are compared; anything else would never be found."""
    for meaning, values in entity.guards.junk.items():
        for number, value in enumerate(values if TYPES[meaning].data_type == "date" else ()):
            if not _is_day("".join(value.split())):
                at: Location = (entity.section, "guards", "junk", meaning, number)
                yield Finding(at, f"is no day, and {meaning} is a date", shown(value), ["a day as in 1900-01-31"])


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def pair_lists(entity: "Customers") -> dict[str, str]:
    """Source of a list of pairs -> always or never."""
    return {**dict.fromkeys(entity.always_match, "always"), **dict.fromkeys(entity.never_match, "never")}


def _lists(config: "ProjectConfig", entity: "Customers", key: str, names: PairList) -> Iterator[Finding]:
    for number, name in enumerate(names):
        at = (entity.section, key, number)
        source = config.sources.get(name)
        if source is None:
            yield unknown(at, "source", name, config.sources, ("sources", name))
        elif name in names[:number] or (key == "never_match" and name in entity.always_match):
            message = "stands twice" if name in names[:number] else "is a list of pairs that always match; it cannot be both"
            yield Finding(at, f"{message}; remove one", shown(name))
        elif not isinstance(source, RecordsSource):
            yield Finding(at, f"has {source.kind}, and a list of pairs has records", shown(name))
        elif name in entity.match_order:
            yield Finding(at, "takes part in match_order; a list of pairs is no source of people", shown(name))
        elif missing := [field for field in PAIR_FIELDS if field not in source.fields]:
            message = f"a list of pairs has the fields {', '.join(PAIR_FIELDS)}, and {name} lacks {', '.join(missing)}"
            yield Finding(at, message, shown(name), list(source.fields), lacks=[("sources", name, "fields")])
        elif wrong := [field for field in PAIR_FIELDS if source.fields[field].data_type != "varchar"]:
            yield Finding(("sources", name, "fields", wrong[0]), "must be text: it names a source or a key of any type", None, ["text"])
