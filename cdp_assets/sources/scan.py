"""Where the records of a CSV file begin and end, on which physical line, and which of them cannot be read.

Kernels over the bytes of a file. Values are not taken apart here: the reader (csv_file.py) gets only records that follow
RFC 4180, so it cannot lose count, and a stray quotation mark costs the line it stands in and nothing after it.
Importing this module imports numba; compiled code is kept beside it.
"""

from typing import Any

from numba import njit

READABLE, MORE_COLUMNS, FEWER_COLUMNS, STRAY_QUOTE, TEXT_AFTER_QUOTE, UNCLOSED_QUOTE = range(6)

REASONS = {
    MORE_COLUMNS: "more columns than the header",
    FEWER_COLUMNS: "fewer columns than the header",
    STRAY_QUOTE: "a quotation mark inside a value that is not in quotation marks",
    TEXT_AFTER_QUOTE: "text after a closing quotation mark",
    UNCLOSED_QUOTE: "a quotation mark that is never closed",
}

_QUOTE, _LF, _CR = 34, 10, 13
_AT_START, _PLAIN, _QUOTED, _CLOSED = range(4)


@njit(cache=True, nogil=True)
def scan(
    data: Any, position: int, line: int, delimiter: int, columns: int, most_bytes: int, starts: Any, ends: Any, lines: Any, states: Any
) -> tuple[int, int, int]:
    """Find records from `position` on, until the arrays are full or `most_bytes` are read.

    Gives their number and the position and line after them. A record that breaks the rules of quotation is its first
    physical line only; the next line is tried as a record of its own. Empty lines are no records.
    """
    begin = position
    found = 0
    while position < data.size and found < starts.size and position - begin < most_bytes:
        if data[position] in (_LF, _CR):
            position = _after_line(data, position)
            line += 1
            continue
        stop, fields, state, inner_lines, second_line = _record(data, position, delimiter)
        starts[found], lines[found] = position, line
        if state != READABLE and inner_lines > 0:
            position = second_line
            line += 1
        else:
            position = _after_line(data, stop)
            line += 1 + inner_lines
        if state == READABLE and fields != columns:
            state = MORE_COLUMNS if fields > columns else FEWER_COLUMNS
        ends[found], states[found] = position, state
        found += 1
    return found, position, line


@njit(cache=True, nogil=True)
def _record(data: Any, position: int, delimiter: int) -> tuple[int, int, int, int, int]:  # noqa: C901 - an automaton is one loop
    """Where the record that begins here stops, its fields, its state, its inner line ends, and what follows the first of these."""
    inside, fields, inner_lines, second_line = _AT_START, 1, 0, -1
    while position < data.size:
        byte = data[position]
        if inside == _QUOTED:
            if byte == _QUOTE and position + 1 < data.size and data[position + 1] == _QUOTE:
                position += 1
            elif byte == _QUOTE:
                inside = _CLOSED
            elif byte in (_LF, _CR):
                after = _after_line(data, position)
                second_line = after if inner_lines == 0 else second_line
                inner_lines += 1
                position = after - 1
        elif byte in (_LF, _CR):
            break
        elif byte == delimiter:
            fields += 1
            inside = _AT_START
        elif byte == _QUOTE and inside == _AT_START:
            inside = _QUOTED
        elif byte == _QUOTE:
            return position, fields, STRAY_QUOTE, inner_lines, second_line
        elif inside == _CLOSED:
            return position, fields, TEXT_AFTER_QUOTE, inner_lines, second_line
        else:
            inside = _PLAIN
        position += 1
    return position, fields, UNCLOSED_QUOTE if inside == _QUOTED else READABLE, inner_lines, second_line


@njit(cache=True, nogil=True)
def _after_line(data: Any, position: int) -> int:
    """The position after the end of the physical line in which this one is."""
    while position < data.size and data[position] not in (_LF, _CR):
        position += 1
    if position + 1 < data.size and data[position] == _CR and data[position + 1] == _LF:
        position += 1
    after: int = min(position + 1, data.size)
    return after
