"""Whether cdp.yaml says something else of unification than when the tables were made from which questions are answered."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import duckdb

from cdp_assets.config import Project
from cdp_assets.contacts.assets import unifying
from cdp_assets.contacts.state_tables import state_tables
from cdp_assets.errors import UserError
from cdp_assets.identity.explain.state import last_whole, made_by
from cdp_assets.lake import EngineError, Place, Step
from cdp_assets.lake import delta as log
from cdp_assets.lake.digest import of_stages, of_step

OUTDATED = (
    "What cdp.yaml says of unification has changed since the last refresh, or the program has: records, pairs and groups are those "
    "of the last refresh, rules are as they stand now. `cdp refresh` brings both together."
)
_NO_ANSWER = (
    "There is no answer now: what cdp.yaml says of unification has changed since the last refresh, and does not fit the tables "
    "of then. Run `cdp refresh`, then ask again."
)


def outdated(project: Project, of: str) -> bool:
    """Whether the last whole state of customers, accounts or contacts was made in another way than cdp.yaml asks for now.

    What is compared is what each step notes of itself: its statements and what it read, so that new data alone is no change.
    """
    place, tables = Place(project.store), state_tables(project, of)
    state = last_whole(place, tables)
    if state is None:
        return False
    edges = made_by(place, tables.edges.name, state.versions[tables.edges.name])
    versions = {**(edges.inputs if edges else {}), **state.versions}  # pairs of duplicates are no table of the state
    wanted = {table.name for table in (tables.edges, tables.clusters, *tables.records.values())}
    wanted |= {f"duplicate_pairs_{source}" for source in tables.records}
    return any(_otherwise(place, step, versions) for step in unifying(project, of) if step.table.name in wanted)


@contextmanager
def advice(outdated: bool) -> Iterator[None]:
    """Say what to do where a question fails over tables that were made in another way; any other failure is told as it is."""
    try:
        yield
    except (EngineError, duckdb.Error):
        if not outdated:
            raise
        raise UserError(_NO_ANSWER) from None


def _otherwise(place: Place, step: Step, versions: Mapping[str, int | None]) -> bool:
    """Whether the step would now make the table in another way from the same inputs; False where that is not known any more."""
    table = step.table.name
    made = made_by(place, table, versions.get(table))
    if made is None:
        return False
    if made.inputs.keys() != {each.name for each in step.reads.values()}:
        return True
    contents = {name: _content(place, each.name, made.inputs[each.name]) for name, each in step.reads.items()}
    inputs = {name: content for name, content in contents.items() if content is not None}
    if len(inputs) < len(contents):
        return False
    return of_step(of_stages(step.stages()), inputs, step.settings, made.as_of if step.uses_as_of else None, step.code) != made.digest


def _content(place: Place, table: str, version: int | None) -> str | None:
    """The digest of a version's rows as a step notes it; None: its log is gone."""
    if version is None:
        return "none"
    noted = log.commit_metadata(place.lake / table, version)
    return str(noted.get("content", f"version {version}")) if noted else None
