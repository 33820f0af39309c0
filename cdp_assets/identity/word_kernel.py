"""The loop behind `words.APART`, compiled by numba; texts are ASCII, so a byte is a letter."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from numba import njit

from cdp_assets.identity.kernels import distance

SCALE = 1_000_000
ALIKE = (3, 4)
"""The least likeness of two words that are put side by side: 3/4, as 1 - distance / longer length."""
MAX_PAIRS = 10_000
_SPACE, _ZERO, _NINE = 32, 48, 57


def apart(one: pa.Array, weights: pa.Array, other: pa.Array, others: pa.Array) -> pa.Array:
    """For each row what the score of its two texts lacks, in parts of a million; null where a text or its weights are."""
    columns = (*_text(one), *_list(weights), *_text(other), *_list(others))
    valid = np.ones(len(one), np.bool_)
    for each in (one, weights, other, others):
        valid &= np.asarray(each.is_valid())
    return pa.array(_all(columns[:4], columns[4:], valid), pa.int32(), mask=~valid)


def _text(values: pa.Array) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    plain = values.cast(pa.large_string())
    _, offsets, data = plain.buffers()
    ends = np.frombuffer(offsets, np.int64, len(plain) + 1 + plain.offset)[plain.offset :]
    return (np.frombuffer(data, np.uint8) if data is not None and data.size else np.zeros(0, np.uint8)), ends


def _list(values: pa.Array) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
    return values.values.to_numpy(zero_copy_only=False).astype(np.int32), values.offsets.to_numpy().astype(np.int64)


@njit(cache=True, nogil=True)
def _all(left: Any, right: Any, valid: Any) -> Any:
    """Each side: letters, where texts end in them, weights, where those of a text begin."""
    result = np.zeros(len(valid), np.int32)
    for row in range(len(valid)):
        if valid[row]:
            result[row] = _score(*_row(left, row), *_row(right, row))
    return result


@njit(cache=True, nogil=True)
def _row(side: Any, row: Any) -> Any:
    letters, ends, weights, firsts = side
    return letters[ends[row] : ends[row + 1]], weights[firsts[row] : firsts[row + 1]]


@njit(cache=True, nogil=True)
def _score(one: Any, weights: Any, other: Any, others: Any) -> Any:
    a, b = _words(one), _words(other)
    free, unmet = np.ones(len(a) - 1, np.bool_), np.ones(len(b) - 1, np.bool_)
    alike, total = np.int64(0), np.int64(0)
    for i in range(len(free)):
        for j in range(len(unmet)):
            if unmet[j] and _length(a, i) == _length(b, j) and _same(_word(one, a, i), _word(other, b, j)):
                free[i], unmet[j] = False, False
                weight = min(weights[i], others[j])
                alike, total = alike + SCALE * weight, total + weight
                break
    if len(free) * len(unmet) <= MAX_PAIRS:
        more, of = _side_by_side(one, weights, a, free, other, others, b, unmet)
        alike, total = alike + more, total + of
    for i in range(len(free)):
        total += weights[i] if free[i] else 0
    for j in range(len(unmet)):
        total += others[j] if unmet[j] else 0
    return SCALE - alike // total if total else 0


@njit(cache=True, nogil=True)
def _side_by_side(one: Any, weights: Any, a: Any, free: Any, other: Any, others: Any, b: Any, unmet: Any) -> Any:
    """Pairs of words that are alike, the most alike first; ties by weight, then by the words: the same from either side."""
    likeness = np.zeros((len(free), len(unmet)), np.int64)
    row = np.empty(len(other) + 1, np.int64)
    for i in range(len(free)):
        for j in range(len(unmet)):
            if free[i] and unmet[j] and abs(_length(a, i) - _length(b, j)) <= _most(max(_length(a, i), _length(b, j))):
                likeness[i, j] = _likeness(_word(one, a, i), _word(other, b, j), row)
    alike, total = np.int64(0), np.int64(0)
    while True:
        x, y = -1, -1
        for i in range(len(free)):
            for j in range(len(unmet)):
                if not (free[i] and unmet[j] and likeness[i, j]):
                    continue
                if x < 0 or _before(one, a, weights, other, b, others, likeness, i, j, x, y):
                    x, y = i, j
        if x < 0:
            return alike, total
        free[x], unmet[y] = False, False
        weight = min(weights[x], others[y])
        alike, total = alike + likeness[x, y] * weight, total + weight


@njit(cache=True, nogil=True)
def _before(
    one: Any, a: Any, weights: Any, other: Any, b: Any, others: Any, likeness: Any, i: Any, j: Any, x: Any, y: Any
) -> Any:  # fmt: skip
    if likeness[i, j] != likeness[x, y]:
        return likeness[i, j] > likeness[x, y]
    weight, best = min(weights[i], others[j]), min(weights[x], others[y])
    if weight != best:
        return weight > best
    mine, theirs = _word(one, a, i), _word(other, b, j)
    best_mine, best_theirs = _word(one, a, x), _word(other, b, y)
    low, high = (mine, theirs) if _less(mine, theirs) else (theirs, mine)
    best_low, best_high = (best_mine, best_theirs) if _less(best_mine, best_theirs) else (best_theirs, best_mine)
    return _less(low, best_low) or (_same(low, best_low) and _less(high, best_high))


@njit(cache=True, nogil=True)
def _words(text: Any) -> Any:
    """Where words begin, and behind the last one: word n is text[starts[n] : starts[n + 1] - 1]."""
    count = 1
    for letter in text:
        count += letter == _SPACE
    starts = np.zeros(count + 1, np.int64)
    found = 1
    for place in range(len(text)):
        if text[place] == _SPACE:
            starts[found] = place + 1
            found += 1
    starts[count] = len(text) + 1
    return starts


@njit(cache=True, nogil=True)
def _length(starts: Any, number: Any) -> Any:
    return starts[number + 1] - starts[number] - 1


@njit(cache=True, nogil=True)
def _most(longer: Any) -> Any:
    """How many edits two words may be apart that are alike."""
    return longer * (ALIKE[1] - ALIKE[0]) // ALIKE[1]


@njit(cache=True, nogil=True)
def _word(text: Any, starts: Any, number: Any) -> Any:
    return text[starts[number] : starts[number + 1] - 1]


@njit(cache=True, nogil=True)
def _same(one: Any, other: Any) -> Any:
    if len(one) != len(other):
        return False
    place = 0
    while place < len(one) and one[place] == other[place]:
        place += 1
    return place == len(one)


@njit(cache=True, nogil=True)
def _less(one: Any, other: Any) -> Any:
    for place in range(min(len(one), len(other))):
        if one[place] != other[place]:
            return one[place] < other[place]
    return len(one) < len(other)


@njit(cache=True, nogil=True)
def _likeness(one: Any, other: Any, row: Any) -> Any:
    """In parts of a million; 0 for words that are two."""
    longer = max(len(one), len(other))
    most = _most(longer)
    if most == 0 or _digit(one) or _digit(other):
        return 0
    edits = distance(one, other, most, row)
    return 0 if edits > most else (longer - edits) * SCALE // longer


@njit(cache=True, nogil=True)
def _digit(word: Any) -> Any:
    digits = 0
    for letter in word:
        digits += _ZERO <= letter <= _NINE
    return digits > 0
