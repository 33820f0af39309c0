"""The section ``sources``: files with records of people, and files with web events."""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Discriminator, StrictBool, Tag, ValidationInfo, field_validator, model_validator

from cdp_assets.config.base import COLUMNS, EVENT_COLUMNS, NAME, FieldName, RefusedError, Section, Text, snake_case
from cdp_assets.config.fields import Field, TimePattern

Format = Literal["csv", "parquet"]

EARLIEST_FIRST_DAY = date(1990, 1, 1)
"""There were no web events before; and each day from the first one on is a partition."""
LAST_DAY = date(2100, 1, 1)
"""The last day that counts: an event after it is put in quarantine, because its clock was wrong."""


def _files(value: str) -> str:
    if "://" in value:
        raise RefusedError("must be a path on this machine, not an address")
    if value.startswith(("/", "\\", "~")) or value[1:2] == ":":
        raise RefusedError("must be relative to the folder of cdp.yaml (../ is allowed)")
    return value


def _reference(value: str) -> str:
    source, dot, field = value.partition(".")
    if not (dot and NAME.fullmatch(source) and NAME.fullmatch(field)):
        raise RefusedError("must be source.field, such as crm.contact_id")
    return value


Files = Annotated[Text, AfterValidator(_files)]
Reference = Annotated[str, AfterValidator(_reference)]


def with_key(source: Any) -> Any:
    """A source of records as written, its primary key added to the fields (as text) where it is not one of them."""
    if not isinstance(source, dict):
        return source
    key, fields = source.get("primary_key"), source.get("fields")
    if isinstance(key, str) and NAME.fullmatch(key) and isinstance(fields, dict) and key not in fields:
        return {**source, "fields": {key: "text", **fields}}
    return source


class RecordsSource(Section):
    """Files with one record a row, such as the contacts of a CRM."""

    kind: Literal["records"] = "records"
    """Records of people; what a source is that does not say."""
    files: Files
    """A file, a pattern (sources/crm*.csv) or a folder, relative to the folder of cdp.yaml."""
    format: Format | None = None
    """csv or parquet; without it by the files' suffix."""
    primary_key: FieldName
    """The field that identifies a record; where it is not listed in fields, a text column of that name."""
    fields: dict[FieldName, Field]
    """The fields that are read, by name; other columns of the files are left alone."""
    include_all_records: StrictBool = True
    """Whether a record that matches no other becomes a profile of its own."""

    @model_validator(mode="before")
    @classmethod
    def _with_key(cls, written: Any) -> Any:
        return with_key(written)

    @field_validator("primary_key", mode="before")
    @classmethod
    def _a_name(cls, key: Any) -> Any:
        if isinstance(key, str) and not NAME.fullmatch(key):
            field = f'{snake_case(key) or "id"}: {{type: text, column: "{key}"}}'
            raise RefusedError(f"must be the name of a field; give the column one, under fields: {field}")
        return key


class EventsSource(Section):
    """Files with one web event a row, each of a visitor who may be known or not."""

    kind: Literal["events"]
    """Web events."""
    files: Files
    """A file, a pattern or a folder, relative to the folder of cdp.yaml."""
    format: Format | None = None
    """csv or parquet; without it by the files' suffix."""
    event_id: Text = "event_id"
    """The column that identifies an event."""
    visitor: Text
    """The column with the visitor's first-party id, there on every event."""
    time: Text
    """The column with the time of the event."""
    time_format: TimePattern | None = None
    """How the time is written; without it ISO 8601."""
    event: Text = "event"
    """The column with the event's name."""
    known_as: dict[Text, Reference] = {}
    """Columns that say who the visitor is, each with the source.field whose value it holds: an exact match rule."""
    fields: dict[FieldName, Field] = {}
    """Further columns that are kept."""
    include_all_records: StrictBool = False
    """Whether a visitor whom nobody knows becomes a profile of its own."""
    first_day: date = date(2020, 1, 1)
    """Events before this day are put in quarantine; from 1990-01-01 to 2100-01-01."""

    @field_validator("first_day")
    @classmethod
    def _reasonable(cls, day: date) -> date:
        if not EARLIEST_FIRST_DAY <= day <= LAST_DAY:
            raise RefusedError("is not a day on which web events can begin", allowed=[f"a day from {EARLIEST_FIRST_DAY} to {LAST_DAY}"])
        return day

    @field_validator("known_as", "fields")
    @classmethod
    def _not_ours(cls, columns: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
        ours = EVENT_COLUMNS | COLUMNS if info.field_name == "known_as" else EVENT_COLUMNS
        taken = [name for name in columns if name.lower() in ours]
        if taken:
            raise RefusedError(f"{', '.join(taken)}: a column that the program adds itself; choose another name")
        known = {name.lower() for name in info.data.get("known_as", {})} if info.field_name == "fields" else set()
        twice = [name for name in columns if name in known]
        if twice:
            raise RefusedError(f"{', '.join(twice)}: is kept already, as a column of known_as; remove it here")
        return columns


def kind_of(source: Any) -> Any:
    """The kind of a source as it is written: what its key ``kind`` says, else records."""
    return source.get("kind", "records") if isinstance(source, dict) else getattr(source, "kind", "records")


Source = Annotated[
    Annotated[RecordsSource, Tag("records")] | Annotated[EventsSource, Tag("events")],
    Discriminator(kind_of),
]
