"""What later versions build: known here only so that it is refused by name and never ignored."""

from collections.abc import Iterator, Sequence
from typing import Any

from cdp_assets.config.problems import LATER, Finding, Location

_SECTIONS = ("privacy",)
_CUSTOMERS = "exceptions enrichment quality".split()
_RULES = ("threshold",)
_NORMALISE = ["email"]
_MERGE = "most_filled concatenate".split()


def refusals(data: Any) -> list[tuple[Location, Finding]]:
    """Each option of a later version in the document: the place whose other problems say nothing, and the finding."""
    return [
        *_keys(data, (), _SECTIONS),
        *_value(data, ("engine",), "kind", ["spark"]),
        *(each for section in ("customers", "accounts", "contacts") for each in _unified(_get(data, section), (section,))),
    ]


def _get(data: Any, key: str) -> Any:
    return data.get(key) if isinstance(data, dict) else None


def _entries(data: Any) -> Iterator[tuple[str | int, Any]]:
    if isinstance(data, dict):
        yield from data.items()
    if isinstance(data, list):
        yield from enumerate(data)


def _keys(data: Any, at: Location, names: Sequence[str]) -> Iterator[tuple[Location, Finding]]:
    for name in names:
        if isinstance(data, dict) and name in data:
            yield (*at, name), Finding((*at, name), LATER)


def _value(data: Any, at: Location, key: str, values: list[str]) -> Iterator[tuple[Location, Finding]]:
    for step in at:
        data = _get(data, str(step))
    found = _get(data, key)
    if isinstance(found, str) and found in values:
        yield (*at, key), Finding((*at, key), f"{found} {LATER}")


def _unified(customers: Any, at: Location) -> Iterator[tuple[Location, Finding]]:
    yield from _keys(customers, at, _CUSTOMERS)
    for source, dedupe in _entries(_get(customers, "dedupe")):
        for number, rule in _entries(_get(dedupe, "rules")):
            yield from _rule(rule, (*at, "dedupe", source, "rules", number))
    for number, rule in _entries(_get(customers, "match")):
        place = (*at, "match", number)
        if _get(rule, "kind") == "probabilistic":
            yield place, Finding((*place, "kind"), f"probabilistic {LATER}")
        else:
            yield from _rule(rule, place)
    for field, merge in _entries(_get(customers, "merge")):
        place = (*at, "merge", field)
        if isinstance(merge, str) and merge in _MERGE:
            yield place, Finding(place, f"{merge} {LATER}")
        elif any(name in _MERGE for name, _ in _entries(merge)):
            # the whole entry: without the later option it may lack what this version asks for
            yield place, Finding(place, f"{', '.join(name for name in _MERGE if name in merge)} {LATER}")


def _rule(rule: Any, at: Location) -> Iterator[tuple[Location, Finding]]:
    yield from _keys(rule, at, _RULES)
    for number, condition in _entries(_get(rule, "all")):
        place = (*at, "all", number, "normalise")
        for index, name in _entries(_get(condition, "normalise")):
            if isinstance(name, str) and name in _NORMALISE:
                yield (*place, index), Finding((*place, index), f"{name} {LATER}")
