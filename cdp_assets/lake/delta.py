"""Delta tables through delta-rs: open a version, read its files, commit new files in one log entry. No rows pass here."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import CommitProperties, DeltaTable, Schema
from deltalake.transaction import AddAction, create_table_with_add_actions

from cdp_assets.lake.engine import DataFile
from cdp_assets.lake.table import Table

METADATA = "cdp"  # the key of our entry in a commit's metadata


def open_table(path: Path, version: int | None = None) -> DeltaTable | None:
    """The table at `path` in this version (None: the newest); None when there is no table yet."""
    if not (path / "_delta_log").is_dir():
        return None
    if version is None and not DeltaTable.is_deltatable(str(path)):
        return None
    return DeltaTable(str(path), version=version)


def commit_metadata(path: Path, version: int) -> dict[str, Any]:
    """What our commit wrote beside this version of the table at `path` (empty for a foreign commit).

    Read from the log entry itself: `history()` of a handle on an old version answers for the newest one.
    """
    entry = path / "_delta_log" / f"{version:020d}.json"
    if not entry.exists():
        return {}
    for line in entry.read_text().splitlines():
        info = json.loads(line).get("commitInfo")
        if info is not None:
            loaded = json.loads(info.get(METADATA, "{}"))
            return loaded if isinstance(loaded, dict) else {}
    return {}


@dataclass(frozen=True)
class Commit:
    """What goes into one log entry. `scope` lists the partition values that are replaced; None: the whole table."""

    table: Table
    path: Path
    files: tuple[DataFile, ...]
    scope: tuple[str, ...] | None
    metadata: Mapping[str, Any]

    def apply(self, handle: DeltaTable | None) -> int:
        """Commit on the handle that was opened for reading; the new version.

        Raises delta-rs's CommitFailedError when anyone committed since that handle was opened: no retry, because a
        retry of delta-rs takes two first writes of one partition for independent and keeps both.
        """
        properties = CommitProperties(custom_metadata={METADATA: json.dumps(self.metadata, sort_keys=True)}, max_commit_retries=0)
        schema = Schema.from_arrow(self.table.arrow_schema())
        adds = [self.add(file) for file in self.files]
        by = [self.table.partition] if self.table.partition else None
        if handle is None:
            create_table_with_add_actions(
                str(self.path),
                schema,
                adds,
                mode="error",
                partition_by=by,
                name=self.table.name,
                description=self.table.grain,
                commit_properties=properties,
            )
            return 0
        filters: Any = None
        if self.scope is not None:
            filters = [(self.table.partition, "in", list(self.scope))]
        handle.create_write_transaction(
            list(adds), "overwrite", schema, partition_by=by, partition_filters=filters, commit_properties=properties
        )
        return handle.version() + 1

    def add(self, file: DataFile) -> AddAction:
        """The log entry that adds a file."""
        partition = {self.table.partition: file.partition} if self.table.partition else {}
        return AddAction(
            path=str(file.path.relative_to(self.path)),
            size=file.bytes,
            partition_values=partition,
            modification_time=0,
            data_change=True,
            stats=json.dumps({"numRecords": file.rows}),
        )


def files_of(path: Path, handle: DeltaTable, partition: str | None = None, values: Iterable[str] | None = None) -> list[Path]:
    """The files of this version, in a fixed order; only those of the partition values where given.

    Their places come from the log: `file_uris()` encodes a space or an umlaut in a folder above the table.
    """
    actions = pa.table(handle.get_add_actions(flatten=True))
    if values is not None and partition is not None:
        wanted = pa.array(sorted(values), pa.string())
        actions = actions.filter(pc.is_in(pc.cast(actions[f"partition.{partition}"], pa.string()), wanted))
    return sorted(path / unquote(relative) for relative in actions["path"].to_pylist())
