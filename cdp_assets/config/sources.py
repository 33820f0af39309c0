"""The section ``sources``: files with records of people, with web events, and with people's consents."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Literal

import pydantic
from pydantic import AfterValidator, Discriminator, StrictBool, Tag, ValidationInfo, field_validator, model_validator

from cdp_assets.config.base import COLUMNS, EVENT_COLUMNS, NAME, FieldName, RefusedError, Text, snake_case
from cdp_assets.config.csv_form import CsvForm
from cdp_assets.config.database import NO_FILES, FromDatabase
from cdp_assets.config.fields import TYPES, Field, TimePattern
from cdp_assets.config.incremental import Incremental
from cdp_assets.config.incremental import check as check_incremental
from cdp_assets.config.paths import files_path
from cdp_assets.config.problems import Finding, Location, field_places, shown, unknown
from cdp_assets.config.row_filter import RowFilter

if TYPE_CHECKING:
    from cdp_assets.config.project import ProjectConfig

Format = Literal["csv", "json_lines", "parquet", "delta"]

KEY_TYPES = ("varchar", "bigint")
"""What a primary key may be in the lake: text (a UUID too) or an integer."""
EARLIEST_FIRST_DAY = date(1990, 1, 1)
"""There were no web events before; and each day from the first one on is a partition."""
LAST_DAY = date(2100, 1, 1)
"""The last day that counts: an event after it is put in quarantine, because its clock was wrong."""


def _reference(value: str) -> str:
    source, dot, field = value.partition(".")
    if not (dot and NAME.fullmatch(source) and NAME.fullmatch(field)):
        raise RefusedError("must be source.field, such as crm.contact_id")
    return value


Files = Annotated[Text, AfterValidator(files_path)]
Reference = Annotated[str, AfterValidator(_reference)]


def with_key(source: Any) -> Any:
    """A source of records as written, its primary key added to the fields (as text) where it is not one of them."""
    if not isinstance(source, dict):
        return source
    key, fields = source.get("primary_key"), source.get("fields")
    if isinstance(key, str) and NAME.fullmatch(key) and isinstance(fields, dict) and key not in fields:
        return {**source, "fields": {key: "text", **fields}}
    return source


class RecordsSource(FromDatabase):
    """Files with one record a row, such as the contacts of a CRM."""

    kind: Literal["records"] = "records"
    """Records of people; what a source is that does not say."""
    files: Files = pydantic.Field(default=NO_FILES, validate_default=True)
    """A file, a pattern (sources/crm*.csv) or a folder, relative to the folder of cdp.yaml."""
    format: Format | None = None
    """csv, json_lines, parquet or delta; without it by the files' suffix, or a folder's _delta_log."""
    csv: CsvForm | None = None
    """How CSV files are written, where that cannot be found from them."""
    where: RowFilter = {}
    """The conditions that a row must fulfil to be read, by field."""
    primary_key: FieldName
    """The field that identifies a record; where it is not listed in fields, a text column of that name."""
    fields: dict[FieldName, Field]
    """The fields that are read, by name; other columns of the files are left alone."""
    incremental: Incremental | None = None
    """Only what is new is read, and merged by the primary key; without it everything is read each time."""
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


class EventsSource(FromDatabase):
    """Files with one web event a row, each of a visitor who may be known or not."""

    kind: Literal["events"]
    """Web events."""
    files: Files = pydantic.Field(default=NO_FILES, validate_default=True)
    """A file, a pattern or a folder, relative to the folder of cdp.yaml."""
    format: Format | None = None
    """csv, json_lines, parquet or delta; without it by the files' suffix, or a folder's _delta_log."""
    csv: CsvForm | None = None
    """How CSV files are written, where that cannot be found from them."""
    where: RowFilter = {}
    """The conditions that a row must fulfil to be read, by field."""
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


IDENTIFIERS = tuple(name for name in TYPES if name.startswith("identity."))
"""Types whose value says who somebody is; a name or a town is not enough for a consent."""
CONSENT_COLUMNS = frozenset("purpose given at".split())
"""Columns of our own of a source of consents, besides ``COLUMNS``."""


def purpose_form(purpose: str) -> str:
    """A purpose as it is stored and compared: `Newsletter` and `newsletter` are one."""
    return purpose.strip().lower()


def _identifier(value: str) -> str:
    if value in IDENTIFIERS:
        return value
    if value in TYPES or value.partition(".")[0] in {name.partition(".")[0] for name in TYPES if "." in name}:
        raise RefusedError("does not say who somebody is", allowed=[*IDENTIFIERS, "source.field, such as crm.contact_id"])
    return _reference(value)


class ConsentsSource(FromDatabase):
    """Files with one statement a row: a person gives or withdraws the consent to a purpose, at a time."""

    kind: Literal["consents"]
    """Consents."""
    files: Files = pydantic.Field(default=NO_FILES, validate_default=True)
    """A file, a pattern or a folder, relative to the folder of cdp.yaml."""
    format: Format | None = None
    """csv, json_lines, parquet or delta; without it by the files' suffix, or a folder's _delta_log."""
    csv: CsvForm | None = None
    """How CSV files are written, where that cannot be found from them."""
    where: RowFilter = {}
    """The conditions that a row must fulfil to be read, by field."""
    person: Annotated[dict[Text, Annotated[str, AfterValidator(_identifier)]], pydantic.Field(min_length=1)]
    """Columns that say whose statement it is: each with identity.email, identity.phone or identity.id (any field of that
    type), or with the source.field whose value it holds."""
    purpose: Text = "purpose"
    """The column with what the consent is for, such as newsletter."""
    given: Text = "given"
    """The column with yes or no: true, false, yes, no, 1 or 0."""
    at: Text = "at"
    """The column with the time of the statement."""
    at_format: TimePattern | None = None
    """How that time is written, such as "%m/%d/%Y"; without it ISO 8601."""

    @field_validator("person")
    @classmethod
    def _not_ours(cls, columns: dict[str, str]) -> dict[str, str]:
        names = [name.lower() for name in columns]
        if taken := [name for name in columns if name.lower() in CONSENT_COLUMNS | COLUMNS]:
            raise RefusedError(f"{', '.join(taken)}: a column that the program adds itself; give the file's column another name")
        if twice := [name for name in columns if names.count(name.lower()) > 1]:
            raise RefusedError(f"{', '.join(twice)}: capital letters do not make two columns; give one another name")
        return columns

    @property
    def include_all_records(self) -> bool:
        """A statement is no record of a person: it never becomes a profile."""
        return False

    @property
    def fields(self) -> Mapping[str, Field]:
        """The columns of the source's table, as fields of the types that they are read as."""
        return {
            "purpose": Field(type="text", column=self.purpose),
            "given": Field(type="boolean", column=self.given),
            "at": Field(type="timestamp", column=self.at, format=self.at_format),
            **{column: Field(type=target if target in TYPES else "identity.id", column=column) for column, target in self.person.items()},
        }


