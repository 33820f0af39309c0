"""The tenant's consent: what is agreed to, which decision stands, and from when reading may begin."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from cdp_assets.config.engagement import DAYS, Engagement
from cdp_assets.lake import digest

KIND = "tenant_consent"
READ = "mail and meetings: who, to whom, when, how long; never a subject or a text"


def subject(settings: Engagement) -> str:
    """On what is decided: the tenant."""
    return f"engagement:{settings.tenant}"


def content(settings: Engagement) -> str:
    """A digest of what is agreed to.

    Another tenant, application, region or service needs a new yes. Another list of addresses does not: Microsoft's own
    consent is for the tenant and the application, too.
    """
    return digest.of([settings.tenant, settings.client_id, settings.region, settings.service, DAYS, READ])


@dataclass(frozen=True)
class Gate:
    """Whether mail may be read. `since`: the consent that stands; `waits_until`: UTC, when its delay is not over yet."""

    since: datetime | None
    waits_until: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether reading may begin."""
        return self.since is not None and self.waits_until is None


def gate(settings: Engagement, decision: tuple[str, datetime, str | None] | None, now: datetime) -> Gate:
    """Judge the decision that stands (verdict, at, content; times UTC) at the time `now`."""
    if decision is None:
        return Gate(None)
    verdict, at, agreed = decision
    if verdict != "given" or agreed != content(settings):
        return Gate(None)
    begins = at + timedelta(hours=settings.delay_hours)
    return Gate(at, begins if now < begins else None)
