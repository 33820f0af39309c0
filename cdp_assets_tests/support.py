"""What tests share: readable tables as input, and stages run without any lake, configuration or Dagster."""

import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from cdp_assets.identity.tables import TERM_FREQUENCIES
from cdp_assets.lake.engine import DuckDBEngine
from cdp_assets.lake.source import Source, casts, name
from cdp_assets.lake.stage import Stage
from cdp_assets.lake.table import Table, arrow_type

Rows = str | pa.Table


def rows(text: str, table: Table | None = None, **types: str) -> pa.Table:
    r"""A table from text such as "key | born\\nann | 2001-02-03  # comment"; an empty cell is null, `''` is empty text.

    Types come from the declaration, else from keyword arguments (column="date"), else varchar. Lists: `[a, b]`.
    """
    lines = [re.sub(r"\s+#.*$", "", line).strip() for line in text.strip().splitlines()]
    cells = [[cell.strip() for cell in line.split("|")] for line in lines if line]
    header, body = cells[0], cells[1:]
    declared = {column.name: column.type for column in table.columns} if table else {}
    wanted = {column: types.get(column, declared.get(column, "varchar")) for column in header}
    arrays = {c: pa.array([_value(row[i]) for row in body], pa.string()) for i, c in enumerate(header)}
    raw = pa.table(arrays)
    assert raw is not None
    with duckdb.connect() as connection:
        casts_ = ", ".join(_cast(column, kind) for column, kind in wanted.items())
        result = connection.sql(f"select {casts_} from raw").to_arrow_table()
    if table is None:
        return result
    missing = [c for c in table.columns if c.name not in header]
    for column in missing:
        result = result.append_column(column.name, pa.nulls(result.num_rows, arrow_type(column.type)))
    return result.select(list(table.column_names))


def _value(cell: str) -> str | None:
    return None if cell == "" else "" if cell == "''" else cell


def _cast(column: str, kind: str) -> str:
    if kind == "varchar[]":
        inner = f"trim({name(column)}, '[]')"
        parts = f"list_transform(string_split({inner}, ','), lambda x: trim(x))"
        return f"case when {inner} = '' then []::varchar[] else {parts} end as {name(column)}"
    return f"cast({name(column)} as {kind}) as {name(column)}"


def run_stages(stages: Sequence[Stage], *, buckets: int | None = None, **inputs: Rows | tuple[Rows, Table]) -> list[dict[str, Any]]:
    """The rows of the last stage as dictionaries, in the order of the table's key.

    An input is text (all varchar), text with its declaration `(text, TABLE)`, or an Arrow table.
    """
    tables: dict[str, pa.Table] = {}
    for n, given in inputs.items():
        text, declaration = given if isinstance(given, tuple) else (given, None)
        tables[n] = rows(text, declaration) if isinstance(text, str) else text
    return run_tables(stages, tables, buckets).to_pylist()


def run_tables(stages: Sequence[Stage], tables: Mapping[str, pa.Table], buckets: int | None = None) -> pa.Table:
    """The last stage's rows as an Arrow table; inputs go through Parquet files as they do in the lake.

    Where nothing is given as learnt (TERM_FREQUENCIES), nothing has been.
    """
    if any(TERM_FREQUENCIES.name in stage.reads for stage in stages):
        tables = {TERM_FREQUENCIES.name: TERM_FREQUENCIES.arrow_schema().empty_table(), **tables}
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        inputs: dict[str, Source] = {}
        with duckdb.connect() as connection:
            for n, table in tables.items():
                connection.register("given", table)
                connection.execute(f"copy given to '{root / n}.parquet' (format parquet)")
                declaration = Table(n, "given by a test", (), ())
                inputs[n] = Source(declaration, f"select * from read_parquet('{root / n}.parquet')", 1)
            result = DuckDBEngine(threads=1, buckets=buckets).run(stages, inputs, root / "into", root / "work")
            last = result[stages[-1].name].source()
            order = ", ".join(name(column) for column in last.table.sort_key)
            return connection.sql(f"select {casts(last.table)} from ({last.sql}) order by {order}").to_arrow_table()
