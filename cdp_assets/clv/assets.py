"""The steps of the station `clv`: check the input, describe customers, train or keep the model, score, grade."""

from functools import partial

from cdp_assets.clv import factors, features, prerequisites, results, scores, train, usability
from cdp_assets.clv.purchases import Plan, plans
from cdp_assets.clv.tables import CLV_FACTORS, CLV_FEATURES, CLV_MODEL, CLV_PERCENTILES, CLV_RESULTS, CLV_SCORES, CLV_USABILITY
from cdp_assets.config import Project
from cdp_assets.lake import Step, Table


def steps(project: Project) -> list[Step]:
    """The steps of all predictions; none without the section `clv`."""
    found = plans(project.config)
    if not found:
        return []
    return [*_input(found), _model(found), *_output(found)]


def _input(found: list[Plan]) -> list[Step]:
    from cdp_assets.activities.tables import ACTIVITY_QUARANTINE, UNIFIED_ACTIVITIES

    return [
        Step(
            CLV_USABILITY,
            "clv",
            "Whether the input is good enough for each prediction: what was looked at, what was found, what is needed.",
            {"unified_activities": UNIFIED_ACTIVITIES, "activity_quarantine": ACTIVITY_QUARANTINE},
            stages=partial(usability.stages, found),
            numbers={
                "errors": "count(*) filter (state = 'error')",
                "warnings": "count(*) filter (state = 'warning')",
                "recommendations": "count(*) filter (state = 'recommendation')",
            },
            notice=prerequisites.NOTICE,
            uses_as_of=True,
        ),
        Step(
            CLV_FEATURES,
            "clv",
            "What is known of each customer's purchases, now and at the origin of the test.",
            {"unified_activities": UNIFIED_ACTIVITIES},
            stages=partial(features.stages, found),
            checks=partial(features.checks, found),
            numbers={"active": "count(*) filter (active)", "one_time_buyers": "count(*) filter (frequency = 0)"},
            uses_as_of=True,
        ),
    ]


def _model(found: list[Plan]) -> Step:
    reads = {"clv_features": CLV_FEATURES, "clv_usability": CLV_USABILITY, "clv_model_before": CLV_MODEL}
    return Step(
        CLV_MODEL,
        "clv",
        "The trained model of each prediction and its test; kept as it is until it is to be trained again. Reads its own last version.",
        reads,
        stages=partial(train.stages, found),
        numbers={"predictions": "count(*)", "lowest_lift": "min(lift)"},
        uses_as_of=True,
        kinds=frozenset({"duckdb", "deltalake", "python"}),
    )


def _output(found: list[Plan]) -> list[Step]:
    reads: dict[str, Table] = {"clv_features": CLV_FEATURES, "clv_model": CLV_MODEL}
    return [
        Step(
            CLV_SCORES,
            "clv",
            "What each active customer is expected to spend, by the model as it was trained.",
            reads,
            stages=partial(scores.stages, found),
            checks=scores.checks,
            numbers={"high_value": "count(*) filter (high_value)", "total": "sum(score)"},
            kinds=frozenset({"duckdb", "deltalake", "python"}),
        ),
        Step(
            CLV_RESULTS,
            "clv",
            "How good each prediction is: its grade against a simple rule, with the arithmetic.",
            {"clv_model": CLV_MODEL},
            stages=partial(results.stages, found),
            numbers={"lowest_success_rate": "min(success_rate)", "lowest_lift": "min(lift)"},
        ),
        Step(
            CLV_PERCENTILES,
            "clv",
            "The value of each tenth of the active customers.",
            {"clv_scores": CLV_SCORES},
            stages=partial(scores.percentile_stages, found),
            checks=scores.percentile_checks,
            numbers={"total": "sum(total)"},
        ),
        Step(
            CLV_FACTORS,
            "clv",
            "What the scores depend on.",
            reads,
            stages=partial(factors.stages, found),
            numbers={"largest_impact": "max(impact)"},
            kinds=frozenset({"duckdb", "deltalake", "python"}),
        ),
    ]
