"""What a condition of a segment can ask about: the values that are known of a customer or a contact, and their types."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from cdp_assets.config.clusters import cluster_columns
from cdp_assets.config.conditions import Type, type_of
from cdp_assets.config.customers import Customers
from cdp_assets.config.problems import Location, field_places, nearest
from cdp_assets.config.unified import UnifiedField, choices, unified_fields

if TYPE_CHECKING:
    from cdp_assets.config.project import ProjectConfig

Kind = Literal["profile", "clv", "measure", "consent", "account", "engagement"]

KINDS = ("profile.", "clv.", "measure.", "consent.", "account.", "engagement.")
FOR_CONTACTS = ("account.", "engagement.")
"""What only contacts have, because they belong to an account."""

CLV_PARTS: dict[str, Type] = {"high_value": "boolean", "score": "number", "percentile": "number", "rank": "number"}
PROFILE_COLUMNS = {"known": "boolean", "records": "bigint", "visitors": "bigint", "first_seen": "timestamp", "last_seen": "timestamp"}
"""Columns that every profile of a customer has, besides its fields."""
ENGAGEMENT_COLUMNS = {
    "engagement_score": "integer",
    "no_of_emails_to_account": "bigint",
    "no_of_emails_from_account": "bigint",
    "no_of_meetings_from_account": "bigint",
    "no_of_meetings_to_account": "bigint",
    "days_since_last_email": "integer",
    "days_since_last_meeting": "integer",
}
"""Columns of an account's engagement of the last year."""


@dataclass(frozen=True)
class Subject:
    """Something that is asked about: `column` of its table, whose rows are limited to `name` (a prediction or purpose)."""

    kind: Kind
    name: str
    column: str
    data_type: str

    @property
    def type(self) -> Type:
        """What its values are, for people."""
        return type_of(self.data_type)


class SubjectError(ValueError):
    """What is asked about does not exist: the message, what was found, and what is there."""

    def __init__(self, message: str, found: str, known: Iterable[str] = ()) -> None:
        super().__init__(message)
        self.message, self.found, self.known = message, found, list(known)
        self.nearest = nearest(found, self.known)


def resolve(config: "ProjectConfig", entity: str, what: str) -> Subject:
    """The subject that `what` means for `customers` or `contacts`; SubjectError when there is none."""
    kind, _, rest = what.partition(".")
    allowed = [each for each in KINDS if entity == "contacts" or each not in FOR_CONTACTS]
    if f"{kind}." not in allowed:
        if f"{kind}." in FOR_CONTACTS:
            raise SubjectError("customers belong to no account; only a segment with of: contacts can ask this", what, allowed)
        raise SubjectError("unknown condition; it begins with what is asked about", what, allowed)
    match kind:
        case "profile":
            return _profile(config, entity, rest)
        case "clv":
            return _clv(config, rest)
        case "measure":
            return _measure(config, rest)
        case "consent":
            return _consent(config, rest)
        case "account":
            fields = {field.name: field.data_type for field in entity_fields(config, config.accounts)}
            return Subject("account", "", rest, _known("field of accounts", rest, fields))
        case _:
            columns = ENGAGEMENT_COLUMNS if config.engagement else {}
            return Subject("engagement", "", rest, _known("figure of engagement", rest, columns))


def places(config: "ProjectConfig", entity: str, what: str) -> list[Location]:
    """Where in the file that would be which `what` asks about, whether it is there or not."""
    kind, _, rest = what.partition(".")
    first = rest.partition(".")[0]
    section = config.customers if kind == "profile" and entity == "customers" else config.accounts if kind == "account" else None
    if section is not None:
        fields = [place for source in section.match_order for place in field_places(source, rest)]
        return [*fields, *choices(section, rest)]
    others: dict[str, list[Location]] = {
        "profile": [("contacts", "attributes", rest)],
        "account": [("accounts",), ("contacts",)],
        "clv": [("clv", first)],
        "measure": [("measures", rest)],
        "consent": [("sources", name, "kind") for name in config.sources],
        "engagement": [("engagement",)],
    }
    return others.get(kind, [])


def entity_fields(config: "ProjectConfig", section: Customers | None) -> tuple[UnifiedField, ...]:
    """The unified fields of accounts or contacts; none without the section."""
    return unified_fields(config.model_copy(update={"customers": section})) if section else ()


def _known(what: str, name: str, known: dict[str, str]) -> str:
    if name not in known:
        raise SubjectError(f"unknown {what}", name, known)
    return known[name]


def _profile(config: "ProjectConfig", entity: str, name: str) -> Subject:
    if entity == "customers":
        fields = {field.name: field.data_type for field in unified_fields(config)} | PROFILE_COLUMNS
        fields |= dict.fromkeys(cluster_columns(config).values(), "varchar")
        return Subject("profile", "", name, _known("field of profiles", name, fields))
    of_contacts = {field.name: field.data_type for field in entity_fields(config, config.contacts)}
    chosen = config.contacts.attributes if config.contacts else {}
    attributes = {attribute: of_contacts[field] for attribute, field in chosen.items() if field in of_contacts}
    return Subject("profile", "", name, _known("attribute of contacts", name, attributes))


def _clv(config: "ProjectConfig", rest: str) -> Subject:
    name, _, part = rest.partition(".")
    if name in CLV_PARTS and not part and len(config.clv) == 1:
        raise SubjectError("a prediction is named too", f"clv.{rest}", [f"clv.{next(iter(config.clv))}.{name}"])
    if name not in config.clv:
        raise SubjectError("unknown prediction", name, config.clv)
    if part not in CLV_PARTS:
        raise SubjectError(f"unknown result of {name}", part, CLV_PARTS)
    return Subject("clv", name, part, {"boolean": "boolean"}.get(CLV_PARTS[part], "double"))


def _measure(config: "ProjectConfig", name: str) -> Subject:
    if name not in config.measures:
        raise SubjectError("unknown measure", name, config.measures)
    measure = config.measures[name]
    return Subject("measure", "", name, "timestamp" if measure.field == "time" and measure.function != "count" else "double")


def _consent(config: "ProjectConfig", purpose: str) -> Subject:
    if not any(source.kind == "consents" for source in config.sources.values()):
        raise SubjectError("no source holds consents; add one with kind: consents", f"consent.{purpose}")
    if not purpose:
        raise SubjectError("a purpose is missing, as in consent.newsletter", "consent.")
    return Subject("consent", purpose, "given", "boolean")
