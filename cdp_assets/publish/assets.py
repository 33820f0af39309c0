"""The step of the station `publish`: the snapshot that pages, the API and exports read."""

from collections.abc import Sequence
from functools import partial

from dagster_duckdb import DuckDBResource

from cdp_assets.activities.tables import UNIFIED_ACTIVITIES
from cdp_assets.clv.tables import CLV_FACTORS, CLV_PERCENTILES, CLV_RESULTS, CLV_SCORES
from cdp_assets.config import ConsentsSource, Project
from cdp_assets.contacts.entity import ACCOUNTS, table_of, view
from cdp_assets.contacts.tables import contact_profiles
from cdp_assets.engagement.tables import ACCOUNT_ENGAGEMENT
from cdp_assets.events.tables import VISITOR_IDENTITIES
from cdp_assets.governance import record
from cdp_assets.governance.tables import CONSENTS
from cdp_assets.identity.registry_tables import CUSTOMER_ID_REDIRECTS
from cdp_assets.lake import Check, CheckResult, ChecksFailedError, NotClosedError, Run, Step, StepResult, Table, closed_state, columns
from cdp_assets.measures.tables import customer_measures
from cdp_assets.publish.snapshot import publish
from cdp_assets.segments.tables import SEGMENT_MEMBERSHIP, SEGMENTS
from cdp_assets.unify.fields import unified_fields
from cdp_assets.unify.tables import ALTERNATE_KEYS, PROFILE_LINEAGE, unified_profiles

PUBLISHED_SNAPSHOT = Table(
    "published_snapshot",
    grain="a publication: a read-only DuckDB file of tables that belong together, which pages, the API and exports read",
    key=("contents",),
    columns=columns(
        """
        contents | varchar | digest of what is in it: equal digests, equal contents
        as_of    | date    | the day it is for
        """
    ),
    retention="the last three publications are kept",
)
CLOSED = Check("closed_state", "every table was made from the very versions that are published beside it", "select 0")


def steps(project: Project) -> list[Step]:
    """The one step of the station."""
    tables = published_of(project)
    return [
        Step(
            PUBLISHED_SNAPSHOT,
            "publish",
            "Switches the pages to the present state, if all its tables belong together.",
            {table.name: table for table in tables},
            compute=partial(_publish, project, tables),
            extra_checks=(CLOSED,),
            declared_checks=False,
            kinds=frozenset({"duckdb"}),
        )
    ]


def published_of(project: Project) -> list[Table]:
    """The tables of the lake that a snapshot is made from: those of profiles, and those of the sections that cdp.yaml has."""
    config = project.config
    found = [unified_profiles(config), PROFILE_LINEAGE, ALTERNATE_KEYS, VISITOR_IDENTITIES, CUSTOMER_ID_REDIRECTS]
    if config.activities:
        found.append(UNIFIED_ACTIVITIES)
    if config.measures:
        found.append(customer_measures(config))
    if config.clv:
        found += [CLV_RESULTS, CLV_SCORES, CLV_PERCENTILES, CLV_FACTORS]
    if config.accounts:
        found.append(table_of(unified_profiles(view(project, ACCOUNTS).config), ACCOUNTS))
    if config.contacts:
        found.append(contact_profiles(config))
    if config.engagement:
        found.append(ACCOUNT_ENGAGEMENT)
    if any(isinstance(source, ConsentsSource) for source in config.sources.values()):
        found.append(CONSENTS)
    if config.segments:
        found += [SEGMENTS, SEGMENT_MEMBERSHIP]
    return found


def _publish(project: Project, tables: Sequence[Table], run: Run) -> StepResult:
    try:
        closed_state(run, [table.name for table in tables])
    except NotClosedError as error:
        failed = CheckResult(CLOSED.name, CLOSED.description, len(error.stale))
        raise ChecksFailedError(PUBLISHED_SNAPSHOT.name, [failed], error.message) from None
    inputs = {table.name: run.read(table) for table in tables}
    meanings = {field.name: field.type for field in unified_fields(project.config)}
    accounts = {field.name: field.type for field in unified_fields(view(project, ACCOUNTS).config)} if project.config.accounts else {}
    spill = str(run.work / "spill")
    settings = {"memory_limit": f"{run.engine.memory}B", "temp_directory": spill, "autoinstall_known_extensions": "false"}
    duckdb = DuckDBResource(database=":memory:", connection_config=settings)
    with duckdb.get_connection() as connection:
        made = publish(
            connection,
            project.store / "published",
            inputs,
            meanings,
            run_id=run.run_id,
            as_of=run.as_of,
            account_meanings=accounts,
            labels={field.name: field.label for field in unified_fields(project.config) if field.label},
        )
    if not made.unchanged:
        record(run.place, user=run.user, action="publish", subject=made.folder.name, outcome="done", detail=f"as of {run.as_of}")
    return StepResult(
        PUBLISHED_SNAPSHOT,
        None,
        made.rows["customer"],
        made.contents,
        made.unchanged,
        (CheckResult(CLOSED.name, CLOSED.description, 0),),
        (),
        inputs={n: source.version for n, source in inputs.items()},
        numbers={"file_bytes": float(made.bytes)},
    )
