"""How the demo's files are written, and what is counted on the way: rows by file, and those that cannot be read, by line."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from cdp_assets.demo.broken import REPEATED, BrokenRow
from cdp_assets.lake.source import literal


class Written:
    """Writes files below `folder` and counts: `rows` by file (all of them), `broken` by source (those for the quarantine)."""

    def __init__(self, con: duckdb.DuckDBPyConnection, folder: Path) -> None:
        self._con = con
        self._quarantine: list[dict[str, str | int | None]] = []
        self.folder = folder
        self.rows: dict[str, int] = {}
        self.broken: dict[str, int] = {}

    def csv(self, file: str, source: str, query: str, broken_rows: Sequence[BrokenRow], repeated: Sequence[int] = ()) -> None:
        """Write the rows of a query, then the broken ones; a line is counted with the header as line 1.

        `repeated` are the numbers of rows, from 1, whose event is in the files already.
        """
        path = self.folder / file
        ((rows,),) = self._con.execute(f"copy ({query}) to {literal(str(path))} (format csv, header)").fetchall()
        with path.open("a", encoding="utf-8", newline="") as out:
            csv.writer(out, lineterminator="\n").writerows(row.values for row in broken_rows)
        self._count(file, source, rows, broken_rows, header=1)
        self._refuse(source, [(file, row + 1, "event_id", REPEATED) for row in repeated])

    def parquet(self, file: str, source: str, query: str, broken_rows: Sequence[BrokenRow]) -> None:
        """Write the rows of a query and the broken ones; a line is the number of the row, the first one being 1."""
        table = self._con.sql(query).to_arrow_table()
        columns = zip(*(row.values for row in broken_rows), strict=True)
        arrays = [pa.array(list(column), field.type) for column, field in zip(columns, table.schema, strict=True)]
        pq.write_table(pa.concat_tables([table, pa.table(arrays, table.schema)]), self.folder / file)
        self._count(file, source, len(table), broken_rows, header=0)

    def without_faults(self, file: str, query: str) -> None:
        """Write rows that are no source of the pipeline."""
        self.rows[file] = self.truth(file, query)

    def truth(self, file: str, query: str) -> int:
        """Write the rows of a query as a Parquet file that does not count, and return how many they are."""
        path = self.folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        ((rows,),) = self._con.execute(f"copy ({query}) to {literal(str(path))} (format parquet)").fetchall()
        return int(rows)

    def text(self, file: str, lines: Sequence[str]) -> None:
        """Write lines of text."""
        (self.folder / file).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        self.rows[file] = len(lines)

    def quarantine(self) -> pa.Table:
        """One row a fault: source, file (relative to the project), line, field (null: the whole row), reason."""
        text = pa.string()
        schema = pa.schema([("source", text), ("file", text), ("line", pa.int64()), ("field", text), ("reason", text)])
        return pa.Table.from_pylist(self._quarantine, schema)

    def _count(self, file: str, source: str, rows: int, broken_rows: Sequence[BrokenRow], *, header: int) -> None:
        self.rows[file] = rows + len(broken_rows)
        self._refuse(source, [(file, rows + header + nth, row.field, row.reason) for nth, row in enumerate(broken_rows, start=1)])

    def _refuse(self, source: str, rows: Sequence[tuple[str, int, str | None, str]]) -> None:
        self.broken[source] = self.broken.get(source, 0) + len(rows)
        self._quarantine += [
            {"source": source, "file": file, "line": line, "field": field, "reason": why} for file, line, field, why in rows
        ]
