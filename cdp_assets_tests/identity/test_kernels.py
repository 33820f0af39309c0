"""The compiled loops against the definition in plain Python."""

from fractions import Fraction

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from cdp_assets.identity import kernels
from cdp_assets_tests.identity import reference

TEXTS = st.text("abcü ", min_size=1, max_size=9)
NAMES = st.lists(st.text("abü", min_size=1, max_size=4), min_size=1, max_size=4).map(" ".join)
SHARES = st.sampled_from([Fraction(3, 10), Fraction(3, 5), Fraction(7, 10), Fraction(4, 5), Fraction(19, 20)])


def encoded(names: list[str], texts: list[str]) -> kernels.Encoded:
    """Values of two conditions: a name in all orders of its words, and a text."""
    table = pa.table({"id": pa.array(range(len(names)), pa.int64()), "v1": [reference.orders(n) for n in names], "v2": texts})
    return kernels.encoded(table, ["v1", "v2"])


@settings(max_examples=100, deadline=None)
@given(left=st.lists(st.tuples(NAMES, TEXTS), min_size=1, max_size=12), right=st.lists(st.tuples(NAMES, TEXTS), min_size=1, max_size=12),
       shares=st.tuples(SHARES, SHARES))  # fmt: skip
def test_no_pair_is_missed_and_none_is_added(
    left: list[tuple[str, str]], right: list[tuple[str, str]], shares: tuple[Fraction, Fraction]
) -> None:
    found = kernels.alike(
        encoded([x for x, _ in left], [y for _, y in left]), encoded([x for x, _ in right], [y for _, y in right]),
        [[share.numerator, share.denominator] for share in shares], once=False, most=1000,
    )  # fmt: skip
    assert found is not None
    expected = [
        (i, j)
        for i, one in enumerate(left)
        for j, other in enumerate(right)
        if reference.alike(one[0], other[0], shares[0], name=True) and reference.alike(one[1], other[1], shares[1], name=False)
    ]
    assert sorted(zip(*(side.tolist() for side in found), strict=True)) == expected


def test_more_pairs_than_allowed_are_not_returned() -> None:
    same = encoded(["abc"] * 2000, ["abc"] * 2000)
    assert kernels.alike(same, same, [[4, 5], [4, 5]], once=False, most=1000) is None


def test_inside_one_set_a_pair_has_the_smaller_id_left() -> None:
    same = encoded(["abcde", "abcdf", "zzz"], ["x", "x", "x"])
    found = kernels.alike(same, same, [[4, 5], [4, 5]], once=True, most=1000)
    assert found is not None
    assert sorted(zip(*(side.tolist() for side in found), strict=True)) == [(0, 0), (0, 1), (1, 1), (2, 2)]


def test_edges_join_in_their_order_and_groups_are_named_after_the_smallest() -> None:
    one, other = pa.array([3, 1, 1, 4], pa.int64()).to_numpy(), pa.array([2, 3, 2, 0], pa.int64()).to_numpy()
    joined, roots = kernels.join(one, other, 6)
    assert joined.tolist() == [True, True, False, True]
    assert roots.tolist() == [0, 1, 1, 1, 0, 5]
