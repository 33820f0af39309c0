"""`cdp consent engagement`: the consent of a tenant, without which no mail or meeting is read."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from cdp_assets.cli.context import Context
from cdp_assets.config import Role
from cdp_assets.config.engagement import DAYS, Engagement
from cdp_assets.errors import UserError
from cdp_assets.governance import require

if TYPE_CHECKING:
    from cdp_assets.engagement.withdrawal import Withdrawal

app = typer.Typer(no_args_is_help=True, help="Give or withdraw a consent.")
AGREEMENT = "I agree"


@app.callback()
def consent() -> None:
    """Give or withdraw a consent."""


@app.command("engagement")
def engagement(
    context: typer.Context,
    agree: Annotated[bool, typer.Option("--agree", help='The same as typing "I agree".')] = False,
    withdraw: Annotated[bool, typer.Option("--withdraw", help="Withdraw it, and remove what was read.")] = False,
) -> None:
    """Consent to the reading of mail and meetings for account engagement. Needs the role administrator."""
    from cdp_assets.engagement.addresses import own_addresses
    from cdp_assets.engagement.consent import KIND, content, subject
    from cdp_assets.engagement.withdrawal import withdraw as withdraw_all
    from cdp_assets.governance import decide
    from cdp_assets.lake import Place

    obj: Context = context.obj
    project = obj.load()
    settings = project.config.engagement
    require(project, obj.user, Role.administrator, "consent engagement", f"engagement:{settings.tenant}" if settings else None)
    place = Place(project.store)
    if withdraw:
        for line in _done(withdraw_all(place, obj.user)):
            typer.echo(line)
        return
    if settings is None:
        raise UserError("There is no section engagement in cdp.yaml, so there is nothing to consent to.")
    addresses = own_addresses(project, settings)
    for line in _what(settings, len(addresses)):
        typer.echo(line)
    if not agree and typer.prompt(f'Type "{AGREEMENT}" to consent', default="", show_default=False).strip().lower() != AGREEMENT.lower():
        raise UserError("No consent was given, and nothing was changed.")
    decide(place, user=obj.user, kind=KIND, subject=subject(settings), verdict="given", content=content(settings))
    typer.echo(f"The consent is recorded. {_begins(settings.delay_hours)} `cdp consent engagement --withdraw` takes it back.")


def _what(settings: Engagement, addresses: int) -> Iterator[str]:
    """What is agreed to, in lines for people."""
    from cdp_assets.engagement.consent import READ
    from cdp_assets.microsoft import admin_consent_url

    yield f"Tenant {settings.tenant} in {settings.region}, application {settings.client_id}, service {settings.service}."
    yield f"Read are the mailboxes and default calendars of {addresses:,} listed addresses and of nobody else, {DAYS} days back:"
    yield f"  {READ}."
    yield "Kept are counts by account and day, with keyed pseudonyms of the people; single messages are never stored."
    yield "They are not meant for decisions about employees; inform the people whose mailboxes are read."
    if settings.service == "microsoft":
        yield "An administrator of the tenant must consent as well, for Mail.ReadBasic.All and Calendars.ReadBasic.All, at"
        yield f"  {admin_consent_url(settings.tenant, settings.client_id)}"
    else:
        yield "The demo service is a stand-in on this machine: no tenant is asked. With Microsoft, an administrator consents at"
        yield f"  {admin_consent_url(settings.tenant, settings.client_id)}"


def _done(its: "Withdrawal") -> Iterator[str]:
    """What a withdrawal did and what is left, in lines for people."""
    from cdp_assets.engagement.pseudonyms import VARIABLE

    if its.subjects:
        yield f"Withdrawn: {', '.join(its.subjects)}. Nothing more is read."
    else:
        yield "No consent of a tenant stands, so there was none to withdraw."
    removed = [f"the table {table} with all its versions" for table in its.tables] + (["the key of the pseudonyms"] if its.key else [])
    yield f"Removed: {', '.join(removed)}." if removed else "There was nothing left of what was read."
    yield "Left for now: the published snapshots show how many mails and meetings an account had. The next refresh publishes one without;"
    yield "the last three snapshots are kept, so after three refreshes that publish something new they are gone. The decision stays, too."
    if os.environ.get(VARIABLE) is not None:
        yield f"The key of the pseudonyms is in the environment variable {VARIABLE}: take it out, or set another one."


def _begins(hours: int) -> str:
    if not hours:
        return "The next refresh reads."
    begins = datetime.now(UTC) + timedelta(hours=hours)
    return f"A refresh from {begins:%Y-%m-%d %H:%M} UTC on reads ({hours} hours from now, engagement.delay_hours)."
