"""The section ``accounts``: how records of companies become accounts. It has the form of ``customers``."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, ClassVar

import pydantic

from cdp_assets.config.customers import Customers
from cdp_assets.config.problems import Finding, shown

if TYPE_CHECKING:
    from cdp_assets.config.project import ProjectConfig

ENTITY_COLUMNS = {
    "accounts": frozenset(
        "customer_id account_id surviving_account_id previous_account_id previous_account_ids"
        " surviving_customer_id previous_customer_id previous_customer_ids".split()
    ),
    "contacts": frozenset(
        "customer_id contact_id surviving_contact_id previous_contact_id previous_contact_ids"
        " surviving_customer_id previous_customer_id previous_customer_ids".split()
    ),
}
"""Columns that the program adds to the profiles of these sections, besides those that it adds everywhere."""


class Accounts(Customers):
    """How records of the sources become profiles of accounts."""

    section: ClassVar[str] = "accounts"

    match_order: Annotated[tuple[str, ...], pydantic.Field(min_length=1)]
    """The sources that hold accounts, the most complete and reliable first."""


def check(config: "ProjectConfig") -> Iterator[Finding]:
    """What is wrong between ``accounts`` and the other sections."""
    if config.accounts is not None:
        yield from one_section(config, config.accounts, {"customers": config.customers})
        yield from free_names(config, config.accounts)


def one_section(config: "ProjectConfig", entity: Customers, others: dict[str, Customers]) -> Iterator[Finding]:
    """A source holds customers, accounts or contacts: it takes part in one section only."""
    for number, source in enumerate(entity.match_order):
        for section, other in others.items():
            if source in other.match_order and config.sources[source].kind == "records":
                message = f"takes part in {section} already; a source holds customers, accounts or contacts: take it out of one of them"
                yield Finding((entity.section, "match_order", number), message, shown(source), lacks=[(section, "match_order")])


def free_names(config: "ProjectConfig", entity: Customers) -> Iterator[Finding]:
    """A field of these sources may not have the name of a column that the profiles get."""
    for source in entity.match_order:
        for name, field in config.sources[source].fields.items():
            if name in ENTITY_COLUMNS[entity.section]:
                better = f"{name.removesuffix('_id')}_no: {{type: {field.type}, column: {field.column or name}}}"
                message = f"is a column that the program adds to {entity.section}; choose another name and state the column, as in {better}"
                yield Finding(("sources", source, "fields", name), message)
