"""What Dagster's log of events says of the steps of a run, by table."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import dagster as dg

from cdp_assets.orchestration.failures import step_message
from cdp_assets.orchestration.keys import table_of
from cdp_assets.orchestration.skipped import reasons
from cdp_assets.sources.tables import QUARANTINE

Kind = dg.DagsterEventType


@dataclass
class Steps:
    """The steps of a run: those planned, when they started and ended (seconds since 1970), and what became of them.

    `failed`, `retrying`: table -> message; `warned`: table -> what people should know although it went well; `skipped`: table ->
    the failed tables above it.
    """

    planned: set[str] = field(default_factory=set)
    started: dict[str, float] = field(default_factory=dict)
    ended: dict[str, float] = field(default_factory=dict)
    done: set[str] = field(default_factory=set)
    failed: dict[str, str] = field(default_factory=dict)
    retrying: dict[str, str] = field(default_factory=dict)
    warned: dict[str, list[str]] = field(default_factory=dict)
    skipped: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def seconds(self, table: str) -> float | None:
        """How long the step took; of one that was tried again, all attempts and pauses."""
        first, last = self.started.get(table), self.ended.get(table)
        return None if first is None or last is None else round(last - first, 2)


def steps_in(instance: dg.DagsterInstance, run_id: str) -> Steps:
    """The steps of a run."""
    steps = Steps()
    observations = []
    for entry in instance.all_logs(run_id, of_type={*_READ, Kind.ASSET_OBSERVATION}):
        event = entry.dagster_event
        if event is None:
            continue
        if event.event_type == Kind.ASSET_OBSERVATION:
            observations.append(event)
        else:
            _READ[event.event_type](steps, event, entry.timestamp)
    steps.skipped = reasons(observations)
    return steps


def _planned(steps: Steps, event: dg.DagsterEvent, _at: float) -> None:
    if event.asset_key is not None:
        steps.planned.add(table_of(event.asset_key))


def _started(steps: Steps, event: dg.DagsterEvent, at: float) -> None:
    steps.started.setdefault(event.step_key or "", at)


def _retrying(steps: Steps, event: dg.DagsterEvent, _at: float) -> None:
    seconds = event.step_retry_data.seconds_to_wait
    steps.retrying[event.step_key or ""] = f"the outside did not answer; it is tried again after {seconds or 0:.0f} s"


def _done(steps: Steps, event: dg.DagsterEvent, at: float) -> None:
    steps.done.add(event.step_key or "")
    steps.ended[event.step_key or ""] = at


def _failed(steps: Steps, event: dg.DagsterEvent, at: float) -> None:
    steps.failed[event.step_key or ""] = step_message(event)
    steps.ended[event.step_key or ""] = at


def _made(steps: Steps, event: dg.DagsterEvent, _at: float) -> None:
    """What a table that was made has to say: its notice, and rows of a source that are in quarantine."""
    made = event.step_materialization_data.materialization
    said = steps.warned.setdefault(event.step_key or "", [])
    if "notice" in made.metadata:
        said.append(str(made.metadata["notice"].value))
    if table_of(made.asset_key) == QUARANTINE.name and (rows := int(str(made.metadata["rows_of_this_source"].value))):
        said.append(f"{rows:,} row{'' if rows == 1 else 's'} in quarantine")


def _checked(steps: Steps, event: dg.DagsterEvent, _at: float) -> None:
    check = event.asset_check_evaluation_data
    if not check.passed and check.severity == dg.AssetCheckSeverity.WARN:
        why = f": {check.description}" if check.description else ""
        steps.warned.setdefault(table_of(check.asset_key), []).append(f"the check {check.check_name} did not pass{why}")


_READ: Mapping[dg.DagsterEventType, Callable[[Steps, dg.DagsterEvent, float], None]] = {
    Kind.ASSET_MATERIALIZATION_PLANNED: _planned,
    Kind.STEP_START: _started,
    Kind.STEP_UP_FOR_RETRY: _retrying,
    Kind.STEP_SUCCESS: _done,
    Kind.STEP_FAILURE: _failed,
    Kind.ASSET_MATERIALIZATION: _made,
    Kind.ASSET_CHECK_EVALUATION: _checked,
}
"""How each kind of event is read."""
