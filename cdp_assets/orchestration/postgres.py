"""Dagster's records in PostgreSQL: the address stands in an environment variable, and what is wrong with it is said before a run begins.

The address itself is in no file and in no message: it holds a password.
"""

import os
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from cdp_assets.errors import OutsideError, UserError

INSTALL = 'pip install "dagster-postgres>=0.29.27,<0.30"'
SCHEMES = ("postgresql", "postgres", "postgresql+psycopg2")
# SQLAlchemy takes another driver for a bare `postgresql://` since 2.1; dagster-postgres comes with this one.
DRIVER = "postgresql+psycopg2"
SECONDS = 10
_SAYS = (
    ("password authentication failed", "it does not accept this user and password"),
    ("no password supplied", "it asks for a password, and the address has none"),
    ("could not translate host name", "there is no such host"),
    ("Connection refused", "nothing listens at this host and port"),
    ("timeout expired", f"it did not answer within {SECONDS} seconds"),
    ("does not exist", "it has no such database or user; create an empty database first"),
    ("no pg_hba.conf entry", "it lets nobody in from this computer"),
    ("SSL", "it does not agree on how to encrypt the connection"),
)


def ready(variable: str) -> None:
    """Make the database in an environment variable ready for Dagster in this process and those that it starts.

    Raises UserError where the variable is not set or holds no address, or the extra package is missing, and OutsideError where the
    server does not let us in.
    """
    given = os.environ.get(variable, "").strip()
    if not given:
        raise UserError(
            f"storage.dagster.postgres of cdp.yaml names the environment variable {variable}, which is not set. Set it to the address of a "
            "database for Dagster's records (postgresql://user:password@host:port/database), or remove the section: then they are files."
        )
    scheme, found, rest = given.partition("://")
    if not found or scheme not in SCHEMES:
        raise UserError(f"The environment variable {variable} holds no address of the form postgresql://user:password@host:port/database.")
    if find_spec("dagster_postgres") is None:
        raise UserError(f"storage.dagster.postgres needs a package that cdp_assets does not install by itself: {INSTALL}")
    _ask(variable, f"postgresql://{rest}")
    os.environ[variable] = f"{DRIVER}://{rest}"


def _ask(variable: str, address: str) -> None:
    psycopg2: Any = import_module("psycopg2")
    try:
        psycopg2.connect(address, connect_timeout=SECONDS).close()
    except psycopg2.OperationalError as error:
        raise OutsideError(
            f"Dagster's database (environment variable {variable}) cannot be reached: {_reason(error)}. Nothing was started. The tables of "
            "the lake are not in it and stay as they are."
        ) from None
    except psycopg2.Error:
        raise UserError(
            f"The environment variable {variable} cannot be read as an address. Signs such as / : @ in a password are %2F %3A %40 there."
        ) from None


def _reason(error: BaseException) -> str:
    said = str(error)
    return next((reason for text, reason in _SAYS if text in said), "it refused the connection")


def is_gone(error: BaseException | None) -> bool:
    """Whether Dagster's database stopped answering in the middle of something, anywhere behind an error."""
    while error is not None:
        kind = type(error)
        if kind.__name__ == "OperationalError" and kind.__module__ in ("psycopg2", "psycopg2.errors"):
            return True
        error = getattr(error, "orig", None) or error.__cause__ or error.__context__
    return False
