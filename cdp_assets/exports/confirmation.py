"""A connection carries data only after an administrator confirmed it as it is; changed settings need a new yes."""

from typing import Literal

from cdp_assets.config import Project, Role
from cdp_assets.config.connections import AnyConnection
from cdp_assets.config.problems import nearest
from cdp_assets.errors import UserError
from cdp_assets.governance import decide, latest, require
from cdp_assets.lake import Place
from cdp_assets.lake.digest import of

KIND = "connection"
Confirmation = Literal["confirmed", "not confirmed", "changed since it was confirmed"]


def settings_digest(connection: AnyConnection) -> str:
    """What an administrator agrees to: all settings of the connection, the roles that it is shared with included."""
    return of(connection.model_dump(mode="json"))


def connection_named(project: Project, name: str) -> AnyConnection:
    """The connection of that name; UserError with those that there are."""
    known = project.config.connections
    if name not in known:
        near = nearest(name, known)
        hint = f' Did you mean "{near}"?' if near else ""
        raise UserError(f"There is no connection {name} in cdp.yaml.{hint} Connections: {', '.join(known) or 'none'}.")
    return known[name]


def of_administrator(project: Project, user: str, name: str, action: str) -> AnyConnection:
    """The connection of that name, for an administrator: the role is asked first, so that nobody else learns the names."""
    require(project, user, Role.administrator, action, name)
    return connection_named(project, name)


def confirm(project: Project, user: str, name: str) -> None:
    """Write down that this administrator agrees to the connection as it is in cdp.yaml now.

    Raises UserError when there is no such connection, AccessDeniedError when the user is no administrator.
    """
    connection = of_administrator(project, user, name, "confirm connection")
    detail = f"data may leave over this connection ({connection.kind})"
    content = settings_digest(connection)
    decide(Place(project.store), user=user, kind=KIND, subject=name, verdict="given", content=content, detail=detail)


def withdraw(project: Project, user: str, name: str) -> None:
    """Write down that data may leave over the connection no more; its exports are refused until it is confirmed again.

    Raises UserError when there is no such connection, AccessDeniedError when the user is no administrator.
    """
    connection = of_administrator(project, user, name, "withdraw connection")
    detail = f"data may no longer leave over this connection ({connection.kind})"
    decide(Place(project.store), user=user, kind=KIND, subject=name, verdict="withdrawn", detail=detail)


def confirmation(project: Project, name: str) -> Confirmation:
    """Whether the connection, as it is in cdp.yaml now, may be used."""
    decision = latest(Place(project.store), KIND, name)
    if decision is None or decision.verdict == "withdrawn":
        return "not confirmed"
    return "confirmed" if decision.given(settings_digest(project.config.connections[name])) else "changed since it was confirmed"


def how_to_confirm(name: str) -> str:
    """The command that an administrator runs."""
    return f"An administrator confirms it with `cdp connection confirm {name}`"
