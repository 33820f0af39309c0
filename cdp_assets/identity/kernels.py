"""Loops over millions of numbers, compiled by numba. Imported only by the bodies that run them: numba takes long to load."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from numba import njit, types
from numba.extending import intrinsic

Ints = npt.NDArray[np.int64]
_SPACE = 32


@intrinsic
def _count_bits(_typing: Any, _value: Any) -> Any:
    """The number of bits that are set, as one instruction of the processor."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.uint64(types.uint64), generate


_bits: Any = _count_bits  # numba calls it with one argument


class Encoded(NamedTuple):
    """Texts as numbers. Text t of value v of condition c: letters[ends[t]:ends[t + 1]], firsts[c, v] <= t < firsts[c, v + 1].

    All texts of a value have the same words. Lengths (in characters) are by condition and value, signatures too, in four
    numbers of 64 bits.
    """

    ids: Ints
    letters: npt.NDArray[np.uint32]
    ends: Ints
    firsts: Ints
    lengths: Ints
    signatures: npt.NDArray[np.uint64]


def encoded(table: pa.Table, columns: Sequence[str]) -> Encoded:
    """The columns of numbered values, each a text or a list of one text in several orders of its words.

    Values are in the order of the first column's length.
    """
    table = table.take(pc.sort_indices(pc.utf8_length(_first_text(table[columns[0]]))))
    texts: list[str] = []
    firsts = []
    for column in columns:
        values = table[column].combine_chunks()
        counts = pc.list_value_length(values).to_numpy() if pa.types.is_list(values.type) else np.ones(len(values), np.int64)
        firsts.append(np.concatenate(([0], np.cumsum(counts))) + len(texts))
        texts += (values.flatten() if pa.types.is_list(values.type) else values).to_pylist()
    starts = np.array(firsts, np.int64).reshape(len(columns), -1)
    sizes = np.fromiter(map(len, texts), np.int64, len(texts))
    ends = np.concatenate((np.zeros(1, np.int64), np.cumsum(sizes)))
    letters = np.frombuffer("".join(texts).encode("utf-32-le"), np.uint32)
    lengths = np.append(sizes, 0)[starts[:, :-1]]
    return Encoded(table["id"].to_numpy(), letters, ends, starts, lengths, _signatures(letters, ends, starts))


