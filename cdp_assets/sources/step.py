"""Reading one source in a run: first what cannot be read becomes known, then the rest becomes the source's table."""

from dataclasses import replace
from pathlib import Path

from cdp_assets.config import AnySource, Project, RecordsSource
from cdp_assets.lake import Check, EngineError, Run, Source, StepResult, Table, digest, no_values_in_errors
from cdp_assets.sources.columns import known_columns, remember
from cdp_assets.sources.database import database_rows
from cdp_assets.sources.incremental import read_incremental
from cdp_assets.sources.incremental_stages import checks as incremental_checks
from cdp_assets.sources.nothing_left import refuse_where_nothing_is_left
from cdp_assets.sources.raw import raw_rows
from cdp_assets.sources.tables import QUARANTINE, SOURCE_FILES, table_of
from cdp_assets.sources.typed import COUNTED, QUARANTINED, RAW, conservation, files_stage, quarantine_stage, rows_stage


def read_source(run: Run, project: Project, name: str) -> tuple[StepResult, StepResult]:
    """Bring a source's part of the quarantine and its table up to date: (what became of the quarantine, of the table).

    Files with the content of before are not parsed again. Raises SourceError, with nothing committed, when the source is
    broken as a whole, and with the quarantine alone committed when that holds all its rows; ChecksFailedError when the
    numbers of rows do not add up.
    """
    source = project.config.sources[name]
    code = digest.of_folder(Path(__file__).parent)
    if isinstance(source, RecordsSource) and source.incremental is not None:
        return read_incremental(run, project, name, source, code)
    known = known_columns(run, name)
    with no_values_in_errors(f"source {name}"):
        if source.database is not None:
            raw = database_rows(name, source, run.work, run.engine.memory)
        else:
            raw = raw_rows(project.folder, name, source, run.work, known)
    try:
        faults = run.make(QUARANTINE, [quarantine_stage(name, source, raw.places)], {RAW: raw.rows}, code=code, partition=name)
        counted = run.make(SOURCE_FILES, [files_stage(name, source, raw.places)], {RAW: raw.rows}, code=code, partition=name)
        reads = {
            RAW: raw.rows,
            QUARANTINED: _part(run, QUARANTINE, name, faults.content),
            COUNTED: _part(run, SOURCE_FILES, name, counted.content),
        }
        refuse_where_nothing_is_left(run, name, table_of(name, source))
        stages = [rows_stage(name, source, raw.places)]
        rows = run.make(table_of(name, source), stages, reads, checks=checks_of(name, source), code=code)
        if raw.found:  # a query names its columns itself
            remember(run, name, raw.columns(), known)
    except EngineError:
        raw.check_readable(name, run.engine.memory)
        raise
    finally:
        raw.discard()
    return faults, rows


def checks_of(name: str, source: AnySource) -> tuple[Check, ...]:
    """The blocking checks of a source's table, besides those of its declaration."""
    if isinstance(source, RecordsSource) and source.incremental is not None:
        return incremental_checks(name, source)
    return (conservation(name),)


def _part(run: Run, table: Table, name: str, content: str) -> Source:
    """A source's part of a table. What another source adds to that does not make the table of this one outdated."""
    return replace(run.read(table, [name]), table=replace(table, name=f"{table.name} of {name}"), digest=content, version=None)
