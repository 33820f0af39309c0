"""The loop behind `letters.letters`, compiled by numba; imported only where it runs, because numba takes long to load."""

from typing import Any

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def letters(written: Any, ends: Any, places: Any) -> Any:
    """One number for each text written[ends[t]:ends[t + 1]]: the bits of its letters, by how often they were met before."""
    result = np.zeros(len(ends) - 1, np.int64)
    met = np.zeros(256, np.int64)
    for text in range(len(ends) - 1):
        for letter in written[ends[text] : ends[text + 1]]:
            if met[letter] < 3:
                bit = places[letter, met[letter]]
                if bit >= 0:
                    result[text] |= np.int64(1) << bit
                met[letter] += 1
        for letter in written[ends[text] : ends[text + 1]]:
            met[letter] = 0
    return result
