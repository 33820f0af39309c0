"""How alike two texts are: 1 - Levenshtein distance / longer length, in characters; for names in the best order of words.

Addresses and names of organisations are compared by their words (words.py).

The documentation that is followed here is not consistent: it divides by the shorter text in one example (0.9 for
robert2020@hotmail.com and robrt2020@hotmail.cm) and by the longer in another, and counts distances of 2 and 5 that are 3 and
4 (franklin/frank, Jacqueline/Jaclyne). Here the distance is the true one and the base the longer text, from either side.

The comparison with a precision is done in whole numbers: 0.8 asks for distance * 5 <= 1 * length, so no pair is lost
to floating point.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import pyarrow as pa

from cdp_assets.identity.normalise import Form, companion_of
from cdp_assets.identity.words import APART, SCALE
from cdp_assets.lake import Function

if TYPE_CHECKING:
    from cdp_assets.identity.forms import Forms

MAX_DENOMINATOR = 1_000_000


def _names_apart(one: pa.ChunkedArray, other: pa.ChunkedArray, edits: pa.ChunkedArray) -> pa.Array:
    from cdp_assets.identity import name_kernel

    return name_kernel.apart(*(each.combine_chunks() for each in (one, other, edits)))


NAMES_APART = Function("names_apart", ("VARCHAR[]", "VARCHAR[]", "INTEGER"), "INTEGER", _names_apart)
"""From two names in all orders of their words and a number of edits to how many they are apart; where those are more, one more than it."""


def share(precision: float) -> Fraction:
    """A precision as the exact fraction that its decimal notation stands for."""
    return Fraction(str(precision)).limit_denominator(MAX_DENOMINATOR)


@dataclass(frozen=True)
class Comparison:
    """One condition of a rule: the comparable forms of both sides, and which share must be alike (1: equal)."""

    left: Form
    right: Form
    share: Fraction

    @property
    def exact(self) -> bool:
        """Whether both sides must be equal."""
        return self.share == 1

    @property
    def weighed(self) -> bool:
        """Whether it goes by the weights of words; then neither lengths nor letters prove that two values are too far apart."""
        return self.left.words and not self.exact

    @property
    def functions(self) -> tuple[Function, ...]:
        """The functions of ours that its SQL calls."""
        if self.weighed:
            return (APART,)
        return (NAMES_APART,) if self.left.orders and not self.exact else ()


@dataclass(frozen=True)
class Fuzzy:
    """The SQL of a comparison that is not exact, between columns of our own naming (l.c1, r.c2)."""

    comparison: Comparison
    left: str
    right: str
    companions: tuple[str, str] | None = None
    """The columns with the weights of words, or the letters, of both sides, where there are any."""
    floor: Fraction | None = None
    """The lowest share of which the distance is asked for; None: that of the comparison."""

    @classmethod
    def between(cls, comparison: Comparison, left: "Forms", right: "Forms", floor: Fraction | None = None) -> "Fuzzy":
        """The comparison of rows l and r of these forms."""
        one, other = (f"l.{left.column(comparison.left)}", f"r.{right.column(comparison.right)}")
        beside = (f"l.{left.column(companion_of(comparison.left))}", f"r.{right.column(companion_of(comparison.right))}")
        return cls(comparison, one, other, beside, floor)

    @property
    def longer(self) -> str:
        """The length of the longer side in characters; of words the parts in which they are compared."""
        if self._by_words:
            return str(SCALE)
        return f"greatest({', '.join(self.lengths)})"

    @property
    def distance(self) -> str:
        """The distance in edits; null where lengths or letters rule the pair out."""
        if self._by_words and self.companions:
            one, other = self.companions
            return f"case when {self.left} = {self.right} then 0 else words_apart({self.left}, {one}, {self.right}, {other}) end"
        return f"case when {self.possible(*self.lengths)} then {self._edits()} end"

    @property
    def lengths(self) -> tuple[str, str]:
        """The lengths of both sides in characters."""
        return self._length(self.left), self._length(self.right)

    def possible(self, one: str, other: str) -> str:
        """Whether lengths and letters leave it possible that two values are near enough: one edit changes two bits of the letters.

        `one`, `other`: the columns with the lengths of the sides. Of words neither tells anything.
        """
        if self._by_words:
            return "true"
        longer = f"greatest({one}, {other})"
        result = self.near(f"abs({one} - {other})", longer, self.floor)
        if self.companions:
            result += " and " + self.near(f"cast(bit_count(xor({', '.join(self.companions)})) as integer)", f"2 * {longer}", self.floor)
        return result

    @property
    def _by_words(self) -> bool:
        """Whether words are compared, each with its weight; of values that must be equal only the letters can be told."""
        return self.comparison.left.words and self.companions is not None

    def near(self, edits: str, longer: str, wanted: Fraction | None = None) -> str:
        """The condition that so many edits are allowed for so long a text; `wanted`: for another share than the comparison's."""
        wanted = self.comparison.share if wanted is None else wanted
        return f"{edits} * {wanted.denominator} <= {wanted.denominator - wanted.numerator} * {longer}"

    def _length(self, column: str) -> str:
        return f"length({column}[1])" if self.comparison.left.orders else f"length({column})"

    def _edits(self) -> str:
        """For names the least over all orders of one side's words against the other side as written, both ways round."""
        if not self.comparison.left.orders:
            return f"levenshtein({self.left}, {self.right})"
        share = self.comparison.share if self.floor is None else self.floor
        most = f"{share.denominator - share.numerator} * {self.longer} // {share.denominator}"
        return f"names_apart({self.left}, {self.right}, cast({most} as integer))"
