"""Row filters: the conditions that a row of a source must fulfil to be read at all, `where` in a source.

A condition on a field is written as in a segment; all must hold. Several comparisons of one field make a range.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator

from cdp_assets.config.base import Text
from cdp_assets.config.conditions import Comparison, comparisons, misfits, type_of
from cdp_assets.config.problems import Finding, Location, field_places, unknown

if TYPE_CHECKING:
    from cdp_assets.config.project import ProjectConfig
    from cdp_assets.config.sources import AnySource

_OF_EVENTS = {"event_id": "varchar", "visitor_id": "varchar", "time": "timestamp", "event": "varchar"}


def _read(written: Any) -> Any:
    if isinstance(written, tuple):
        return written
    found = comparisons(written, nobody="no row would be read")
    return tuple(Comparison(operator=operator, values=values) for operator, values in found)


RowFilter = dict[Text, Annotated[tuple[Comparison, ...], BeforeValidator(_read, json_schema_input_type=Any)]]
"""Field -> the comparisons that its value must fulfil."""


def filter_fields(source: "AnySource") -> Mapping[str, str]:
    """What a row filter of the source can ask about: the columns of its table by name, and their types in the lake."""
    fields = {name: field.data_type for name, field in source.fields.items()}
    if source.kind != "events":
        return fields
    return {**_OF_EVENTS, **dict.fromkeys(source.known_as, "varchar"), **fields}


def check(config: "ProjectConfig") -> Iterator[Finding]:
    """Row filters ask about fields that exist, and compare them with values of their types."""
    for source_name, source in config.sources.items():
        known = filter_fields(source)
        for field, conditions in source.where.items():
            at: Location = ("sources", source_name, "where", field)
            if field not in known:
                places = [*field_places(source_name, field), ("sources", source_name, "known_as", field)]
                yield unknown(at, f"field of {source_name}", field, known, *places)
                continue
            for condition in conditions:
                for misfit in misfits(field, type_of(known[field]), condition.operator, condition.values):
                    yield Finding(at, misfit.message, misfit.found, misfit.allowed)
