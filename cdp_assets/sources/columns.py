"""What columns the files of a source had the last time, and what is said when one is new, gone or of another type.

A column that is needed and gone is an error (SourceError, said by layouts.py); all else is told once and stops nothing.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from cdp_assets.lake import Run, Stage
from cdp_assets.lake.source import literal
from cdp_assets.sources.names import like, showable
from cdp_assets.sources.tables import SOURCE_COLUMNS

NEW, GONE, NEVER = "new", "gone", "never there"
_TYPE = "type was "
_SHOWN = 5


@dataclass(frozen=True)
class Known:
    """A row of SOURCE_COLUMNS without its source."""

    column: str
    position: int
    type: str
    wanted: bool
    since: date
    change: str | None = None
    changed: date | None = None

    @property
    def there(self) -> bool:
        """Whether the files had it the last time."""
        return self.change not in (GONE, NEVER)


@dataclass(frozen=True)
class FoundColumns:
    """The columns of a source's files now: column -> type, the wanted ones, and of these those that are in no row.

    `open`: whether the files may lack columns that they had (JSON lines, where every object has its own keys).
    """

    types: Mapping[str, str]
    wanted: Collection[str]
    lacking: Collection[str] = ()
    open: bool = False


def known_columns(run: Run, source: str) -> list[Known]:
    """The columns that the source's files had the last time they were read, those that are gone too; none at the first time."""
    table = run.read(SOURCE_COLUMNS, [source])
    if table.version is None:
        return []
    sql = f'select column_name, "position", type, wanted, since, change, changed from ({table.sql}) order by "position", column_name'
    return [Known(*row) for row in run.reader().execute(sql).fetchall()]


def remember(run: Run, source: str, found: FoundColumns, known: Sequence[Known]) -> None:
    """Write down the columns that the files have now. Names that may not be shown are not written down either."""
    rows = compared(found, known, run.as_of)
    if rows and rows != list(known):
        run.make(SOURCE_COLUMNS, [columns_stage(source, rows)], {}, partition=source)


def compared(found: FoundColumns, known: Sequence[Known], day: date) -> list[Known]:
    """The rows of SOURCE_COLUMNS after this run: what is as before keeps its days, and what is not has a change of this day."""
    before = {each.column: each for each in known}
    rows: list[Known] = []
    names = [name for name in dict.fromkeys([*found.types, *found.wanted]) if showable(name)]
    for position, column in enumerate(names, start=1):
        old, kind, wanted = before.get(column), found.types.get(column, ""), column in found.wanted
        if column in found.lacking:
            rows.append(Known(column, position, "", wanted, old.since if old else day, NEVER))
        elif old is None or not old.there:
            first = not known or (old is not None and old.change == NEVER)
            rows.append(Known(column, position, kind, wanted, day, *((None, None) if first else (NEW, day))))
        elif old.type != kind:
            rows.append(Known(column, position, kind, wanted, old.since, f"{_TYPE}{old.type}", day))
        else:
            rows.append(replace(old, position=position, wanted=wanted))
    left = [each for each in known if each.column not in names]
    for position, old in enumerate(left, start=len(rows) + 1):
        stays = found.open or not old.there
        gone = replace(old, wanted=False) if stays else replace(old, wanted=False, change=GONE, changed=day)
        rows.append(replace(gone, position=position))
    return rows


def columns_stage(source: str, rows: Sequence[Known]) -> Stage:
    """The rows of SOURCE_COLUMNS of one source, as they are given."""
    values = ", ".join(f"({', '.join(map(_written, _cells(source, row)))})" for row in rows)
    names = ", ".join(f'"{column.name}"' for column in SOURCE_COLUMNS.columns)
    return Stage("columns", {}, f"select * from (values {values}) as found({names})", SOURCE_COLUMNS)


def vanished(column: str, place: str, columns: Sequence[str], known: Sequence[Known]) -> str | None:
    """What is said, after the name of a file, of a wanted column that the files had the last time; None where they had not."""
    old = next((each for each in known if each.column == column and each.there), None)
    names = {each.column for each in known if each.there}
    if old is None or not names.intersection(columns):  # without a line of names, the first line is somebody's record
        return None
    new = [name for name in columns if name not in names and showable(name)]
    near = like(column, new, similar=True) or (new[0] if len(new) == 1 else None)
    said = f'no longer has the column "{column}", which {place} asks for and which was there since {old.since}.'
    if near:
        return f'{said} New since the last refresh is "{near}": if it is the same column, name it there (column: {near}).'
    others = f" New since the last refresh: {_some(new)}." if new else ""
    return f"{said}{others} Have it written again, or take {place} out of cdp.yaml."


def lacking_now(lacking: Sequence[str], wanted: Mapping[str, str], known: Sequence[Known]) -> list[str]:
    """The problems of JSON lines in which no line has a wanted key that some line had the last time."""
    before = {each.column: each for each in known if each.there and each.wanted}
    return [
        f'no line of its files has the key "{column}" any more, which {wanted[column]} asks for and which was there since '
        f"{before[column].since}. Have it written again, or take {wanted[column]} out of cdp.yaml."
        for column in lacking
        if column in before
    ]


def notice(source: str, known: Sequence[Known], day: date) -> str | None:
    """What people must be told of the columns of a source on this day; None: nothing."""
    changes = [each for each in known if each.changed == day]
    new = [each.column for each in changes if each.change == NEW and not each.wanted]
    gone = [each.column for each in changes if each.change == GONE]
    never = [each.column for each in known if each.change == NEVER and each.wanted]
    there = [each.column for each in known if each.there]
    said: list[str] = []
    if new:
        said.append(f"new columns: {_some(new)}; add them to sources.{source}.fields if they are wanted.")
    if gone:
        said.append(f"columns that are gone: {_some(gone)}; nothing reads them.")
    for each in changes:
        if each.change and each.change.startswith(_TYPE):
            was = each.change.removeprefix(_TYPE)
            what = "see what is in quarantine" if each.wanted else "nothing reads it"
            said.append(f'column "{each.column}" was of type {was} and is now {each.type}; {what}.')
    for column in never:
        near = like(column, [name for name in there if name != column], similar=True)
        what = f'did you mean "{near}"?' if near else "correct its name in cdp.yaml, or leave it until a line has it."
        said.append(f'no line has the key "{column}"; {what}')
    return " ".join(said) or None


def _cells(source: str, row: Known) -> list[str | int | bool | date | None]:
    return [source, row.column, row.position, row.type, row.wanted, row.since, row.change, row.changed]


def _written(value: str | int | bool | date | None) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return f"cast({literal(value.isoformat())} as date)"
    return literal(value) if isinstance(value, str) else str(value)


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(f'"{name}"' for name in names[:_SHOWN]) + more
