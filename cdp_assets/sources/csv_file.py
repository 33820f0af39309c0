"""The rows of CSV files, each with its exact file and physical line, staged as one Parquet file for the stages that follow."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from cdp_assets.sources.files import SourceError
from cdp_assets.sources.layout import Layout

RECORDS_AT_ONCE = 100_000
BYTES_AT_ONCE = 32 << 20


def stage_rows(source: str, layouts: Sequence[Layout], wanted: Sequence[str], names: Sequence[str], into: Path) -> None:
    """Write all rows of the files to the Parquet file `into`.

    Columns: source_file, source_line, problem (why the whole row cannot be read; null: it can), then the wanted columns
    as text under `names`. Memory is bounded whatever the size of the files. Raises SourceError for a file that is not
    UTF-8, has broken quotation in its header, or changes meanwhile.
    """
    import pyarrow as pa
    from pyarrow import parquet

    fixed = [("source_file", pa.string()), ("source_line", pa.int64()), ("problem", pa.string())]
    schema = pa.schema([*fixed, *((column, pa.string()) for column in names)])
    aside = into.with_suffix(".part")
    into.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with parquet.ParquetWriter(aside, schema, compression="zstd", compression_level=1) as writer:
        waiting: list[pa.Table] = []
        for layout in layouts:
            for rows in _rows_of(source, layout, wanted, schema):
                waiting.append(rows)
                if sum(each.num_rows for each in waiting) >= RECORDS_AT_ONCE:
                    writer.write_table(pa.concat_tables(waiting))
                    waiting = []
            if not layout.file.as_it_was():
                raise SourceError(source, [f"{layout.file.name} changed while it was read. Refresh again when it is complete."])
        writer.write_table(pa.concat_tables(waiting) if waiting else schema.empty_table())
    aside.replace(into)


def _rows_of(source: str, layout: Layout, wanted: Sequence[str], schema: Any) -> Iterator[Any]:
    """The rows of one file in portions, as Arrow tables of `schema`."""
    import numpy as np

    from cdp_assets.sources.scan import READABLE, REASONS, scan

    data = np.memmap(layout.file.path, np.uint8, mode="r")
    delimiter, columns = ord(layout.delimiter), len(layout.columns)
    starts, ends, lines = (np.empty(RECORDS_AT_ONCE, np.int64) for _ in range(3))
    states = np.empty(RECORDS_AT_ONCE, np.int8)
    position = 3 if bytes(data[:3]) == b"\xef\xbb\xbf" else 0
    found, position, line = scan(data, position, 1, delimiter, columns, BYTES_AT_ONCE, starts[:1], ends, lines, states)
    if found and states[0] != READABLE:
        raise SourceError(source, [f"{layout.file.name}, line {lines[0]}: the column names hold {REASONS[int(states[0])]}."])
    while position < data.size:
        first, first_line = position, line
        found, position, line = scan(data, position, line, delimiter, columns, BYTES_AT_ONCE, starts, ends, lines, states)
        part = bytes(data[first:position])
        if (wrong := _not_utf8(part, first_line)) is not None:
            raise SourceError(source, [f"{layout.file.name}, line {wrong}: not UTF-8. Save the file as UTF-8."])
        if not found:
            continue
        bad = states[:found] != READABLE
        longest = int((ends[:found] - starts[:found]).max())
        good_bytes = _without(part, starts[:found][bad] - first, ends[:found][bad] - first)
        yield _good_rows(source, layout, wanted, schema, good_bytes, lines[:found][~bad], longest)
        if bad.any():
            yield _bad_rows(layout, schema, lines[:found][bad], states[:found][bad])


def _not_utf8(part: bytes, line: int) -> int | None:
    """The physical line of the first byte that is not UTF-8; None when all are."""
    try:
        part.decode()
    except UnicodeDecodeError as error:  # it holds the text, so nothing is raised from in here
        before = part[: error.start]
    else:
        return None
    return line + before.count(b"\n") + before.count(b"\r") - before.count(b"\r\n")


def _without(part: bytes, starts: Any, ends: Any) -> bytes:
    """The bytes without those of the unreadable records."""
    import numpy as np

    if not starts.size:
        return part
    steps = np.zeros(len(part) + 1, np.int32)
    np.add.at(steps, starts, 1)
    np.add.at(steps, ends, -1)
    kept: bytes = np.frombuffer(part, np.uint8)[np.cumsum(steps)[:-1] == 0].tobytes()
    return kept


def _good_rows(source: str, layout: Layout, wanted: Sequence[str], schema: Any, part: bytes, lines: Any, longest: int) -> Any:
    import pyarrow as pa
    from pyarrow import csv

    if not lines.size:
        return schema.empty_table()
    places = [str(place) for place in range(len(layout.columns))]
    chosen = [str(layout.columns.index(column)) for column in wanted]
    try:
        read = csv.read_csv(
            # Arrow takes a byte order mark off whatever it begins with, but here it would be part of a value.
            pa.py_buffer(b"\n" + part),
            csv.ReadOptions(column_names=places, block_size=max(1 << 20, 2 * longest)),
            csv.ParseOptions(delimiter=layout.delimiter, newlines_in_values=True),
            csv.ConvertOptions(
                column_types=dict.fromkeys(chosen, pa.string()), include_columns=list(dict.fromkeys(chosen)), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid:  # its text can quote a row, so nothing is raised from in here
        read = None
    if read is None or read.num_rows != lines.size:  # would give rows the lines of others: rather nothing
        raise SourceError(source, [f"{layout.file.name}: its records could not be counted from line {lines[0]} on. Please report this."])
    file = pa.repeat(layout.file.name, read.num_rows)
    return pa.table([file, pa.array(lines), pa.nulls(read.num_rows, pa.string()), *(read.column(c) for c in chosen)], schema=schema)


def _bad_rows(layout: Layout, schema: Any, lines: Any, states: Any) -> Any:
    import pyarrow as pa

    from cdp_assets.sources.scan import REASONS

    reasons = pa.array([REASONS.get(code) for code in range(max(REASONS) + 1)]).take(pa.array(states))
    nothing = [pa.nulls(lines.size, pa.string()) for _ in range(len(schema) - 3)]
    file = pa.repeat(layout.file.name, lines.size)
    return pa.table([file, pa.array(lines), reasons, *nothing], schema=schema)
