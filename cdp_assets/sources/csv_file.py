"""The rows of CSV files, each with its exact file and physical line, staged as one Parquet file for the stages that follow."""

from collections.abc import Iterator, Sequence
from typing import Any

from cdp_assets.sources.csv_layout import not_text
from cdp_assets.sources.files import SourceError
from cdp_assets.sources.layout import Layout
from cdp_assets.sources.text import NotTextError, Window, line_ends, open_text

RECORDS_AT_ONCE = 100_000
BYTES_AT_ONCE = 8 << 20
LONGEST = 64 << 20
"""The bytes that a row may have: a longer line is one row in quarantine, so that memory is bounded whatever is in a file."""


def csv_rows(source: str, layout: Layout, wanted: Sequence[str], schema: Any, seen: set[str]) -> Iterator[Any]:
    """The rows of one file in portions, as Arrow tables of `schema`: file, line, problem (null: none), then the wanted columns.

    All of these are in the header, so they are added to `seen`. Raises SourceError for a file that is not in its encoding, or has
    broken quotation in its header.
    """
    seen.update(wanted)
    try:
        with open_text(layout.file.path, layout.encoding, BYTES_AT_ONCE) as window:
            yield from _portions(source, layout, wanted, schema, window)
    except NotTextError as error:
        wrong = not_text(layout.file.name, f"line {error.line}", layout.encoding, source)
    else:
        return
    raise SourceError(source, [wrong])


def _portions(source: str, layout: Layout, wanted: Sequence[str], schema: Any, window: Window) -> Iterator[Any]:
    import numpy as np

    from cdp_assets.sources.scan import READABLE, REASONS, TOO_LONG, scan

    delimiter, quote, columns = ord(layout.delimiter), ord(layout.quote) if layout.quote else -1, len(layout.columns)
    starts, ends, lines = (np.empty(RECORDS_AT_ONCE, np.int64) for _ in range(3))
    states = np.empty(RECORDS_AT_ONCE, np.int8)
    line, header = 1, True
    while len(window) or not window.at_end:
        first_line, room = line, starts[:1] if header else starts
        found, position, line = scan(window.data(), window.at_end, line, delimiter, quote, columns, LONGEST, room, ends, lines, states)
        if not position:
            window.more()
            continue
        if found and header:
            header = False
            if states[0] != READABLE:
                what = "are" if states[0] == TOO_LONG else "hold"
                raise SourceError(source, [f"{layout.file.name}, line {lines[0]}: the column names {what} {REASONS[int(states[0])]}."])
        elif found and states[0] == TOO_LONG:
            window.advance(position)
            window.skip_line()
            yield _bad_rows(layout, schema, lines[:1].copy(), states[:1])  # Arrow keeps the array, and it is used again
            continue
        elif found:
            part = window.part(position)
            _check_utf8(part, first_line)
            bad = states[:found] != READABLE
            longest = int((ends[:found] - starts[:found]).max())
            good_bytes = _without(part, starts[:found][bad], ends[:found][bad])
            yield _good_rows(source, layout, wanted, schema, good_bytes, lines[:found][~bad], longest)
            if bad.any():
                yield _bad_rows(layout, schema, lines[:found][bad], states[:found][bad])
        window.advance(position)


def _check_utf8(part: bytes, line: int) -> None:
    """Raises NotTextError with the physical line of the first byte that is not UTF-8; `line` is the first one here."""
    try:
        part.decode()
    except UnicodeDecodeError as error:  # it holds the text, so nothing is raised from in here
        before = part[: error.start]
    else:
        return
    raise NotTextError(line + line_ends(before))


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
            csv.ParseOptions(delimiter=layout.delimiter, quote_char=layout.quote or False, newlines_in_values=bool(layout.quote)),
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
