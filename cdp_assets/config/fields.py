"""The types a field may have, and the field itself: what a column of a source means and how it is read."""

import re
from typing import Annotated, Any, NamedTuple

from pydantic import AfterValidator, ConfigDict, ValidationInfo, field_validator, model_validator

from cdp_assets.config.base import RefusedError, Section, Text


class FieldType(NamedTuple):
    """A type by its name in the configuration: the type in DuckDB, and whether its values are personal."""

    data_type: str
    personal: bool


_PLAIN = {
    "text": "varchar",
    "integer": "bigint",
    "decimal": "decimal(18,2)",
    "number": "double",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamp",
}
_SEMANTIC = (
    "person.full_name person.first_name person.middle_name person.last_name person.title person.birth_date"
    " person.gender person.profile_image identity.email identity.phone identity.id location.address location.street"
    " location.postcode location.city location.state location.country organization.name organization.logo_image"
).split()

TYPES: dict[str, FieldType] = {
    **{name: FieldType("date" if name == "person.birth_date" else "varchar", personal=not name.startswith("organ")) for name in _SEMANTIC},
    **{name: FieldType(data_type, personal=False) for name, data_type in _PLAIN.items()},
}
"""Every type of a field. The semantic ones (with a dot) say what the value is; the plain ones only how it is stored."""

IMAGES = ("person.profile_image", "organization.logo_image")
"""The types of pictures."""
PUBLIC_ADDRESS = "(?i)https?://.+"
"""How the address of a picture is written."""

_OTHER_WORDS = {
    "string": "text",
    "str": "text",
    "varchar": "text",
    "int": "integer",
    "bigint": "integer",
    "float": "number",
    "double": "number",
    "bool": "boolean",
    "datetime": "timestamp",
    "name": "person.full_name",
    "person.name": "person.full_name",
    "person.surname": "person.last_name",
    "person.family_name": "person.last_name",
    "person.given_name": "person.first_name",
    "person.birthday": "person.birth_date",
    "person.date_of_birth": "person.birth_date",
    "identity.mail": "identity.email",
    "identity.telephone": "identity.phone",
    "identity.mobile": "identity.phone",
    "location.zip": "location.postcode",
    "location.zip_code": "location.postcode",
    "location.postal_code": "location.postcode",
    "location.town": "location.city",
    "location.region": "location.state",
    "organization.company": "organization.name",
    "organisation.name": "organization.name",
}
"""What other programs call our types."""

_DIRECTIVES = re.compile(r"%(-?[dmyHIMSj]|[aAwbBYpfgnzZUWcxXGVu%]|$|.)", re.DOTALL)
_UNKNOWN = re.compile(r"-?[dmyHIMSj]|[aAwbBYpfgnzZUWcxXGVu%]")


def _type_name(name: str) -> str:
    if name not in TYPES:
        raise RefusedError("unknown type", allowed=TYPES, nearest=_OTHER_WORDS.get(name.lower()))
    return name


def _pattern(value: str) -> str:
    directives = _DIRECTIVES.findall(value)
    unknown = [name for name in directives if not _UNKNOWN.fullmatch(name)]
    if unknown or not directives:
        raise RefusedError("is not a pattern of a date or time", allowed=["%Y %m %d %H %M %S and the like, as in %d.%m.%Y"])
    return value


TimePattern = Annotated[str, AfterValidator(_pattern)]
"""A pattern of a date or time in the notation of strftime, with the directives that DuckDB reads."""


def _type_or_mapping(schema: dict[str, Any]) -> None:
    mapping = dict(schema)
    schema.clear()
    schema["anyOf"] = [{"type": "string", "enum": list(TYPES)}, mapping]


class Field(Section):
    """A column of a source, by the field's name. Written as its type alone, or as a mapping."""

    model_config = ConfigDict(json_schema_extra=_type_or_mapping)

    type: Annotated[str, AfterValidator(_type_name)]
    """What the value is, such as person.full_name or integer."""
    column: Text | None = None
    """The column in the files; without it the field's own name."""
    format: TimePattern | None = None
    """How a date or timestamp is written, such as "%m/%d/%Y"; without it ISO 8601."""

    @model_validator(mode="before")
    @classmethod
    def _from_type(cls, written: Any) -> Any:
        if isinstance(written, str):
            return {"type": written}
        if not isinstance(written, dict | Field):
            raise RefusedError("must be a type, or a mapping with type, column and format", allowed=TYPES)
        return written

    @field_validator("format")
    @classmethod
    def _only_for_dates(cls, value: str | None, info: ValidationInfo) -> str | None:
        name = info.data.get("type")
        if value is not None and name is not None and TYPES[name].data_type not in ("date", "timestamp"):
            raise RefusedError(f"a format belongs to a date or timestamp; this field is of type {name}")
        return value

    @property
    def data_type(self) -> str:
        """The type of the values in DuckDB."""
        return TYPES[self.type].data_type

    @property
    def personal(self) -> bool:
        """Whether the values are about a person, so that they are masked, erased and kept out of logs."""
        return TYPES[self.type].personal

    @property
    def semantic(self) -> bool:
        """Whether the type says what the value is, so that fields of two sources can be told to be the same."""
        return "." in self.type
