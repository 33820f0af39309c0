"""The names in a document, read leniently, so that one mistake does not hide those of other sections.

Where a document is valid, a draft holds the same as its ``ProjectConfig``. What is not valid is left out here, because
the models have reported it already.
"""

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


@dataclass(frozen=True)
class DraftRule:
    """A rule with the place where it is written; in a rule of dedupe left and right are the same source."""

    at: Location
    name: str | None
    left: str | None
    right: str | None
    conditions: list[tuple[Location, Condition]]


@dataclass(frozen=True)
class Draft:
    """What the checks look at of one section of unification; `others` has the drafts of the further ones, if there are any."""

    section: str
    sources: dict[str, DraftSource]
    order: list[tuple[Location, str]]
    dedupe: list[tuple[Location, str]]
    dedupe_rules: list[DraftRule]
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
        match=[_rule(at, rule, _text(_mapping(rule).get("left")), _text(_mapping(rule).get("right"))) for at, rule in match],
    )


def _mapping(data: Any) -> dict[str, Any]:
    return data if isinstance(data, dict) else {}


def _list(data: Any) -> list[Any]:
    return data if isinstance(data, list) else []


def _text(data: Any) -> str | None:
    return data if isinstance(data, str) else None


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
    )


def _field(written: Any) -> Field | None:
    try:
        return Field.model_validate(written)
    except ValidationError:
        return None


def _rule(at: Location, written: Any, left: str | None, right: str | None) -> DraftRule:
    rule = _mapping(written)
    conditions = [((*at, "all", number), _condition(entry)) for number, entry in enumerate(_list(rule.get("all")))]
    valid = [(place, condition) for place, condition in conditions if condition]
    return DraftRule(at, _text(rule.get("name")), left, right, valid)


def _condition(written: Any) -> Condition | None:
    """The condition; its field alone where something else of it is not valid."""
    for form in (written, {"field": _mapping(written).get("field")}):
        try:
            return Condition.model_validate(form)
        except ValidationError:
            continue
    return None
