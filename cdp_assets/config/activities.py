"""The section ``activities``: which rows of which sources are things that customers or accounts did."""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

import pydantic
from pydantic import AfterValidator, StrictBool

from cdp_assets.config.base import NAME, NAME_RULE, RefusedError, Section, Text, snake_case
from cdp_assets.config.fields import Field
from cdp_assets.config.problems import Finding, Location, field_places, shown, unknown
from cdp_assets.config.sources import EventsSource, RecordsSource, Reference

if TYPE_CHECKING:
    from cdp_assets.config.project import ProjectConfig

SEMANTIC_TYPES = ("SalesOrder", "SalesOrderLine", "Feedback", "Loyalty", "Subscription", "WebEvent")
"""Types of activities that the program knows the meaning of."""
WEB_EVENT = "WebEvent"

_TYPE = re.compile(r"[A-Za-z][A-Za-z0-9 ]{0,62}")
_TYPE_RULE = "or a name of your own of letters, digits and spaces"

_FITTING: dict[str, tuple[str, ...]] = {
    "time": ("timestamp", "date"),
    "amount": ("decimal", "integer", "number"),
    "returned": ("boolean",),
}
"""Settings whose field must have one of these types; the others take a field of any type, as text."""
_FIELDS = ("time", "amount", "title", "detail", "product", "url", "returned")
_NOT_FOR_EVENTS = ("of", "time", "amount")


def _name(name: str) -> str:
    if not NAME.fullmatch(name):
        raise RefusedError("is not a name for an activity", allowed=[NAME_RULE], nearest=snake_case(name))
    return name


def _type_name(name: str) -> str:
    if not _TYPE.fullmatch(name) or name != name.strip():
        raise RefusedError("is not a type of activities", allowed=[*SEMANTIC_TYPES, _TYPE_RULE])
    for known in SEMANTIC_TYPES:
        if name != known and re.sub(r"\W", "", name).lower() == known.lower():
            raise RefusedError(f"is written {known}", nearest=known)
    return name


ActivityName = Annotated[str, AfterValidator(_name)]


class Activity(Section):
    """Rows of a source, each of which is one thing that somebody did at a time."""

    source: str
    """The source whose rows they are."""
    type: Annotated[str, AfterValidator(_type_name)] | None = None
    """SalesOrder, SalesOrderLine, Feedback, Loyalty, Subscription, WebEvent (that of a source of events), or a name of your own."""
    of: Annotated[dict[Text, Reference], pydantic.Field(max_length=1)] = {}
    """Whose it is: a field, and the source.field of people or accounts whose value it holds. Not for events: they have visitors."""
    time: Text | None = None
    """The field with the time. Not for events, which have one."""
    amount: Text | None = None
    """The field with the money; below zero where it was given back. Not for events."""
    title: Text | None = None
    """The field with the title; without it the name of the event, or the type in words."""
    detail: Text | None = None
    """The field with what is told beside the title."""
    product: Text | None = None
    """The field with the product."""
    url: Text | None = None
    """The field with a web address."""
    returned: Text | None = None
    """The field that says whether it was given back; without it, amounts below zero were."""
    show: StrictBool = True
    """Whether it is shown on the card."""

    @property
    def type_name(self) -> str:
        """The type; of events without one WebEvent."""
        return self.type or WEB_EVENT


def activities_of_types(config: "ProjectConfig", types: Collection[str]) -> list[str]:
    """The names of the activities of one of these types, in the order of the file."""
    return [name for name, activity in config.activities.items() if activity.type_name in types]


def owner(config: "ProjectConfig", name: str) -> Literal["customer", "account"]:
    """Whose an activity is: a customer's, or an account's where the source that `of` names is one of accounts alone."""
    target = next(iter(config.activities[name].of.values()), "").partition(".")[0]
    return "account" if target in _accounts(config) and target not in config.customers.match_order else "customer"


