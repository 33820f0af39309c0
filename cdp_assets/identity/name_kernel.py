"""The loop behind `similarity.NAMES_APART`, compiled by numba: how many edits two names are apart in the best order of words."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from numba import njit

from cdp_assets.identity.kernels import distance

Side = tuple[npt.NDArray[Any], npt.NDArray[np.int64], npt.NDArray[np.int64]]


def apart(one: pa.Array, other: pa.Array, edits: pa.Array) -> pa.Array:
    """For each row how many edits two names are apart, each a list of its orders, as written first; at most `edits` + 1 are counted.

    The least over all orders of one side against the other side as written, both ways round.
    """
    valid = np.asarray(pc.and_(pc.and_(one.is_valid(), other.is_valid()), edits.is_valid()))
    plain = all(pc.all(pc.string_is_ascii(each.values), min_count=0).as_py() is not False for each in (one, other))
    allowed = edits.fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)
    return pa.array(_all(_side(one, plain=plain), _side(other, plain=plain), allowed, valid), pa.int32(), mask=~valid)


def _side(values: pa.Array, *, plain: bool) -> Side:
    """Letters, where texts end in them, and where those of a name begin; a letter of a text that is not ASCII takes four bytes."""
    texts = values.values.cast(pa.large_string())
    firsts = values.offsets.to_numpy().astype(np.int64)
    if plain:
        _, offsets, data = texts.buffers()
        ends = np.frombuffer(offsets, np.int64, len(texts) + 1 + texts.offset)[texts.offset :]
        return (np.frombuffer(data, np.uint8) if data is not None and data.size else np.zeros(0, np.uint8)), ends, firsts
    written = ["" if each is None else each for each in texts.to_pylist()]
    ends = np.concatenate((np.zeros(1, np.int64), np.cumsum(np.fromiter(map(len, written), np.int64, len(written)))))
    return np.frombuffer("".join(written).encode("utf-32-le"), np.uint32), ends, firsts


@njit(cache=True, nogil=True)
def _all(left: Any, right: Any, edits: Any, valid: Any) -> Any:
    result = np.zeros(len(valid), np.int32)
    row = np.empty(64, np.int64)
    for each in range(len(valid)):
        if not valid[each]:
            continue
        first_a, first_b = left[2][each], right[2][each]
        longest = len(_text(right, first_b)) + len(_text(left, first_a)) + 2
        if longest > len(row):
            row = np.empty(2 * longest, np.int64)
        best = edits[each] + 1
        for text in range(first_a, left[2][each + 1]):
            best = min(best, distance(_text(left, text), _text(right, first_b), best - 1, row) if best else 0)
        for text in range(first_b + 1, right[2][each + 1]):
            best = min(best, distance(_text(left, first_a), _text(right, text), best - 1, row) if best else 0)
        result[each] = best
    return result


@njit(cache=True, nogil=True)
def _text(side: Any, text: Any) -> Any:
    return side[0][side[1][text] : side[1][text + 1]]
