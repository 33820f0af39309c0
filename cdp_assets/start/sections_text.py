"""The sections after `sources`, as lines of cdp.yaml: customers, accounts, contacts, activities, measures, clv, segments."""

from collections.abc import Iterator, Sequence

from cdp_assets.start.activities import Activity, purchases
from cdp_assets.start.kinds import Part
from cdp_assets.start.people import Condition, Entity, Rule
from cdp_assets.start.relations import Relation
from cdp_assets.start.suggestion import Suggestion
from cdp_assets.start.yaml_text import comment, commented, flow, line, mapping, scalar

_ATTRIBUTES = {
    "person.first_name": "first_name", "person.last_name": "last_name", "person.birth_date": "birth_date", "person.gender": "gender",
    "identity.email": "primary_email", "identity.phone": "primary_phone", "location.street": "street_address",
    "location.postcode": "postal_code", "location.city": "city", "location.state": "state_or_province",
    "location.country": "country_or_region",
}  # fmt: skip
"""Type of a field -> the attribute of a contact that it is."""


def sections_lines(suggestion: Suggestion) -> Iterator[str]:
    """All sections that the sources allow, each with a blank line before it."""
    yield from _customers(suggestion)
    yield from _accounts(suggestion)
    yield from _contacts(suggestion)
    yield from _activities(suggestion.activities)
    yield from _measures(suggestion.activities)
    yield from _clv(suggestion)
    yield from _segments(suggestion)


def _customers(suggestion: Suggestion) -> Iterator[str]:
    entity = suggestion.customers
    yield ""
    if not entity.order:
        return
    if any(part.use in ("people", "companies") for part in entity.order):
        yield from comment("How records become profiles of customers. The source that knows most about them stands first.")
    else:
        yield from comment(
            "No file holds people that can be told by their columns. There have to be customers: this source stands in for them."
        )
    yield "customers:"
    yield from _unification(entity)
    types = {type_ for part in entity.order for type_ in part.types}
    if "person.last_name" in types and ("location.address" in types or {"location.street", "location.postcode"} <= types):
        yield from comment("Customers with the same last name and address are a household, whose id stands in household_id.", 2)
        yield from commented(["  households: true"], 2)


def _accounts(suggestion: Suggestion) -> Iterator[str]:
    if suggestion.accounts.order:
        yield ""
        yield from comment("Companies, unified in the same way.")
        yield "accounts:"
        yield from _unification(suggestion.accounts)


def _contacts(suggestion: Suggestion) -> Iterator[str]:
    entity = suggestion.contacts
    ways = {part.name: way for part in entity.order if (way := _way(suggestion, part)) is not None}
    if not ways:
        return
    yield ""
    yield from comment("People who work for these companies, and which company each works for.")
    yield "contacts:"
    yield from _unification(entity)
    yield "  relationships:"
    for source, way in ways.items():
        yield line(f"    {source}: {mapping({'foreign_key': way.field, 'account': way.target})}", way.why)
    types = entity.order[0].types
    attributes = {attribute: types[type_].field for type_, attribute in _ATTRIBUTES.items() if type_ in types}
    yield from comment("What the card shows of a contact: attribute: field.", 2)
    yield f"  attributes: {mapping(attributes)}"
    people = [part.name for part in suggestion.customers.order if part.use == "people"]
    also = [r for r in suggestion.relations if r.source in ways and r.target in people and r.sure]
    if also:
        best = max(also, key=lambda r: (r.share, -people.index(r.target)))
        yield line(f"  customers: {mapping({f'{best.source}.{best.field}': f'{best.target}.{best.target_field}'})}", best.why)


def _way(suggestion: Suggestion, part: Part) -> Relation | None:
    """The way from a source of contacts to its companies."""
    accounts = [each.name for each in suggestion.accounts.order]
    ways = [r for r in suggestion.relations if r.source == part.name and r.target in accounts and r.sure]
    return max(ways, key=lambda r: (r.share, -accounts.index(r.target)), default=None)


