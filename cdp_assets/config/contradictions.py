"""Rules that contradict or repeat each other: each is legal by itself, and together they can only be a slip."""

import json
import operator
from collections.abc import Callable, Hashable, Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

from cdp_assets.config.clusters import clusters_of
from cdp_assets.config.conditions import Operator, Value, day_of, in_words
from cdp_assets.config.customers import Customers, MatchRule
from cdp_assets.config.dedupe import DedupeRule
from cdp_assets.config.problems import Finding, Location, shown
from cdp_assets.config.rule_condition import Condition
from cdp_assets.config.sources import RecordsSource

if TYPE_CHECKING:
    from cdp_assets.config.project import ProjectConfig

_LOWER, _UPPER = ("above", "at_least"), ("below", "at_most")
_ORDERS: dict[str, Callable[[Any, Any], Any]] = {
    "above": operator.gt,
    "at_least": operator.ge,
    "below": operator.lt,
    "at_most": operator.le,
}


class Asked(NamedTuple):
    """A comparison with the place where it is written."""

    at: Location
    operator: Operator
    values: tuple[Value, ...]

    def words(self) -> str:
        """It as people read it."""
        return in_words(self.operator, self.values)


def check(config: "ProjectConfig") -> Iterator[Finding]:
    """Everything of one section or of several that contradicts or repeats something else."""
    yield from _sources(config)
    for entity in (config.customers, config.accounts, config.contacts):
        if entity is not None:
            yield from _rules(entity)
    yield from _activities(config)
    yield from _segments(config)
    yield from _exports(config)


def impossible(asked: Sequence[Asked]) -> tuple[Asked, ...]:
    """Comparisons of one value that cannot all hold, the last one written at the end; none where they can."""
    for number, one in enumerate(asked):
        for other in asked[:number]:
            if _exclude(one, other) or _exclude(other, one):
                return other, one
    listed = [one for one in asked if one.operator == "is"]
    left = [value for value in listed[0].values if all(_holds(value, other) for other in asked)] if listed else [True]
    return () if left else tuple(asked)


def _key(value: Value) -> Any:
    day = None if isinstance(value, bool) else day_of(value)
    return day or value


def _holds(value: Value, asked: Asked) -> bool:
    """Whether a value fulfils a comparison; a comparison of two kinds of values is reported elsewhere."""
    if asked.operator == "exists":
        return asked.values == (True,)
    mine, theirs = _key(value), [_key(each) for each in asked.values]
    same = [each for each in theirs if type(each) is type(mine) or (_is_number(each) and _is_number(mine))]
    if not same:
        return True
    if asked.operator in ("is", "is_not"):
        return (mine in same) == (asked.operator == "is")
    return bool(_ORDERS[asked.operator](mine, same[0]))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _exclude(one: Asked, other: Asked) -> bool:
    """Whether no value fulfils both; a value that is missing fulfils `is_not` and `exists: false` only."""
    if one.operator == "exists" and one.values == (False,):
        return other.values == (True,) if other.operator == "exists" else other.operator != "is_not"
    if one.operator == "is":
        return not any(_holds(value, other) for value in one.values)
    if one.operator in _LOWER and other.operator in _UPPER:
        low, high = _key(one.values[0]), _key(other.values[0])
        comparable = (_is_number(low) and _is_number(high)) or (isinstance(low, date) and isinstance(high, date))
        # at the same bound at_least and at_most leave the bound itself
        return comparable and bool(low > high or (low == high and (one.operator, other.operator) != ("at_least", "at_most")))
    return False


def _together(found: Sequence[Asked], what: str, so: str) -> Finding:
    *others, last = found
    words = " and ".join(dict.fromkeys(each.words() for each in others))
    message = f"{what} cannot be both: {last.words()}, and {words}; {so}"
    return Finding(last.at, message, lacks=[each.at for each in found])


def _sources(config: "ProjectConfig") -> Iterator[Finding]:
    seen: dict[Hashable, str] = {}
    for name, source in config.sources.items():
        for field, comparisons in source.where.items():
            asked = [Asked(("sources", name, "where", field), each.operator, each.values) for each in comparisons]
            if found := impossible(asked):
                yield _together(found, field, "so no row would be read")
        files = getattr(source, "files", "")
        if ".cdp" in files.split("/"):
            message = "is inside .cdp, the store of the program: what it writes would come back as data; choose another"
            yield Finding(("sources", name, "files"), message, shown(files))
        if isinstance(source, RecordsSource):
            same = source.model_dump_json(exclude={"include_all_records"})
            if same in seen:
                message = f"reads the same rows as {seen[same]}, in the same way; remove one of the two"
                yield Finding(("sources", name), message, lacks=[("sources", name), ("sources", seen[same])])
            seen.setdefault(same, name)


def _rules(entity: Customers) -> Iterator[Finding]:
    for source, dedupe in entity.dedupe.items():
        yield from _of_one_pair([((entity.section, "dedupe", source, "rules", n), rule) for n, rule in enumerate(dedupe.rules or ())])
    for name, cluster in clusters_of(entity).items():
        yield from _of_one_pair([((entity.section, "clusters", name, "rules", n), rule) for n, rule in enumerate(cluster.rules)])
    pairs: dict[tuple[str, str], list[tuple[Location, DedupeRule | MatchRule]]] = {}
    for number, rule in enumerate(entity.match):
        pairs.setdefault((rule.left, rule.right), []).append(((entity.section, "match", number), rule))
    for rules in pairs.values():
        yield from _of_one_pair(rules)


