"""The steps of the station `engagement`, and where they read from."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from cdp_assets.config import Project
from cdp_assets.config.engagement import Engagement
from cdp_assets.contacts.entity import ACCOUNTS, table_of
from cdp_assets.contacts.tables import contact_profiles
from cdp_assets.engagement import interactions, score
from cdp_assets.engagement.addresses import own_addresses
from cdp_assets.engagement.tables import ACCOUNT_ENGAGEMENT, INTERACTIONS
from cdp_assets.errors import UserError
from cdp_assets.governance import standing
from cdp_assets.governance.tables import DECISIONS
from cdp_assets.identity.registry_tables import CUSTOMER_ID_REDIRECTS
from cdp_assets.lake import Run, Source, Step, StepResult
from cdp_assets.microsoft import Endpoints, Graph, MailboxRefusedError, MicrosoftError, Tokens, admin_consent_url


def steps(project: Project) -> list[Step]:
    """Interactions by day and the engagement of accounts; none without the section `engagement`."""
    settings = project.config.engagement
    if settings is None:
        return []
    contacts = contact_profiles(project.config)

    def compute(run: Run) -> StepResult:
        return interactions.make(
            run,
            settings,
            partial(own_addresses, project, settings),
            service(project, settings),
            decisions=_standing(run.read(DECISIONS)),
            contacts=interactions.of_contacts(run.read(contacts), settings.email),
            now=datetime.now(UTC).replace(tzinfo=None),
        )

    return [
        Step(
            INTERACTIONS,
            "engagement",
            "Mail and meetings of the listed addresses with contacts of accounts, counted by day. Read only with the tenant's consent.",
            {contacts.name: contacts, DECISIONS.name: DECISIONS},
            compute=compute,
            extra_checks=interactions.CHECKS,
            day_of={},
            numbers={
                "emails": "coalesce(sum(count) filter (kind = 'email'), 0)",
                "meetings": "coalesce(sum(count) filter (kind = 'meeting'), 0)",
                "accounts": "count(distinct account_id)",
            },
            kinds=frozenset({"duckdb", "deltalake", "microsoft365"}),
        ),
        Step(
            ACCOUNT_ENGAGEMENT,
            "engagement",
            "Mail and meetings of each account in the last 365 days, by month too, and a score from 0 to 100 relative to the others.",
            {INTERACTIONS.name: INTERACTIONS, score.REDIRECTS: table_of(CUSTOMER_ID_REDIRECTS, ACCOUNTS)},
            stages=score.stages,
            checks=score.checks,
            uses_as_of=True,
            numbers={
                "enriched_accounts": "count(distinct account_id)",
                "emails": "coalesce(sum(no_of_emails_to_account + no_of_emails_from_account) filter (aggregation_level = 'year'), 0)",
                "meetings": "coalesce(sum(no_of_meetings_to_account + no_of_meetings_from_account) filter (aggregation_level = 'year'), 0)",
                "average_score": "round(avg(engagement_score), 1)",
            },
        ),
    ]


def service(project: Project, settings: Engagement) -> interactions.Service:
    """Where mail is read: Microsoft's services, or the stand-in that runs only while the step reads."""

    @contextmanager
    def microsoft() -> Iterator[Graph]:
        secret = os.environ.get(settings.secret)
        if not secret:
            raise UserError(f"engagement.secret: the environment variable {settings.secret} is not set; it holds the application's secret.")
        yield Graph(Endpoints(), Tokens(Endpoints(), settings.tenant, settings.client_id, secret))

    @contextmanager
    def demo() -> Iterator[Graph]:
        from cdp_assets.demo.stand_in import stand_in

        with stand_in(project.folder) as running:
            yield Graph(running.endpoints, Tokens(running.endpoints, settings.tenant, settings.client_id, running.secret))

    def all_refused() -> MicrosoftError:
        return MicrosoftError(
            "None of the listed mailboxes may be read. Usually an administrator of the tenant has not consented yet, at "
            f"{admin_consent_url(settings.tenant, settings.client_id)} - or the addresses have no mailboxes in this tenant, or a policy "
            "of it excludes them all."
        )

    return interactions.Service(demo if settings.service == "demo" else microsoft, MailboxRefusedError, all_refused)


def _standing(decisions: Source) -> Source:
    return replace(decisions, sql=f"with decisions as ({decisions.sql}) {standing()}")
