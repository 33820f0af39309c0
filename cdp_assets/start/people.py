"""How records become profiles: the order of the sources, and rules that find the same person (or company) inside and between them.

Every rule has a condition that is exact. An e-mail address joins by itself only where hardly any occurs twice in a file;
anything that several people may share (a telephone, a postcode, a birth date) counts only beside a name that is alike.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from cdp_assets.start.kinds import Part
from cdp_assets.start.meanings import Meaning
from cdp_assets.start.relations import Relation

SHARED = 0.01
"""From this share of repeated values on, a value of two records is no proof by itself."""
_EMAIL, _PHONE, _BIRTH, _POSTCODE = "identity.email", "identity.phone", "person.birth_date", "location.postcode"
_AS_COMPANY = ("lower", "whitespace", "symbols", "unicode")
_FULL, _FIRST, _LAST, _COMPANY = "person.full_name", "person.first_name", "person.last_name", "organization.name"


@dataclass(frozen=True)
class Condition:
    """A comparison of two fields; `name`: as a person's name."""

    left: str
    right: str
    name: bool = False
    normalise: tuple[str, ...] = ()
    precision: str | None = None


@dataclass(frozen=True)
class Rule:
    """Records of which all conditions hold are the same; `sure`: false where it is only suggested, in a comment."""

    name: str
    left: str
    right: str
    conditions: tuple[Condition, ...]
    why: str
    sure: bool = True


@dataclass(frozen=True)
class Entity:
    """A section of unified records: customers, accounts or contacts. `alone`: sources that no rule reaches, which are left out."""

    section: Literal["customers", "accounts", "contacts"]
    order: tuple[Part, ...]
    dedupe: tuple[Rule, ...] = ()
    match: tuple[Rule, ...] = ()
    alone: tuple[Part, ...] = ()


def entity(section: Literal["customers", "accounts", "contacts"], parts: Sequence[Part], found: Sequence[Relation]) -> Entity:
    """The order of these sources, the richest first, and the rules in and between them."""
    ranked = sorted(parts, key=lambda part: (-len(part.types), -part.look.rows, part.name))
    order: list[Part] = []
    alone: list[Part] = []
    match: list[Rule] = []
    for part in ranked:
        rules = [rule for above in order for rule in _between(above, part, found)]
        if order and not any(rule.sure for rule in rules):
            alone.append(part)
            continue
        order.append(part)
        match += rules
    dedupe = [rule for part in order for rule in _inside(part)]
    return Entity(section, tuple(order), tuple(dedupe), tuple(match), tuple(alone))


def _between(left: Part, right: Part, found: Sequence[Relation]) -> Iterator[Rule]:
    yield from _by_key(left, right, found)
    mine, theirs = left.types, right.types
    if _COMPANY in mine and _COMPANY in theirs and left.use == "companies":
        yield from _companies(left, right)
        return
    name = _same_name(mine, theirs)
    if _EMAIL in mine and _EMAIL in theirs:
        yield from _by_mail(left, right, name)
    if not name:
        return
    for type_, what, why in (
        (_BIRTH, "name and birth date", "two people of one name are seldom born on one day"),
        (_POSTCODE, "name and postcode", "two people of one name seldom live in one place"),
        (_PHONE, "name and telephone", "a family shares a number, and not the name"),
    ):
        if type_ in mine and type_ in theirs:
            exact = _exact(mine[type_], theirs[type_])
            yield Rule(f"{what} of {left.name} and {right.name}", left.name, right.name, (*name, exact), why)


def _by_key(left: Part, right: Part, found: Sequence[Relation]) -> Iterator[Rule]:
    """The key of the one source stands in the other: whoever made the files has matched them already."""
    ways = [r for r in found if (r.source, r.target) in ((left.name, right.name), (right.name, left.name))]
    if not ways:
        return
    best = max(ways, key=lambda r: (r.sure, r.source == right.name, r.share))
    fields = (best.target_field, best.field) if best.target == left.name else (best.field, best.target_field)
    doubt = "" if best.sure else "; not sure: numbers so small are in both files by chance"
    name = f"{best.target_field.replace('_', ' ')} of {left.name} and {right.name}"
    yield Rule(name, left.name, right.name, (Condition(*fields),), f"{best.why}{doubt}", best.sure)


