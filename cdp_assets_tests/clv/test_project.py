"""A whole project: from the files of orders to the grade, over time, and what is said where the input is not good enough."""

import itertools
import re
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from cdp_assets.cli.context import Context
from cdp_assets.cli.review_clv import review_clv
from cdp_assets.config import Project, load_project
from cdp_assets.errors import UserError
from cdp_assets.governance.access import AccessDeniedError
from cdp_assets.lake import Place, Run, Step, StepResult
from cdp_assets_tests.clv.small import world
from cdp_assets_tests.projects import ordered_steps

pytestmark = pytest.mark.pipeline

PROJECT = """\
version: 1
roles: {owner: [olga], contributor: [carl], viewer: [vera]}
sources:
  crm: {files: crm.csv, primary_key: id, fields: {name: person.full_name}}
  shop: {files: shop.csv, primary_key: number, fields: {who: text, at: timestamp, total: decimal}}
customers: {match_order: [crm]}
activities:
  orders: {source: shop, type: SalesOrder, of: {who: crm.id}, time: at, amount: total}
clv:
  quarter: {months: 3}
"""
DAY = date(2024, 6, 30)
_numbers = itertools.count(1)


def project_in(folder: Path, customers: int = 150, until: date = date(2024, 6, 20), more: Iterable[str] = ()) -> Project:
    """The project with the orders of so many customers up to that day."""
    orders = world(customers, until).to_pylist()
    lines = [f"{n},{row['customer_id']},{row['time']:%Y-%m-%d %H:%M:%S},{row['amount']}" for n, row in enumerate(orders)]
    (folder / "shop.csv").write_text("\n".join(["number,who,at,total", *lines, *more]) + "\n")
    people = sorted({row["customer_id"] for row in orders})
    (folder / "crm.csv").write_text("\n".join(["id,name", *(f"{who},Name of {who}" for who in people)]) + "\n")
    (folder / "cdp.yaml").write_text(PROJECT)
    return load_project(folder)


def wanted(project: Project) -> list[Step]:
    return [step for step in ordered_steps(project) if step.station not in ("publish", "segments", "exports")]


def run(project: Project, run_id: str, as_of: date = DAY) -> dict[str, StepResult]:
    opened = Run(Place(project.store), run_id, as_of, memory=1 << 30)
    return {step.table.name: step.run(opened) for step in wanted(project)}


def table(project: Project, name: str) -> list[dict[str, Any]]:
    step = next(step for step in wanted(project) if step.table.name == name)
    with duckdb.connect() as connection:
        return connection.sql(f"from ({Place(project.store).newest(step.table).sql}) order by all").to_arrow_table().to_pylist()


def review(project: Project, capsys: pytest.CaptureFixture[str], user: str = "carl") -> str:
    class Given:
        obj = Context(str(project.folder), user)

    context: Any = Given()
    review_clv(context)
    return capsys.readouterr().out


def test_from_orders_to_the_grade_and_reviewed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = project_in(tmp_path)
    before = review(project, capsys)
    assert "not trained yet, so the next refresh trains it" in before
    assert "not checked yet" in before
    made = run(project, "one")
    [result] = table(project, "clv_results")
    assert result["grade"] in ("A", "B", "C")
    assert made["clv_scores"].rows == made["clv_results"].rows * result["active"]
    text = review(project, capsys)
    for part in (
        "Prediction quarter",
        "Prediction period: 3 months (91 days)",
        "where the purchases end: that day is the now of this prediction",
        "calculated from the days between purchases",
        "80/20: the share of the active customers who made 80 % of spend",
        "orders: SalesOrder of the source shop, amount total, time at;",
        "retrain monthly; last trained on 2024-06-30, next from 2024-07-30",
        "warning        customers: 150 customers with a purchase",
        f"grade {result['summary']}",
        "90 to 100 %:",
        "factor overall transaction value:",
        f"To change it: clv.quarter in {project.file};",
        "To run it: `cdp refresh`.",
    ):
        assert part in text


