"""Who may run an export: administrators all of them, contributors those over a connection that is shared with them."""

from cdp_assets.config import Project, Role
from cdp_assets.config.exports import Export
from cdp_assets.config.problems import nearest
from cdp_assets.errors import UserError
from cdp_assets.governance import require
from cdp_assets.governance.access import role_of


def export_named(project: Project, name: str) -> Export:
    """The export of that name; UserError with those that there are."""
    known = project.config.exports
    if name not in known:
        near = nearest(name, known)
        hint = f' Did you mean "{near}"?' if near else ""
        raise UserError(f"There is no export {name} in cdp.yaml.{hint} Exports: {', '.join(known) or 'none'}.")
    return known[name]


def least_role(project: Project, name: str) -> Role:
    """The least role that may run the export."""
    connection = project.config.connections[export_named(project, name).connection]
    return Role.contributor if Role.contributor.name in connection.share_with else Role.administrator


def may_run(project: Project, user: str, name: str) -> bool:
    """Whether the user may run the export; asking is not written down."""
    role = role_of(project, user)
    return role is not None and role >= least_role(project, name)


def require_run(project: Project, user: str, name: str) -> Role:
    """The user's role if it may run the export; else AccessDeniedError, and the denial is in the audit log.

    The least role of all is asked first, so that whoever may not run any export does not learn their names.
    """
    require(project, user, Role.contributor, "run export", name)
    return require(project, user, least_role(project, name), "run export", name)
