"""The grade of each prediction as people read it: what the model's row holds, with the rates."""

from collections.abc import Sequence

from cdp_assets.clv import nasty
from cdp_assets.clv.purchases import Plan
from cdp_assets.clv.tables import CLV_RESULTS
from cdp_assets.lake import Stage, by

_RESULTS = """
    select
        model, months, trained_on, origin_day, as_of_day as test_until, grade, grade_reason, coalesce(summary, 'not available') as summary,
        active, test_active, test_buyers, k, hits, baseline_hits,
        hits / nullif(k, 0) as success_rate, baseline_hits / nullif(k, 0) as baseline_success_rate,
        lift, standard_error, interval_low, interval_high, interval_method, share_a, share_b, share_c,
        strong_hits as strong_baseline_hits, hits / nullif(strong_hits, 0) - 1 as strong_baseline_lift,
        rmse, baseline_rmse, rmse / nullif(baseline_rmse, 0) - 1 as rmse_change, rmse_cut, baseline_rmse_cut,
        predicted_total, actual_total,
        list_sort(list_distinct(list_concat(origin_fall_backs, fall_backs))) as fall_backs,
        list_sort(list_distinct(list_concat(origin_warnings, warnings))) as warnings
    from clv_model
"""


def stages(found: Sequence[Plan]) -> list[Stage]:
    """The stage that writes CLV_RESULTS. Reads `clv_model`."""
    return [
        Stage(
            "clv_results",
            {"clv_model": by("model")},
            _RESULTS,
            CLV_RESULTS,
            nasty=lambda: {"clv_model": nasty.models(found)},
        )
    ]
