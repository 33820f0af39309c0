"""What is tried again when the outside does not answer, how long it waits, and what never is."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdp_assets.config import Project
from cdp_assets.errors import OutsideError, UserError
from cdp_assets.lake import Run, Step, StepResult
from cdp_assets.microsoft import CredentialsError, MailboxRefusedError, MicrosoftError, UnreachableError
from cdp_assets.orchestration import build, retries
from cdp_assets.orchestration.in_process import QUIET
from cdp_assets.orchestration.jobs import REFRESH
from cdp_assets.orchestration.run_resource import AS_OF_TAG
from cdp_assets.orchestration.run_steps import steps_in
from cdp_assets_tests.microsoft.test_graph import Answer, World, page
from cdp_assets_tests.orchestration.test_over_time import CONFIG, CRM, DAY_1, SHOP
from cdp_assets_tests.projects import contents, run_steps, small_project

pytestmark = pytest.mark.pipeline
FILES = {"crm.csv": CRM, "shop.csv": SHOP, "web/1.csv": DAY_1}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setattr(retries, "FIRST_SECONDS", 0.001)
    return small_project(tmp_path / "project", CONFIG, FILES)


class Outside:
    """Something that the step of the source `shop` needs, and that fails the first times that it is asked."""

    def __init__(self, fails: int, error: Callable[[str], Exception] = OutsideError) -> None:
        self.fails, self.error, self.asked = fails, error, 0

    def step(self, step: Step) -> Step:
        def compute(run: Run) -> StepResult:
            self.asked += 1
            if self.asked <= self.fails:
                raise self.error("the shop's database did not answer")
            return step.run(run)

        return dataclasses.replace(step, compute=compute) if step.table.name == "shop" else step


def execute(project: Project, outside: Outside, monkeypatch: pytest.MonkeyPatch) -> tuple[bool, dg.DagsterInstance, str]:
    """Refresh with it: whether it went well, and where to read how."""
    real = build.steps_of
    monkeypatch.setattr(build, "steps_of", lambda given: [outside.step(step) for step in real(given)])
    instance = dg.DagsterInstance.ephemeral()
    job = build.build_defs(project).resolve_job_def(REFRESH)
    result = job.execute_in_process(run_config=QUIET, instance=instance, tags={AS_OF_TAG: "2026-11-20"}, raise_on_error=False)
    return result.success, instance, result.run_id


def test_an_outside_that_fails_twice_and_then_answers_costs_nothing_but_time(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside = Outside(fails=2)
    ok, _, _ = execute(project, outside, monkeypatch)
    assert (ok, outside.asked) == (True, 3)
    monkeypatch.undo()
    undisturbed = small_project(tmp_path / "other", CONFIG, FILES)
    run_steps(undisturbed)
    assert contents(project) == contents(undisturbed)


def test_an_outside_that_never_answers_fails_its_step_after_a_few_attempts_and_skips_what_depends_on_it(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside = Outside(fails=99)
    ok, instance, run = execute(project, outside, monkeypatch)
    steps = steps_in(instance, run)
    assert (ok, outside.asked) == (False, 1 + retries.MOST)
    assert steps.failed == {"shop": "the shop's database did not answer"}
    assert steps.skipped["unified_profiles"] == ["shop"]
    assert {"crm", "events", "visitor_identities"} <= steps.done


@pytest.mark.parametrize("error", [UserError, ValueError], ids=["bad input", "a fault of ours"])
def test_nothing_else_is_tried_again(project: Project, monkeypatch: pytest.MonkeyPatch, error: type[Exception]) -> None:
    outside = Outside(fails=1, error=error)
    ok, _, _ = execute(project, outside, monkeypatch)
    assert (ok, outside.asked) == (False, 1)


@given(st.text(max_size=8), st.text(max_size=8), st.integers(0, retries.MOST), st.floats(0.001, 100))
def test_a_pause_lies_between_half_and_all_of_one_that_doubles(run: str, step: str, attempt: int, first: float) -> None:
    seconds = retries.pause(run, step, attempt, first)
    assert first * 2**attempt / 2 <= seconds <= first * 2**attempt
    assert seconds == retries.pause(run, step, attempt, first)


def test_two_steps_do_not_come_back_at_the_same_instant() -> None:
    assert len({retries.pause("run", f"step {number}", 0) for number in range(100)}) == 100


def test_of_microsofts_errors_only_those_of_a_service_out_of_reach_are_tried_again() -> None:
    assert issubclass(UnreachableError, OutsideError)
    assert not any(issubclass(error, OutsideError) for error in (MicrosoftError, CredentialsError, MailboxRefusedError))


@pytest.mark.parametrize("status", [429, 503, 504])
def test_graph_that_stays_busy_is_out_of_reach(status: int) -> None:
    with pytest.raises(UnreachableError, match=f"is busy \\({status}\\)"):
        World(*[Answer(status, Retry_After="0")] * 6).read()


@pytest.mark.parametrize("status", [400, 401, 403])
def test_graph_that_refuses_is_not(status: int) -> None:
    with pytest.raises(MicrosoftError) as refused:
        World(*[Answer(status, {"error": {"code": "No"}})] * 6).read()
    assert not isinstance(refused.value, OutsideError)


def test_graph_that_fails_twice_and_then_answers_is_read() -> None:
    assert World(Answer(503, Retry_After="0"), Answer(503, Retry_After="0"), page()).read() == []