def _first_text(values: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.list_element(values, 0) if pa.types.is_list(values.type) else values


@njit(cache=True, nogil=True)
def _signatures(letters: Any, ends: Any, firsts: Any) -> Any:
    """One bit of 256 for each two letters side by side in a word: the order of words does not matter."""
    result = np.zeros((firsts.shape[0], firsts.shape[1] - 1, 4), np.uint64)
    for condition in range(result.shape[0]):
        for value in range(result.shape[1]):
            text = firsts[condition, value]
            for place in range(ends[text], ends[text + 1] - 1):
                one, two = letters[place], letters[place + 1]
                if _SPACE not in (one, two):
                    mixed = (np.uint64(one) * np.uint64(0x9E3779B1) + np.uint64(two)) * np.uint64(0x9E3779B97F4A7C15)
                    result[condition, value, mixed >> np.uint64(62)] |= np.uint64(1) << ((mixed >> np.uint64(56)) & np.uint64(63))
    return result


def alike(left: Encoded, right: Encoded, shares: Sequence[Sequence[int]], *, once: bool, most: int) -> tuple[Ints, Ints] | None:
    """Ids of all pairs that are alike enough in every condition; `shares` are [numerator, denominator] by condition.

    `once`: both sides are the same values; a pair is given with the smaller id left. None: more than `most` pairs.
    """
    if not len(left.ids) or not len(right.ids):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    starts = np.searchsorted(left.lengths[0], np.arange(left.lengths[0, -1] + 2)).astype(np.int64)
    # The four numbers laid over each other are a coarser signature, enough to end most comparisons.
    signs = (np.bitwise_or.reduce(left.signatures[0], axis=1), np.bitwise_or.reduce(right.signatures[0], axis=1))
    lengths = np.arange(max(left.lengths.max(), right.lengths.max()) + 1)
    edits = np.array([(of - wanted) * lengths // of for wanted, of in shares], np.int64)  # allowed, by condition and longer length
    one, other, count = _scan(left, right, starts, *signs, edits, once, most)
    return None if count > most else (one[:count], other[:count])


@njit(cache=True, nogil=True)
def _scan(left: Any, right: Any, starts: Any, left_signs: Any, right_signs: Any, edits: Any, once: Any, most: Any) -> Any:
    """All pairs, cheapest test first. Left values of length n start at starts[n]: only those near in length are met."""
    one, other, count = np.empty(1024, np.int64), np.empty(1024, np.int64), 0
    row = np.empty(edits.shape[1] + 1, np.int64)
    for b in range(len(right.ids)):
        length, sign = right.lengths[0, b], right_signs[b]
        longest = length
        while longest < len(starts) - 2 and longest + 1 - length <= edits[0, longest + 1]:
            longest += 1
        longest = min(longest, len(starts) - 2)
        for a in range(starts[min(length - edits[0, length], longest + 1)], starts[longest + 1]):
            if _bits(sign ^ left_signs[a]) > 4 * edits[0, max(length, left.lengths[0, a])]:
                continue
            if once and left.ids[a] > right.ids[b]:
                continue
            if not _possible(left.lengths, right.lengths, left.signatures, right.signatures, a, b, edits):
                continue
            if not _alike(left, right, a, b, edits, row):
                continue
            if count == len(one):
                if count > most:
                    return one, other, count
                one, other = np.concatenate((one, np.empty_like(one))), np.concatenate((other, np.empty_like(other)))
            one[count], other[count] = left.ids[a], right.ids[b]
            count += 1
    return one, other, count


@njit(cache=True, nogil=True)
def _possible(left_lengths: Any, right_lengths: Any, left_signs: Any, right_signs: Any, a: Any, b: Any, edits: Any) -> Any:
    """Whether no condition is ruled out by lengths and signatures."""
    for c in range(len(edits)):
        one, other = left_lengths[c, a], right_lengths[c, b]
        allowed = edits[c, max(one, other)]
        different = np.uint64(0)
        for part in range(4):
            different += _bits(left_signs[c, a, part] ^ right_signs[c, b, part])
        if different > 4 * allowed or abs(one - other) > allowed:
            return False
    return True


@njit(cache=True, nogil=True)
def _alike(left: Any, right: Any, a: Any, b: Any, edits: Any, row: Any) -> Any:
    """Whether every condition holds, letter by letter."""
    for c in range(len(edits)):
        allowed = edits[c, max(left.lengths[c, a], right.lengths[c, b])]
        first_a, first_b = left.firsts[c, a], right.firsts[c, b]
        near = False
        for text in range(first_a, left.firsts[c, a + 1]):
            near = near or _near(_text(left, text), _text(right, first_b), allowed, row)
        for text in range(first_b + 1, right.firsts[c, b + 1]):
            near = near or _near(_text(left, first_a), _text(right, text), allowed, row)
        if not near:
            return False
    return True


@njit(cache=True, nogil=True)
def _text(values: Any, text: Any) -> Any:
    return values.letters[values.ends[text] : values.ends[text + 1]]


@njit(cache=True, nogil=True)
def _near(one: Any, other: Any, edits: Any, row: Any) -> Any:
    """Whether two texts are at most so many edits apart."""
    return distance(one, other, edits, row) <= edits


@njit(cache=True, nogil=True)
def distance(one: Any, other: Any, edits: Any, row: Any) -> Any:
    """How many edits (a letter added, left out or changed) two texts are apart, if at most `edits`, else more; only that band is filled."""
    a, a_end, b, b_end = 0, len(one), 0, len(other)
    while a < a_end and b < b_end and one[a] == other[b]:
        a, b = a + 1, b + 1
    while a < a_end and b < b_end and one[a_end - 1] == other[b_end - 1]:
        a_end, b_end = a_end - 1, b_end - 1
    height, width = a_end - a, b_end - b
    far = edits + 1
    if abs(height - width) > edits:
        return far
    for j in range(width + 1):
        row[j] = min(j, far)
    for i in range(1, height + 1):
        low, high = max(1, i - edits), min(width, i + edits)
        diagonal = row[low - 1]
        row[low - 1] = min(i, far) if low == 1 else far
        least = row[low - 1]
        for j in range(low, high + 1):
            above = row[j] if j < i + edits else far
            changed = diagonal + (one[a + i - 1] != other[b + j - 1])
            diagonal = row[j]
            row[j] = min(changed, above + 1, row[j - 1] + 1)
            least = min(least, row[j])
        if least > edits:
            return far
    return row[width]


@njit(cache=True, nogil=True)
def join(one: Any, other: Any, nodes: int) -> Any:
    """Union-find over edges in their order: which edges joined two groups, and the smallest node of each node's group."""
    parents = np.arange(nodes)
    joined = np.zeros(len(one), np.bool_)
    for edge in range(len(one)):
        a, b = _root(parents, one[edge]), _root(parents, other[edge])
        joined[edge] = a != b
        parents[max(a, b)] = min(a, b)
    for node in range(nodes):
        parents[node] = _root(parents, node)
    return joined, parents


@njit(cache=True, nogil=True)
def _root(parents: Any, node: Any) -> Any:
    while parents[node] != node:
        parents[node] = parents[parents[node]]
        node = parents[node]
    return node