def _of_one_pair(rules: Sequence[tuple[Location, DedupeRule | MatchRule]]) -> Iterator[Finding]:
    """A later rule that asks for all that an earlier one asks for, and perhaps for more, never finds anything.

    Unless the earlier one has an exception that the later one has not: what that keeps apart, the later one may join.
    """
    earlier: list[tuple[Location, str, set[str], set[str]]] = []
    for at, rule in rules:
        conditions, exceptions = [_condition(each) for each in rule.all], [_condition(each) for each in rule.exceptions]
        for key, written in (("all", conditions), ("exceptions", exceptions)):
            for number, condition in enumerate(written):
                if condition in written[:number]:
                    yield Finding((*at, key, number), "stands twice in this rule; remove one")
        yield from _exceptions(at, rule)
        yield from _review(at, rule)
        if not rule.active:
            continue
        for place, name, asked, but in earlier:
            if asked <= set(conditions) and but <= set(exceptions):
                more = "the same conditions as" if asked == set(conditions) else "all conditions of"
                message = f'has {more} the earlier rule "{name}", which joins these records already; remove one of the two'
                yield Finding(at, message, lacks=[at, place])
                break
        earlier.append((at, rule.name, set(conditions), set(exceptions)))


def _exceptions(at: Location, rule: DedupeRule | MatchRule) -> Iterator[Finding]:
    """An exception that holds for all pairs of the rule, or for none: a condition compares the same, and no less strictly."""
    for number, exception in enumerate(rule.exceptions):
        same = [each for each in rule.all if _compared(each) == _compared(exception) and each.precision >= exception.precision]
        if not same:
            continue
        place = (*at, "exceptions", number)
        if exception.differs:
            message = "never holds: a condition of the rule says already that these are alike; raise its precision, or remove it"
        else:
            message = "always holds: it is a condition of the rule too, so that no pair is left; remove one of the two"
        yield Finding(place, message, lacks=[at])


def _review(at: Location, rule: DedupeRule | MatchRule) -> Iterator[Finding]:
    """What is kept for a review must be less alike than every condition that may differ asks for, and there must be one."""
    if rule.review is None:
        return
    fuzzy = [(number, condition.precision) for number, condition in enumerate(rule.all) if condition.precision < 1]
    if not fuzzy:
        message = "no condition of the rule has a precision below exact, so there is nothing to review; remove it"
        yield Finding((*at, "review"), message, lacks=[at])
        return
    number, lowest = min(fuzzy, key=lambda each: each[1])
    if rule.review >= lowest:
        message = f"is no less than the precision of all[{number}], so that no pair is left to review; lower it, or remove it"
        yield Finding((*at, "review"), message, str(rule.review), [f"a precision below {lowest:g}"], lacks=[at])


def _compared(condition: Condition) -> str:
    """What is compared, without how alike it must be."""
    dumped = condition.model_dump(exclude={"precision", "differs"})
    return json.dumps({**dumped, "normalise": sorted(condition.normalise)}, sort_keys=True)


def _condition(condition: Condition) -> str:
    return json.dumps({**condition.model_dump(), "normalise": sorted(condition.normalise)}, sort_keys=True)


def _activities(config: "ProjectConfig") -> Iterator[Finding]:
    seen: dict[Hashable, str] = {}
    for name, activity in config.activities.items():
        what = activity.model_dump_json(exclude={"show"})
        if what in seen:
            message = f"takes the same rows of {activity.source} as {seen[what]}, so that each counts twice; remove one of the two"
            yield Finding(("activities", name), message, lacks=[("activities", name), ("activities", seen[what])])
        seen.setdefault(what, name)


def _segments(config: "ProjectConfig") -> Iterator[Finding]:
    for name, segment in config.segments.items():
        groups = {
            group: [(it.what, Asked(("segments", name, group, n, it.what), it.operator, it.values)) for n, it in enumerate(conditions)]
            for group, conditions in (("all", segment.all), ("any", segment.any))
        }
        yield from _repeated(groups["all"], groups["any"])
        for what in dict.fromkeys(its for its, _ in groups["all"]):
            must = [asked for its, asked in groups["all"] if its == what]
            if found := impossible(must):
                yield _together(found, what, "so nobody could be a member")
                continue
            for asked in (asked for its, asked in groups["any"] if its == what):
                if found := impossible([*must, asked]):
                    yield _together(found, what, "so this one of `any` never holds beside those of `all`")


def _repeated(must: Sequence[tuple[str, Asked]], one_of: Sequence[tuple[str, Asked]]) -> Iterator[Finding]:
    seen: set[Hashable] = set()
    required = {_same(*each) for each in must}
    for what, asked in must:
        if _same(what, asked) in seen:
            yield Finding(asked.at, f"{what} {asked.words()}: stands twice; remove one")
        seen.add(_same(what, asked))
    seen.clear()
    for what, asked in one_of:
        if _same(what, asked) in required:
            yield Finding(asked.at, f"{what} {asked.words()}: must hold by `all` already, so that `any` asks for nothing; remove one")
        elif _same(what, asked) in seen:
            yield Finding(asked.at, f"{what} {asked.words()}: stands twice; remove one")
        seen.add(_same(what, asked))


def _same(what: str, asked: Asked) -> Hashable:
    return what, asked.operator, frozenset((type(value).__name__, value) for value in asked.values)


def _exports(config: "ProjectConfig") -> Iterator[Finding]:
    seen: dict[Hashable, str] = {}
    for name, export in config.exports.items():
        what = (export.connection, export.contact_id, frozenset(export.segments), frozenset(export.fields), export.consent)
        if what in seen:
            message = f"sends the same members over {export.connection} as {seen[what]}, so that each goes out twice; remove one of the two"
            yield Finding(("exports", name), message, lacks=[("exports", name), ("exports", seen[what])])
        seen.setdefault(what, name)
