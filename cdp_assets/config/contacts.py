"""The section ``contacts``: how records of people who work for an account become contacts, and which account each has.

It has the form of ``customers``, and beside it the relationships to accounts and the attributes of the contact card.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, ClassVar

import pydantic
from pydantic import AfterValidator, field_validator

from cdp_assets.config.accounts import free_names, one_section
from cdp_assets.config.base import NAME, NAME_RULE, RefusedError, Section
from cdp_assets.config.customers import Customers
from cdp_assets.config.problems import Finding, Location, field_places, unknown
from cdp_assets.config.sources import RecordsSource, Reference
from cdp_assets.config.unified import choices, unified_fields

if TYPE_CHECKING:
    from cdp_assets.config.project import ProjectConfig

NAMED_ATTRIBUTES = (
    "contact_id", "first_name", "last_name", "birth_date", "gender", "primary_email", "primary_phone", "job_title", "street_address",
    "postal_code", "city", "state_or_province", "country_or_region",
)  # fmt: skip
"""The attributes that a contact is known to have; contact_id is there by itself. Others may have any name."""

MOST_ATTRIBUTES = 17
"""How many attributes a contact may have, contact_id not counted."""

_PRESET = ("contact_id", "account_id", "customer_id")


def _attribute(name: str) -> str:
    if not NAME.fullmatch(name):
        raise RefusedError("is not a name for an attribute", allowed=[NAME_RULE])
    if name in _PRESET:
        raise RefusedError("is there by itself; remove it")
    return name


class Relationship(Section):
    """How records of a source of contacts find their account."""

    foreign_key: str
    """The field that names the account."""
    account: str
    """The source of accounts whose primary key that field holds."""


class Contacts(Customers):
    """How records of the sources become profiles of contacts, each of one account."""

    section: ClassVar[str] = "contacts"

    match_order: Annotated[tuple[str, ...], pydantic.Field(min_length=1)]
    """The sources that hold contacts, the most complete and reliable first."""
    relationships: dict[str, Relationship] = {}
    """The way to the account, by source of contacts; each of them needs one."""
    attributes: dict[Annotated[str, AfterValidator(_attribute)], str] = {}
    """The attributes of a contact, each with the unified field that it shows; 17 at most. Twelve are known by name (first_name,
    last_name, birth_date, gender, primary_email, primary_phone, job_title, street_address, postal_code, city,
    state_or_province, country_or_region); contact_id is there by itself; others may have any name."""
    customers: dict[Reference, Reference] = {}
    """Which customer a contact is: a field of contacts, as source.field, and the primary key whose value it holds, as source.field."""

    @field_validator("attributes")
    @classmethod
    def _not_too_many(cls, attributes: dict[str, str]) -> dict[str, str]:
        if len(attributes) > MOST_ATTRIBUTES:
            raise RefusedError(
                f"has {len(attributes)} attributes, and a contact has {MOST_ATTRIBUTES} at most: remove {len(attributes) - MOST_ATTRIBUTES}"
            )
        return attributes


def check(config: "ProjectConfig") -> Iterator[Finding]:
    """What is wrong between ``contacts`` and the other sections."""
    contacts = config.contacts
    if contacts is None:
        return
    others: dict[str, Customers] = {"customers": config.customers}
    if config.accounts is None:
        message = "every contact belongs to an account, and there is no section accounts: add accounts: {match_order: [...]}"
        yield Finding(("contacts",), message, lacks=[("accounts",)])
    else:
        others["accounts"] = config.accounts
        yield from _relationships(config, contacts)
    yield from one_section(config, contacts, others)
    yield from free_names(config, contacts)
    yield from _attributes(config, contacts)
    yield from _customers(config, contacts)


def _relationships(config: "ProjectConfig", contacts: Contacts) -> Iterator[Finding]:
    at: Location = ("contacts", "relationships")
    accounts = config.accounts.match_order if config.accounts else ()
    for source in contacts.match_order:
        if source not in (*contacts.relationships, *accounts, *config.customers.match_order):
            lines = f"{source}: {{foreign_key: <a field of {source}>, account: {accounts[0]}}}"
            message = f"{source} has no relationship, so none of its contacts would have an account; add under relationships: {lines}"
            # a misspelt source among the relationships is most likely this one
            wrong = [("contacts", "relationships", name) for name in contacts.relationships if name not in contacts.match_order]
            yield Finding(at, message, lacks=[(*at, source), *wrong])
    for source, relationship in contacts.relationships.items():
        if source not in contacts.match_order:
            places: list[Location] = [("sources", source), ("contacts", "match_order")]
            yield unknown((*at, source), "source of contacts", source, contacts.match_order, *places)
            continue
        fields = config.sources[source].fields
        if relationship.foreign_key not in fields:
            places = field_places(source, relationship.foreign_key)
            yield unknown((*at, source, "foreign_key"), f"field of {source}", relationship.foreign_key, fields, *places)
        if relationship.account not in accounts:
            places = [("sources", relationship.account), ("accounts", "match_order")]
            yield unknown((*at, source, "account"), "source of accounts", relationship.account, accounts, *places)
        elif relationship.foreign_key in fields:
            mine, theirs = fields[relationship.foreign_key].data_type, _key_type(config, relationship.account)
            yield from _same_type((*at, source, "foreign_key"), mine, relationship.account, theirs, config)


def _attributes(config: "ProjectConfig", contacts: Contacts) -> Iterator[Finding]:
    known = [field.name for field in unified_fields(config.model_copy(update={"customers": contacts}))]
    for attribute, field in contacts.attributes.items():
        if field not in known:
            places = [place for source in contacts.match_order for place in field_places(source, field)]
            places += choices(contacts, field)
            yield unknown(("contacts", "attributes", attribute), "unified field of contacts", field, known, *places)


def _customers(config: "ProjectConfig", contacts: Contacts) -> Iterator[Finding]:
    keys = {
        f"{source}.{settings.primary_key}": source
        for source, settings in config.sources.items()
        if isinstance(settings, RecordsSource) and source in config.customers.match_order
    }
    for reference, key in contacts.customers.items():
        at: Location = ("contacts", "customers", reference)
        source, _, field = reference.partition(".")
        if source not in contacts.match_order:
            yield unknown(at, "source of contacts", source, contacts.match_order, ("sources", source), ("contacts", "match_order"))
        elif field not in config.sources[source].fields:
            yield unknown(at, f"field of {source}", field, config.sources[source].fields, *field_places(source, field))
        elif key not in keys:
            theirs = key.partition(".")[0]
            yield unknown(at, "primary key of a source of customers", key, keys, ("sources", theirs), ("customers", "match_order"))
        else:
            yield from _same_type(at, config.sources[source].fields[field].data_type, keys[key], _key_type(config, keys[key]), config)


def _key_type(config: "ProjectConfig", source: str) -> str:
    settings = config.sources[source]
    return settings.fields[settings.primary_key].data_type if isinstance(settings, RecordsSource) else "varchar"


def _same_type(at: Location, mine: str, source: str, theirs: str, config: "ProjectConfig") -> Iterator[Finding]:
    if mine != theirs:
        message = f"is stored as {mine} and the primary key of {source} as {theirs}; give both fields the same type"
        key = getattr(config.sources[source], "primary_key", "")
        yield Finding(at, message, lacks=[at, *field_places(source, key)])
