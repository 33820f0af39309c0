"""What customers, accounts and contacts are called: `--of`, and the tables that belong to each."""

from typing import TYPE_CHECKING, Literal

from cdp_assets.config import Project, ProjectConfig
from cdp_assets.errors import UserError

if TYPE_CHECKING:
    from cdp_assets.identity.explain import Tables

Of = Literal["customers", "accounts", "contacts"]


def config_of(project: Project, of: Of) -> ProjectConfig:
    """The configuration, read as one of the entity: its section stands in the place of `customers`."""
    section = getattr(project.config, of)
    if section is None:
        raise UserError(f"This project has no {of}. Add the section {of} to cdp.yaml.")
    return project.config.model_copy(update={"customers": section})


def tables_of(project: Project, of: Of) -> "Tables":
    """The tables from which questions about the entity are answered; UserError where the project has none such."""
    from cdp_assets.contacts.state_tables import state_tables

    config_of(project, of)
    return state_tables(project, of)
