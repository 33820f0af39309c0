"""The layouts of a source's files, and what is wrong with them: columns that are missing, there twice, or nested."""

from collections.abc import Iterator, Mapping, Sequence

from cdp_assets.config.csv_form import CsvForm
from cdp_assets.lake import session
from cdp_assets.sources.columns import Known, vanished
from cdp_assets.sources.csv_layout import csv_layout
from cdp_assets.sources.files import SourceError, SourceFile, reading
from cdp_assets.sources.json_lines import json_layout
from cdp_assets.sources.layout import Layout
from cdp_assets.sources.names import hint
from cdp_assets.sources.parquet_layout import delta_layout, parquet_layout


def layouts(
    source: str,
    files: Sequence[SourceFile],
    wanted: Mapping[str, str],
    form: CsvForm | None = None,
    known: Sequence[Known] = (),
) -> tuple[Layout, ...]:
    """The layout of each file, of which only the beginning is read. `wanted` is column -> the place in cdp.yaml that asks for it.

    `form` is how cdp.yaml says that CSV files are written, `known` the columns of the last time. Raises SourceError with all
    that is wrong: a file that cannot be read, a wanted column that is missing, there twice or nested. Names from a file are
    shown only where they surely are names: without a line of column names, the first line is somebody's record.
    """
    found: list[Layout] = []
    problems: list[str] = []
    with session() as connection:
        for file in files:
            try:
                with reading(source, [file]):
                    if file.format == "csv":
                        layout = csv_layout(source, file, wanted, form)
                    elif file.format == "json_lines":
                        layout = json_layout(source, file)
                    elif file.format == "parquet":
                        layout = parquet_layout(connection, source, file)
                    else:
                        layout = delta_layout(source, file)
            except SourceError as error:
                problems += error.problems
                continue
            problems += _wrong(layout, wanted, known)
            found.append(layout)
    if problems:
        raise SourceError(source, problems)
    return tuple(found)


def _wrong(layout: Layout, wanted: Mapping[str, str], known: Sequence[Known]) -> Iterator[str]:
    if layout.file.format == "json_lines":
        return  # a key that is missing is no value; whether any line has it is known when all are read
    file = layout.file.name
    for column, place in wanted.items():
        times = _times(layout, column)
        kind = layout.types.get(column, "")
        if times == 0:
            gone = vanished(column, place, layout.columns, known)
            yield (
                f"{file} {gone}"
                if gone
                else f'{file} has no column "{column}", which {place} asks for.' + hint(column, layout.columns, wanted)
            )
        elif times > 1:
            case = "" if layout.columns.count(column) == times else " (capital letters do not count)"
            yield f'{file} has {times} columns "{column}"{case}, and {place} asks for one. Give them names of their own.'
        elif layout.typed and not kind:
            yield f'{file}: column "{column}" cannot be told from others of nearly that name. Give them names of their own.'
        elif kind == "BLOB" or kind.endswith("]") or kind.startswith(("STRUCT", "MAP", "UNION", "VARIANT")):
            what = "bytes" if kind == "BLOB" else "lists or nested values"
            yield f'{file}: column "{column}" holds {what}, and {place} needs plain ones.'


def _times(layout: Layout, column: str) -> int:
    """How often the column is there; DuckDB, which reads Parquet, does not tell capital letters apart."""
    exact = layout.columns.count(column)
    return exact and len([name for name in layout.columns if name.lower() == column.lower()]) if layout.typed else exact
