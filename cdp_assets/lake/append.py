"""Tables that only grow, such as the audit log: rows are added without reading what is there."""

import json
import time
import uuid

import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, Schema

from cdp_assets.lake.delta import METADATA, Commit, commit_metadata, open_table
from cdp_assets.lake.engine import DataFile
from cdp_assets.lake.guard import no_values_in_errors
from cdp_assets.lake.ledger import private_files
from cdp_assets.lake.run import Place
from cdp_assets.lake.session import session
from cdp_assets.lake.source import casts, literal
from cdp_assets.lake.table import Table

TRIES = 20
APPENDED = {"appended": True}  # beside each version: it was made by adding rows


def append(place: Place, table: Table, rows: pa.Table) -> None:
    """Add rows to a table; processes that add at the same time wait for each other."""
    place.prepare()
    path = place.lake / table.name
    with private_files(), no_values_in_errors(table.name):
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = path / f"{table.name}-{uuid.uuid4().hex[:12]}.parquet"
        with session() as connection:
            connection.register("given", rows)
            connection.execute(f"copy (select {casts(table)} from given) to {literal(str(file))} (format parquet)")
        added = DataFile(file, rows.num_rows, file.stat().st_size)
        handle = _opened(place, table)
        action = Commit(table, path, (added,), None, {}).add(added)
        handle.create_write_transaction(
            [action],
            "append",
            Schema.from_arrow(table.arrow_schema()),
            commit_properties=CommitProperties(custom_metadata={METADATA: json.dumps(APPENDED)}, max_commit_retries=100),
        )


def is_appended(place: Place, table: str, version: int) -> bool:
    """Whether this version of a table was made by adding rows to what was there."""
    return bool(commit_metadata(place.lake / table, version).get("appended"))


def _opened(place: Place, table: Table) -> DeltaTable:
    """The table, created empty first when it is new; two first writers may meet here."""
    path = place.lake / table.name
    for attempt in range(TRIES):
        handle = open_table(path)
        if handle is not None:
            return handle
        try:
            Commit(table, path, (), None, APPENDED).apply(None)
        except Exception:
            # the other first writer won: its table is there in a moment
            if attempt == TRIES - 1:
                raise
            time.sleep(0.05)
    raise AssertionError("unreachable")
