"""The one place where a role is asked for."""

import getpass
import os

from cdp_assets.config import Project, Role, Roles
from cdp_assets.errors import UserError
from cdp_assets.governance.audit import record
from cdp_assets.lake import Place


class AccessDeniedError(UserError):
    """The acting user's role does not allow it."""


def acting_user(chosen: str | None = None) -> str:
    """Who acts: `--as`, else CDP_USER, else the system's user."""
    return chosen or os.environ.get("CDP_USER") or getpass.getuser()


def nobody_listed(roles: Roles) -> bool:
    """Whether the section `roles` names no user at all."""
    return not any(getattr(roles, role.name) for role in Role)


def role_of(project: Project, user: str) -> Role | None:
    """The user's role; without a section `roles` whoever can run the command on this machine is its owner."""
    roles = project.config.roles
    return Role.owner if nobody_listed(roles) else roles.role_of(user)


def require(project: Project, user: str, least: Role, action: str, subject: str | None = None) -> Role:
    """The user's role if it is at least `least`; else AccessDeniedError, and the denial is in the audit log."""
    role = role_of(project, user)
    if role is not None and role >= least:
        return role
    has = f"has the role {role.name}" if role is not None else "is not listed under `roles` in cdp.yaml"
    record(
        Place(project.store),
        user=user,
        action=action,
        subject=subject,
        outcome="denied",
        role=role.name if role is not None else None,
        detail=f"needs {least.name}",
    )
    raise AccessDeniedError(
        f"{action}: needs the role {least.name} or higher; {user} {has}. An administrator can change `roles` in cdp.yaml."
    )
