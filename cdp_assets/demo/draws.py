"""Random numbers of the demo world: each is a function of the seed, what it is drawn for, and the row's number.

Only drawing; what is done with the numbers belongs to the other modules. numpy's own generators may change their
streams between versions, and a call more or less shifts everything after it; here neither changes a file of the demo.
"""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Bits = NDArray[np.uint64]

# SplitMix64 (Steele, Lea, Flood 2014): a counter through a mixing function that maps 64 bits one to one.
_STEP = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)


class Draws:
    """Draws of one world; `what` names a draw, so that two columns of the same rows do not depend on each other."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def bits(self, what: str, rows: int) -> Bits:
        """Draw 64 random bits for each of `rows` rows; no value comes twice within one `what`."""
        base = hashlib.sha256(f"{self._seed}/{what}".encode()).digest()[:8]
        z = np.arange(1, rows + 1, dtype=np.uint64) * _STEP + np.uint64(int.from_bytes(base, "little"))
        z = (z ^ (z >> np.uint64(30))) * _MIX_1
        z = (z ^ (z >> np.uint64(27))) * _MIX_2
        return z ^ (z >> np.uint64(31))

    def share(self, what: str, rows: int) -> Floats:
        """Draw a number from 0 up to, not including, 1 for each row."""
        return (self.bits(what, rows) >> np.uint64(11)).astype(np.float64) * 2.0**-53

    def below(self, what: str, rows: int, limit: int | Ints) -> Ints:
        """Draw a whole number from 0 up to, not including, `limit` (one for all, or one a row) for each row."""
        return (self.share(what, rows) * limit).astype(np.int64)

    def happens(self, what: str, rows: int, probability: float) -> Flags:
        """Draw true for about `probability` of the rows."""
        return self.share(what, rows) < probability

    def ranks(self, what: str, rows: int, size: int, *, skew: float = 1.0, flat: float = 5.0) -> Ints:
        """Draw a rank below `size` for each row; rank r has the weight (r + flat) ** -skew.

        The long tail of names and towns: few are frequent, most are rare. The greater `flat`, the less the first ones
        stand out.
        """
        return self.weighted(what, rows, (np.arange(size, dtype=np.float64) + flat) ** -skew)

    def weighted(self, what: str, rows: int, weights: Floats) -> Ints:
        """Draw a place in `weights` for each row, in proportion to the weight that stands there."""
        steps = np.cumsum(weights)
        found = np.searchsorted(steps / steps[-1], self.share(what, rows), side="right")
        return np.minimum(found, len(weights) - 1).astype(np.int64)

    def order(self, what: str, rows: int) -> Ints:
        """Return the row numbers in a random order."""
        return np.argsort(self.bits(what, rows), kind="stable").astype(np.int64)

    def some(self, what: str, rows: int, count: int) -> Flags:
        """Draw exactly `count` of the rows, or all where there are not so many."""
        flags = np.zeros(rows, dtype=np.bool_)
        flags[self.order(what, rows)[:count]] = True
        return flags

    def normal(self, what: str, rows: int) -> Floats:
        """Draw a number from the standard normal distribution for each row (Box and Muller 1958)."""
        radius: Floats = np.sqrt(-2 * np.log(1 - self.share(f"{what} radius", rows)))
        turn: Floats = np.cos(2 * np.pi * self.share(f"{what} angle", rows))
        return radius * turn
