"""Contacts as their card shows them: those that have an account, with at most 17 attributes and the customer they are."""

from sqlglot import exp

from cdp_assets.config import ProjectConfig
from cdp_assets.contacts.links import key_columns
from cdp_assets.contacts.tables import (
    CONTACT_ACCOUNT_LINKS,
    CONTACT_KEYS,
    attributes,
    contact_profiles,
    contacts_of,
    contacts_table,
)
from cdp_assets.lake import Check, Stage, anyhow, by, intermediate
from cdp_assets.lake.nasty import keys, nasty_rows
from cdp_assets.unify.tables import ALTERNATE_KEYS

_NAMED = intermediate(
    "named customers",
    """
    source          | varchar | source of the contact's record
    record_key      | varchar | its key
    customer_source | varchar | source of the customer's record that it names
    customer_key    | varchar | its key
    """,
)
_OF_CONTACTS = intermediate(
    "customer keys of contacts",
    """
    contact_id      | varchar | the contact
    customer_source | varchar | source of the customer's record
    customer_key    | varchar | its key
    """,
)
_CUSTOMERS = intermediate("customers of contacts", "contact_id | varchar | the contact\ncustomer_id | varchar | a customer that it is")

_FIND_CONTACT = """
    select k.contact_id, n.customer_source, n.customer_key
    from "named customers" as n
    join contact_keys as k on k.source = n.source and k.record_key = n.record_key
"""
_FIND_CUSTOMER = """
    select c.contact_id, a.customer_id
    from "customer keys of contacts" as c
    join alternate_keys as a on a.source = c.customer_source and a.record_key = c.customer_key
"""


def stages(config: ProjectConfig) -> list[Stage]:
    """The profiles of contacts, from contacts and contact_account_links; the last stage writes what `contact_profiles` declares.

    Where `contacts.customers` says which customer a contact is, contact_keys, alternate_keys and deduplicated_<source> are
    read too. Of several customers the smallest id is taken.
    """
    before = _customer_stages(config) if contacts_of(config).customers else []
    table = contact_profiles(config)
    ids = {"contact_id": keys()}
    examples = {
        "contacts": nasty_rows(contacts_table(config).columns, ids),
        CONTACT_ACCOUNT_LINKS.name: nasty_rows(CONTACT_ACCOUNT_LINKS.columns, ids),
    }
    if before:
        examples[_CUSTOMERS.name] = nasty_rows(_CUSTOMERS.columns, {"contact_id": keys(20), "customer_id": ["u2", "u1", "u3"]})
    return [*before, Stage(table.name, dict.fromkeys(examples, by("contact_id")), _profiles(config), table, nasty=lambda: examples)]


def checks() -> list[Check]:
    """What must hold before the profiles are written."""
    return [
        Check(
            "conservation",
            "every contact with an account has one profile, and no other contact has any",
            """
            select count(*)
            from contact_account_links as l
            full join contact_profiles as p on p.contact_id = l.contact_id
            where l.contact_id is null or p.contact_id is null or p.account_id <> l.account_id
            """,
        ),
    ]


def _profiles(config: ProjectConfig) -> exp.Query:
    with_customers = bool(contacts_of(config).customers)
    customer = exp.column("customer_id", table="m") if with_customers else exp.cast(exp.null(), "varchar")
    query = (
        exp.select("c.contact_id", "l.account_id", customer.as_("customer_id"))
        .select(*(exp.column(f.name, table="c", quoted=True).as_(name, quoted=True) for name, f in attributes(config).items()))
        .from_("contacts as c")
        .join("contact_account_links as l", on="l.contact_id = c.contact_id")
    )
    if not with_customers:
        return query
    smallest = exp.select("contact_id", "min(customer_id) as customer_id").from_(_table(_CUSTOMERS.name)).group_by("contact_id")
    return query.join(smallest.subquery("m"), join_type="left", on="m.contact_id = c.contact_id")


def _customer_stages(config: ProjectConfig) -> list[Stage]:
    fields: dict[str, list[str]] = {}
    parts: list[exp.Query] = []
    for reference, key in contacts_of(config).customers.items():
        source, _, field = reference.partition(".")
        value = exp.column(field, quoted=True)
        fields.setdefault(source, []).append(field)
        parts.append(
            exp.select(exp.Literal.string(source).as_("source"), "record_key")
            .select(exp.Literal.string(key.partition(".")[0]).as_("customer_source"), exp.cast(value, "varchar").as_("customer_key"))
            .from_(_table(f"deduplicated_{source}"))
            .where(value.is_(exp.null()).not_())
        )
    tables = {f"deduplicated_{source}": key_columns(config, source, names) for source, names in fields.items()}
    record, customer = by("source", "record_key"), by("customer_source", "customer_key")
    ends = {"source": ["crm"], "record_key": keys(), "customer_source": ["shop"], "customer_key": ["1", "2", "3"]}
    return [
        Stage(
            _NAMED.name,
            dict.fromkeys(tables, anyhow()),
            exp.union(*parts, distinct=False) if len(parts) > 1 else parts[0],
            _NAMED,
            nasty=lambda: {table: nasty_rows(columns, {"record_key": keys()}) for table, columns in tables.items()},
        ),
        Stage(
            _OF_CONTACTS.name,
            {_NAMED.name: record, CONTACT_KEYS.name: record},
            _FIND_CONTACT,
            _OF_CONTACTS,
            nasty=lambda: {_NAMED.name: nasty_rows(_NAMED.columns, ends), CONTACT_KEYS.name: nasty_rows(CONTACT_KEYS.columns, ends)},
        ),
        Stage(
            _CUSTOMERS.name,
            {_OF_CONTACTS.name: customer, ALTERNATE_KEYS.name: record},
            _FIND_CUSTOMER,
            _CUSTOMERS,
            nasty=lambda: {
                _OF_CONTACTS.name: nasty_rows(_OF_CONTACTS.columns, ends),
                ALTERNATE_KEYS.name: nasty_rows(ALTERNATE_KEYS.columns, {"source": ["shop"], "record_key": ["1", "2", "4"]}, rows=3),
            },
        ),
    ]


def _table(name: str) -> exp.Table:
    return exp.Table(this=exp.to_identifier(name, quoted=True))
