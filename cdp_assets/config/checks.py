"""Checks of one section against another: names that must exist, the order of the sources, rules that can work."""

from collections.abc import Collection, Iterable, Iterator

from cdp_assets.config.draft import Draft, DraftRule
from cdp_assets.config.fields import Field
from cdp_assets.config.problems import Finding, Location, field_places, nearest, shown, unknown
from cdp_assets.config.rule_condition import Condition, Sides, sides

_KINDS = {"name": "a name", "address": "an address", "organization": "an organisation", "text": "text"}


def check(draft: Draft) -> Iterator[Finding]:
    """Everything that is wrong between the sections."""
    yield from _known_as(draft)
    drafts = (draft, *draft.others)
    for each in drafts:
        yield from _order(each)
        yield from _dedupe(each)
        yield from _match(each)
        yield from _reached(each, {name for other in drafts if other is not each for _, name in other.order})


def _unknown_source(draft: Draft, at: Location, name: str, what: str = "source", known: Iterable[str] | None = None) -> Iterator[Finding]:
    if known is None or name not in draft.sources:
        yield unknown(at, what, name, draft.sources if known is None else known, ("sources", name))
    elif draft.whole_order():  # it is there, but not one of those
        yield unknown(at, what, name, known, ("sources", name, "kind"), (draft.section, "match_order"))


def _unknown_field(draft: Draft, at: Location, source: str, name: str) -> Iterator[Finding]:
    if draft.sources[source].complete:
        yield unknown(at, f"field of {source}", name, draft.sources[source].fields, *field_places(source, name))


def _order(draft: Draft) -> Iterator[Finding]:
    names = [name for _, name in draft.order]
    for rank, (at, name) in enumerate(draft.order):
        if name not in draft.sources:
            yield from _unknown_source(draft, at, name)
        elif name in names[:rank]:
            yield Finding(at, "stands twice in match_order", shown(name))
        elif draft.section != "customers" and draft.sources[name].kind != "records":
            yield Finding(at, f"has {draft.sources[name].kind}, and {draft.section} are made of records; take it out", shown(name))


def _known_as(draft: Draft) -> Iterator[Finding]:
    records = [name for name, source in draft.sources.items() if source.kind == "records"]
    ranks = draft.ranks()
    for name, source in draft.sources.items():
        for column, target in source.known_as.items():
            at = ("sources", name, "known_as", column)
            target_source, dot, target_field = target.partition(".")
            if not dot:
                continue
            if target_source not in records:
                yield from _unknown_source(draft, at, target_source, "source of records", records)
                continue
            fields = draft.sources[target_source].fields
            if target_field not in fields:
                yield from _unknown_field(draft, at, target_source, target_field)
            if name in ranks and draft.whole_order() and not ranks.get(target_source, len(ranks)) < ranks[name]:
                yield Finding(at, f"{target_source} must stand above {name} in match_order", lacks=[(draft.section, "match_order")])


def _dedupe(draft: Draft) -> Iterator[Finding]:
    ranks = draft.ranks()
    for at, name in draft.dedupe:
        if name not in draft.sources:
            yield from _unknown_source(draft, at, name)
        elif draft.sources[name].kind == "events":
            yield Finding(at, "has events, and only records have duplicates; remove it")
        elif ranks and name not in ranks and draft.whole_order():
            message = "is not in match_order, so its records do not take part; add it there or remove this"
            yield Finding(at, message, lacks=[(draft.section, "match_order")])
    yield from rules_inside(draft)
    yield from _keep(draft)


def rules_inside(draft: Draft) -> Iterator[Finding]:
    """The rules inside a source: each has a name of its own and compares what can be compared."""
    yield from _rule_names(draft.dedupe_rules)
    for rule in draft.dedupe_rules:
        for at, condition in (*rule.conditions, *rule.exceptions):
            if isinstance(condition.field, Sides):
                yield Finding((*at, "field"), "inside one source both sides have the same field; write its name")
            else:
                yield from _condition(draft, rule, at, condition)
        yield from _by_words_alone(draft, rule)
    yield from _keep(draft)


