"""The steps of the station `sources`: one table a source; each also writes its part of the quarantine."""

from dataclasses import replace
from functools import partial

from cdp_assets.config import Project
from cdp_assets.lake import Run, Step, StepResult
from cdp_assets.sources.advice import advice, rows_filtered, shrunk
from cdp_assets.sources.column_profile import profile_sources
from cdp_assets.sources.keys_kept import keys_told, too_wide
from cdp_assets.sources.step import checks_of, read_source
from cdp_assets.sources.tables import COLUMN_PROFILES, table_of


def steps(project: Project) -> list[Step]:
    """One step a source of the configuration, and one for the profiles of their columns."""
    return [*(_step(project, name) for name in project.config.sources), _profiles(project)]


def _step(project: Project, name: str) -> Step:
    source = project.config.sources[name]
    what = {"records": "records", "events": "web events", "consents": "statements on consents"}[source.kind]
    return Step(
        table_of(name, source),
        "sources",
        f"The {what} of the source {name} ({source.read_from}), typed, with file and line.",
        {},
        compute=partial(_compute, project, name),
        extra_checks=checks_of(name, source),
        numbers={"files": "count(distinct source_file)"},
    )


def _profiles(project: Project) -> Step:
    return Step(
        COLUMN_PROFILES,
        "sources",
        "What the columns of each source look like: missing values, values that differ, the most frequent ones.",
        {name: table_of(name, source) for name, source in project.config.sources.items()},
        compute=lambda run: profile_sources(run, project),
        numbers={"missing_share": "sum(missing) / nullif(sum(rows), 0)", "empty_columns": "count(*) filter (where nulls = rows)"},
    )


def _compute(project: Project, name: str, run: Run) -> StepResult:
    source = project.config.sources[name]
    table = table_of(name, source)
    before, earlier = run.rows(table), run.read(table)
    faults, rows = read_source(run, project, name)
    numbers = dict(rows.numbers)
    if source.where:
        numbers.setdefault("rows_filtered", rows_filtered(run, name))
    told = (rows.notice, advice(run, project, name), shrunk(before, rows.rows), keys_told(run, table, source, earlier), too_wide(source))
    said = "\n".join(each for each in told if each)
    return replace(rows, also=(faults, *rows.also), numbers=numbers, notice=said or None)
