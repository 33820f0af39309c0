"""Staging: the rows of text files (CSV, JSON lines) as one Parquet file in the run's folder, in bounded memory."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from cdp_assets.sources.csv_file import csv_rows
from cdp_assets.sources.files import Format, SourceError, reading
from cdp_assets.sources.json_lines import json_rows
from cdp_assets.sources.layout import Layout

ROWS_AT_ONCE = 100_000
Reader = Callable[[str, Layout, Sequence[str], Any, set[str]], Iterator[Any]]
READERS: Mapping[Format, Reader] = {"csv": csv_rows, "json_lines": json_rows}
"""The formats that are staged, and what gives their rows in portions."""


def stage_rows(source: str, layouts: Sequence[Layout], wanted: Sequence[str], names: Sequence[str], into: Path) -> list[str]:
    """Write all rows of the files to the Parquet file `into`.

    Columns: source_file, source_line, problem (why the whole row cannot be read; null: it can), then the wanted columns
    as text under `names`. Gives the wanted columns that no row has, which only JSON lines can lack; none where no row can be
    read. Memory is bounded whatever the size of the files. Raises SourceError for a file that is not text in its encoding, has
    broken quotation in its header, or changes or vanishes meanwhile.
    """
    import pyarrow as pa
    from pyarrow import parquet

    fixed = [("source_file", pa.string()), ("source_line", pa.int64()), ("problem", pa.string())]
    schema = pa.schema([*fixed, *((column, pa.string()) for column in names)])
    aside = into.with_suffix(".part")
    into.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with parquet.ParquetWriter(aside, schema, compression="zstd", compression_level=1) as writer:
        waiting: list[pa.Table] = []
        seen: set[str] = set()
        for layout in layouts:
            with reading(source, [layout.file]):
                for rows in READERS[layout.file.format](source, layout, wanted, schema, seen):
                    waiting.append(rows)
                    if sum(each.num_rows for each in waiting) >= ROWS_AT_ONCE:
                        writer.write_table(pa.concat_tables(waiting))
                        waiting = []
            if fate := layout.file.fate():
                raise SourceError(source, [f"{layout.file.name} {fate}"])
        writer.write_table(pa.concat_tables(waiting) if waiting else schema.empty_table())
    aside.replace(into)
    return [column for column in wanted if column not in seen] if seen else []
