"""Publishing: build a snapshot beside the current one, close it, and switch readers to it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import duckdb

from cdp_assets.lake import Source, no_values_in_errors
from cdp_assets.lake.digest import of, of_folder
from cdp_assets.lake.source import literal, name
from cdp_assets.publish import pointer
from cdp_assets.publish.card_contents import SERVE
from cdp_assets.publish.contents import fill, meanings_of
from cdp_assets.publish.tables import INPUTS, LAYOUT, published_inputs, published_tables

PLACE = "published_snapshot"


@dataclass(frozen=True)
class Published:
    """The current publication. `unchanged`: its contents were published before, only `as_of` moved on."""

    folder: Path
    as_of: date
    contents: str
    unchanged: bool
    rows: Mapping[str, int] = field(default_factory=dict)  # table -> rows

    @property
    def file(self) -> Path:
        """The DuckDB file that readers open."""
        return self.folder / pointer.FILE

    @property
    def bytes(self) -> int:
        """Its size."""
        return self.file.stat().st_size


def publish(
    connection: duckdb.DuckDBPyConnection,
    published: Path,
    inputs: Mapping[str, Source],
    meanings: Mapping[str, str],
    *,
    run_id: str,
    as_of: date,
    account_meanings: Mapping[str, str] | None = None,
    labels: Mapping[str, str] | None = None,
) -> Published:
    """Publish these versions of the tables named in INPUTS, and of those of OPTIONAL_INPUTS that are given.

    The caller has found them closed (closed_state).
    `connection` is any writable DuckDB (in memory is enough): the new file is attached to it while it is filled.
    `meanings` gives the type in cdp.yaml of the fields of unified_profiles, `account_meanings` of account_profiles;
    `labels` says what fields are called that the configuration renames.
    Contents that are published already are not written again. Raises EngineError, without any value in its text, and
    leaves the last publication in place.
    """
    unified = inputs["unified_profiles"].table
    meanings = meanings_of(unified, meanings)
    inputs = {**{table: inputs[table] for table in INPUTS}, **{table: inputs[table] for table in published_inputs(inputs)}}
    states = {table: (source.version, source.digest) for table, source in inputs.items()}
    declared = {table: [(c.name, c.type, c.personal) for c in source.table.columns] for table, source in inputs.items()}
    accounts, called = dict(account_meanings or {}), dict(labels or {})
    contents = of(
        [states, declared, list(meanings.items()), list(accounts.items()), list(called.items()), of_folder(Path(__file__).parent)]
    )
    before = pointer.read_pointer(published)
    with no_values_in_errors(PLACE):
        if before is not None and before.contents == contents and (published / before.folder / pointer.FILE).exists():
            pointer.write_pointer(published, replace(before, as_of=str(as_of)))
            folder = published / before.folder
            with _attached(connection, folder / pointer.FILE, read_only=True):
                return Published(folder, as_of, contents, unchanged=True, rows=_rows(connection, inputs))
        with pointer.building(published, run_id) as aside:
            with _attached(connection, aside / pointer.FILE):
                fill(connection, inputs, meanings, accounts, contents, str(as_of), called)
                rows = _rows(connection, inputs)
                connection.execute(f"checkpoint {SERVE}")
            kept = before.kept if before else ()
            current = pointer.switch(published, aside, pointer.Pointer("", str(as_of), contents, LAYOUT, kept))
    return Published(published / current.folder, as_of, contents, unchanged=False, rows=rows)


def versions_of(published: Path) -> list[tuple[str, int]]:
    """Table of the lake and version, for each that a kept publication was made from; what cannot be read is left out."""
    before = pointer.read_pointer(published)
    found: list[tuple[str, int]] = []
    for folder in before.kept if before else ():
        file = published / folder / pointer.FILE
        try:
            with duckdb.connect(str(file), read_only=True) as connection:
                rows = connection.execute("select table_name, version from published_version where version is not null").fetchall()
        except duckdb.Error:  # an older layout, or somebody is just removing it
            continue
        found += [(str(table), int(version)) for table, version in rows]
    return found


@contextmanager
def _attached(connection: duckdb.DuckDBPyConnection, file: Path, *, read_only: bool = False) -> Iterator[None]:
    connection.execute(f"attach {literal(str(file))} as {SERVE}" + (" (read_only)" if read_only else ""))
    try:
        yield
    finally:
        connection.execute(f"detach {SERVE}")


def _rows(connection: duckdb.DuckDBPyConnection, inputs: Mapping[str, Source]) -> dict[str, int]:
    names = [table.name for table in published_tables(inputs["unified_profiles"].table)]
    return {each: connection.execute(f"select count(*) from {SERVE}.{name(each)}").fetchall()[0][0] for each in names}
