"""Tables without a step of their own, shown as assets: the quarantine, and those to which commands and exports add rows."""

from collections.abc import Sequence

import dagster as dg

from cdp_assets.config import Project
from cdp_assets.lake import Table
from cdp_assets.orchestration.catalogue import appended_tables, exports_of
from cdp_assets.orchestration.keys import Prefix, asset_key, named
from cdp_assets.orchestration.steps import OWNERS, column_schema
from cdp_assets.sources.incremental_tables import REMEMBERED, read_in_increments
from cdp_assets.sources.tables import BESIDE

DESCRIPTIONS = {
    "quarantine": "Rows of the sources that could not be read, with the reason by field. Written by the sources' own steps: "
    "materialise a source to renew its part.",
    "source_files": "The files of the sources that have rows, and how many the row filter leaves out. Written by the sources' own steps.",
    "source_columns": "The columns that the files of each source had the last time, and what changed then. Written by the sources' "
    "own steps.",
    "files_read": "The files, or queries of a database, that are merged into the tables of sources read in increments.",
    "keys_removed": "Keys of sources read in increments that were deleted or filtered: an older row does not bring them back.",
    "rows_rejected": "All rejected rows of sources read in increments, with their keys. The quarantine shows those that still stand.",
    "decisions": "What people decided, such as a tenant's consent or a confirmed connection. Written by commands.",
    "audit_log": "Who did what, and what was denied. Written by commands, runs and pages.",
    "export_runs": "Each run of an export and how it ended. Written by the exports.",
    "export_ledger": "What became of each member that an export selected, in exactly one state. Written by the exports.",
}


def appended_assets(project: Project, prefix: Prefix = ()) -> list[dg.AssetSpec]:
    """None of them can be run by itself."""
    exports = sorted(step.table.name for step in exports_of(project))
    appended = [(table, group_of(table)) for table in appended_tables(project)]
    incremental = sorted(read_in_increments(project.config.sources))
    return [
        *(_spec(table, "sources", sorted(project.config.sources), prefix) for table in BESIDE),
        *(_spec(table, "sources", incremental, prefix) for table in REMEMBERED if incremental),
        *(_spec(table, group, exports if group == "exports" else [], prefix) for table, group in appended),
    ]


def group_of(table: Table) -> str:
    """The station of a table that only grows."""
    return "exports" if table.name.startswith("export_") else "governance"


def _spec(table: Table, group: str, deps: Sequence[str], prefix: Prefix) -> dg.AssetSpec:
    return dg.AssetSpec(
        asset_key(table.name, prefix),
        deps=[asset_key(name, prefix) for name in deps],
        description=f"{DESCRIPTIONS[table.name]}\n\nA row is {table.grain}.",
        group_name=named(group, prefix),
        kinds={"duckdb", "deltalake"},
        owners=OWNERS,
        metadata={
            "dagster/column_schema": column_schema(table),
            "key": ", ".join(table.key),
            "retention": table.retention,
        },
        tags={"personal": "yes" if any(c.personal for c in table.columns) else "no"},
    )
