"""What a prediction will run on, read off the lake: the preferences, the purchases, the prerequisites and the last result."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from duckdb import DuckDBPyConnection

from cdp_assets.clv.prerequisites import ERROR, TRAIN
from cdp_assets.clv.purchases import Plan, plans
from cdp_assets.clv.tables import CLV_FACTORS, CLV_FEATURES, CLV_MODEL, CLV_PERCENTILES, CLV_RESULTS, CLV_USABILITY
from cdp_assets.clv.train import next_due
from cdp_assets.config import Project, ProjectConfig
from cdp_assets.lake import Place, no_values_in_errors, session
from cdp_assets.lake.source import name

Row = dict[str, Any]


@dataclass(frozen=True)
class Review:
    """A prediction as it stands: title of each part -> its lines."""

    model: str
    parts: dict[str, list[str]]
    errors: int


def reviews(project: Project) -> list[Review]:
    """Every prediction of cdp.yaml. Reads the lake only: nothing is computed or written."""
    from cdp_assets.activities.tables import UNIFIED_ACTIVITIES

    place = Place(project.store)
    tables = (UNIFIED_ACTIVITIES, CLV_USABILITY, CLV_FEATURES, CLV_MODEL, CLV_RESULTS, CLV_PERCENTILES, CLV_FACTORS)
    with no_values_in_errors("review clv"), session(memory=project.config.engine.memory_bytes) as connection:
        for table in tables:
            connection.execute(f"create view {name(table.name)} as {place.newest(table).sql}")
        return [_review(project.config, plan, connection) for plan in plans(project.config)]


def _review(config: ProjectConfig, plan: Plan, connection: DuckDBPyConnection) -> Review:
    model = next(iter(_rows(connection, "select * from clv_model where model = $model", plan)), None)
    checks = _rows(connection, "select * from clv_usability where model = $model and step = $step order by check_name", plan, step=TRAIN)
    return Review(
        plan.model,
        {
            "Prediction period": [f"{plan.months} months ({plan.horizon_days:,} days)"],
            "Active customers": [_active(plan, connection)],
            "High-value customers": [_high_value(plan, model)],
            "Transactions": list(_transactions(config, plan, connection)),
            "Data updates": [_updates(plan, model)],
            "Prerequisites": [f"{row['state']:<14} {row['check_name']}: {row['details']}" for row in _worst_first(checks)]
            or ["not checked yet: `cdp refresh`"],
            "Last result": list(_result(plan, connection)) or ["none yet: `cdp refresh`"],
        },
        sum(row["state"] == ERROR for row in checks),
    )


def _rows(connection: DuckDBPyConnection, sql: str, plan: Plan, **more: Any) -> list[Row]:
    found = connection.execute(sql, {"model": plan.model, **more})
    names = [column[0] for column in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def _worst_first(checks: list[Row]) -> list[Row]:
    order = ["error", "warning", "recommendation", "passed"]
    return sorted(checks, key=lambda row: (order.index(row["state"]), row["check_name"]))


def _active(plan: Plan, connection: DuckDBPyConnection) -> str:
    sql = """
        select any_value(window_days) as days, any_value(as_of_day) as until, count(*) filter (active) as active, count(*) as customers
        from clv_features where model = $model having count(*) > 0
    """
    found = _rows(connection, sql, plan)
    if not found:
        return (
            f"a purchase in the last {plan.window_days:,} days, set by hand"
            if plan.window_days
            else "calculated from the days between purchases"
        )
    how = "set by hand" if plan.window_days else "calculated from the days between purchases"
    [row] = found
    return (
        f"a purchase in the last {row['days']:,} days, {how}: {row['active']:,} of {row['customers']:,} customers "
        f"on {row['until']}, where the purchases end: that day is the now of this prediction"
    )


def _high_value(plan: Plan, model: Row | None) -> str:
    if plan.percent is not None:
        return f"the top {plan.percent} % of the active customers"
    text = "80/20: the share of the active customers who made 80 % of spend"
    return f"{text}, {100 * model['high_value_share']:.1f} % when it was trained" if model else text


def _transactions(config: ProjectConfig, plan: Plan, connection: DuckDBPyConnection) -> Iterator[str]:
    sql = "select count(*), min(time), max(time) from unified_activities where activity = $activity"
    for activity in plan.activities:
        settings = config.activities[activity]
        [(rows, first, last)] = connection.execute(sql, {"activity": activity}).fetchall()
        dates = f"{rows:,} rows from {first:%Y-%m-%d} to {last:%Y-%m-%d}" if rows else "no rows yet"
        yield f"{activity}: {settings.type_name} of the source {settings.source}, amount {settings.amount}, time {settings.time}; {dates}"


def _updates(plan: Plan, model: Row | None) -> str:
    if model is None:
        return f"retrain {_words(plan.retrain)}; not trained yet, so the next refresh trains it"
    if model["settings"] != plan.settings:
        return f"retrain {_words(plan.retrain)}; its settings changed since {model['trained_on']}, so the next refresh trains it again"
    due = next_due(model["trained_on"], plan.retrain)
    when = "with the next refresh" if plan.retrain == "every_refresh" else f"from {due}" if due else "never"
    return f"retrain {_words(plan.retrain)}; last trained on {model['trained_on']}, next {when}; in between customers are scored only"


def _words(retrain: str) -> str:
    return retrain.replace("_", " ")


def _result(plan: Plan, connection: DuckDBPyConnection) -> Iterator[str]:
    for row in _rows(connection, "select * from clv_results where model = $model", plan):
        yield f"grade {row['summary']}"
        yield f"{row['grade_reason']}; tested on purchases after {row['origin_day']}, up to {row['test_until']}"
        yield from _rates(row)
        yield from (f"note: {words}" for words in [*(row["fall_backs"] or []), *(row["warnings"] or [])])
    for row in _rows(connection, "select * from clv_percentiles where model = $model order by percentile", plan):
        span = f"{row['percentile'] - 10:>3} to {row['percentile']:>3} %"
        shares = f"high value {row['high']:.0f} %, low {row['low']:.0f} %"
        yield f"{span}: {row['customers']:,} customers, average {row['average']:,.2f}, {shares}"
    for row in _rows(connection, "select * from clv_factors where model = $model order by impact desc, factor", plan):
        yield f"factor {row['factor']}: {row['impact']:.3f} %"


def _rates(row: Row) -> Iterator[str]:
    if row["success_rate"] is None or row["baseline_success_rate"] is None:
        return
    yield (
        f"success rate {row['success_rate']:.3f}, baseline {row['baseline_success_rate']:.3f}: "
        f"{row['hits']:,} and {row['baseline_hits']:,} of {row['k']:,} high-value customers found "
        f"among {row['test_active']:,} active ones"
    )
    if row["strong_baseline_lift"] is not None:
        yield f"against a ranking by total spend, not graded: {100 * row['strong_baseline_lift']:+.1f} %"
    yield f"error of the amounts (RMSE), not graded: {row['rmse']:,.2f}, baseline {row['baseline_rmse']:,.2f}"
