"""The lines of a JSON lines file: which are one object each, and where the values of the wanted keys stand in them.

Kernels over the bytes of a stretch of a file. The grammar is that of RFC 8259, strictly: no NaN, no comma too many. A number
is never computed with, so 12345678901234567890 and 0.10 stay as they are written. Importing this module imports numba.
"""

from typing import Any

import numpy as np
from numba import njit

from cdp_assets.sources.json_values import ESCAPED, MISSING, NESTED, NULL, PLAIN, code_at, unescape

READABLE, NOT_JSON, NOT_OBJECT, TOO_LONG, HALF, TOO_DEEP, NOT_UTF8 = range(7)
OF_KEYS = 8
"""From here on the state says what is wrong with a key: OF_KEYS + 2 k that it is there twice, one more that its value is nested."""
REASONS = {
    NOT_JSON: "not valid JSON",
    NOT_OBJECT: "no JSON object, such as {...}",
    TOO_LONG: "longer than a row can be",
    HALF: "half a character (one of \\ud800 to \\udfff alone)",
    TOO_DEEP: "nested too deeply",
    NOT_UTF8: "not UTF-8",
}
DEEPEST = 200

_TAB, _LF, _CR, _SPACE, _QUOTE, _COMMA, _COLON, _ESCAPE = 9, 10, 13, 32, 34, 44, 58, 92
_OPEN, _CLOSE, _OPEN_LIST, _CLOSE_LIST = 123, 125, 91, 93
_VALUE, _FIRST, _KEY, _FIRST_KEY, _AFTER = range(5)
_TRUE, _FALSE, _NULL = (np.frombuffer(word, np.uint8) for word in (b"true", b"false", b"null"))


@njit(cache=True, nogil=True)
def scan_lines(
    data: Any, at_end: bool, line: int, longest: int, keys: Any, key_ends: Any, spans: Any, lines: Any, states: Any, kinds: Any,
    starts: Any, ends: Any,
) -> tuple[int, int, int]:  # fmt: skip
    """Find the lines of a stretch until the arrays are full or the next line does not end in it.

    `keys`: the wanted keys, one after the other, with their `key_ends`. Gives the number of lines that are not blank, the
    position and the line after them. For each: its span, line and state, and by key the kind, start and end of its value. A line
    of more bytes than `longest` that does not end in the stretch comes alone, and goes on after the position.
    """
    stack = np.empty(DEEPEST, np.uint8)
    position = found = 0
    while position < data.size and found < lines.size:
        end = position
        while end < data.size and data[end] != _LF:
            end += 1
        whole = end < data.size or at_end
        too_long = end - position > longest
        if not whole and (not too_long or found > 0):
            break
        begin = _space(data, position, end)
        if begin < end:
            spans[found, 0], spans[found, 1], lines[found] = position, end, line
            kinds[:, found] = MISSING
            if too_long:
                states[found] = TOO_LONG
            else:
                states[found] = _object(data, begin, end, keys, key_ends, kinds[:, found], starts[:, found], ends[:, found], stack)
            found += 1
        position = min(end + 1, data.size)
        line += 1
        if not whole:
            break
    return found, position, line


@njit(cache=True, nogil=True)
def _object(data: Any, position: int, end: int, keys: Any, key_ends: Any, kinds: Any, starts: Any, ends: Any, stack: Any) -> int:  # noqa: C901, PLR0911, PLR0912 - a grammar is one function
    """The state of a line that begins here; where it is an object, what its values of the wanted keys are."""
    if data[position] != _OPEN:
        after = _value(data, position, end, stack)
        return NOT_OBJECT if after > 0 and _space(data, after, end) == end else NOT_JSON
    state = READABLE
    position = _space(data, position + 1, end)
    if position < end and data[position] == _CLOSE:
        return READABLE if _space(data, position + 1, end) == end else NOT_JSON
    while True:
        if position >= end or data[position] != _QUOTE:
            return NOT_JSON
        key_start = position
        position = _string(data, position, end)
        if position < 0:
            return -position
        key = _wanted(data, key_start + 1, position - 1, keys, key_ends)
        position = _space(data, position, end)
        if position >= end or data[position] != _COLON:
            return NOT_JSON
        start = _space(data, position + 1, end)
        if start >= end:
            return NOT_JSON
        position = _value(data, start, end, stack)
        if position < 0:
            return -position
        if key >= 0:
            if kinds[key] != MISSING:
                state = OF_KEYS + 2 * key
            first = data[start]
            kinds[key], starts[key], ends[key] = PLAIN, start, position
            if first in (_OPEN, _OPEN_LIST):
                kinds[key] = NESTED
                state = OF_KEYS + 2 * key + 1 if state == READABLE else state
            elif first == _NULL[0]:
                kinds[key] = NULL
            elif first == _QUOTE:
                starts[key], ends[key] = start + 1, position - 1
                for place in range(start + 1, position - 1):
                    if data[place] == _ESCAPE:
                        kinds[key] = ESCAPED
                        break
        position = _space(data, position, end)
        if position >= end:
            return NOT_JSON
        if data[position] == _CLOSE:
            return state if _space(data, position + 1, end) == end else NOT_JSON
        if data[position] != _COMMA:
            return NOT_JSON
        position = _space(data, position + 1, end)