def _unification(entity: Entity) -> Iterator[str]:
    types = ", ".join(f"{part.name} {len(part.types)}" for part in entity.order if part.types)
    why = f"fields that say what they are: {types}" if types else ""
    yield line(f"  match_order: {flow([part.name for part in entity.order])}", why)
    for part in entity.alone:
        yield from comment(f"{part.name} is left out: it has no field in common by which its records would find a partner.", 2)
    if entity.dedupe:
        yield from comment("Duplicates inside a file. Records with one primary key are always one.", 2)
        yield "  dedupe:"
    for source in dict.fromkeys(rule.left for rule in entity.dedupe):
        yield f"    {source}:"
        yield "      rules:"
        for rule in (rule for rule in entity.dedupe if rule.left == source):
            yield from _rule(rule, 8)
    if any(rule.sure for rule in entity.match):
        yield from comment("Between files: the first rule that holds for a record counts. All conditions of a rule have to hold.", 2)
        yield from comment("They hold inside a file too, where `dedupe` has no rules for it (`rules: []` there switches that off).", 2)
        yield "  match:"
    for rule in entity.match:
        lines = list(_rule(rule, 4))
        yield from lines if rule.sure else commented(lines, 4)


def _rule(rule: Rule, indent: int) -> Iterator[str]:
    space = " " * indent
    yield line(f"{space}- name: {scalar(rule.name)}", rule.why)
    if rule.left != rule.right:
        yield f"{space}  left: {rule.left}"
        yield f"{space}  right: {rule.right}"
    if len(rule.conditions) == 1:
        yield f"{space}  all: [{mapping(_condition(rule.conditions[0]))}]"
        return
    yield f"{space}  all:"
    for condition in rule.conditions:
        yield f"{space}    - {mapping(_condition(condition))}"


def _condition(condition: Condition) -> dict[str, object]:
    same = condition.left == condition.right
    pairs: dict[str, object] = {"field": condition.left if same else {"left": condition.left, "right": condition.right}}
    if condition.name:
        pairs["as"] = "name"
    if condition.normalise:
        pairs["normalise"] = condition.normalise
    if condition.precision:
        pairs["precision"] = condition.precision
    return pairs


def _activities(found: Sequence[Activity]) -> Iterator[str]:
    if not found:
        return
    yield ""
    yield from comment("What people did. `of` says whose it is; rows that belong to nobody are kept apart and counted.")
    yield "activities:"
    for activity in found:
        yield f"  {activity.name}:"
        yield f"    source: {activity.source}"
        if activity.of is None:
            continue
        yield line(f"    type: {scalar(activity.type)}", _why_type(activity))
        yield line(f"    of: {mapping({activity.of.field: f'{activity.of.target}.{activity.of.target_field}'})}", activity.why)
        for setting, field in activity.fields.items():
            yield f"    {setting}: {scalar(field)}"


def _why_type(activity: Activity) -> str:
    if "amount" in activity.fields:
        return f"it has money; {activity.customers:,} buyers over {activity.days:,} days"
    known = activity.type in ("Feedback", "Subscription", "Loyalty")
    return "by its name" if known else "a name of its own; SalesOrder, Feedback, ... have a meaning"


def _measures(found: Sequence[Activity]) -> Iterator[str]:
    names = [activity.name for activity in purchases(found)]
    if names:
        yield ""
        yield "# Figures of each customer."
        yield "measures:"
        yield f"  total_spend: {mapping({'function': 'sum', 'field': 'amount', 'activities': names})}"
        yield f"  purchases: {mapping({'function': 'count', 'activities': names})}"
        yield f"  last_purchase: {mapping({'function': 'max', 'field': 'time', 'activities': names})}"


def _clv(suggestion: Suggestion) -> Iterator[str]:
    found = suggestion.prediction
    if found is None:
        return
    yield ""
    yield from comment("What active customers will spend, and who of them are the most valuable. `cdp review clv` shows more.")
    lines = ["clv:", line(f"  {_model(found.months)}: {mapping({'months': found.months, 'activities': found.activities})}", found.why)]
    yield from lines if found.sure else commented(lines, 0)


def _model(months: int) -> str:
    return {12: "next_year", 6: "six_months", 3: "three_months"}.get(months, "next_month")


def _segments(suggestion: Suggestion) -> Iterator[str]:
    found = suggestion.prediction
    if found is None:
        return
    yield ""
    yield from comment("Groups of customers, by what is known of them.")
    yield "segments:"
    high = f"  high_value: {flow({'all': [{f'clv.{_model(found.months)}.high_value': True}]})}"
    yield from [high] if found.sure else commented([high], 2)
    yield f"  regulars: {flow({'all': [{'measure.purchases': {'at_least': 2}}]})}"
    yield ""
    yield from comment("Where segments may go is written under connections and exports, who may do what under roles.")
