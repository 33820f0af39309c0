"""The section ``engagement``: whose mail and meetings with accounts are counted, and where they are read."""

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal

import pydantic
from pydantic import AfterValidator, StrictInt, field_validator

from cdp_assets.config.base import RefusedError, Section, Text
from cdp_assets.config.problems import Finding, unknown

if TYPE_CHECKING:
    from cdp_assets.config.project import ProjectConfig

REGIONS = ("UK", "Europe", "North America")
FEWEST_ADDRESSES, MOST_ADDRESSES = 2, 2_500
"""How many own addresses may be listed: a limit, the surplus is not cut off."""
DAYS = 365
"""How many days are read and kept: whole ones, the last is the day before the one that a run is for."""

_GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_VARIABLE = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*")
_LONGEST_VARIABLE = 64
_LIST_OR_FILE = "must be a list of e-mail addresses, or the name of a file with one a line"
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")


def _guid(value: str) -> str:
    if not _GUID.fullmatch(value.strip().lower()):
        raise RefusedError("must be an id of this form; words such as common are not", allowed=["00000000-0000-0000-0000-000000000000"])
    return value.strip().lower()


def _variable(value: str) -> str:
    # A secret of Microsoft has small letters or signs; one of capitals and digits alone has many digits.
    digits = sum(letter.isdigit() for letter in value)
    if not _VARIABLE.fullmatch(value) or len(value) > _LONGEST_VARIABLE or 3 * digits > len(value):
        raise RefusedError(
            "must be the name of an environment variable that holds the secret, never the secret itself: if this was one, make a new one",
            allowed=["a name in capital letters, such as CDP_GRAPH_SECRET"],
        )
    return value


def addresses_in(lines: Iterable[str]) -> tuple[str, ...]:
    """The distinct addresses of the lines, in small letters and sorted; blank lines and what follows # do not count.

    Raises RefusedError, which never shows an address, for a line that holds none and for fewer than 2 or more than 2,500.
    """
    found: set[str] = set()
    for number, line in enumerate(lines, 1):
        address = re.sub(r"(^|\s)#.*$", "", line).strip().lower()
        if address and not _ADDRESS.fullmatch(address):
            raise RefusedError(f"line {number} is not an e-mail address; write one address a line and nothing else")
        if address:
            found.add(address)
    if not FEWEST_ADDRESSES <= len(found) <= MOST_ADDRESSES:
        raise RefusedError(
            f"{len(found):,} distinct address{'' if len(found) == 1 else 'es'}; "
            f"from {FEWEST_ADDRESSES} to {MOST_ADDRESSES:,} are allowed, and none is left out silently. Nothing was read"
        )
    return tuple(sorted(found))


def _path(value: str) -> str:
    if "://" in value or value.startswith(("/", "\\", "~")) or value[1:2] == ":" or not value.strip():
        raise RefusedError("must be a file relative to the folder of cdp.yaml, or a list of addresses")
    return value


class Engagement(Section):
    """Counting of mail and meetings between the listed people and the contacts of accounts."""

    region: str
    """Where the tenant's data is: UK, Europe or North America."""
    tenant: Annotated[str, AfterValidator(_guid)]
    """The id of the Microsoft 365 tenant."""
    client_id: Annotated[str, AfterValidator(_guid)]
    """The id of the application that may read there."""
    secret: Annotated[str, AfterValidator(_variable)]
    """The name of the environment variable that holds the application's secret. The demo service needs none to be set."""
    service: Literal["microsoft", "demo"] = "microsoft"
    """microsoft, or demo: a stand-in on this machine that answers from the files of the folder stand_in."""
    addresses: str | tuple[str, ...]
    """The addresses of one's own people, 2 to 2,500: a list, or a file with one a line, relative to the folder of cdp.yaml."""
    email: Text
    """The attribute of contacts that holds their e-mail address."""
    delay_hours: Annotated[StrictInt, pydantic.Field(ge=0, le=48)] = 6
    """How long after the tenant's consent the first reading begins, so that there is time to think again."""

    @field_validator("region")
    @classmethod
    def _served(cls, region: str) -> str:
        if region not in REGIONS:
            raise RefusedError("mail and meetings can be read in three regions only", allowed=REGIONS)
        return region

    @field_validator("addresses", mode="before")
    @classmethod
    def _listed(cls, written: Any) -> Any:
        # one error for the whole list: the message of an entry would show it
        if isinstance(written, list | tuple):
            if not all(isinstance(each, str) for each in written):
                raise RefusedError(_LIST_OR_FILE)
            return addresses_in(written)
        if not isinstance(written, str):
            raise RefusedError(_LIST_OR_FILE)
        if "@" in written:
            return written  # refused by `check`, whose message does not show it
        return _path(written)


def check(config: "ProjectConfig") -> Iterator[Finding]:
    """What is wrong between ``engagement`` and the sections of business accounts."""
    engagement = config.engagement
    if engagement is None:
        return
    if isinstance(engagement.addresses, str) and "@" in engagement.addresses:
        yield Finding(("engagement", "addresses"), f"is an address; it {_LIST_OR_FILE}, such as stand_in/addresses.txt")
    lines = {
        "accounts: {match_order: [...]}": config.accounts,
        "contacts: {match_order: [...], relationships: {...}, attributes: {...}}": config.contacts,
    }
    if missing := [line for line, section in lines.items() if section is None]:
        message = "business accounts required: engagement is counted for accounts by their contacts; add "
        yield Finding(("engagement",), message + " and ".join(missing), lacks=[("accounts",), ("contacts",)])
    elif config.contacts is not None and engagement.email not in config.contacts.attributes:
        known = config.contacts.attributes
        yield unknown(("engagement", "email"), "attribute of contacts", engagement.email, known, ("contacts", "attributes"))
