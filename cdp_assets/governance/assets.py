"""The steps of the station `governance`: consents. Decisions and the audit log are written when people act, by no step."""

from functools import partial

from cdp_assets.config import Project
from cdp_assets.governance import consents
from cdp_assets.governance.tables import CONSENT_STATEMENTS, CONSENTS
from cdp_assets.lake import Step
from cdp_assets.sources.tables import table_of
from cdp_assets.unify.deduplicated_tables import deduplicated
from cdp_assets.unify.tables import ALTERNATE_KEYS

NO_ANSWERS = f"('{consents.NO_ANSWER}', '{consents.NEITHER}')"


def steps(project: Project) -> list[Step]:
    """Statements and what follows from them; none where no source has consents."""
    config = project.config
    sources = {name: table_of(name, source) for name, source in consents.consent_sources(config).items()}
    if not sources:
        return []
    records = {table.name: table for table in (deduplicated(config, source) for source in consents.identifying_fields(config))}
    return [
        Step(
            CONSENT_STATEMENTS,
            "governance",
            "Every statement on a consent, with the customers whose it is; one that nobody is found for stays, without a customer.",
            {**sources, **records, "alternate_keys": ALTERNATE_KEYS},
            stages=partial(consents.statement_stages, config),
            checks=partial(consents.statement_checks, config),
            numbers={
                "statements": "count(distinct (source, source_file, source_line))",
                "statements_without_customer": (
                    "count(distinct (source, source_file, source_line))"
                    " - count(distinct (source, source_file, source_line)) filter (customer_id is not null)"
                ),
                "read_as_refusal": f"count(distinct (source, source_file, source_line)) filter (reading in {NO_ANSWERS})",
                "time_not_readable": 'count(distinct (source, source_file, source_line)) filter ("at" is null)',
            },
        ),
        Step(
            CONSENTS,
            "governance",
            "What a customer consents to, by purpose: one refusal is enough. Whoever is not here has not consented.",
            {"consent_statements": CONSENT_STATEMENTS},
            stages=consents.consent_stages,
            checks=consents.consent_checks,
            uses_as_of=True,
            numbers={
                "given": "count(*) filter (given)",
                "refused": "count(*) filter (not given)",
                "contradicted": "count(*) filter (contradicted)",
            },
        ),
    ]
