"""The lake: table declarations, Delta tables, stages and the engine that runs them. Knows no station and no Dagster."""

from cdp_assets.lake.append import append
from cdp_assets.lake.aside import folder_aside
from cdp_assets.lake.checks import Check, CheckResult, ChecksFailedError
from cdp_assets.lake.closed import NotClosedError, Stale, closed_state
from cdp_assets.lake.days import make_days
from cdp_assets.lake.engine import DuckDBEngine
from cdp_assets.lake.guard import CommitConflictError, EngineError, no_values_in_errors
from cdp_assets.lake.lock import BusyError, Holder, project_lock, turn
from cdp_assets.lake.run import Place, Run, StepResult
from cdp_assets.lake.session import session
from cdp_assets.lake.source import AS_OF, Source
from cdp_assets.lake.stage import Function, Stage, anyhow, by, everywhere, intermediate, whole
from cdp_assets.lake.step import Step
from cdp_assets.lake.table import Column, Table, columns

__all__ = [
    "AS_OF",
    "BusyError",
    "Check",
    "CheckResult",
    "ChecksFailedError",
    "Column",
    "CommitConflictError",
    "DuckDBEngine",
    "EngineError",
    "Function",
    "Holder",
    "NotClosedError",
    "Place",
    "Run",
    "Source",
    "Stage",
    "Stale",
    "Step",
    "StepResult",
    "Table",
    "anyhow",
    "append",
    "by",
    "closed_state",
    "columns",
    "everywhere",
    "folder_aside",
    "intermediate",
    "make_days",
    "no_values_in_errors",
    "project_lock",
    "session",
    "turn",
    "whole",
]
