"""JSON lines: one object a line. Every row keeps its exact line, and a line that cannot be read costs itself and nothing else.

Values are text as they are written, numbers digit by digit; a key that is missing, or null, is no value.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from cdp_assets.sources.csv_layout import not_text
from cdp_assets.sources.files import SourceError, SourceFile
from cdp_assets.sources.layout import Layout
from cdp_assets.sources.text import UTF8, NotTextError, Window, beginning_of, marked_encoding, open_text, other_form

BYTES_AT_ONCE = 8 << 20
LONGEST = 64 << 20
"""The bytes that a line may have: a longer one is a row in quarantine, so that memory is bounded whatever is in a file."""
_VALUES_AT_ONCE = 2_000_000
_MOST_ROWS = 100_000
_SAMPLE_BYTES = 1 << 20
_SAMPLE_LINES = 500
_LINE_END = 10


def json_layout(source: str, file: SourceFile) -> Layout:
    """The layout of a JSON lines file: its keys are those of the first lines, for later ones may have others.

    Raises SourceError where the file is JSON of another form.
    """
    with file.path.open("rb") as content:
        beginning = content.read(_SAMPLE_BYTES)
    if (instead := other_form(beginning)) is not None:
        raise SourceError(source, [f"{file.name} {instead}"])
    encoding = marked_encoding(beginning) or UTF8
    lines = [line.strip() for line in beginning_of(beginning, encoding).split("\n", _SAMPLE_LINES)[:_SAMPLE_LINES]]
    first = next((line for line in lines if line), "")
    if first.startswith("[") or first == "{":
        what, expression = ("one JSON array", "'.[]'") if first.startswith("[") else ("JSON over several lines", ".")
        advice = f"Write it so; the tool jq does it with: jq -c {expression}"
        raise SourceError(source, [f"{file.name} is {what}, and JSON lines has one object in each line. {advice}"])
    return Layout(file, tuple(dict.fromkeys(key for line in lines for key in _keys(line))), encoding=encoding)


def _keys(line: str) -> list[str]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):  # its text quotes the line, so it goes no further
        return []
    return list(found) if isinstance(found, dict) else []


def json_rows(source: str, layout: Layout, wanted: Sequence[str], schema: Any, seen: set[str]) -> Iterator[Any]:
    """The rows of one file in portions, as Arrow tables of `schema`: file, line, problem (null: none), then the wanted keys.

    Adds to `seen` the keys that are in any line. Raises SourceError for a file that is not in the encoding of its mark.
    """
    try:
        with open_text(layout.file.path, layout.encoding, BYTES_AT_ONCE) as window:
            yield from _portions(layout, wanted, schema, window, seen)
    except NotTextError as error:
        wrong = not_text(layout.file.name, f"line {error.line}", layout.encoding, source)
    else:
        return
    raise SourceError(source, [wrong])


def _portions(layout: Layout, wanted: Sequence[str], schema: Any, window: Window, seen: set[str]) -> Iterator[Any]:
    import numpy as np

    from cdp_assets.sources.json_scan import NOT_UTF8, READABLE, scan_lines
    from cdp_assets.sources.json_values import MISSING, mark_not_utf8

    encoded = [key.encode() for key in wanted]
    keys, key_ends = np.frombuffer(b"".join(encoded), np.uint8), np.cumsum([len(key) for key in encoded])
    rows = max(1, min(_MOST_ROWS, _VALUES_AT_ONCE // len(wanted)))
    spans, lines, states = np.empty((rows, 2), np.int64), np.empty(rows, np.int64), np.empty(rows, np.int32)
    kinds = np.empty((len(wanted), rows), np.uint8)
    starts, ends = np.empty(kinds.shape, np.int64), np.empty(kinds.shape, np.int64)
    line = 1
    while len(window) or not window.at_end:
        data = window.data()
        found, position, line = scan_lines(
            data, window.at_end, line, LONGEST, keys, key_ends, spans, lines, states, kinds, starts, ends
        )  # fmt: skip
        if not position:
            window.more()
            continue
        if not _is_utf8(window.part(position)):
            mark_not_utf8(data, spans[:found], states[:found], NOT_UTF8)
        good = np.flatnonzero(states[:found] == READABLE)
        seen.update(key for key, kind in zip(wanted, kinds[:, :found], strict=True) if (kind[good] != MISSING).any())
        if good.size:
            yield _good_rows(layout, schema, data, lines[good], good, (kinds, starts, ends))
        if good.size < found:
            bad = np.flatnonzero(states[:found] != READABLE)
            yield _bad_rows(layout, wanted, schema, lines[bad], states[bad])
        unfinished = not window.at_end and data[position - 1] != _LINE_END
        window.advance(position)
        if unfinished:  # the line is so long that only its beginning was looked at
            window.skip_line(b"\n")


def _is_utf8(part: bytes) -> bool:
    try:
        part.decode()
    except UnicodeDecodeError:
        return False
    return True


def _good_rows(layout: Layout, schema: Any, data: Any, lines: Any, good: Any, values: tuple[Any, Any, Any]) -> Any:
    import numpy as np
    import pyarrow as pa

    from cdp_assets.sources.json_values import fill

    columns = []
    for kinds, starts, ends in zip(*values, strict=True):
        offsets, given = np.zeros(good.size + 1, np.int32), np.zeros(good.size, np.uint8)
        room = int((ends[good] - starts[good])[kinds[good] > 1].sum())
        out = np.empty(room, np.uint8)
        fill(data, good, kinds, starts, ends, offsets, given, out)
        nulls = pa.py_buffer(np.packbits(given, bitorder="little"))
        columns.append(pa.Array.from_buffers(pa.string(), good.size, [nulls, pa.py_buffer(offsets), pa.py_buffer(out)]))
    return pa.table([pa.repeat(layout.file.name, good.size), pa.array(lines), pa.nulls(good.size, pa.string()), *columns], schema=schema)


def _bad_rows(layout: Layout, wanted: Sequence[str], schema: Any, lines: Any, states: Any) -> Any:
    import pyarrow as pa

    from cdp_assets.sources.json_scan import OF_KEYS, REASONS

    of_keys = [
        reason
        for key in wanted
        for reason in (f"{key} is there more than once", f"{key} holds a list or nested values, and plain ones are needed")
    ]
    reasons = pa.array([REASONS.get(code) for code in range(OF_KEYS)] + of_keys, pa.string()).take(pa.array(states))
    nothing = [pa.nulls(lines.size, pa.string()) for _ in range(len(schema) - 3)]
    return pa.table([pa.repeat(layout.file.name, lines.size), pa.array(lines), reasons, *nothing], schema=schema)
