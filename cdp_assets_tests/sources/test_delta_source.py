"""Delta tables as sources: the newest version is read, with the file and the number of the row, and nothing is read wrongly."""

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from cdp_assets.sources import SourceError, find_files, fingerprint
from cdp_assets_tests.sources.projects import CRM, quarantine_of, read, rows_of, source_of, write

CONFIG = CRM.replace("crm.csv", "crm")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path, cdp_yaml=CONFIG)
    return tmp_path


def _write(folder: Path, mode: Any = "append", partition_by: list[str] | None = None, **columns: Any) -> None:
    rows = {"contact_id": ["C1", "C2"], "name": ["Ann", "Bob"], "born": [dt.date(1986, 5, 8), None], "points": [1, 2], **columns}
    write_deltalake(folder / "crm", pa.table(rows), mode=mode, partition_by=partition_by, schema_mode="merge" if mode == "append" else None)


def _keys(folder: Path) -> list[str]:
    return sorted(row["record_key"] for row in rows_of(folder))


def _problem(folder: Path) -> str:
    with pytest.raises(SourceError) as error:
        read(folder)
    return error.value.message


def test_the_newest_version_is_read_and_not_what_it_has_given_up(folder):
    _write(folder)
    _write(folder, mode="overwrite", contact_id=["C3", "C4"])
    DeltaTable(folder / "crm").delete("contact_id = 'C4'")
    read(folder)
    assert _keys(folder) == ["C3"]


def test_a_row_has_the_name_of_its_file_and_its_number_in_it(folder):
    _write(folder)
    read(folder)
    [file] = [path.name for path in (folder / "crm").glob("*.parquet")]
    assert [(row["source_file"], row["source_line"], row["born"], row["points"]) for row in rows_of(folder)] == [
        (f"crm/{file}", 1, dt.date(1986, 5, 8), 1), (f"crm/{file}", 2, None, 2),
    ]  # fmt: skip


def test_values_by_which_a_table_is_divided_are_read_from_its_log(folder):
    _write(folder, partition_by=["points", "name"], name=["Ann Ü/x=1 %", None])
    read(folder)
    assert sorted((row["record_key"], row["name"], row["points"]) for row in rows_of(folder)) == [("C1", "Ann Ü/x=1 %", 1), ("C2", None, 2)]


def test_a_column_that_older_files_lack_has_no_value_there(folder):
    write_deltalake(folder / "crm", pa.table({"contact_id": ["C0"], "name": ["Old"], "born": pa.nulls(1, pa.date32())}))
    _write(folder)
    read(folder)
    assert {row["record_key"]: row["points"] for row in rows_of(folder)} == {"C0": None, "C1": 1, "C2": 2}


def test_a_table_without_rows_is_a_source_without_rows(folder):
    _write(folder)
    DeltaTable(folder / "crm").delete()
    _, rows = read(folder)
    assert rows.rows == 0


def test_rows_with_a_fault_are_in_quarantine(folder):
    _write(folder, contact_id=[None, "C2"])
    read(folder)
    assert quarantine_of(folder) == [("crm", 1, "contact_id", "primary key is missing")]


def test_the_fingerprint_is_that_of_the_version_and_reads_no_data(folder):
    source = source_of(CONFIG, "crm")
    _write(folder)
    first = fingerprint(find_files(folder, "crm", source))
    assert fingerprint(find_files(folder, "crm", source)) == first
    _write(folder)
    assert fingerprint(find_files(folder, "crm", source)) != first
    read(folder)
    _, rows = read(folder)
    assert rows.unchanged


def test_a_table_inside_a_folder_of_sources_is_one_table(folder):
    write(folder, cdp_yaml=CRM.replace("crm.csv", "data"))
    _write(folder)
    _write(folder, mode="overwrite", contact_id=["C3", "C4"])
    (folder / "data").mkdir()
    (folder / "crm").rename(folder / "data" / "crm")
    read(folder)
    assert _keys(folder) == ["C3", "C4"]


