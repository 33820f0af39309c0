"""Delta tables as sources: their newest version, its files and columns, read off the log. Rows are read in parquet_file.py.

What this cannot read correctly is refused by name, because the Parquet files alone would show rows that are deleted or
columns under other names.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

_READABLE = frozenset(
    "timestampNtz vacuumProtocolCheck v2Checkpoint typeWidening typeWidening-preview columnMapping deletionVectors".split()
)
"""Features of tables that readers must know and that are no obstacle, or are looked at one by one below."""
_TYPES = {
    "string": "VARCHAR", "long": "BIGINT", "integer": "INTEGER", "short": "SMALLINT", "byte": "TINYINT", "float": "FLOAT",
    "double": "DOUBLE", "boolean": "BOOLEAN", "binary": "BLOB", "date": "DATE", "timestamp": "TIMESTAMP WITH TIME ZONE",
    "timestamp_ntz": "TIMESTAMP",
}  # fmt: skip


class DeltaProblemError(Exception):
    """Why a Delta table cannot be read, in words that follow its name."""


@dataclass(frozen=True)
class DeltaFile:
    """A Parquet file of a version, and the values of the table's partition columns in it, as text."""

    path: Path
    name: str
    constants: Mapping[str, str | None]


@dataclass(frozen=True)
class DeltaVersion:
    """The newest version of a table; `modified` is the time of its log entry in nanoseconds since 1970."""

    identity: str
    bytes: int
    modified: int
    types: Mapping[str, str]
    partitioned_by: tuple[str, ...]
    files: tuple[DeltaFile, ...]


def is_delta(path: Path) -> bool:
    """Whether this folder is a Delta table."""
    return (path / "_delta_log").is_dir()


def newest(path: Path) -> DeltaVersion:
    """The newest version of the table in this folder. Raises DeltaProblemError where it cannot be read (correctly)."""
    import pyarrow as pa
    from deltalake import DeltaTable
    from deltalake.exceptions import DeltaError

    try:
        table = DeltaTable(str(path))
        metadata, version = table.metadata(), table.version()
        fields = json.loads(table.schema().to_json())["fields"]
        actions = pa.table(table.get_add_actions(flatten=False)).to_pylist()
    except (DeltaError, OSError, ValueError):  # the text can hold values of records
        table = None
    if table is None:
        raise DeltaProblemError(
            "cannot be read as a Delta table: its _delta_log is damaged, or has what this program does not know. Restore or copy the table."
        )
    _refuse(table, metadata.configuration)
    entry = path / "_delta_log" / f"{version:020}.json"
    partitioned_by = tuple(metadata.partition_columns)
    files = [_file(path, action, partitioned_by) for action in actions]
    if gone := [file.name for file in files if not file.path.is_file()]:
        raise DeltaProblemError(
            f"lacks {len(gone)} of the files of its newest version, the first of them {min(gone)}. "
            "Somebody removed them; restore the table, or write it again."
        )
    return DeltaVersion(
        f"{metadata.id} version {version}",
        sum(int(action["size_bytes"]) for action in actions),
        entry.stat().st_mtime_ns if entry.exists() else version,
        {field["name"]: _type(field["type"]) for field in fields},
        partitioned_by,
        tuple(sorted(files, key=lambda file: file.name)),
    )


def _refuse(table: Any, configuration: Mapping[str, str]) -> None:
    features = set(table.protocol().reader_features or ())
    if unknown := sorted(features - _READABLE):
        raise DeltaProblemError(f"uses {', '.join(unknown)}, which this program cannot read. Write a table without it.")
    if configuration.get("delta.columnMapping.mode", "none") != "none":
        raise DeltaProblemError(
            "uses column mapping: its files have other names of columns than the table. Write a copy without delta.columnMapping.mode."
        )
    if "deletionVectors" in features and _has_deletion_vectors(table):
        raise DeltaProblemError(
            "has deletion vectors, which this program cannot read: deleted rows would come back. "
            "Run `REORG TABLE ... APPLY (PURGE)` on it, or write it with delta.enableDeletionVectors = false."
        )


def _has_deletion_vectors(table: Any) -> bool:
    """Whether any file has one; also where they cannot be read."""
    try:
        return any(len(batch) for batch in table.deletion_vectors())
    except Exception:  # noqa: BLE001 - whatever it is, the deleted rows are not known
        return True


def _file(path: Path, action: Mapping[str, Any], partitioned_by: tuple[str, ...]) -> DeltaFile:
    relative = unquote(action["path"])
    if "://" in relative or relative.startswith("/") or ".." in relative.split("/"):
        raise DeltaProblemError("has files that lie outside its folder, as a shallow clone has. Write a full copy of it.")
    values = action.get("partition") or action.get("partition_values") or {}
    constants = {column: None if values.get(column) is None else str(values[column]) for column in partitioned_by}
    return DeltaFile(path / relative, relative, constants)


def _type(its: Any) -> str:
    """DuckDB's name of a Delta type; of lists and nested values only that they are."""
    if not isinstance(its, str):
        return f"STRUCT {its.get('type', '')}"
    return its.upper() if its.startswith("decimal") else _TYPES.get(its, "VARIANT")
