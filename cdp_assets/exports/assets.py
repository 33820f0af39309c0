"""The steps of the station `exports`: one for each export. None of them belongs to a refresh: saving runs no export."""

from functools import partial

from cdp_assets.config import Project, ProjectConfig
from cdp_assets.config.connections import FileConnection
from cdp_assets.config.exports import Export, entity_of
from cdp_assets.exports.members import reads_of
from cdp_assets.exports.outcome import sum_of_states
from cdp_assets.exports.run import CLOSED, PROFILES_OF, run_export
from cdp_assets.exports.tables import STATES, export_table
from cdp_assets.governance.tables import CONSENTS, DECISIONS
from cdp_assets.lake import Step, Table
from cdp_assets.segments.tables import SEGMENT_MEMBERSHIP, SEGMENTS
from cdp_assets.unify.deduplicated_tables import deduplicated
from cdp_assets.unify.tables import ALTERNATE_KEYS, unified_profiles


def steps(project: Project) -> list[Step]:
    """The step of every export, in the order of cdp.yaml."""
    return [_step(project, name, export) for name, export in project.config.exports.items()]


def _step(project: Project, name: str, export: Export) -> Step:
    config = project.config
    connection = config.connections[export.connection]
    reads = tables_of(config, export)
    table = export_table(name)
    consent = f", if they have consented to {export.consent}" if export.consent else ""
    how = "Writes members of segments into files of" if isinstance(connection, FileConnection) else "Checks, as a dry run, what would go to"
    return Step(
        table,
        "exports",
        f"{how} {connection.name}: {', '.join(export.segments)}{consent}. Runs by `cdp export run {name}`, here, or by its schedule.",
        reads,
        checks=lambda: [sum_of_states(name)],
        numbers={"selected": "coalesce(sum(selected), 0)", **{state: f"coalesce(sum({state}), 0)" for state in STATES}},
        compute=partial(run_export, project, name, reads),
        extra_checks=(CLOSED,),
        kinds=frozenset({"csv" if isinstance(connection, FileConnection) else "dynamics365", "deltalake"}),
    )


def tables_of(config: ProjectConfig, export: Export) -> dict[str, Table]:
    """The tables that an export reads, by name."""
    known: dict[str, Table] = {
        "consents": CONSENTS,
        "decisions": DECISIONS,
        "segments": SEGMENTS,
        "segment_membership": SEGMENT_MEMBERSHIP,
        "alternate_keys": ALTERNATE_KEYS,
    }
    names = {"decisions", "segments", *reads_of(config, export)}
    if isinstance(config.connections[export.connection], FileConnection):
        names.add(PROFILES_OF[entity_of(config, export)])
    return {each: known[each] if each in known else _other(config, each) for each in sorted(names)}


def _other(config: ProjectConfig, table: str) -> Table:
    """Declarations that follow from the configuration."""
    if table == "unified_profiles":
        return unified_profiles(config)
    if table.startswith("deduplicated_"):
        return deduplicated(config, table.removeprefix("deduplicated_"))
    from cdp_assets.contacts.tables import CONTACT_KEYS, contact_profiles

    return CONTACT_KEYS if table == CONTACT_KEYS.name else contact_profiles(config)
