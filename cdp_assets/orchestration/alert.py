"""What is told when a run failed for good: what failed and why, what was skipped because of it, and what to do. No value of the data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import dagster as dg

from cdp_assets.config import Project
from cdp_assets.orchestration.failures import run_message, step_message
from cdp_assets.orchestration.keys import Prefix, own_name
from cdp_assets.orchestration.skipped import reasons

SHOWN = 15
LONGEST = 1500  # letters of a message
KINDS = [
    dg.DagsterEventType.STEP_FAILURE,
    dg.DagsterEventType.ASSET_OBSERVATION,
    dg.DagsterEventType.ENGINE_EVENT,
    dg.DagsterEventType.RUN_FAILURE,
]
"""The kinds of events that say why a run failed."""


@dataclass(frozen=True)
class Alert:
    """A run that failed. `failed`: table -> message ("run" where no step failed); `skipped`: table -> the failed tables above it."""

    project: str
    job: str
    run: str
    user: str
    as_of: str
    failed: Mapping[str, str]
    skipped: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def subject(self) -> str:
        """One line."""
        what = ", ".join(list(self.failed)[:3]) + (", ..." if len(self.failed) > 3 else "")
        return " ".join(f"{self.project}: {self.job} failed ({what})".split())

    @property
    def text(self) -> str:
        """All of it, for people."""
        lines = [f"{self.project}: the run {self.run[:8]} of {self.job} failed (by {self.user}, as of {self.as_of}).", ""]
        lines += [f"FAILED {table}: {message[:LONGEST]}" for table, message in list(self.failed.items())[:SHOWN]]
        if len(self.failed) > SHOWN:
            lines.append(f"and {len(self.failed) - SHOWN} more")
        if self.skipped:
            shown = [f"{table} ({', '.join(because)})" for table, because in list(self.skipped.items())[:SHOWN]]
            more = f", and {len(self.skipped) - SHOWN} more" if len(self.skipped) > SHOWN else ""
            lines.append(f"Skipped, because they depend on what failed: {', '.join(shown)}{more}.")
        return "\n".join(
            [
                *lines,
                "",
                "What failed or was skipped keeps its last version; nothing is published in part.",
                "What to do: mend what the message names, then `cdp refresh`. `cdp status` shows the state of every table.",
                f"In Dagster's UI the run is /runs/{self.run}.",
            ]
        )

    def as_json(self) -> dict[str, Any]:
        """For a program or a chat; `text` is what Slack, Mattermost and Teams show."""
        return {
            "text": self.text,
            "project": self.project,
            "job": self.job,
            "run": self.run,
            "user": self.user,
            "as_of": self.as_of,
            "failed": dict(self.failed),
            "skipped": {table: list(because) for table, because in self.skipped.items()},
        }


def alert_of(project: Project, job: str, run: str, user: str, as_of: str, events: Sequence[dg.DagsterEvent], prefix: Prefix = ()) -> Alert:
    """The alert of a run that failed, from its events (of the KINDS at least)."""
    failed = {own_name(event.step_key or "", prefix) or "run": step_message(event) for event in events if event.is_step_failure}
    observed = [event for event in events if event.event_type_value == dg.DagsterEventType.ASSET_OBSERVATION.value]
    return Alert(project.folder.name, job, run, user, as_of, failed or {"run": run_message(events)}, reasons(observed))