def kind_of(source: Any) -> Any:
    """The kind of a source as it is written: what its key ``kind`` says, else records."""
    return source.get("kind", "records") if isinstance(source, dict) else getattr(source, "kind", "records")


def kinds_that_are_left_out(sources: Any) -> Iterator[tuple[str, str]]:
    """Sources as written that say no kind and have keys that only events or consents have, with that kind."""
    for name, source in sources.items() if isinstance(sources, dict) else ():
        if isinstance(source, dict) and "kind" not in source and "primary_key" not in source:
            kinds = {"events": source.keys() & {"visitor", "known_as"}, "consents": source.keys() & {"person", "given"}}
            fitting = [kind for kind, keys in kinds.items() if keys]
            if len(fitting) == 1:
                yield name, fitting[0]


def without_consents(sources: Mapping[str, Any]) -> list[str]:
    """The sources that can take part in unification, as written or valid: all but those of consents, in order."""
    return [name for name, source in sources.items() if kind_of(source) != "consents"]


AnySource = RecordsSource | EventsSource | ConsentsSource
Source = Annotated[
    Annotated[RecordsSource, Tag("records")] | Annotated[EventsSource, Tag("events")] | Annotated[ConsentsSource, Tag("consents")],
    Discriminator(kind_of),
]


def check(config: "ProjectConfig") -> Iterator[Finding]:
    """What is wrong between sources of consents and the sources of people that they speak of."""
    for name, source in config.sources.items():
        if isinstance(source, RecordsSource):
            yield from check_incremental(name, source)
            its = source.fields.get(source.primary_key)
            if its is not None and its.data_type not in KEY_TYPES:
                message = (
                    f"is the primary key, which must be text or an integer (a UUID is text); {its.type} can be written in several ways"
                )
                yield Finding(("sources", name, "fields", source.primary_key), message, None, ["text", "integer", "identity.id"])
    consents = {name: source for name, source in config.sources.items() if isinstance(source, ConsentsSource)}
    for place, name in enumerate(config.customers.match_order):
        if name in consents:
            message = "has consents, which are found by their `person` and are never matched; take it out"
            yield Finding(("customers", "match_order", place), message, shown(name), lacks=[("sources", name)])
    people = [name for name in config.customers.match_order if isinstance(config.sources.get(name), RecordsSource)]
    for name, source in consents.items():
        for column, target in source.person.items():
            if target not in TYPES:
                yield from _reference_exists(config, people, ("sources", name, "person", column), target)
            elif not any(field.type == target for each in people for field in config.sources[each].fields.values()):
                message, lacks = "no source in match_order has a field of that type", [("sources", each) for each in people]
                yield Finding(("sources", name, "person", column), message, shown(target), lacks=[*lacks, ("customers", "match_order")])


def _reference_exists(config: "ProjectConfig", people: Iterable[str], at: tuple[str, ...], target: str) -> Iterator[Finding]:
    source, _, field = target.partition(".")
    names = list(people)
    if source not in names:
        orders: list[Location] = [] if source not in config.sources else [("customers", "match_order")]
        yield unknown(at, "source of records in match_order", source, names, ("sources", source), *orders)
    elif field not in config.sources[source].fields:
        yield unknown(at, f"field of {source}", field, config.sources[source].fields, *field_places(source, field))
