"""The definition of likeness in plain Python, slow and easy to check: what the product's SQL and kernels must agree with."""

import itertools
from fractions import Fraction


def distance(one: str, other: str) -> int:
    """Letters to add, leave out or change to get from one text to the other."""
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, start=1):
        before, row[0] = row[0], i
        for j, b in enumerate(other, start=1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (a != b))
    return row[len(other)]


def orders(name: str) -> list[str]:
    """All orders of a name's words; of more than four words only the sorted one."""
    words = name.split(" ")
    return [" ".join(sorted(words))] if len(words) > 4 else [" ".join(order) for order in itertools.permutations(words)]


def name_distance(one: str, other: str) -> int:
    """The least distance over the orders of one side's words, the other side as written, both ways round."""
    a, b = orders(one), orders(other)
    return min(*(distance(x, b[0]) for x in a), *(distance(a[0], y) for y in b))


def alike(one: str, other: str, share: Fraction, *, name: bool) -> bool:
    """Whether two comparable texts are alike enough."""
    edits = name_distance(one, other) if name else distance(one, other)
    return 1 - Fraction(edits, max(len(one), len(other))) >= share
