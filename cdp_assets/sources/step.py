"""Reading one source in a run: first what cannot be read becomes known, then the rest becomes the source's table."""

from dataclasses import replace
from pathlib import Path

from cdp_assets.config import Project
from cdp_assets.lake import EngineError, Run, StepResult, digest, no_values_in_errors
from cdp_assets.sources.raw import raw_rows
from cdp_assets.sources.tables import QUARANTINE, table_of
from cdp_assets.sources.typed import QUARANTINED, RAW, conservation, quarantine_stage, rows_stage


def read_source(run: Run, project: Project, name: str) -> tuple[StepResult, StepResult]:
    """Bring a source's part of the quarantine and its table up to date: (what became of the quarantine, of the table).

    Files with the content of before are not parsed again. Raises SourceError, with nothing committed, when the source is
    broken as a whole; ChecksFailedError when the numbers of rows do not add up.
    """
    source = project.config.sources[name]
    code = digest.of_folder(Path(__file__).parent)
    with no_values_in_errors(f"source {name}"):
        raw = raw_rows(project.folder, name, source, run.work)
    try:
        faults = run.make(QUARANTINE, [quarantine_stage(name, source, raw.places)], {RAW: raw.rows}, code=code, partition=name)
        # Only this source's part counts: what another source adds to the quarantine does not make this table outdated.
        mine = replace(
            run.read(QUARANTINE, [name]), table=replace(QUARANTINE, name=f"quarantine of {name}"), digest=faults.content, version=None
        )  # fmt: skip
        rows = run.make(
            table_of(name, source), [rows_stage(name, source, raw.places)], {RAW: raw.rows, QUARANTINED: mine},
            checks=[conservation(name)], code=code,
        )  # fmt: skip
    except EngineError:
        raw.check_readable(name, run.engine.memory)
        raise
    finally:
        raw.discard()
    return faults, rows
