"""Why a step or a whole run failed, for people: our own messages; of other errors the kind only, as their texts can hold values."""

from collections.abc import Iterable, Sequence

import dagster as dg
from dagster_shared.error import SerializableErrorInfo

STOPPED = "DagsterExecutionInterruptedError"
_ENDED = {
    "UNEXPECTED_TERMINATION": "its process was stopped from outside (killed, or out of memory) before the run had ended",
    "RUN_WORKER_RESTART": "its process ended before the run did (killed, or out of memory)",
    "START_TIMEOUT": "its process did not start in time",
    "JOB_INITIALIZATION_FAILURE": "the code location or cdp.yaml could not be loaded: `cdp validate` says why",
}


def step_message(event: dg.DagsterEvent) -> str:
    """Why a step failed."""
    data = event.step_failure_data
    if data.user_failure_data and data.user_failure_data.description:
        return str(data.user_failure_data.description)
    return _of_error(data.error)


def run_message(events: Sequence[dg.DagsterEvent]) -> str:
    """Why a run failed without a step that did: what it needs first (lock, versions) could not be opened, or it was ended."""
    for event in events:
        if event.is_engine_event and event.engine_event_data.error is not None:
            return _of_error(event.engine_event_data.error)
    for event in events:
        if event.event_type_value == "PIPELINE_FAILURE":
            reason = event.job_failure_data.failure_reason
            if reason is not None and reason.value in _ENDED:
                return _ENDED[reason.value]
            return _of_error(event.job_failure_data.error)
    return _of_error(None)


def was_interrupted(events: Iterable[dg.DagsterEvent]) -> bool:
    """Whether somebody stopped the run (Ctrl-C): in a step, or between two."""
    for event in events:
        if event.is_step_failure and _stopped(event.step_failure_data.error):
            return True
        if event.event_type_value == "PIPELINE_FAILURE":
            reason = event.job_failure_data.failure_reason
            if reason is not None and reason.value == "UNEXPECTED_TERMINATION":
                return True
    return False


def _stopped(error: SerializableErrorInfo | None) -> bool:
    """Whether an error is that of a request to stop, or one that DuckDB made of it in the middle of a statement."""
    while error is not None:
        if error.cls_name == STOPPED or (error.cls_name == "RuntimeError" and "Query interrupted" in error.message):
            return True
        error = error.cause
    return False


def _of_error(error: SerializableErrorInfo | None) -> str:
    while error is not None and error.cause is not None:
        error = error.cause
    if error is None:
        return "failed: see the run in Dagster's UI"
    if error.cls_name == "Failure":
        return error.message.partition(": ")[2].strip()
    if "disk is full" in error.message:
        return "the disk is full. Free some space and refresh again; nothing was written in part."
    return f"{error.cls_name}: see the run in Dagster's UI"
