"""All steps and all tables of a project, gathered from the stations in the order of the lineage."""

from importlib import import_module

from cdp_assets.config import Project
from cdp_assets.lake import Step, Table

STATIONS = (
    "sources",
    "events",
    "identity",
    "unify",
    "contacts",
    "activities",
    "measures",
    "clv",
    "governance",
    "engagement",
    "segments",
    "publish",
)
"""The stations that a refresh covers; that of exports is apart, because what goes out is asked for by itself."""


def steps_of(project: Project) -> list[Step]:
    """The steps of a refresh."""
    return [step for station in STATIONS for step in import_module(f"cdp_assets.{station}.assets").steps(project)]


def exports_of(project: Project) -> list[Step]:
    """One step an export of the configuration; a refresh does not run them."""
    from cdp_assets.exports.assets import steps

    return steps(project)


def appended_tables(project: Project) -> list[Table]:
    """Tables that only grow, and that no step of their own writes."""
    from cdp_assets.exports.tables import EXPORT_LEDGER, EXPORT_RUNS
    from cdp_assets.governance.tables import AUDIT_LOG, DECISIONS

    return [DECISIONS, AUDIT_LOG, *([EXPORT_RUNS, EXPORT_LEDGER] if project.config.exports else [])]


def tables_of(project: Project) -> list[Table]:
    """Every declared table: those of the steps, and those that no step of its own writes."""
    from cdp_assets.sources.incremental_tables import REMEMBERED, read_in_increments
    from cdp_assets.sources.tables import BESIDE

    remembered = REMEMBERED if read_in_increments(project.config.sources) else ()
    return [*(step.table for step in [*steps_of(project), *exports_of(project)]), *BESIDE, *remembered, *appended_tables(project)]
