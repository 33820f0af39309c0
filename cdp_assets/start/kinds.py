"""What each source is: records of people or companies, web events, consents, or other records; and which column is its key."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from cdp_assets.start.look import Look, Seen
from cdp_assets.start.meanings import SOME, Meaning
from cdp_assets.start.names import words

Use = Literal["people", "companies", "events", "consents", "records", "none"]

NEARLY = 0.95
"""A column of so many different values is a key of which some rows lack one, or repeat the value of another."""
FEW = 5
"""In fewer rows than this one row may not lack its key."""
_KEY = re.compile(r"(^|_)(id|key|no|nr|number|code|uuid|guid|num|nummer|kundennummer|kennung|sku|ean|isbn)$")
_VISITOR = re.compile(r"(^|_)(visitor|anonymous|anon|cookie|client|device|session|user_pseudo)(_?(id|key|uid))?$")
_EVENT = re.compile(r"^(event|action|event_?(name|type|action))$")
_EVENT_ID = re.compile(r"^(event|hit|message|log)_?(id|key|no|uuid)$|^id$")
_TIME = re.compile(r"(^|_)(time|timestamp|ts|at|date|datetime|when|on|day|datum|zeit)(_|$)")
_PURPOSE = re.compile(r"(^|_)(purpose|topic|consent_type|channel|subscription|zweck)(_|$)")
_GIVEN = re.compile(r"(^|_)(given|opt_?in|consent|consented|granted|agreed|subscribed|allowed|accepted|status)(_|$)")
_NAMES = {"person.full_name", "person.first_name", "person.last_name"}
_PEOPLE = {"identity.email", "identity.phone", "person.birth_date", *_NAMES}


@dataclass(frozen=True)
class Key:
    """The column that identifies a row, and why; `faults`: rows whose value another row has had before."""

    meaning: Meaning
    why: str
    faults: int = 0


@dataclass(frozen=True)
class Part:
    """A source with what it is. `roles`: for events and consents, what a setting (visitor, time, given) is called in the file.

    `why` says why it is that; `wanting`: what it lacks to be used, where it is only named in comments.
    """

    look: Look
    meanings: tuple[Meaning, ...]
    use: Use
    why: str
    key: Key | None = None
    roles: Mapping[str, Meaning] = field(default_factory=dict)
    wanting: str | None = None

    @property
    def name(self) -> str:
        """The name of the source."""
        return self.look.name

    @property
    def types(self) -> dict[str, Meaning]:
        """The first column of each semantic type."""
        found: dict[str, Meaning] = {}
        for meaning in self.meanings:
            if meaning.semantic and meaning.used:
                found.setdefault(meaning.type, meaning)
        return found

    def of(self, field_: str) -> Meaning:
        """What a column means, by our name of it."""
        return next(meaning for meaning in self.meanings if meaning.field == field_)

    def times(self) -> list[Meaning]:
        """The columns with a date or time, the likeliest time of what a row tells first."""
        found = [m for m in self.meanings if m.type in ("date", "timestamp") and m.used]
        return sorted(found, key=lambda m: (bool(_BOOKKEEPING.search(words(m.seen.column))), -m.seen.filled, self.meanings.index(m)))


_BOOKKEEPING = re.compile(r"(^|_)(updated|modified|changed|deleted|loaded|exported|imported)(_|$)")


def part(look: Look, meanings: Sequence[Meaning]) -> Part:
    """What the source is."""
    found = Part(look, tuple(meanings), "records", "")
    for kind in (_events, _consents):
        if other := kind(found):
            return other
    found = replace(found, key=_key(found))
    use, why = _use(found)
    found = replace(found, use=use, why=why)
    if found.key is None:
        return replace(found, use="none", wanting=_no_key(look))
    return found


def _events(found: Part) -> Part | None:
    """Web events: a visitor, an event and a time in every row."""
    visitor = _named(found, _VISITOR)
    event = _named(found, _EVENT)
    times = [m for m in found.meanings if m.type in ("date", "timestamp") and m.seen.filled >= NEARLY * m.seen.rows]
    if visitor is None or event is None or not times or visitor.seen.share("identifier") < SOME:
        return None
    roles = {"visitor": visitor, "event": event, "time": next((m for m in times if _TIME.search(words(m.seen.column))), times[0])}
    rest = [m for m in found.meanings if m not in roles.values()]
    ids = [m for m in rest if m.seen.uniques >= NEARLY * m.seen.rows]
    named = [m for m in ids if _EVENT_ID.search(words(m.seen.column))] or [m for m in ids if _KEY.search(words(m.seen.column))]
    why = "a visitor, an event and a time in every row"
    if not named:
        return replace(found, use="none", why=why, roles=roles, wanting="no column identifies an event: every event needs an id of its own")
    return replace(found, use="events", why=why, roles={"event_id": named[0], **roles})


def _consents(found: Part) -> Part | None:
    """Consents: whose, for what, yes or no, and when."""
    given = next(
        (m for m in found.meanings if _GIVEN.search(words(m.seen.column)) and m.seen.filled and m.seen.share("boolean") >= 0.9), None
    ) or next((m for m in found.meanings if m.type == "boolean" and _GIVEN.search(words(m.seen.column))), None)
    purpose = next(
        (m for m in found.meanings if m is not given and _PURPOSE.search(words(m.seen.column)) and 0 < m.seen.uniques <= 100), None
    )
    who = next((found.types[t] for t in ("identity.email", "identity.phone") if t in found.types), None)
    times = found.times()
    if given is None or purpose is None or who is None or not times or found.types.keys() & _NAMES:
        return None
    return replace(
        found, use="consents", why="a person, a purpose, yes or no, and a time in a row",
        roles={"person": who, "purpose": purpose, "given": given, "at": times[0]},
    )  # fmt: skip


def _named(found: Part, names: re.Pattern[str]) -> Meaning | None:
    """The column of such a name that (nearly) every row has a value in, the one with the most values where there are several."""
    fitting = [m for m in found.meanings if names.search(words(m.seen.column)) and m.seen.filled >= NEARLY * m.seen.rows > 0]
    return max(fitting, key=lambda m: m.seen.uniques) if fitting else None


def _use(found: Part) -> tuple[Use, str]:
    types = found.types
    by = [t for t in ("person.full_name", "person.first_name", "person.last_name", "identity.email", "identity.phone") if t in types]
    who = types.keys() & _PEOPLE
    named = "person.full_name" in types or {"person.first_name", "person.last_name"} <= types.keys()
    if "organization.name" in types and not named and "person.birth_date" not in types:
        return "companies", "names of companies and none of people"
    if (named and (who - _NAMES or types.keys() & {"location.postcode", "location.city"})) or "identity.email" in types:
        return "people", f"people: {', '.join(_short(t) for t in by)}"
    return "records", ""


def _short(type_: str) -> str:
    return {"person.full_name": "full name", "person.first_name": "first name", "person.last_name": "last name",
            "identity.email": "e-mail", "identity.phone": "telephone"}[type_]  # fmt: skip


def _key(found: Part) -> Key | None:
    """The best of the columns that identify a row: named like a key, then the first one, and no date, money or text of words."""
    exact = [m for m in found.meanings if m.seen.unique and _may_identify(m)]
    if exact:
        best = max(exact, key=lambda m: _rank(found, m))
        if not _called_key(best) and (near := _nearly(found)):
            return near
        others = [m.seen.column for m in exact if m is not best and _called_key(m)]
        more = f"; so is {others[0]}" if others else ""
        return Key(best, f"{_every(best.seen)}{more}")
    return _nearly(found)


def _nearly(found: Part) -> Key | None:
    """A column that is called a key and is nearly one: the same record is in the file twice, or a few rows have none."""
    near = [
        m for m in found.meanings
        if _called_key(m) and _may_identify(m) and m.seen.rows - m.seen.uniques <= max(1, (1 - NEARLY) * m.seen.rows) and m.seen.rows >= FEW
    ]  # fmt: skip
    if not near:
        return None
    best = max(near, key=lambda m: (m.seen.uniques, _rank(found, m)))
    parts = [f"{best.seen.uniques:,} values in {best.seen.rows:,} rows"]
    if best.seen.repeated:
        parts.append(f"{_rows(best.seen.repeated, 'repeats', 'repeat')} one that another row has")
    if best.seen.nulls:
        parts.append(f"{_rows(best.seen.nulls, 'has', 'have')} none and will be in quarantine")
    return Key(best, "; ".join(parts), best.seen.repeated + best.seen.nulls)


def _called_key(meaning: Meaning) -> bool:
    return bool(_KEY.search(words(meaning.seen.column)))


def _may_identify(meaning: Meaning) -> bool:
    if meaning.type in ("date", "timestamp", "boolean", "decimal", "number", "person.birth_date") or meaning.type.startswith("location."):
        return False
    if meaning.type == "identity.email" or meaning.seen.share("identifier") >= SOME or meaning.seen.raw_type == "bigint":
        return True
    return _called_key(meaning) and not meaning.semantic and meaning.seen.share("several words") < SOME


def _rank(found: Part, meaning: Meaning) -> tuple[bool, bool, bool, int]:
    name = words(meaning.seen.column)
    own = any(word in found.look.name for word in name.split("_") if len(word) > 2)
    return _called_key(meaning), meaning.type != "identity.email", own, -found.meanings.index(meaning)


def _every(seen: Seen) -> str:
    return f"unique in all {seen.rows:,} rows, never empty" if seen.rows > 1 else "filled in the only row: look whether it is the key"


def _rows(count: int, one: str, several: str) -> str:
    return f"1 row {one}" if count == 1 else f"{count:,} rows {several}"


def _no_key(look: Look) -> str:
    if not look.rows:
        return "it has no rows yet, so no column can be seen to be the key"
    filled = [seen for seen in look.columns if seen.filled == seen.rows]
    best = max(filled, key=lambda seen: seen.uniques, default=None)
    nearest = f"; the nearest is {best.column}, {best.uniques:,} values in {best.rows:,} rows" if best else ""
    return f"no column is unique and filled in every row, so nothing can be the primary key{nearest}"
