"""A look at one source: what its columns hold, read with the same code as a refresh reads them. Counts and forms, never values."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import duckdb

from cdp_assets.config.loader import FILE
from cdp_assets.lake import no_values_in_errors
from cdp_assets.lake.source import name as quoted
from cdp_assets.sources.column_profile import Profiled, profile_sql
from cdp_assets.sources.files import SourceError
from cdp_assets.sources.layouts import layouts
from cdp_assets.sources.raw import Raw, raw_rows
from cdp_assets.start.evidence import COUNTS
from cdp_assets.start.files import Group, probe
from cdp_assets.start.names import field_name, is_name

OTHER_ENCODING = "cp1252"
"""What a CSV file that is not UTF-8 is read as: every text can be, so whether it is right shows only to those who read it."""
AT_ONCE = 50
"""So many columns are profiled in one statement."""


@dataclass(frozen=True)
class Seen:
    """A column as it was seen: its name in the files, our name, the type of the raw rows, and counts.

    `forms` are the most frequent forms of its values with their rows; `counts`: how many rows hold what looks like something.
    """

    column: str
    field: str
    raw: str
    raw_type: str
    rows: int
    nulls: int
    missing: int
    uniques: int
    forms: tuple[tuple[str, int], ...]
    counts: Mapping[str, int]

    @property
    def filled(self) -> int:
        """Rows with a value."""
        return self.rows - self.nulls

    @property
    def repeated(self) -> int:
        """Rows whose value another row has had before."""
        return self.filled - self.uniques

    @property
    def unique(self) -> bool:
        """Whether every row has a value of its own."""
        return self.rows > 0 and self.nulls == 0 and self.repeated == 0

    def share(self, what: str) -> float:
        """Which part of the rows with a value looks like that."""
        return self.counts[what] / self.filled if self.filled else 0.0


@dataclass(frozen=True)
class Look:
    """A source as it was seen.

    `rows` can be read, `unreadable` rows cannot as a whole; `left`: columns that cannot be read, each with the reason.
    """

    group: Group
    rows: int
    unreadable: int
    columns: tuple[Seen, ...]
    left: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The name of the source."""
        return self.group.name

    def column(self, field_: str) -> Seen:
        """The column by our name of it."""
        return next(seen for seen in self.columns if seen.field == field_)


def look(connection: duckdb.DuckDBPyConnection, folder: Path, group: Group) -> Look:
    """Read a source once and count. Its readable rows stay there as the view of its name, in the connection.

    Raises SourceError when it cannot be read as a whole.
    """
    if not all(is_name(column) for column in group.columns if column):
        raise SourceError(group.name, [f"{group.files} seems to have no line of column names: its first line holds somebody's values."])
    left = _unusable(group)
    usable = [column for column in group.columns if column not in left]
    if not usable:
        raise SourceError(group.name, [f"{group.files} has no column that can be read."])
    try:
        raw, fields = _raw(connection, folder, group, usable)
    except SourceError as error:
        if "not UTF-8" not in error.message or group.encoding:
            raise
        return look(connection, folder, replace(group, encoding=OTHER_ENCODING))
    seen: list[Seen] = []
    for start in range(0, len(usable), AT_ONCE):
        seen += _profiles(connection, group.name, raw, fields, usable[start : start + AT_ONCE])
    with no_values_in_errors(group.files):
        total, unreadable = connection.execute(
            f"select count(*), count(*) filter (where problem is not null) from ({raw.rows.sql})"
        ).fetchall()[0]
    return Look(group, total - unreadable, unreadable, tuple(seen), left)


def work_folder() -> "tempfile.TemporaryDirectory[str]":
    """A folder of its own for what is staged, only the user's, gone at the end."""
    return tempfile.TemporaryDirectory(prefix="cdp-init-")


def _raw(connection: duckdb.DuckDBPyConnection, folder: Path, group: Group, usable: Sequence[str]) -> tuple[Raw, dict[str, str]]:
    fields: dict[str, str] = {}
    for column in usable:
        fields[column] = field_name(column, list(fields.values()))
    written = {ours: {"type": "text", "column": column} for column, ours in fields.items()}
    source = probe(group.files, primary_key=next(iter(written)), fields=written, **_format(group))
    work = Path(connection.execute("select current_setting('temp_directory')").fetchall()[0][0])
    with no_values_in_errors(group.files):
        raw = raw_rows(folder, group.name, source, work)
        if raw.rows.prepare is not None:
            raw.rows.prepare()
        connection.execute(f"create or replace temp view {quoted(group.name)} as select * from ({raw.rows.sql}) where problem is null")
    return raw, fields


def _format(group: Group) -> dict[str, object]:
    """The format is stated where the names of the files do not say it: a folder may hold others beside."""
    if group.stated:
        return dict(group.stated)
    stated: dict[str, object] = {"format": group.layouts[0].file.format}
    return {**stated, "csv": {"encoding": group.encoding}} if group.encoding else stated


def _unusable(group: Group) -> dict[str, str]:
    """Columns that cannot be read, with the reason, in words that hold no name of the files' that is not one."""
    left = {column: "has no name" for column in group.columns if not column.strip()}
    named = [column for column in dict.fromkeys(group.columns) if column not in left]
    if _refused(group, named):
        left |= {column: reason for column in named if (reason := _refused(group, [column]))}
    return left


def _refused(group: Group, columns: Sequence[str]) -> str | None:
    """Why these columns cannot all be read; None when they can."""
    try:
        layouts(group.name, [layout.file for layout in group.layouts[:1]], dict.fromkeys(columns, FILE))
    except SourceError as error:
        return _reason(error.problems[0])
    return None


def _reason(problem: str) -> str:
    for words in ("lists or nested values", "bytes"):
        if words in problem:
            return f"holds {words}"
    return "its name is there more than once" if "columns" in problem else "cannot be read"


def _profiles(
    connection: duckdb.DuckDBPyConnection, name: str, raw: Raw, fields: Mapping[str, str], columns: Sequence[str]
) -> Iterator[Seen]:
    asked = [Profiled(column, quoted(raw.places[column][0]), True, COUNTS) for column in columns]
    with no_values_in_errors(f"source {name}"):
        result = connection.execute(profile_sql(name, asked)).fetchall()
    for label, _, _, rows, nulls, missing, uniques, top, *counts in sorted(result, key=lambda row: row[1]):
        ours, raw_type = raw.places[label]
        forms = tuple((each["told"], -each["n"]) for each in top)
        yield Seen(label, fields[label], ours, raw_type, rows, nulls, missing, uniques, forms, dict(zip(COUNTS, counts, strict=True)))
