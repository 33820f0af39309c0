"""The values of JSON lines once it is known where they stand: as UTF-8 without escapes, in the form in which Arrow keeps texts.

Kernels over the bytes of a stretch of a file. Importing this module imports numba.
"""

from typing import Any

from numba import njit

MISSING, NULL, PLAIN, ESCAPED, NESTED = range(5)
"""What stands for a wanted key in a line; ESCAPED is a text with escapes in it, PLAIN every other text, number, true or false."""
_BACKSLASH = 92


@njit(cache=True, nogil=True)
def code_at(data: Any, position: int, end: int) -> int:
    r"""The number of four hexadecimal digits after \u; -1 where they are none."""
    if position + 4 > end:
        return -1
    code = 0
    for place in range(position, position + 4):
        byte = data[place]
        if 48 <= byte <= 57:
            digit = byte - 48
        elif 97 <= (byte | 32) <= 102:
            digit = (byte | 32) - 87
        else:
            return -1
        code = code * 16 + int(digit)
    return code


@njit(cache=True, nogil=True)
def unescape(data: Any, position: int, end: int, out: Any, at: int) -> int:
    """Write the text between two quotation marks to `out` from `at` on, as UTF-8; gives where it ends there. It must be valid."""
    while position < end:
        byte = data[position]
        if byte != _BACKSLASH:
            out[at] = byte
            position, at = position + 1, at + 1
            continue
        kind = data[position + 1]
        if kind != 117:
            short = kind
            for written, meant in ((98, 8), (102, 12), (110, 10), (114, 13), (116, 9)):
                if kind == written:
                    short = meant
            out[at] = short
            position, at = position + 2, at + 1
            continue
        code = code_at(data, position + 2, end)
        position += 6
        if 0xD800 <= code < 0xDC00:
            code = 0x10000 + ((code - 0xD800) << 10) + code_at(data, position + 2, end) - 0xDC00
            position += 6
        if code < 0x80:
            out[at] = code
            at += 1
            continue
        more = 1 if code < 0x800 else 2 if code < 0x10000 else 3
        out[at] = (0xC0 if more == 1 else 0xE0 if more == 2 else 0xF0) | (code >> (6 * more))
        for place in range(1, more + 1):
            out[at + place] = 0x80 | ((code >> (6 * (more - place))) & 0x3F)
        at += more + 1
    return at


@njit(cache=True, nogil=True)
def fill(data: Any, rows: Any, kinds: Any, starts: Any, ends: Any, offsets: Any, given: Any, out: Any) -> None:
    """Write the values of one key in these lines one after the other, as Arrow keeps texts: offsets, whether given, bytes."""
    at = 0
    for place in range(rows.size):
        row = rows[place]
        if kinds[row] == PLAIN:
            for byte in range(starts[row], ends[row]):
                out[at] = data[byte]
                at += 1
        elif kinds[row] == ESCAPED:
            at = unescape(data, starts[row], ends[row], out, at)
        given[place] = kinds[row] in (PLAIN, ESCAPED)
        offsets[place + 1] = at


@njit(cache=True, nogil=True)
def mark_not_utf8(data: Any, spans: Any, states: Any, state: int) -> None:
    """Give the lines that are not UTF-8 that state."""
    for row in range(spans.shape[0]):
        if not _is_utf8(data, spans[row, 0], spans[row, 1]):
            states[row] = state


@njit(cache=True, nogil=True)
def _is_utf8(data: Any, position: int, end: int) -> bool:  # noqa: C901 - a grammar is one function
    while position < end:
        byte = data[position]
        if byte < 0x80:
            position += 1
            continue
        more = 1 if 0xC2 <= byte < 0xE0 else 2 if 0xE0 <= byte < 0xF0 else 3 if 0xF0 <= byte < 0xF5 else 0
        if more == 0 or position + more >= end:
            return False
        second = data[position + 1]
        low, high = 0x80, 0xBF
        if byte == 0xE0:
            low = 0xA0
        elif byte == 0xED:
            high = 0x9F
        elif byte == 0xF0:
            low = 0x90
        elif byte == 0xF4:
            high = 0x8F
        if not low <= second <= high:
            return False
        for place in range(position + 2, position + more + 1):
            if data[place] & 0xC0 != 0x80:
                return False
        position += more + 1
    return True
