"""What people are told of a source that was read, although it went well: columns that changed, and quarantine that has one cause.

Only names, patterns and counts; no value of a record.
"""

from collections import Counter
from collections.abc import Iterator, Mapping

from cdp_assets.config import AnySource, ConsentsSource, EventsSource, Project
from cdp_assets.lake import Run
from cdp_assets.lake.source import name as quoted
from cdp_assets.sources.columns import known_columns, notice
from cdp_assets.sources.date_forms import patterns_in
from cdp_assets.sources.tables import QUARANTINE, SOURCE_FILES
from cdp_assets.sources.typed import REPEATED

_QUOTES = ("a quotation mark", "text after a closing quotation mark")
_COLUMNS = ("more columns than the header", "fewer columns than the header")
_FEW = 100  # rows; of fewer, half come and go without a fault
Faults = Mapping[tuple[str, str], int]


def advice(run: Run, project: Project, source_name: str) -> str | None:
    """What people must be told of a source after it was read; None: nothing."""
    source = project.config.sources[source_name]
    faults, rows = _faults(run, source_name)
    said = [notice(source_name, known_columns(run, source_name), run.as_of), *_dates(source_name, source, faults, rows)]
    said += [*_form(source_name, faults, rows), *_fields(source_name, source, faults, rows)]
    return " ".join(each for each in said if each) or None


def rows_filtered(run: Run, source_name: str) -> int:
    """How many rows of a source's files its row filter left out."""
    sql = f"select cast(coalesce(sum(rows_filtered), 0) as bigint) from ({run.read(SOURCE_FILES, [source_name]).sql})"
    return int(run.reader().execute(sql).fetchall()[0][0])


def _faults(run: Run, source_name: str) -> tuple[Faults, int]:
    """(field, reason) -> rows of the source's quarantine; and the rows of its files."""
    quarantine, files = run.read(QUARANTINE, [source_name]), run.read(SOURCE_FILES, [source_name])
    if quarantine.version is None or files.version is None:
        return {}, 0
    ask = run.reader().execute
    found = ask(f"select field, reason, count(*) from ({quarantine.sql}) group by all order by all").fetchall()
    rows = ask(f"select cast(coalesce(sum({quoted('rows')}), 0) as bigint) from ({files.sql})").fetchall()[0][0]
    # A source that is read in increments is counted elsewhere, and then a share of its rows would mean nothing.
    return ({(field, reason): count for field, reason, count in found}, int(rows)) if rows else ({}, 0)


def _dates(source_name: str, source: AnySource, faults: Faults, rows: int) -> Iterator[str]:
    """Of each field of dates that cannot be read in most rows: the pattern that would read them."""
    for field, place in _places_of_patterns(source_name, source):
        fitting: Counter[str] = Counter()
        failed = 0
        for (label, reason), count in faults.items():
            if label == field and (patterns := patterns_in(reason)):
                failed += count
                fitting.update(dict.fromkeys(patterns, count))
        if 2 * failed > rows:
            most = max(fitting.values())
            best = [f'"{pattern}"' for pattern in sorted(fitting) if fitting[pattern] == most]
            yield f"{field} cannot be read in {failed} of {rows} rows; {' or '.join(best)} would read {most} of them: state it at {place}."


def _places_of_patterns(source_name: str, source: AnySource) -> list[tuple[str, str]]:
    at = f"sources.{source_name}"
    if isinstance(source, ConsentsSource):
        return []
    places = [(name, f"{at}.fields.{name}.format") for name, field in source.fields.items() if field.data_type in ("date", "timestamp")]
    return [*places, (source.time, f"{at}.time_format")] if isinstance(source, EventsSource) else places


def _fields(source_name: str, source: AnySource, faults: Faults, rows: int) -> Iterator[str]:
    """Of each field that most rows have no readable value of, for one reason: a column that is written otherwise than cdp.yaml says."""
    own = {} if isinstance(source, ConsentsSource) else source.fields
    for (field, reason), count in faults.items():
        if field in own and 2 * count > rows and reason != REPEATED and not patterns_in(reason):
            yield f"{field} cannot be read in {count:,} of {rows:,} rows: {reason}; see sources.{source_name}.fields.{field}."


def shrunk(before: int, now: int) -> str | None:
    """What people must be told of a source that lost most of its rows, as a file that was cut off at the end of a line makes it."""
    if before < _FEW or 2 * now >= before:
        return None
    return f"{now:,} rows, {before:,} before: if a file was cut off or did not come, deliver it again."


def _form(source_name: str, faults: Faults, rows: int) -> Iterator[str]:
    """Where most rows break the rules of CSV, they most likely follow others."""
    of_rows = {reason: count for (field, reason), count in faults.items() if not field}
    broken = {kind: sum(n for reason, n in of_rows.items() if reason.startswith(kind)) for kind in (_QUOTES, _COLUMNS)}
    if 2 * broken[_QUOTES] > rows:
        yield (
            f"{broken[_QUOTES]} of {rows} rows break the rules of quotation; if marks are part of the values, "
            f"write csv: {{quote: none}} below sources.{source_name}."
        )
    if 2 * broken[_COLUMNS] > rows:
        yield (
            f"{broken[_COLUMNS]} of {rows} rows have another number of columns than the header; see whether the delimiter is the right one "
            f"(csv: {{delimiter: ...}} below sources.{source_name})."
        )
