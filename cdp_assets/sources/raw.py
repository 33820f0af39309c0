"""The rows of a source as they stand in its files: text or native values, with file and line, not yet typed.

Text files (CSV, JSON lines) are staged as one Parquet file in the run's folder, and only when a step really needs the rows.
Parquet files and Delta tables are read where they are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cdp_assets.config import AnySource, ConsentsSource, EventsSource
from cdp_assets.lake import Source, digest
from cdp_assets.lake.source import literal
from cdp_assets.lake.stage import intermediate
from cdp_assets.sources.columns import FoundColumns, Known, lacking_now
from cdp_assets.sources.files import WORDS, SourceError, SourceFile, find_files, fingerprint, reading
from cdp_assets.sources.layout import Layout
from cdp_assets.sources.layouts import layouts
from cdp_assets.sources.parquet_file import check_readable, check_unchanged, common_type, rows_sql
from cdp_assets.sources.staging import READERS, stage_rows


@dataclass(frozen=True)
class Raw:
    """The raw rows of a source: source_file, source_line, problem (why the whole row cannot be read), then its columns.

    `places` is column of the files -> (column of these rows, its type). `lacking` are the wanted columns that no row has, known
    once the rows are staged.
    """

    rows: Source
    places: Mapping[str, tuple[str, str]]
    staged: Path | None = None
    found: Sequence[Layout] = ()
    lacking: list[str] = field(default_factory=list)

    def check_readable(self, source: str, memory: int) -> None:
        """Say which file is at fault after reading has failed: raises SourceError when it is one. Text files are checked on the way."""
        if self.staged is None:
            check_readable(source, self.found, self.places, memory)

    def discard(self) -> None:
        """Remove what was staged."""
        if self.staged is not None:
            self.staged.unlink(missing_ok=True)

    def columns(self) -> FoundColumns:
        """The columns of the files, those of all of them together."""
        types: dict[str, set[str]] = {}
        for layout in self.found:
            for column in layout.columns:
                types.setdefault(column, set()).add(layout.types.get(column, "") if layout.typed else "text")
        is_open = any(layout.file.format == "json_lines" for layout in self.found)
        for column in self.places if is_open else ():
            if column not in self.lacking:
                types.setdefault(column, {"text"})  # a key of later lines only
        return FoundColumns({column: ", ".join(sorted(kinds)) for column, kinds in types.items()}, self.places, self.lacking, is_open)


def raw_rows(
    folder: Path, source_name: str, source: AnySource, work: Path, known: Sequence[Known] = (), files: Sequence[SourceFile] | None = None
) -> Raw:
    """The rows of a source's files below the project's folder, or of `files` alone, staged below `work` where that is needed.

    Reads all files once for their fingerprint, and only their beginnings for their structure; `known` are the columns of the
    last time. Raises SourceError when something is wrong with the source as a whole; what is wrong inside a text file is found
    when the rows are needed.
    """
    files = find_files(folder, source_name, source) if files is None else files
    if len(formats := sorted({WORDS[file.format] for file in files})) > 1:
        raise SourceError(
            source_name, [f"some of its files are {' and some are '.join(formats)}. Make them two sources, or state one `format`."]
        )
    wanted = wanted_columns(source_name, source)
    found = layouts(source_name, files, wanted, source.csv, known)
    is_text = files[0].format in READERS
    types = dict.fromkeys(wanted, "varchar") if is_text else {column: common_type(column, found) for column in wanted}
    places = {column: (f"c{number}", types[column]) for number, column in enumerate(wanted)}
    listing = "\n".join(f"{ours} | {kind} | a column of the files" for ours, kind in places.values())
    fixed = "source_file | varchar | file\nsource_line | bigint | line\nproblem | varchar | why the whole row cannot be read\n"
    table = intermediate("files", fixed + listing)
    staged = work / "files" / f"{source_name}.parquet" if is_text else None
    # What is in no line is known only when all are read; until then it is what it was.
    lacking = [each.column for each in known if each.change and not each.there and each.column in wanted]

    def prepare() -> None:
        if staged is None:
            check_unchanged(source_name, found)
        elif not staged.exists():
            lacking[:] = stage_rows(source_name, found, list(wanted), [ours for ours, _ in places.values()], staged)
            if problems := lacking_now(lacking, wanted, known):
                raise SourceError(source_name, problems)

    sql = f"select * from read_parquet({literal(str(staged))})" if staged else rows_sql(found, places)
    with reading(source_name, files):
        content = digest.of([fingerprint(files), places, [[each.encoding, each.quote, each.delimiter] for each in found]])
    return Raw(Source(table, sql, sum(file.bytes for file in files), content, prepare=prepare), places, staged, found, lacking)


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
    for field_name, its in source.fields.items():
        wanted.setdefault(its.column or field_name, f"{at}.fields.{field_name}")
    return wanted
