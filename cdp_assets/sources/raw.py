"""The rows of a source as they stand in its files: text or native values, with file and line, not yet typed.

CSV files are staged as one Parquet file in the run's folder, and only when a step really needs the rows. Parquet files are
read where they are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlglot import exp

from cdp_assets.config import EventsSource, RecordsSource
from cdp_assets.lake import Source, digest
from cdp_assets.lake.source import literal
from cdp_assets.lake.stage import intermediate
from cdp_assets.sources.convert import FLOATING_TEXT, node
from cdp_assets.sources.csv_file import stage_rows
from cdp_assets.sources.files import SourceError, find_files, fingerprint
from cdp_assets.sources.layout import Layout, layouts, read_as

# DuckDB's type in a Parquet file -> the type of the raw rows and how it becomes that. All others are read as text.
_NATIVE = {
    **dict.fromkeys(["TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"], ("bigint", "cast(:raw as bigint)")),
    # By way of text 0.1 stays 0.1 and does not become 0.10000000149.
    "FLOAT": ("double", "cast(cast(:raw as varchar) as double)"),
    "DOUBLE": ("double", ":raw"),
    "DECIMAL(18,2)": ("decimal(18,2)", ":raw"),
    "BOOLEAN": ("boolean", ":raw"),
    "DATE": ("date", ":raw"),
    **dict.fromkeys(
        ["TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "TIMESTAMP WITH TIME ZONE"], ("timestamp", "cast(:raw as timestamp)")
    ),
}
_AS_TEXT = {"FLOAT": FLOATING_TEXT, "DOUBLE": FLOATING_TEXT}
_TEXT = "cast(:raw as varchar)"


@dataclass(frozen=True)
class Raw:
    """The raw rows of a source: source_file, source_line, problem (why the whole row cannot be read), then its columns.

    `places` is column of the files -> (column of these rows, its type).
    """

    rows: Source
    places: Mapping[str, tuple[str, str]]
    staged: Path | None = None

    def discard(self) -> None:
        """Remove what was staged."""
        if self.staged is not None:
            self.staged.unlink(missing_ok=True)


def raw_rows(folder: Path, source_name: str, source: RecordsSource | EventsSource, work: Path) -> Raw:
    """The rows of a source's files below the project's folder, staged below `work` where that is needed.

    Reads all files once for their fingerprint, and only their beginnings for their structure. Raises SourceError when
    something is wrong with the source as a whole; what is wrong inside a CSV file is found when the rows are needed.
    """
    files = find_files(folder, source_name, source)
    if len({file.format for file in files}) > 1:
        raise SourceError(source_name, ["some of its files are CSV and some are Parquet. Make them two sources, or state one `format`."])
    wanted = wanted_columns(source_name, source)
    found = layouts(source_name, files, wanted)
    is_csv = files[0].format == "csv"
    types = dict.fromkeys(wanted, "varchar") if is_csv else {column: _common_type(column, found) for column in wanted}
    places = {column: (f"c{number}", types[column]) for number, column in enumerate(wanted)}
    listing = "\n".join(f"{ours} | {kind} | a column of the files" for ours, kind in places.values())
    fixed = "source_file | varchar | file\nsource_line | bigint | line\nproblem | varchar | why the whole row cannot be read\n"
    table = intermediate("files", fixed + listing)
    staged = work / "files" / f"{source_name}.parquet" if is_csv else None

    def prepare() -> None:
        if staged is None:
            _unchanged(source_name, found)
        elif not staged.exists():
            stage_rows(source_name, found, list(wanted), [ours for ours, _ in places.values()], staged)

    sql = f"select * from read_parquet({literal(str(staged))})" if staged else _parquet_sql(found, places)
    content = digest.of([fingerprint(files), places])
    return Raw(Source(table, sql, sum(file.bytes for file in files), content, prepare=prepare), places, staged)


def wanted_columns(name: str, source: RecordsSource | EventsSource) -> dict[str, str]:
    """The columns that must be in each file of source `name`, and the place in cdp.yaml that asks for each."""
    at = f"sources.{name}"
    wanted: dict[str, str] = {}
    if isinstance(source, EventsSource):
        for option, column in (("event_id", source.event_id), ("visitor", source.visitor), ("time", source.time), ("event", source.event)):
            wanted.setdefault(column, f"{at}.{option}")
        for column in source.known_as:
            wanted.setdefault(column, f"{at}.known_as")
    for field, its in source.fields.items():
        wanted.setdefault(its.column or field, f"{at}.fields.{field}")
    return wanted


def _common_type(column: str, found: Sequence[Layout]) -> str:
    types = {_NATIVE.get(layout.types[column], ("varchar",))[0] for layout in found}
    return types.pop() if len(types) == 1 else "varchar"


def _parquet_sql(found: Sequence[Layout], places: Mapping[str, tuple[str, str]]) -> str:
    """One select for all files whose columns have the same types, so that a thousand files are still a short statement."""
    alike: dict[tuple[str, ...], list[Layout]] = {}
    for layout in found:
        alike.setdefault(tuple(layout.types[column] for column in places), []).append(layout)
    return " union all ".join(_alike_sql(group, places) for group in alike.values())


def _alike_sql(group: Sequence[Layout], places: Mapping[str, tuple[str, str]]) -> str:
    values = ", ".join(_value(column, group[0].types[column], *place) for column, place in places.items())
    paths = ", ".join(literal(read_as(layout.file)) for layout in group)
    names = ", ".join(f"({literal(str(layout.file.path))}, {literal(layout.file.name)})" for layout in group)
    read = f"read_parquet([{paths}], filename = '_path', file_row_number = true, hive_partitioning = false, union_by_name = true)"
    return (
        f"select _name as source_file, file_row_number + 1 as source_line, cast(null as varchar) as problem, {values} "
        f"from {read} join (values {names}) as _files(_full, _name) on _path = _full"
    )


def _value(column: str, found: str, ours: str, kind: str) -> str:
    template = _AS_TEXT.get(found, _TEXT) if kind == "varchar" else _NATIVE[found][1]
    return node(template, raw=exp.column(column, quoted=True)).as_(ours, quoted=True).sql(dialect="duckdb")


def _unchanged(source: str, found: Sequence[Layout]) -> None:
    changed = [layout.file.name for layout in found if not layout.file.as_it_was()]
    if changed:
        raise SourceError(source, [f"{name} changed while it was read. Refresh again when it is complete." for name in changed])
