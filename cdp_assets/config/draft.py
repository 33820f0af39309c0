"""The names in a document, read leniently, so that one mistake does not hide those of other sections.

Where a document is valid, a draft holds the same as its ``ProjectConfig``. What is not valid is left out here, because
the models have reported it already.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError

from cdp_assets.config.fields import Field
from cdp_assets.config.mend import ENTITIES
from cdp_assets.config.problems import Location, nearest
from cdp_assets.config.project import with_defaults
from cdp_assets.config.rule_condition import Condition
from cdp_assets.config.sources import kind_of, with_key


@dataclass(frozen=True)
class DraftSource:
    """A source; a field that is not valid is there by its name, as None."""

    kind: str
    fields: dict[str, Field | None]
    known_as: dict[str, str]
    include_all_records: bool
    complete: bool
    """Whether the names of all fields are known; not where a source of records lacks its primary key."""
    primary_key: str | None


@dataclass(frozen=True)
class DraftRule:
    """A rule with the place where it is written; in a rule of dedupe left and right are the same source."""

    at: Location
    name: str | None
    left: str | None
    right: str | None
    conditions: list[tuple[Location, Condition]]
    exceptions: list[tuple[Location, Condition]]
    active: bool


@dataclass(frozen=True)
class Draft:
    """What the checks look at of one section of unification; `others` has the drafts of the further ones, if there are any."""

    section: str
    sources: dict[str, DraftSource]
    order: list[tuple[Location, str]]
    dedupe: list[tuple[Location, str]]
    dedupe_rules: list[DraftRule]
    recencies: list[tuple[Location, str, str]]
    """Where a field says which record is newer: the place, the source, the field."""
    overrides: list[tuple[Location, str, str]]
    """Fields of dedupe whose value may come from another record: the place, the source, the field."""
    match: list[DraftRule]
    others: tuple["Draft", ...] = ()

    def ranks(self) -> dict[str, int]:
        """The position of each source in match_order (of a misspelt one as what was most likely meant)."""
        meant = [nearest(name, self.sources) or name for _, name in self.order]
        return {name: meant.index(name) for name in meant}

    def whole_order(self) -> bool:
        """Whether it is known of every name in match_order which source is meant."""
        return all(nearest(name, self.sources) for _, name in self.order)

    def ranked_records(self) -> list[str]:
        """The sources of records in match_order, the highest first."""
        ranks = self.ranks()
        records = (name for name, source in self.sources.items() if source.kind == "records" and name in ranks)
        return sorted(records, key=ranks.__getitem__)


def read_draft(written: Any) -> Draft:
    """The draft of a document, its plain data as written."""
    first, *others = (_section(written, name) for name in ENTITIES if name == ENTITIES[0] or name in _mapping(written))
    return replace(first, others=tuple(others))


def _section(written: Any, section: str) -> Draft:
    data = with_defaults(written)
    entity = _mapping(_mapping(data).get(section))
    order_given = "match_order" in _mapping(_mapping(written).get(section))
    sources = _mapping(_mapping(data).get("sources"))
    dedupe = _mapping(entity.get("dedupe"))
    rules = [
        ((section, "dedupe", name, "rules", number), name, rule)
        for name, entry in dedupe.items()
        for number, rule in enumerate(_list(_mapping(entry).get("rules")))
    ]
    match: list[tuple[Location, Any]] = [((section, "match", number), rule) for number, rule in enumerate(_list(entity.get("match")))]
    return Draft(
        section=section,
        sources={name: _source(source) for name, source in sources.items()},
        order=[
            ((section, "match_order", number) if order_given else ("sources", name), name)
            for number, name in enumerate(_list(entity.get("match_order")))
            if isinstance(name, str)
        ],
        dedupe=[((section, "dedupe", name), name) for name in dedupe],
        dedupe_rules=[_rule(at, rule, source, source) for at, source, rule in rules],
        recencies=[(at, name, field) for name, entry in dedupe.items() for at, field in _recencies(entry, (section, "dedupe", name))],
        overrides=[
            ((section, "dedupe", name, "fields", field), name, field)
            for name, entry in dedupe.items()
            for field in _mapping(_mapping(entry).get("fields"))
        ],
        match=[_rule(at, rule, _text(_mapping(rule).get("left")), _text(_mapping(rule).get("right"))) for at, rule in match],
    )


def _mapping(data: Any) -> dict[str, Any]:
    return data if isinstance(data, dict) else {}


def _list(data: Any) -> list[Any]:
    return data if isinstance(data, list) else []


def _text(data: Any) -> str | None:
    return data if isinstance(data, str) else None


def _recencies(dedupe: Any, at: Location) -> Iterator[tuple[Location, str]]:
    """The fields by which records are newer or older: of `keep`, and of each field that has its own."""
    fields = _mapping(_mapping(dedupe).get("fields"))
    keeps = {(*at, "keep"): _mapping(dedupe).get("keep"), **{(*at, "fields", name): keep for name, keep in fields.items()}}
    for place, keep in keeps.items():
        for key, field in _mapping(keep).items():
            if key in ("most_recent", "least_recent") and isinstance(field, str):
                yield (*place, key), field


def _source(written: Any) -> DraftSource:
    kind = str(kind_of(written))
    source = _mapping(with_key(written) if kind == "records" else written)
    known_as = _mapping(source.get("known_as"))
    return DraftSource(
        kind=kind,
        fields={name: _field(field) for name, field in _mapping(source.get("fields")).items()},
        known_as={column: target for column, target in known_as.items() if isinstance(target, str)},
        include_all_records=source.get("include_all_records", kind == "records") is True,
        complete=kind != "records" or isinstance(source.get("primary_key"), str),
        primary_key=_text(source.get("primary_key")),
    )


def _field(written: Any) -> Field | None:
    try:
        return Field.model_validate(written)
    except ValidationError:
        return None


def _rule(at: Location, written: Any, left: str | None, right: str | None) -> DraftRule:
    rule = _mapping(written)
    conditions, exceptions = (_conditions(rule.get(key), (*at, key)) for key in ("all", "exceptions"))
    return DraftRule(at, _text(rule.get("name")), left, right, conditions, exceptions, rule.get("active") is not False)


def _conditions(written: Any, at: Location) -> list[tuple[Location, Condition]]:
    found = [((*at, number), _condition(entry)) for number, entry in enumerate(_list(written))]
    return [(place, condition) for place, condition in found if condition]


def _condition(written: Any) -> Condition | None:
    """The condition; its field alone where something else of it is not valid."""
    plain = {key: value for key, value in _mapping(written).items() if key != "differs"}
    for form in (plain, {"field": plain.get("field")}):
        try:
            return Condition.model_validate(form)
        except ValidationError:
            continue
    return None
