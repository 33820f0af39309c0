"""The random numbers of the demo: stable, independent of each other, and long-tailed where they have to be."""

import numpy as np

from cdp_assets.demo.draws import Draws


def test_bits_are_the_same_everywhere() -> None:
    # The stream is ours: a new version of numpy or Python must not change one file of the demo.
    assert [f"{bits:016x}" for bits in Draws(7).bits("family", 3)] == [
        "37a9609243de8862",
        "cf13819d1d6f11e2",
        "4c3349173e8451fe",
    ]


def test_more_rows_do_not_change_the_first_ones() -> None:
    assert (Draws(7).bits("x", 10) == Draws(7).bits("x", 1_000)[:10]).all()


def test_what_and_seed_change_the_numbers() -> None:
    first = Draws(7).bits("x", 1_000)
    assert not (first == Draws(7).bits("y", 1_000)).any()
    assert not (first == Draws(8).bits("x", 1_000)).any()


def test_no_bits_come_twice() -> None:
    assert len(np.unique(Draws(7).bits("x", 100_000))) == 100_000


def test_two_draws_of_the_same_rows_do_not_depend_on_each_other() -> None:
    draws = Draws(7)
    assert abs(np.corrcoef(draws.share("x", 100_000), draws.share("y", 100_000))[0, 1]) < 0.01


def test_shares_fill_the_range_evenly() -> None:
    share = Draws(7).share("x", 100_000)
    assert share.min() >= 0
    assert share.max() < 1
    assert (np.abs(np.histogram(share, bins=10, range=(0, 1))[0] - 10_000) < 400).all()


def test_below_takes_one_limit_a_row() -> None:
    limits = np.array([1, 2, 3] * 1_000)
    found = Draws(7).below("x", 3_000, limits)
    assert (found < limits).all()
    assert set(found.tolist()) == {0, 1, 2}


def test_ranks_have_a_long_tail() -> None:
    counts = np.bincount(Draws(7).ranks("x", 100_000, 1_000, flat=10), minlength=1_000)
    assert counts[0] > 10 * counts[500] > 0
    assert (counts[990:] > 0).any()


def test_places_are_drawn_in_proportion_to_their_weights() -> None:
    found = Draws(7).weighted("x", 100_000, np.array([6.0, 0.0, 3.0, 1.0]))
    shares = np.bincount(found, minlength=4) / 100_000
    assert np.allclose(shares, [0.6, 0.0, 0.3, 0.1], atol=0.01)
    assert (Draws(7).weighted("x", 1_000, np.array([2.0])) == 0).all()


def test_order_holds_each_row_once() -> None:
    assert sorted(Draws(7).order("x", 1_000).tolist()) == list(range(1_000))


def test_some_marks_exactly_so_many() -> None:
    assert Draws(7).some("x", 1_000, 30).sum() == 30
    assert Draws(7).some("x", 3, 30).all()


def test_normal_numbers_are_around_zero() -> None:
    found = Draws(7).normal("x", 100_000)
    assert abs(found.mean()) < 0.02
    assert abs(found.std() - 1) < 0.02


def test_no_rows_give_no_numbers() -> None:
    assert len(Draws(7).ranks("x", 0, 5)) == 0