def test_decimals_are_exact(folder):
    write(folder, cdp_yaml=CONFIG.replace("points: integer", "points: decimal"))
    _write(folder, points=[Decimal("0.10"), Decimal("12345678901234.56")])
    read(folder)
    assert [row["points"] for row in rows_of(folder)] == [Decimal("0.10"), Decimal("12345678901234.56")]


def _add_to_log(folder: Path, **actions: Any) -> None:
    log = folder / "crm" / "_delta_log"
    version = len(list(log.glob("*.json")))
    (log / f"{version:020}.json").write_text("".join(json.dumps({name: action}) + "\n" for name, action in actions.items()))


def _needs(feature: str) -> dict[str, Any]:
    return {"minReaderVersion": 3, "minWriterVersion": 7, "readerFeatures": [feature], "writerFeatures": [feature]}


def test_column_mapping_is_refused_by_name(folder):
    _write(folder)
    first = (folder / "crm/_delta_log/00000000000000000000.json").read_text()
    metadata = next(json.loads(line)["metaData"] for line in first.splitlines() if "metaData" in line)
    schema = json.loads(metadata["schemaString"])
    for number, each in enumerate(schema["fields"], start=1):
        each["metadata"] = {"delta.columnMapping.id": number, "delta.columnMapping.physicalName": f"col-{number}"}
    metadata |= {"configuration": {"delta.columnMapping.mode": "name"}, "schemaString": json.dumps(schema)}
    _add_to_log(folder, protocol=_needs("columnMapping"), metaData=metadata)
    assert "crm uses column mapping: its files have other names of columns" in _problem(folder)


def test_deletion_vectors_are_refused_because_deleted_rows_would_come_back(folder):
    _write(folder)
    [file] = [path.name for path in (folder / "crm").glob("*.parquet")]
    inline = "^Bg9^0rr910000000000iXQKl0rr91000f55c8Xg0@@D72lkbi5=-{L"
    vector = {"storageType": "i", "pathOrInlineDv": inline, "sizeInBytes": 40, "cardinality": 1}
    _add_to_log(
        folder,
        protocol=_needs("deletionVectors"),
        remove={"path": file, "dataChange": True, "deletionTimestamp": 1},
        add={"path": file, "partitionValues": {}, "size": 1, "modificationTime": 1, "dataChange": True, "deletionVector": vector},
    )
    assert "crm has deletion vectors, which this program cannot read: deleted rows would come back." in _problem(folder)


def test_a_feature_that_nobody_knows_is_refused_by_name(folder):
    _write(folder)
    _add_to_log(folder, protocol=_needs("fancyRows"))
    assert "fancyRows" in _problem(folder) or "cannot be read as a Delta table" in _problem(folder)


def test_a_file_of_the_version_that_somebody_removed_is_named(folder):
    _write(folder)
    next((folder / "crm").glob("*.parquet")).unlink()
    assert "crm lacks 1 of the files of its newest version" in _problem(folder)


def test_a_damaged_log_is_said_with_the_table(folder):
    _write(folder)
    next((folder / "crm/_delta_log").glob("*.json")).write_text("{oops")
    assert "crm cannot be read as a Delta table: its _delta_log is damaged" in _problem(folder)


def test_a_delta_table_read_as_bare_parquet_would_show_rows_that_it_no_longer_has(folder):
    write(folder, cdp_yaml=CONFIG.replace("files: crm", "files: crm\n    format: parquet"))
    _write(folder)
    assert "crm is a Delta table, and cdp.yaml states `format: parquet`" in _problem(folder)


def test_a_column_that_is_missing_is_said_with_the_table(folder):
    write_deltalake(folder / "crm", pa.table({"contact_id": ["C1"], "name": ["Ann"], "born": ["x"], "Points": [1]}))
    assert 'crm has no column "points", which sources.crm.fields.points asks for. Did you mean "Points"?' in _problem(folder)
