"""The section ``alerts``: who is told when a run failed for good. Addresses and passwords are in environment variables, never here."""

import re
from typing import Annotated, Literal, Self

import pydantic
from pydantic import AfterValidator, model_validator

from cdp_assets.config.base import RefusedError, Section
from cdp_assets.config.variables import Variable

_ADDRESS = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+")
_SERVER = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?):(\d{1,5})")


def _address(value: str) -> str:
    if not _ADDRESS.fullmatch(value):
        raise RefusedError("is not an e-mail address", allowed=["an address such as team@contoso.example"])
    return value


def _server(value: str) -> str:
    found = _SERVER.fullmatch(value)
    if not found or not 0 < int(found[2]) < 65536:
        raise RefusedError("is not a mail server", allowed=["host:port, such as mail.contoso.example:587"])
    return value


Address = Annotated[str, AfterValidator(_address)]


class Mail(Section):
    """A mail to people, over a mail server of yours."""

    to: Annotated[tuple[Address, ...], pydantic.Field(min_length=1)]
    """Who gets it."""
    from_: Address = pydantic.Field(alias="from")
    """Whom it is from."""
    server: Annotated[str, AfterValidator(_server)]
    """The mail server, as host:port."""
    encryption: Literal["starttls", "tls", "none"] = "starttls"
    """How the connection is encrypted: starttls (mostly port 587), tls (mostly 465), or none."""
    user: Variable | None = None
    """The name of the environment variable with the user of the mail server; without it nobody signs in."""
    password: Variable | None = None
    """The name of the environment variable with the password."""

    @model_validator(mode="after")
    def _signs_in_safely(self) -> Self:
        if (self.user is None) != (self.password is None):
            raise RefusedError("user and password belong together; write both or none")
        if self.password is not None and self.encryption == "none":
            raise RefusedError("encryption: none would send the password for all to read", allowed=["starttls", "tls"])
        return self

    @property
    def host_and_port(self) -> tuple[str, int]:
        """The two parts of the server's address."""
        host, _, port = self.server.rpartition(":")
        return host.strip("[]"), int(port)


class Alerts(Section):
    """Who is told when a run failed for good: what failed, what was skipped because of it, and what to do."""

    webhook: Variable | None = None
    """The name of the environment variable with the address of a chat (Slack, Mattermost, Teams) or a program: it gets JSON with `text`."""
    mail: Mail | None = None
    """A mail to people."""
    on: Annotated[tuple[Literal["failure", "skipped"], ...], pydantic.Field(min_length=1)] = ("failure", "skipped")
    """failure: any run that failed; skipped: one in which tables were skipped because of the failure."""

    @model_validator(mode="after")
    def _tells_somebody(self) -> Self:
        if self.webhook is None and self.mail is None:
            raise RefusedError("tells nobody", allowed=["webhook", "mail"])
        return self