def _keep(draft: Draft) -> Iterator[Finding]:
    """Fields that say which record is taken must have an order in time, and a field that is taken must be no key."""
    for at, source, name in draft.recencies:
        fields = draft.sources[source].fields if source in draft.sources else {}
        field = fields.get(name)
        if source in draft.sources and name not in fields:
            yield from _unknown_field(draft, at, source, name)
        elif field and field.data_type in ("varchar", "boolean"):
            ordered = [other for other, its in fields.items() if its and its.data_type not in ("varchar", "boolean")]
            message = f"is of type {field.type}; what is newer is told by a date, a timestamp or a number"
            yield Finding(at, message, shown(name), ordered)
    for at, source, name in draft.overrides:
        if source not in draft.sources:
            continue
        if name not in draft.sources[source].fields:
            yield from _unknown_field(draft, at, source, name)
        elif name == draft.sources[source].primary_key:
            yield Finding(at, "is the primary key, by which other files name this record; remove it")


def _rule_names(rules: Iterable[DraftRule]) -> Iterator[Finding]:
    """The results name the rule of a pair, so rules for the same sources need names of their own."""
    taken = set()
    for rule in rules:
        name = (rule.left, rule.right, rule.name)
        if rule.name is not None and name in taken:
            yield Finding((*rule.at, "name"), "is the name of an earlier rule; each needs its own", shown(rule.name))
        taken.add(name)


def _match(draft: Draft) -> Iterator[Finding]:
    yield from _rule_names(draft.match)
    for rule in draft.match:
        found = list(_rule_sources(draft, rule))
        yield from found
        if not found:
            for at, condition in (*rule.conditions, *rule.exceptions):
                yield from _condition(draft, rule, at, condition)
            yield from _by_words_alone(draft, rule)


def _rule_sources(draft: Draft, rule: DraftRule) -> Iterator[Finding]:
    ranks = draft.ranks()
    for side, name in (("left", rule.left), ("right", rule.right)):
        at = (*rule.at, side)
        if name is None:
            continue
        if name not in draft.sources:
            yield from _unknown_source(draft, at, name)
        elif draft.sources[name].kind == "events":
            yield Finding(at, "has events, which are matched by their known_as; remove this rule", shown(name))
        elif ranks and name not in ranks and draft.whole_order():
            yield Finding(at, "is not in match_order", shown(name), list(ranks), lacks=[(draft.section, "match_order")])
    if rule.left is not None and rule.left == rule.right:
        yield Finding((*rule.at, "right"), f"is the same source as left; write it under dedupe.{rule.left} instead")
    elif rule.left in ranks and rule.right in ranks and ranks[rule.left] > ranks[rule.right]:
        yield Finding((*rule.at, "left"), f"must stand above {rule.right} in match_order; exchange left and right")


def _condition(draft: Draft, rule: DraftRule, at: Location, condition: Condition) -> Iterator[Finding]:
    """A condition whose fields exist on both sides must be able to compare them."""
    if rule.left not in draft.sources or rule.right not in draft.sources:
        return
    left, right = draft.sources[rule.left].fields, draft.sources[rule.right].fields
    where = (*at, "field")
    name, other = sides(condition.field, left, right)
    if name not in left:
        at_left = (*where, "left") if isinstance(condition.field, Sides) else where
        yield from _unknown_field(draft, at_left, rule.left, name)
    elif other is None:
        yield from _no_other_side(rule.right, where, (name, left[name]), right)
    elif other not in right:
        yield from _unknown_field(draft, (*where, "right"), rule.right, other)
    else:
        yield from _comparison(at, condition, (name, left[name]), (other, right[other]))


def _by_words_alone(draft: Draft, rule: DraftRule) -> Iterator[Finding]:
    """Weights of words prove of no pair that it need not be looked at: something else of the rule has to."""
    found = []
    for _, condition in rule.conditions:
        left, right = _compared(draft, rule, condition)
        kind = condition.compared_as(left, right) if left and right and condition.precision < 1 else "text"
        found.append(kind in ("address", "organization"))
    if found and all(found):
        message = (
            "its conditions all compare word by word, which would take every pair of records; add an exact condition, such as"
            " birth date or postcode, or compare letter by letter with as: text"
        )
        yield Finding((*rule.at, "all"), message)


def _compared(draft: Draft, rule: DraftRule, condition: Condition) -> tuple[Field | None, Field | None]:
    """The fields of a condition, None for one that there is not."""
    fields = [draft.sources[side].fields if side in draft.sources else {} for side in (rule.left, rule.right)]
    name, other = sides(condition.field, *fields)
    return fields[0].get(name), fields[1].get(other) if other is not None else None


