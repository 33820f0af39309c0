"""All that is suggested for a folder, before it is written down."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from cdp_assets.lake import session
from cdp_assets.sources.files import SourceError
from cdp_assets.start.activities import Activity, Prediction, activities, first_day, prediction
from cdp_assets.start.files import look_around
from cdp_assets.start.kinds import Part, part
from cdp_assets.start.look import look, work_folder
from cdp_assets.start.meanings import Meaning, meanings
from cdp_assets.start.people import Entity, entity
from cdp_assets.start.relations import Relation, relations

MOST_SOURCES = 40
"""Kinds of files that are looked at: each is compared with each, and nobody reads a longer cdp.yaml through."""


@dataclass(frozen=True)
class Suggestion:
    """What a folder holds and what is suggested for it. `left`: messages about files that are left alone."""

    parts: tuple[Part, ...]
    left: tuple[str, ...]
    relations: tuple[Relation, ...]
    customers: Entity
    accounts: Entity
    contacts: Entity
    activities: tuple[Activity, ...]
    prediction: Prediction | None
    first_days: dict[str, date]

    def known_as(self, source: str) -> list[Relation]:
        """The columns of a source of events that say who a visitor is."""
        ranks = [part.name for part in self.customers.order]
        return [r for r in self.relations if r.source == source and r.target in ranks and r.sure]


def suggest(folder: Path, progress: Callable[[str], None] = lambda _name: None) -> Suggestion:
    """Look at all files below the folder. Nothing is written there; files that cannot be read are among `left`."""
    found = look_around(folder)
    left, parts = list(found.left), []
    with work_folder() as work, session(Path(work)) as connection:
        if further := [group.files for group in found.groups[MOST_SOURCES:]]:
            left.append(
                f"{len(found.groups)} kinds of files are here, and {MOST_SOURCES} were looked at, in the order of their names. "
                f"Not looked at: {', '.join(further[:3])}{' and others' if further[3:] else ''}. "
                "Put what belongs together into a folder of its own, and run `cdp init` there."
            )
        for group in found.groups[:MOST_SOURCES]:
            progress(group.files)
            try:
                seen = look(connection, folder, group)
            except SourceError as error:
                left += error.problems
                continue
            parts.append(part(seen, meanings(connection, seen)))
        ways = relations(connection, parts)
        customers, accounts, contacts = _entities(parts, ways)
        done = activities(connection, parts, ways, customers, accounts)
        days = {each.name: day for each in parts if each.use == "events" and (day := first_day(connection, each))}
    order = [each.name for entity_ in (customers, accounts) for each in entity_.order]
    companies = {each.name for each in accounts.order}
    parts = [_of_somebody(_with_ids(each, ways, companies, order), customers) for each in parts]
    return Suggestion(tuple(parts), tuple(left), ways, customers, accounts, contacts, done, prediction(done), days)


def _entities(parts: list[Part], ways: tuple[Relation, ...]) -> tuple[Entity, Entity, Entity]:
    """Customers, accounts and contacts. There are always customers: without people they are companies, else what there is."""
    companies = [each for each in parts if each.use == "companies"]
    people = [each for each in parts if each.use == "people"]
    names = {each.name for each in companies}
    staff = [each for each in people if any(_is_staff(r, each, names) for r in ways)]
    if len(staff) == len(people):
        staff = []
    if not people:
        people, companies = companies, []
    customers = entity("customers", [each for each in people if each not in staff], ways)
    customers = _with_events(customers, parts, ways)
    if not customers.order:
        others = [each for each in parts if each.use in ("records", "events")]
        customers = replace(customers, order=tuple(sorted(others, key=lambda each: each.use == "events")[:1]), alone=())
    return customers, entity("accounts", companies, ways), entity("contacts", staff, ways)


def _of_somebody(part: Part, customers: Entity) -> Part:
    """Consents are of use only where a source of customers has what they name a person by."""
    if part.use != "consents" or any(part.roles["person"].type in each.types for each in customers.order):
        return part
    return replace(part, wanting=f"no source of customers has a field of type {part.roles['person'].type}, by which a person is named")


def _is_staff(relation: Relation, part: Part, companies: set[str]) -> bool:
    """Whether a source of people holds those who work for the companies of another."""
    return relation.source == part.name and relation.target in companies and relation.sure


def _with_events(customers: Entity, parts: list[Part], ways: tuple[Relation, ...]) -> Entity:
    """Visitors come after the people whom they may turn out to be."""
    people = [each.name for each in customers.order]
    known = {r.source for r in ways if r.target in people and r.sure}
    events = [each for each in parts if each.use == "events"]
    return replace(
        customers,
        order=(*customers.order, *(each for each in events if each.name in known)),
        alone=(*customers.alone, *(each for each in events if each.name not in known)),
    )


def _with_ids(part: Part, ways: tuple[Relation, ...], companies: set[str], order: list[str]) -> Part:
    """The keys of people, here and where they are named, are ids: personal, so that masking and erasure reach them."""
    mine = [r for r in ways if r.source == part.name and r.sure]
    named = {r.field: r for r in sorted(mine, key=lambda r: (round(r.share, 2), -_rank(r.target, order)))}
    result = []
    for meaning in part.meanings:
        if meaning.semantic:
            result.append(meaning)
        elif part.key is not None and meaning.field == part.key.meaning.field:
            result.append(_as(meaning, "identity.id" if part.use == "people" else "text", "the primary key"))
        elif meaning.field in named:
            way = named[meaning.field]
            result.append(_as(meaning, "text" if way.target in companies else "identity.id", way.why))
        else:
            result.append(meaning)
    key = part.key and replace(part.key, meaning=next(m for m in result if m.field == part.key.meaning.field))
    return replace(part, meanings=tuple(result), key=key)


def _rank(name: str, order: list[str]) -> int:
    return order.index(name) if name in order else len(order)


def _as(meaning: Meaning, type_: str, why: str) -> Meaning:
    return replace(meaning, type=type_, why=why, format=None, used=True, faults=0)