def _by_mail(left: Part, right: Part, name: tuple[Condition, ...]) -> Iterator[Rule]:
    mail = _exact(left.types[_EMAIL], right.types[_EMAIL])
    shared = max((left, right), key=lambda part: _repeated(part.types[_EMAIL]))
    seen = shared.types[_EMAIL].seen
    both = f"{left.name} and {right.name}"
    if _repeated(shared.types[_EMAIL]) < SHARED:
        yield Rule(f"e-mail of {both}", left.name, right.name, (mail,), "hardly an address is there twice in one file")
        return
    why = f"{seen.repeated:,} of {seen.filled:,} addresses of {shared.name} are there a second time"
    if name:
        yield Rule(f"e-mail and name of {both}", left.name, right.name, (*name, mail), f"{why}, so the name must be alike too")
    else:
        yield Rule(f"e-mail of {both}", left.name, right.name, (mail,), f"careful: {why}, and there are no names to compare")


def _companies(left: Part, right: Part) -> Iterator[Rule]:
    name = Condition(left.types[_COMPANY].field, right.types[_COMPANY].field, False, _AS_COMPANY, "medium")
    for type_, what in ((_POSTCODE, "postcode"), ("location.city", "city")):
        if type_ in left.types and type_ in right.types:
            exact = _exact(left.types[type_], right.types[type_])
            both = f"{left.name} and {right.name}"
            yield Rule(f"name and {what} of {both}", left.name, right.name, (name, exact), f"a like name in one {what}")
            return
    exact = replace(name, precision=None)
    yield Rule(f"name of {left.name} and {right.name}", left.name, right.name, (exact,), "the same name, signs and spaces apart")


def _inside(part: Part) -> Iterator[Rule]:
    """Rules for duplicates in one source, where there is a sign of any."""
    types = part.types
    if part.use == "companies":
        name, postcode = types.get(_COMPANY), types.get(_POSTCODE)
        if name and postcode and name.seen.repeated:
            conditions = (Condition(name.field, name.field, False, _AS_COMPANY), _exact(postcode, postcode))
            yield Rule("same name and postcode", part.name, part.name, conditions, f"{name.seen.repeated:,} names are there a second time")
        return
    name_ = _same_name(types, types)
    mail, birth = types.get(_EMAIL), types.get(_BIRTH)
    key = part.key.meaning if part.key else None
    if mail and mail.seen.repeated and mail is not key:
        why = f"{mail.seen.repeated:,} of {mail.seen.filled:,} addresses are there a second time"
        exact = _exact(mail, mail)
        if name_:
            yield Rule("same e-mail and a name alike", part.name, part.name, (*name_, exact), f"{why}; a family may share one")
        else:
            yield Rule("same e-mail", part.name, part.name, (exact,), why)
    repeated = types[_FULL].seen.repeated if _FULL in types else types[_LAST].seen.repeated if _LAST in types else 0
    if name_ and birth and repeated:
        why = f"{repeated:,} names are there a second time"
        yield Rule("name and birth date", part.name, part.name, (*name_, _exact(birth, birth)), why)


def _same_name(left: dict[str, Meaning], right: dict[str, Meaning]) -> tuple[Condition, ...]:
    """Conditions for a name that both sources have; none where they have it in different columns."""
    if _FULL in left and _FULL in right:
        return (Condition(left[_FULL].field, right[_FULL].field, True, (), "high"),)
    if all(type_ in side for type_ in (_FIRST, _LAST) for side in (left, right)):
        return tuple(Condition(left[type_].field, right[type_].field, True, (), "high") for type_ in (_FIRST, _LAST))
    return ()


def _exact(left: Meaning, right: Meaning) -> Condition:
    normalise = {_EMAIL: ("lower", "whitespace"), _POSTCODE: ("lower", "whitespace"), _PHONE: ("whitespace", "symbols"),
                 "location.city": ("lower", "whitespace", "unicode")}  # fmt: skip
    return Condition(left.field, right.field, False, normalise.get(left.type, ()))


def _repeated(meaning: Meaning) -> float:
    return meaning.seen.repeated / meaning.seen.filled if meaning.seen.filled else 0.0
