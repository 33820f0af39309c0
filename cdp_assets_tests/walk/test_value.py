"""The prediction of lifetime value, counted again from the activities."""

import math

import pytest

from cdp_assets.config import Project
from cdp_assets_tests.projects import AS_OF, query
from cdp_assets_tests.walk.asked import differences, number

pytestmark = pytest.mark.pipeline


def test_nothing_stops_the_prediction_and_it_has_a_grade_with_its_interval(walk: Project) -> None:
    assert query(walk, "select check_name from clv_usability where state = 'error'") == []
    [(grade, lift, low, high, k, success, baseline, hits, baseline_hits, a, b, c)] = query(
        walk,
        "select grade, lift, interval_low, interval_high, k, success_rate, baseline_success_rate, hits, baseline_hits, "
        "share_a, share_b, share_c from clv_results",
    )
    print(f"\nnext_year: grade {grade}, lift {lift}, 90 % from {low} to {high}, K {k}, A {a} B {b} C {c}")
    assert isinstance(k, int)
    assert isinstance(hits, int)
    assert isinstance(baseline_hits, int)
    assert isinstance(lift, float)
    assert isinstance(low, float)
    assert isinstance(high, float)
    assert k >= 10
    assert (success, baseline) == (hits / k, baseline_hits / k)
    assert lift == pytest.approx(hits / baseline_hits - 1)
    assert grade == ("A" if lift >= 0.05 else "B" if lift >= 0 else "C")
    assert low < lift < high
    assert sum(map(float, (str(a), str(b), str(c)))) == pytest.approx(1)


def test_only_active_customers_have_a_score_and_all_of_them(walk: Project) -> None:
    """Active: a purchase above zero in the 365 days before the end; counted here from the truth."""
    window = number(walk, "select min(window_days) from clv_features")
    active = f"""
        select distinct customer_id from unified_activities
        where type = 'SalesOrder' and amount > 0 and cast(time as date) > date '{AS_OF}' - {window}
    """
    assert differences(walk, active, "select customer_id from clv_scores") == []
    scored, buyers = number(walk, "select count(*) from clv_scores"), number(walk, "select count(*) from clv_features")
    assert 100 < scored < buyers


def test_as_many_are_high_value_as_the_share_of_those_who_made_80_percent_says(walk: Project) -> None:
    """By the highest scores; and the share is found again here: how few of the active made 80 % of what they all bought so far."""
    active, high = number(walk, "select count(*) from clv_scores"), number(walk, "select count(*) from clv_scores where high_value")
    [(share,)] = query(walk, "select high_value_share from clv_model")
    assert isinstance(share, float)
    assert high == math.ceil(round(share * active, 9))
    assert number(walk, "select max(rank) from clv_scores where high_value") == high
    assert number(walk, "select count(*) from clv_scores a join clv_scores b on a.rank < b.rank and a.score < b.score") == 0
    enough = """
        with days as (
            select customer_id, sum(amount) as money from unified_activities where type = 'SalesOrder'
            group by customer_id, cast(time as date) having sum(amount) > 0
        ),
        spent as (select customer_id, sum(money) as money from days where customer_id in (select customer_id from clv_scores) group by all),
        running as (
            select money, sum(money) over (order by money desc, customer_id) as so_far, sum(money) over () as whole from spent
        )
        select count(*) from running where so_far - money < 0.8 * whole
    """
    assert number(walk, enough) == round(share * active)
