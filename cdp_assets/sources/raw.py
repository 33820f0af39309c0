"""The rows of a source as they stand in its files: text or native values, with file and line, not yet typed.

CSV files are staged as one Parquet file in the run's folder, and only when a step really needs the rows. Parquet files are
read where they are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cdp_assets.config import AnySource, ConsentsSource, EventsSource
from cdp_assets.lake import Source, digest
from cdp_assets.lake.source import literal
from cdp_assets.lake.stage import intermediate
from cdp_assets.sources.csv_file import stage_rows
from cdp_assets.sources.files import SourceError, find_files, fingerprint
from cdp_assets.sources.layout import Layout, layouts
from cdp_assets.sources.parquet_file import check_readable, check_unchanged, common_type, rows_sql


@dataclass(frozen=True)
class Raw:
    """The raw rows of a source: source_file, source_line, problem (why the whole row cannot be read), then its columns.

    `places` is column of the files -> (column of these rows, its type).
    """

    rows: Source
    places: Mapping[str, tuple[str, str]]
    staged: Path | None = None
    found: Sequence[Layout] = ()

    def check_readable(self, source: str, memory: int) -> None:
        """Say which file is at fault after reading has failed: raises SourceError when it is one. CSV files are checked on the way."""
        if self.staged is None:
            check_readable(source, self.found, self.places, memory)

    def discard(self) -> None:
        """Remove what was staged."""
        if self.staged is not None:
            self.staged.unlink(missing_ok=True)


def raw_rows(folder: Path, source_name: str, source: AnySource, work: Path) -> Raw:
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
    types = dict.fromkeys(wanted, "varchar") if is_csv else {column: common_type(column, found) for column in wanted}
    places = {column: (f"c{number}", types[column]) for number, column in enumerate(wanted)}
    listing = "\n".join(f"{ours} | {kind} | a column of the files" for ours, kind in places.values())
    fixed = "source_file | varchar | file\nsource_line | bigint | line\nproblem | varchar | why the whole row cannot be read\n"
    table = intermediate("files", fixed + listing)
    staged = work / "files" / f"{source_name}.parquet" if is_csv else None

    def prepare() -> None:
        if staged is None:
            check_unchanged(source_name, found)
        elif not staged.exists():
            stage_rows(source_name, found, list(wanted), [ours for ours, _ in places.values()], staged)

    sql = f"select * from read_parquet({literal(str(staged))})" if staged else rows_sql(found, places)
    content = digest.of([fingerprint(files), places])
    return Raw(Source(table, sql, sum(file.bytes for file in files), content, prepare=prepare), places, staged, found)


def wanted_columns(name: str, source: AnySource) -> dict[str, str]:
    """The columns that must be in each file of source `name`, and the place in cdp.yaml that asks for each."""
    at = f"sources.{name}"
    wanted: dict[str, str] = {}
    if isinstance(source, EventsSource):
        for option, column in (("event_id", source.event_id), ("visitor", source.visitor), ("time", source.time), ("event", source.event)):
            wanted.setdefault(column, f"{at}.{option}")
        for column in source.known_as:
            wanted.setdefault(column, f"{at}.known_as")
    if isinstance(source, ConsentsSource):
        for option, column in (("purpose", source.purpose), ("given", source.given), ("at", source.at)):
            wanted.setdefault(column, f"{at}.{option}")
        return wanted | {column: f"{at}.person" for column in source.person if column not in wanted}
    for field, its in source.fields.items():
        wanted.setdefault(its.column or field, f"{at}.fields.{field}")
    return wanted
