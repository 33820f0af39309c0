"""A generated demo world, read by means that are not the product's."""

import csv
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from cdp_assets.demo import DemoSummary

Row = dict[str, str | None]

# The files of a source, by its name in the demo's configuration.
FILES = {
    "crm": "sources/crm.csv",
    "loyalty": "sources/loyalty.parquet",
    "shop": "sources/shop.csv",
    "web": "sources/web/*.csv",
    "orders": "sources/orders.csv",
    "till": "sources/till.parquet",
    "crm_accounts": "sources/accounts_crm.csv",
    "erp_accounts": "sources/accounts_erp.csv",
    "business_contacts": "sources/contacts_business.csv",
    "erp_contacts": "sources/contacts_erp.csv",
    "newsletter": "sources/consents.csv",
}


class World:
    """The files of a world and their truth."""

    def __init__(self, folder: Path, summary: DemoSummary) -> None:
        self.folder = folder
        self.summary = summary
        self.truth = {path.stem: pq.read_table(path).to_pylist() for path in (folder / "truth").glob("*.parquet")}

    def rows(self, source: str) -> list[Row]:
        """Return the rows of a source that can be read, empty values as None."""
        broken = {(row["file"], row["line"]) for row in self.truth["quarantine"]}
        return [row for file, line, row in self.lines(source) if (file, line) not in broken]

    def lines(self, source: str) -> Iterator[tuple[str, int, Row]]:
        """Yield all rows of a source with file and line."""
        for path in sorted(self.folder.glob(FILES[source])):
            file = path.relative_to(self.folder).as_posix()
            if path.suffix == ".csv":
                with path.open(encoding="utf-8", newline="") as lines:
                    for line, row in enumerate(csv.DictReader(lines), start=2):
                        yield file, line, {name: value or None for name, value in row.items()}
            else:
                for line, row in enumerate(pq.read_table(path).to_pylist(), start=1):
                    yield file, line, row

    def query(self, sql: str) -> list[tuple[object, ...]]:
        """Return the rows of a query; a table a source (rows that can be read, as text), t_<truth>, mail and meetings."""
        return self._connection.execute(sql).fetchall()

    @cached_property
    def _connection(self) -> duckdb.DuckDBPyConnection:
        con = duckdb.connect()
        for source, files in FILES.items():
            path = self.folder / files
            if source == "web":
                continue
            readable = self.summary.rows[files] - self.summary.broken[source]  # the broken rows stand at the end
            read = f"'{path}'" if path.suffix == ".parquet" else f"read_csv('{path}', all_varchar = true, ignore_errors = true)"
            con.execute(f"create table {source} as from {read} limit {readable}")
        for path in (self.folder / "truth").glob("*.parquet"):
            con.execute(f"create view t_{path.stem} as from '{path}'")
        for name in ("mail", "meetings"):
            con.execute(f"create view {name} as from '{self.folder / 'stand_in' / name}.parquet'")
        return con