def test_review_needs_a_contributor(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = project_in(tmp_path, customers=5)
    with pytest.raises(AccessDeniedError, match="needs the role contributor"):
        review(project, capsys, "vera")


def test_review_without_a_prediction_says_what_to_add(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = project_in(tmp_path, customers=5)
    (tmp_path / "cdp.yaml").write_text(PROJECT[: PROJECT.index("clv:")])
    with pytest.raises(UserError, match="Add one under `clv:`"):
        review(project, capsys)


def test_without_the_section_there_are_no_steps(tmp_path: Path) -> None:
    project_in(tmp_path, customers=5)
    (tmp_path / "cdp.yaml").write_text(PROJECT[: PROJECT.index("clv:")])
    assert not [step for step in ordered_steps(load_project(tmp_path)) if step.station == "clv"]


def notice(project: Project) -> str | None:
    step = next(step for step in wanted(project) if step.table.name == "clv_usability")
    return step.says(Run(Place(project.store), f"asked-{next(_numbers)}", DAY, memory=1 << 30))


def test_too_few_customers_stop_the_training_and_the_report_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = project_in(tmp_path, customers=60)
    run(project, "one")
    message = notice(project) or ""
    assert "quarter: customers: 60 customers with a purchase; at least 100 are needed" in message
    assert "map more activities to customers or add sources" in message
    assert {row["check_name"]: row["state"] for row in table(project, "clv_usability")}["customers"] == "error"
    for name in ("clv_model", "clv_scores", "clv_results"):
        assert table(project, name) == []
    text = review(project, capsys)
    assert "error          customers: 60 customers" in text
    assert "`cdp refresh` will not train this prediction" in text


def test_a_model_that_is_there_stays_and_scores_while_the_input_has_errors(tmp_path: Path) -> None:
    project = project_in(tmp_path)
    run(project, "one")
    before, scores = table(project, "clv_model"), table(project, "clv_scores")
    assert notice(project) is None
    assert scores
    late = [f"x{n},nobody,2024-05-01 10:00:00,5" for n in range(400)]
    project = project_in(tmp_path, more=late)
    run(project, "two", date(2024, 8, 30))  # due again, and not possible
    assert (notice(project) or "").count("missing_customer: 400 of") == 1  # asked for training and for scoring, told once
    assert table(project, "clv_model") == before
    assert [row["customer_id"] for row in table(project, "clv_scores")] == [row["customer_id"] for row in scores]


def test_one_huge_amount_stops_nothing(tmp_path: Path) -> None:
    project = project_in(tmp_path, more=["huge,c000,2024-05-01 10:00:00,9999999999999999.99"])
    made = run(project, "one")
    assert made["clv_features"].rows
    states = {row["check_name"]: row["state"] for row in table(project, "clv_usability")}
    assert states["outlier_amount"] == "warning"


def test_a_fifth_of_the_orders_without_a_customer_stops_it(tmp_path: Path) -> None:
    project = project_in(tmp_path, more=[f"x{n},nobody,2024-05-01 10:00:00,5" for n in range(400)])
    run(project, "one")
    message = notice(project) or ""
    assert re.search(r"missing_customer: 400 of [\d,]+ rows \(\d+\.\d %\) have no customer_id", message)
    assert "check `of:` of the activities" in message
    assert table(project, "clv_model") == []


def test_negative_future_and_unknown_orders_change_no_total_without_a_word(tmp_path: Path) -> None:
    more = ["r1,c001,2024-06-19 10:00:00,-5", "f1,c001,2030-01-01 10:00:00,900", "u1,nobody,2024-06-19 10:00:00,7"]
    project = project_in(tmp_path, more=more)
    run(project, "one")
    found = {row["check_name"]: row["details"] for row in table(project, "clv_usability")}
    assert found["dates_after_run"].startswith("1 of ")
    assert found["missing_customer"].startswith("1 of ")
    largest = max(row["total_spend"] for row in table(project, "clv_features"))
    assert largest < 900 * 10
    assert max(row["last_day"] for row in table(project, "clv_features")) <= date(2024, 6, 20)


def test_a_second_run_makes_no_new_version(tmp_path: Path) -> None:
    project = project_in(tmp_path)
    first, second = run(project, "one"), run(project, "two")
    for name in (n for n in first if n.startswith("clv_")):
        assert (second[name].version, second[name].unchanged) == (first[name].version, True), name


def test_new_orders_rescore_and_do_not_retrain_and_equal_a_full_run_with_that_model(tmp_path: Path) -> None:
    """Run by run, or the model copied and everything computed at once from the later orders: the same scores."""
    project = project_in(tmp_path)
    run(project, "one")
    [model] = table(project, "clv_model")
    project = project_in(tmp_path, until=date(2024, 7, 20))
    run(project, "two", date(2024, 7, 21))
    assert table(project, "clv_model") == [model]
    scores = table(project, "clv_scores")
    assert {row["trained_on"] for row in scores} == {DAY}
    assert max(row["as_of_day"] for row in scores) > model["as_of_day"]
    for step in wanted(project):
        if step.table.name in ("clv_features", "clv_scores", "unified_activities"):
            Place(project.store).ledger.write(step.table.name, Place(project.store).ledger.read("none") or _forgotten())
    run(project, "three", date(2024, 7, 21))
    assert table(project, "clv_scores") == scores


def _forgotten() -> Any:
    from cdp_assets.lake.ledger import Entry

    return Entry("forgotten", None, "", "")


def test_a_month_later_it_is_trained_again(tmp_path: Path) -> None:
    project = project_in(tmp_path)
    run(project, "one")
    project = project_in(tmp_path, until=date(2024, 7, 28))
    run(project, "two", date(2024, 7, 30))
    [model] = table(project, "clv_model")
    assert model["trained_on"] == date(2024, 7, 30)


def test_every_column_says_where_it_comes_from(tmp_path: Path) -> None:
    project = project_in(tmp_path)
    opened = Run(Place(project.store), "one", DAY, memory=1 << 30)
    for step in wanted(project):
        result = step.run(opened)
        if step.station == "clv":
            origins = step.origins(opened, result.stages)
            made_here = {column for column in step.table.column_names if not origins.get(column)}
            known = {
                "step",
                "check_name",
                "column_name",
                "entity",
                "model",
                "factor",
                "settings",
                "months",
                "horizon_days",
                "trained_on",
                "percentile",
            }
            assert made_here <= known, (step.table.name, made_here)
            assert step.measure(opened)
