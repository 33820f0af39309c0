"""Declarations of accounts and contacts: those of customers under other names, and what links contacts to accounts."""

from cdp_assets.config import ProjectConfig
from cdp_assets.config.contacts import Contacts
from cdp_assets.config.unified import UnifiedField, unified_fields
from cdp_assets.contacts.entity import ACCOUNTS, CONTACTS, table_of
from cdp_assets.lake import Column, Table, columns
from cdp_assets.unify.tables import ALTERNATE_KEYS, unified_profiles

ACCOUNT_KEYS = table_of(ALTERNATE_KEYS, ACCOUNTS)
CONTACT_KEYS = table_of(ALTERNATE_KEYS, CONTACTS)

CONTACT_ACCOUNT_LINKS = Table(
    "contact_account_links",
    grain="a contact and the one account that it belongs to; an account has any number of contacts",
    key=("contact_id",),
    columns=columns(
        """
        contact_id     | varchar | id of the contact
        account_id     | varchar | id of its account
        source         | varchar | source of the contact's record whose link counts
        record_key     | varchar | key of that record
        account_source | varchar | source of the account's record that it names
        account_key    | varchar | key of that record
        """,
        personal=("record_key",),
        required=("account_id", "source", "record_key", "account_source", "account_key"),
    ),
)

REASONS = {
    "no_account": "its foreign key is empty",
    "account_unknown": "no account has a record with that key",
    "account_lost_deduplication": "the account's record is a duplicate that did not go on",
    "another_account": "the contact belongs to another account, by a record that comes first",
}
"""Why a record of a contact is in quarantine."""

CONTACT_QUARANTINE = Table(
    "contact_quarantine",
    grain="a record of a contact whose link to an account does not count, with the reason",
    key=("source", "record_key"),
    columns=columns(
        f"""
        source         | varchar | source of the record
        record_key     | varchar | key of the record
        contact_id     | varchar | id of its contact
        account_source | varchar | source of accounts that its foreign key belongs to
        account_key    | varchar | value of its foreign key; null: it has none
        reason         | varchar | {"; ".join(f"{reason}: {words}" for reason, words in REASONS.items())}
        """,
        personal=("record_key",),
        required=("contact_id", "account_source", "reason"),
    ),
)


def contacts_of(config: ProjectConfig) -> Contacts:
    """The section `contacts` of a configuration that has one."""
    assert config.contacts is not None
    return config.contacts


def contacts_table(config: ProjectConfig) -> Table:
    """The declaration of `contacts`: the golden records, before accounts."""
    return table_of(unified_profiles(_view(config)), CONTACTS)


def attributes(config: ProjectConfig) -> dict[str, UnifiedField]:
    """The attributes of a contact, each with the unified field that it shows."""
    fields = {field.name: field for field in unified_fields(_view(config))}
    return {attribute: fields[name] for attribute, name in contacts_of(config).attributes.items()}


def contact_profiles(config: ProjectConfig) -> Table:
    """The declaration of the contacts that have an account: their attributes are those of the section `contacts`."""
    head = columns(
        """
        contact_id  | varchar | id of the contact
        account_id  | varchar | id of its account
        customer_id | varchar | id of the customer that the contact is; null: it is none, or nothing says so
        """,
        required=("account_id",),
    )
    fields = (Column(name, f.data_type, f"field {f.name} of contacts", personal=f.personal) for name, f in attributes(config).items())
    return Table("contact_profiles", "a contact with an account, as its card shows it", ("contact_id",), (*head, *fields))


def _view(config: ProjectConfig) -> ProjectConfig:
    return config.model_copy(update={"customers": contacts_of(config)})