def _no_other_side(source: str, at: Location, left: tuple[str, Field | None], right: dict[str, Field | None]) -> Iterator[Finding]:
    name, field = left
    if field is None:
        return
    same = [other for other, its in right.items() if field.semantic and its and its.type == field.type]
    lack = f"several fields of type {field.type}" if same else "no field of that name or type"
    hint = f"write {{left: {name}, right: a field of {source}}}"
    yield Finding(at, f"{source} has {lack}; {hint}", shown(name), same or list(right))


def _comparison(at: Location, condition: Condition, left: tuple[str, Field | None], right: tuple[str, Field | None]) -> Iterator[Finding]:
    if left[1] is None or right[1] is None:
        return
    types = {name: field.data_type for name, field in (left, right) if field}
    if left[1].data_type != right[1].data_type:
        yield Finding(
            (*at, "field"),
            f"the two sides are stored differently ({left[0]}: {left[1].data_type}, {right[0]}: {right[1].data_type});"
            " give both fields the same type",
        )
        return
    if set(types.values()) == {"varchar"}:
        kinds = condition.kinds(left[1], right[1])
        if len(kinds) > 1:
            asked = " and ".join(f"{name} ({its.type}) as {kind}" for (name, its), kind in zip((left, right), kinds, strict=True) if its)
            yield Finding((*at, "as"), f"must be stated, because by their types {asked} would be compared", None, [*kinds, "text"])
        return
    stored = f"{left[0]} is {left[1].data_type}"
    if condition.precision < 1:
        yield Finding((*at, "precision"), f"only text is compared by precision, and {stored}", None, ["exact"])
    if condition.as_ is not None:
        yield Finding((*at, "as"), f"only text is compared as {_KINDS[condition.as_]}, and {stored}; remove it")
    for name in ("alias", "bypass"):
        if getattr(condition, name) is not None:
            yield Finding((*at, name), f"only text is looked up in a list, and {stored}; remove it")
    if condition.normalise:
        yield Finding((*at, "normalise"), f"only text is normalised, and {stored}; remove it")


def _reached(draft: Draft, elsewhere: Collection[str]) -> Iterator[Finding]:
    """Every source after the first needs a way to a higher one, else its records would silently stay alone.

    Nothing is said of sources that stand in another section too, nor while a rule is about a source that does not exist.
    """
    ranks = draft.ranks()
    if any(rule.left == rule.right or (rule.right and nearest(rule.right, draft.sources) is None) for rule in draft.match):
        return
    # a rule whose sources are misspelt or in the wrong order is reported as such, not as missing
    reached = {nearest(rule.right, draft.sources) for rule in draft.match if rule.active}
    inactive = {nearest(rule.right, draft.sources): rule for rule in reversed(draft.match) if not rule.active}
    reached |= {rule.left for rule in draft.match if ranks.get(rule.left or "", -1) > ranks.get(rule.right or "", 0)}
    for rank, (at, name) in enumerate(draft.order):
        source = draft.sources.get(name)
        if source is None or ranks[name] != rank or name in reached or name in elsewhere:
            continue
        higher = [f"left: {other}" for other in draft.ranked_records() if ranks[other] < rank]
        if source.kind == "events" and not source.known_as and not source.include_all_records:
            message = "has no known_as, so no event finds its customer; add it, or include_all_records: true"
            yield Finding(at, message, lacks=[("sources", name)])
        elif source.kind == "records" and name in inactive:
            message = f"no active rule is left that leads {name} to a source above it; make it active, or take {name} out of match_order"
            yield Finding((*inactive[name].at, "active"), message, lacks=[(draft.section, "match")])
        elif source.kind == "records" and higher:
            advice = f"add a rule to {draft.section}.match with right: {name}, or take it out of match_order"
            # without a match_order of its own it may belong to accounts, contacts or activities that could not be read
            others: list[Location] = [("accounts",), ("contacts",), ("activities",)] if at[0] == "sources" else []
            lacks = [(draft.section, "match"), ("sources", name, "kind"), *others]
            yield Finding(at, f"{name} has no rule to a source above it; {advice}", None, higher, lacks=lacks)
