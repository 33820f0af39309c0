"""Which letters and digits a text has, and the frequent ones how often, as one number: what tells most texts apart.

A bit stands for "has the letter", another for "has it twice", a third for "three times". An edit takes at most one letter
away and adds at most one, so it changes at most two bits, wherever it is: texts whose numbers differ in more than 2 x k bits
are more than k edits apart, in whatever order their words are.
"""

import string
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

_TWICE = "aeinorlstdhmcukbgypv"
_THRICE = "aeinolr"  # 26 letters, 10 digits, 20 twice and 7 thrice: 63 bits


def _places() -> npt.NDArray[np.int64]:
    """Bit of a letter (its byte) that is met for the first, second and third time; -1: none."""
    places = np.full((256, 3), -1, np.int64)
    met = [(letter, 0) for letter in string.ascii_lowercase + string.digits]
    met += [(letter, 1) for letter in _TWICE] + [(letter, 2) for letter in _THRICE]
    for bit, (letter, time) in enumerate(met):
        places[ord(letter), time] = bit
    return places


PLACES = _places()


def letters(values: pa.ChunkedArray) -> pa.Array:
    """The number of each text; null for none. Capitals and what is not ASCII count for nothing."""
    from cdp_assets.identity.normalise import letter_kernel

    texts = values.combine_chunks().cast(pa.large_string())
    _, offsets, data = texts.buffers()
    ends = np.frombuffer(offsets, np.int64, len(texts) + 1 + texts.offset)[texts.offset :]
    written: Any = np.frombuffer(data, np.uint8) if data is not None and data.size else np.zeros(0, np.uint8)
    return pa.array(letter_kernel.letters(written, ends, PLACES), mask=np.asarray(texts.is_null()))
