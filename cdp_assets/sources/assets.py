"""The steps of the station `sources`: one table a source; each also writes its part of the quarantine."""

from dataclasses import replace
from functools import partial

from cdp_assets.config import Project
from cdp_assets.lake import Run, Step, StepResult
from cdp_assets.sources.step import read_source
from cdp_assets.sources.tables import table_of
from cdp_assets.sources.typed import conservation


def steps(project: Project) -> list[Step]:
    """One step a source of the configuration."""
    return [_step(project, name) for name in project.config.sources]


def _step(project: Project, name: str) -> Step:
    source = project.config.sources[name]
    what = {"records": "records", "events": "web events", "consents": "statements on consents"}[source.kind]
    return Step(
        table_of(name, source),
        "sources",
        f"The {what} of the source {name} ({source.files}), typed, with file and line.",
        {},
        compute=partial(_compute, project, name),
        extra_checks=(conservation(name),),
        numbers={"files": "count(distinct source_file)"},
    )


def _compute(project: Project, name: str, run: Run) -> StepResult:
    faults, rows = read_source(run, project, name)
    return replace(rows, also=(faults,))