@njit(cache=True, nogil=True)
def _value(data: Any, position: int, end: int, stack: Any) -> int:  # noqa: C901, PLR0911, PLR0912 - a grammar is one function
    """The position after the value that begins here; below zero the state of the line where it is none."""
    depth, expected = 0, _VALUE
    while True:
        position = _space(data, position, end)
        if position >= end:
            return -NOT_JSON
        byte = data[position]
        closes = depth > 0 and byte == (_CLOSE if stack[depth - 1] == _OPEN else _CLOSE_LIST)
        if closes and expected in (_AFTER, _FIRST, _FIRST_KEY):
            depth, expected = depth - 1, _AFTER
            position += 1
        elif expected == _AFTER:
            if byte != _COMMA:
                return -NOT_JSON
            expected = _KEY if stack[depth - 1] == _OPEN else _VALUE
            position += 1
        elif expected in (_KEY, _FIRST_KEY):
            if byte != _QUOTE:
                return -NOT_JSON
            position = _string(data, position, end)
            if position < 0:
                return position
            position = _space(data, position, end)
            if position >= end or data[position] != _COLON:
                return -NOT_JSON
            position, expected = position + 1, _VALUE
        elif byte in (_OPEN, _OPEN_LIST):
            if depth == stack.size:
                return -TOO_DEEP
            stack[depth] = byte
            depth, expected = depth + 1, _FIRST_KEY if byte == _OPEN else _FIRST
            position += 1
        else:
            position = _string(data, position, end) if byte == _QUOTE else _bare(data, position, end)
            if position < 0:
                return position
            expected = _AFTER
        if depth == 0 and expected == _AFTER:
            return position


@njit(cache=True, nogil=True)
def _space(data: Any, position: int, end: int) -> int:
    while position < end and data[position] in (_SPACE, _TAB, _CR):
        position += 1
    return position


@njit(cache=True, nogil=True)
def _string(data: Any, position: int, end: int) -> int:  # noqa: PLR0911 - a grammar is one function
    """The position after the text whose quotation mark is here; below zero the state of the line where it is none."""
    position += 1
    high = False
    while position < end:
        byte = data[position]
        if byte < _SPACE:
            return -NOT_JSON
        if byte != _ESCAPE:
            if high:
                return -HALF
            if byte == _QUOTE:
                return position + 1
            position += 1
            continue
        if position + 1 >= end:
            return -NOT_JSON
        kind = data[position + 1]
        code = code_at(data, position + 2, end) if kind == 117 else 0
        if code < 0 or (kind != 117 and kind not in (34, 92, 47, 98, 102, 110, 114, 116)):
            return -NOT_JSON
        if (0xDC00 <= code < 0xE000) != high:
            return -HALF
        high = 0xD800 <= code < 0xDC00
        position += 6 if kind == 117 else 2
    return -NOT_JSON


@njit(cache=True, nogil=True)
def _bare(data: Any, position: int, end: int) -> int:  # noqa: C901, PLR0911 - a grammar is one function
    """The position after a number, true, false or null; below zero the state of the line where it is none of these."""
    for word in (_TRUE, _FALSE, _NULL):
        if data[position] == word[0]:
            if position + word.size > end:
                return -NOT_JSON
            for place in range(word.size):
                if data[position + place] != word[place]:
                    return -NOT_JSON
            return position + word.size
    position += data[position] == 45
    start = position
    position = _digits(data, position, end)
    if position == start or (data[start] == 48 and position - start > 1):
        return -NOT_JSON
    if position < end and data[position] == 46:
        start = position + 1
        position = _digits(data, start, end)
        if position == start:
            return -NOT_JSON
    if position < end and data[position] in (69, 101):
        start = position + 1
        if start < end and data[start] in (43, 45):
            start += 1
        position = _digits(data, start, end)
        if position == start:
            return -NOT_JSON
    return position


@njit(cache=True, nogil=True)
def _digits(data: Any, position: int, end: int) -> int:
    while position < end and 48 <= data[position] <= 57:
        position += 1
    return position


@njit(cache=True, nogil=True)
def _wanted(data: Any, start: int, end: int, keys: Any, key_ends: Any) -> int:
    """Which of the wanted keys stands here; -1: none."""
    for place in range(start, end):
        if data[place] == _ESCAPE:
            plain = np.empty(end - start, np.uint8)
            return _key_at(plain, 0, unescape(data, start, end, plain, 0), keys, key_ends)
    return _key_at(data, start, end, keys, key_ends)


@njit(cache=True, nogil=True)
def _key_at(data: Any, start: int, end: int, keys: Any, key_ends: Any) -> int:
    begin = 0
    for key in range(key_ends.size):
        if key_ends[key] - begin == end - start:
            same = True
            for place in range(end - start):
                if keys[begin + place] != data[start + place]:
                    same = False
                    break
            if same:
                return key
        begin = key_ends[key]
    return -1