def check(config: "ProjectConfig") -> Iterator[Finding]:
    """Sources and fields that must exist and have fitting types, and a way from each activity to somebody."""
    for name, activity in config.activities.items():
        at: Location = ("activities", name)
        source = config.sources.get(activity.source)
        if source is None:
            yield unknown((*at, "source"), "source", activity.source, config.sources, ("sources", activity.source))
        elif isinstance(source, EventsSource):
            yield from _events(config, at, activity)
            yield from _fields(at, activity, source.fields, [setting for setting in _FIELDS if setting not in _NOT_FOR_EVENTS])
        elif isinstance(source, RecordsSource):
            yield from _records(config, at, activity, source)
            yield from _fields(at, activity, source.fields, _FIELDS)
        else:
            yield Finding((*at, "source"), "has consents, which are no activities", shown(activity.source))


def _accounts(config: "ProjectConfig") -> tuple[str, ...]:
    """The sources of accounts; none where the configuration has no accounts."""
    found: Any = getattr(config, "accounts", None)
    return tuple(found.match_order) if found else ()


def _events(config: "ProjectConfig", at: Location, activity: Activity) -> Iterator[Finding]:
    for setting in _NOT_FOR_EVENTS:
        if getattr(activity, setting):
            yield Finding((*at, setting), f"events of {activity.source} have a visitor and a time already, and no amount; remove it")
    if activity.type not in (None, WEB_EVENT):
        yield Finding((*at, "type"), "events are of the type WebEvent; remove it", shown(activity.type), [WEB_EVENT])
    if activity.source not in config.customers.match_order:
        message = f"{activity.source} is not in customers.match_order, so none of its events finds its customer; add it there"
        yield Finding((*at, "source"), message, lacks=[("customers", "match_order"), ("sources", activity.source)])


def _records(config: "ProjectConfig", at: Location, activity: Activity, source: RecordsSource) -> Iterator[Finding]:
    if activity.type is None:
        yield Finding(at, "has no type; add one", None, [*SEMANTIC_TYPES, _TYPE_RULE], lacks=[(*at, "type")])
    if activity.time is None:
        known = _of_types(source.fields, _FITTING["time"]) or ["none"]
        yield Finding(at, "has no time; add the field that holds it", None, known, lacks=[(*at, "time")])
    if not activity.of:
        message = "does not say whose it is; add of: {a field of it: source.field of people or accounts}"
        yield Finding(at, message, lacks=[(*at, "of")])
    for field, target in activity.of.items():
        yield from _target(config, (*at, "of", field), (activity.source, field, source.fields), target)


def _target(config: "ProjectConfig", at: Location, mine: tuple[str, str, Mapping[str, Field]], target: str) -> Iterator[Finding]:
    source, field, fields = mine
    other, _, its = target.partition(".")
    people = [name for name in (*config.customers.match_order, *_accounts(config)) if isinstance(config.sources.get(name), RecordsSource)]
    if field not in fields:
        yield unknown(at, f"field of {source}", field, fields, *field_places(source, field))
    if other not in people:
        what = "source of people or accounts (of a match_order)"
        orders: list[Location] = [] if other not in config.sources else [("customers", "match_order"), ("accounts", "match_order")]
        yield unknown(at, what, other, list(dict.fromkeys(people)), ("sources", other), *orders)
        return
    known = config.sources[other].fields
    if its not in known:
        yield unknown(at, f"field of {other}", its, known, *field_places(other, its))
    elif field in fields and fields[field].data_type != known[its].data_type:
        stored = f"{field}: {fields[field].data_type}, {target}: {known[its].data_type}"
        places = [*field_places(source, field), *field_places(other, its)]
        yield Finding(at, f"the two are stored differently ({stored}); give both fields the same type", lacks=places)


def _fields(at: Location, activity: Activity, fields: Mapping[str, Field], settings: Collection[str]) -> Iterator[Finding]:
    for setting in settings:
        field = getattr(activity, setting)
        if field is None:
            continue
        fitting = _FITTING.get(setting)
        allowed = _of_types(fields, fitting) if fitting else list(fields)
        if field not in fields:
            yield unknown((*at, setting), f"field of {activity.source}", field, allowed, *field_places(activity.source, field))
        elif fitting and fields[field].type not in fitting:
            message = f"is of type {fields[field].type}, which holds no {setting}; it must be {' or '.join(fitting)}"
            yield Finding((*at, setting), message, shown(field), allowed or ["none"])


def _of_types(fields: Mapping[str, Field], types: Collection[str]) -> list[str]:
    return [name for name, field in fields.items() if field.type in types]
