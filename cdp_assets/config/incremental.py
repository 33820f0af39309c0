"""What a source of records says of incremental reading: what tells the newer of two rows, and how rows are deleted."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, StrictBool, StrictFloat, StrictInt, model_validator

from cdp_assets.config.base import FieldName, RefusedError, Section, Text
from cdp_assets.config.conditions import misfits, type_of
from cdp_assets.config.durations import Duration
from cdp_assets.config.fields import Field, TimePattern
from cdp_assets.config.paths import files_path
from cdp_assets.config.problems import Finding, Location, field_places, unknown

if TYPE_CHECKING:
    from cdp_assets.config.sources import RecordsSource

MOST_LOOK_BACK = timedelta(days=366)
_WAYS = ["{files: a pattern of files with keys}", "{field: a field, equals: its value}"]


class Deleted(Section):
    """How one learns that a record is deleted: from files with the keys of deleted records, or from a field."""

    files: Annotated[Text, AfterValidator(files_path)] | None = None
    """Files with one deleted record a row: a file, a pattern or a folder. They may be among the files of the source."""
    key: Text | None = None
    """Their column with the primary key; without it the column that the primary key has in the files of the source."""
    at: Text | None = None
    """Their column with the time of the deletion; without it the day or the hour in the path of the file counts
    (2026/11/20/03 or 2026-11-20, its end), and where there is none the deletion is for ever."""
    at_format: TimePattern | None = None
    """How that time is written; without it ISO 8601."""
    field: FieldName | None = None
    """A field of the source that says whether the record is deleted."""
    equals: StrictBool | StrictInt | StrictFloat | date | Text | None = None
    """The value of the field in a deleted record."""

    @model_validator(mode="after")
    def _one_way(self) -> "Deleted":
        if (self.files is None) == (self.field is None):
            raise RefusedError("must say one way in which records are deleted", allowed=_WAYS)
        if self.field is not None and self.equals is None:
            raise RefusedError(f"says no value that {self.field} has in a deleted record", allowed=["equals: true, or another value"])
        others = ("equals",) if self.files is not None else ("key", "at", "at_format")
        if wrong := [name for name in others if getattr(self, name) is not None]:
            raise RefusedError(f"{' and '.join(wrong)}: belongs to the other way; remove it", allowed=_WAYS)
        if self.at_format is not None and self.at is None:
            raise RefusedError("at_format: says how `at` is written, and there is no `at`")
        return self


class Incremental(Section):
    """Only what is new is read, and merged by the primary key: of several rows of a key the newest counts."""

    updated: FieldName | None = None
    """The field (a date or timestamp) with the time of the last change; the greatest wins. A row without one is older than every
    other. Files may do without it: then the day or hour in their path counts (2026/11/20/03 or 2026-11-20), else their name."""
    look_back: Duration = timedelta(days=1)
    """Of a database, rows changed since the newest one seen are read, and those of this length of time before it: they
    may have been written late. Not needed for files."""
    deleted: Deleted | None = None
    """How one learns that a record is deleted; without it none ever is."""

    @model_validator(mode="after")
    def _reasonable(self) -> "Incremental":
        if self.look_back > MOST_LOOK_BACK:
            raise RefusedError("look_back: is more than a year; leave incremental out to read everything each time")
        return self


def check(name: str, source: "RecordsSource") -> Iterator[Finding]:
    """What is wrong between incremental reading and the fields of its source."""
    its = source.incremental
    if its is None:
        return
    at: Location = ("sources", name, "incremental")
    if its.updated is None and source.database is not None:
        yield Finding((*at, "updated"), "is missing: a database cannot be asked for what is new without it")
    if its.updated is not None:
        yield from _is_a_time(name, source.fields, (*at, "updated"), its.updated)
    deleted = its.deleted
    if deleted is not None and deleted.field is not None:
        where = (*at, "deleted", "field")
        if deleted.field not in source.fields:
            yield unknown(where, f"field of {name}", deleted.field, source.fields, *field_places(name, deleted.field))
        elif deleted.equals is not None:
            kind = type_of(source.fields[deleted.field].data_type)
            for misfit in misfits(deleted.field, kind, "is", (deleted.equals,)):
                yield Finding((*at, "deleted", "equals"), *misfit)


def _is_a_time(name: str, fields: Mapping[str, Field], at: Location, field: str) -> Iterator[Finding]:
    times = [each for each, its in fields.items() if its.data_type in ("date", "timestamp")]
    if field not in fields:
        yield unknown(at, f"field of {name}", field, times or fields, *field_places(name, field))
    elif field not in times:
        yield Finding(at, f"{field} is {fields[field].type}, and what tells the newer row must be a date or timestamp", None, times)
