"""Where the records of a CSV file begin and end, on which physical line, and which of them cannot be read.

Kernels over the bytes of a stretch of a file. Values are not taken apart here: the reader (csv_file.py) gets only records that
follow RFC 4180, so it cannot lose count, and a stray quotation mark costs the line it stands in and nothing after it.
Importing this module imports numba; compiled code is kept beside it.
"""

from typing import Any

from numba import njit

READABLE, MORE_COLUMNS, FEWER_COLUMNS, STRAY_QUOTE, TEXT_AFTER_QUOTE, UNCLOSED_QUOTE, TOO_LONG, _UNFINISHED = range(8)

REASONS = {
    MORE_COLUMNS: "more columns than the header",
    FEWER_COLUMNS: "fewer columns than the header",
    STRAY_QUOTE: "a quotation mark inside a value that is not in quotation marks",
    TEXT_AFTER_QUOTE: "text after a closing quotation mark",
    UNCLOSED_QUOTE: "a quotation mark that is never closed",
    TOO_LONG: "longer than a row can be",
}

_LF, _CR = 10, 13
_AT_START, _PLAIN, _QUOTED, _CLOSED = range(4)


@njit(cache=True, nogil=True)
def scan(  # noqa: C901 - an automaton is one loop
    data: Any, at_end: bool, line: int, delimiter: int, quote: int, columns: int, longest: int, starts: Any, ends: Any, lines: Any,
    states: Any,
) -> tuple[int, int, int]:  # fmt: skip
    """Find the records of a stretch until the arrays are full or the next one does not end in it.

    `at_end`: the file ends where the stretch does; `quote` is -1 where there is no quotation mark; `longest`: the bytes that a
    record may have. Gives the number of records and the position and line after them. A record that breaks the rules of
    quotation is its first physical line only; the next line is tried as a record of its own. Empty lines are no records. A
    record of more bytes than `longest` comes alone, and its line goes on after the position.
    """
    position = found = 0
    while position < data.size and found < starts.size:
        if data[position] in (_LF, _CR):
            after = _after_line(data, position, at_end)
            if after < 0:
                break
            position = after
            line += 1
            continue
        stop, fields, state, inner_lines, second_line = _record(data, position, at_end, delimiter, quote, longest)
        if state == TOO_LONG and found > 0:
            break
        if state == TOO_LONG:
            after = stop
        elif state != READABLE and inner_lines > 0:
            after = second_line
        else:
            after = -1 if state == _UNFINISHED else _after_line(data, stop, at_end)
            if after < 0 and data.size - position > longest:
                state, after = TOO_LONG, data.size
            if after < 0 or (state == TOO_LONG and found > 0):
                break
        starts[found], lines[found] = position, line
        line += 1 + (inner_lines if state == READABLE else 0)
        position = after
        if state == READABLE and fields != columns:
            state = MORE_COLUMNS if fields > columns else FEWER_COLUMNS
        ends[found], states[found] = position, state
        found += 1
        if state == TOO_LONG:
            break
    return found, position, line


@njit(cache=True, nogil=True)
def _record(data: Any, position: int, at_end: bool, delimiter: int, quote: int, longest: int) -> tuple[int, int, int, int, int]:  # noqa: C901, PLR0911, PLR0912 - an automaton is one loop
    """Where the record that begins here stops, its fields, its state, its inner line ends, and what follows the first of these."""
    inside, fields, inner_lines, second_line = _AT_START, 1, 0, -1
    until = min(data.size, position + longest)
    while position < until:
        byte = data[position]
        if inside == _QUOTED:
            if byte == quote and position + 1 < data.size and data[position + 1] == quote:
                position += 1
            elif byte == quote:
                inside = _CLOSED
            elif byte in (_LF, _CR):
                after = _after_line(data, position, at_end)
                if after < 0:
                    return position, fields, _UNFINISHED, 0, -1
                second_line = after if inner_lines == 0 else second_line
                inner_lines += 1
                position = after - 1
        elif byte in (_LF, _CR):
            return position, fields, READABLE, inner_lines, second_line
        elif byte == delimiter:
            fields += 1
            inside = _AT_START
        elif byte == quote and inside == _AT_START:
            inside = _QUOTED
        elif byte == quote:
            return position, fields, STRAY_QUOTE, inner_lines, second_line
        elif inside == _CLOSED:
            return position, fields, TEXT_AFTER_QUOTE, inner_lines, second_line
        else:
            inside = _PLAIN
        position += 1
    if until < data.size:
        return position, fields, UNCLOSED_QUOTE if inner_lines > 0 else TOO_LONG, inner_lines, second_line
    if not at_end:
        return position, fields, _UNFINISHED, 0, -1
    return position, fields, UNCLOSED_QUOTE if inside == _QUOTED else READABLE, inner_lines, second_line


@njit(cache=True, nogil=True)
def _after_line(data: Any, position: int, at_end: bool) -> int:
    """The position after the end of the physical line in which this one is; -1 where that is not in the stretch."""
    while position < data.size and data[position] not in (_LF, _CR):
        position += 1
    if position >= data.size:
        return int(data.size) if at_end else -1
    if data[position] == _CR:
        if position + 1 >= data.size and not at_end:
            return -1
        if position + 1 < data.size and data[position + 1] == _LF:
            position += 1
    return position + 1
