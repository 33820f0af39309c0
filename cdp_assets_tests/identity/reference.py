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


def words_score(one: list[str], other: list[str], weights: dict[str, int]) -> Fraction:
    """How alike two lists of words are: equal words first, then the most alike ones; of a pair the lighter weight counts."""
    left, right = list(one), list(other)
    alike = total = Fraction(0)
    for word in one:
        if word in right:
            left.remove(word)
            right.remove(word)
            alike, total = alike + weights[word], total + weights[word]
    while True:
        found = []
        for a in left:
            for b in right:
                likeness = 1 - Fraction(distance(a, b), max(len(a), len(b)))
                if likeness >= Fraction(3, 4) and not any(letter.isdigit() for letter in a + b):
                    found.append((-likeness, -min(weights[a], weights[b]), *sorted((a, b)), a, b))
        if not found:
            break
        a, b = min(found)[-2:]
        left.remove(a)
        right.remove(b)
        weight = min(weights[a], weights[b])
        alike, total = alike + -min(found)[0] * weight, total + weight
    total += sum(weights[word] for word in (*left, *right))
    return alike / total
