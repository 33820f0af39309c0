"""All steps and all tables of a project, gathered from the stations in the order of the lineage."""

from cdp_assets.config import Project
from cdp_assets.lake import Step, Table


def steps_of(project: Project) -> list[Step]:
    """The steps of all stations."""
    from cdp_assets.events.assets import steps as events
    from cdp_assets.identity.assets import steps as identity
    from cdp_assets.publish.assets import steps as publish
    from cdp_assets.sources.assets import steps as sources
    from cdp_assets.unify.assets import steps as unify

    return [step for station in (sources, events, unify, identity, publish) for step in station(project)]


def tables_of(project: Project) -> list[Table]:
    """Every declared table: those of the steps, and those that no step of its own writes."""
    from cdp_assets.governance.tables import AUDIT_LOG
    from cdp_assets.sources.tables import QUARANTINE

    return [*(step.table for step in steps_of(project)), QUARANTINE, AUDIT_LOG]
