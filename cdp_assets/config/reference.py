"""docs/configuration.md, every key of cdp.yaml, generated from the models and example.yaml; and docs/cdp.schema.json.

`python -m cdp_assets.config.reference` writes both (`make docs` does).
"""

import json
import re
import types
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, Tag
from pydantic.fields import FieldInfo

from cdp_assets.config.durations import in_words
from cdp_assets.config.fields import TYPES, Field
from cdp_assets.config.project import ProjectConfig
from cdp_assets.config.schema import write_schema

EXAMPLE = Path(__file__).with_name("example.yaml")
"""A valid file with every key of every section, once at least; only what excludes another key is left out."""
EXCLUDED: dict[tuple[tuple[str, ...], str], Any] = {(("schedule",), "cron"): "30 4 * * mon-fri"}
"""Examples of keys that exclude others of example.yaml, by the mapping and the key."""

_HEAD = """# cdp.yaml, key by key

Generated from the models in `cdp_assets/config/` by `make docs`; do not edit. The examples are those of
[`example.yaml`](../cdp_assets/config/example.yaml), a valid file with every key. Only `version` and `sources` are required;
everything else has a default. `cdp validate` says all that is wrong with a file at once, without reading any data;
`cdp schema --write` writes a schema by which editors complete keys and underline mistakes.
"""
_CONDITIONS = """## Conditions

A segment writes `{what: condition}`, a row filter `field: condition`. A condition is a value, a list of values of which
one is enough, or a comparison: `{above: 1}`, `{at_least: 1}`, `{below: 9}`, `{at_most: 9}`, `{is_not: DE}` (or a list),
`{exists: true}`. What a segment asks about begins with `profile.`, `clv.<prediction>.`, `measure.` or `consent.`, and of
contacts also with `account.` or `engagement.`.

## Types of fields

Types with a dot say what a value is: fields of one such type in two sources are the same thing. The others say only how
it is stored. *Personal* values are masked, erased and kept out of logs.

| type | stored as | personal |
|---|---|---|
"""
_PLAIN = re.compile(r"[A-Za-z.][\w ./@*<>()=-]*(?::[\w/][\w/.-]*)?|\d+[\w/.-]*")
_NUMBER_OR_DAY = re.compile(r"\d[\d_]*(\.\d*)?|\d{4}-\d{1,2}-\d{1,2}")
"""Text that is read as something else without quotes."""
_NO_TEXTS = ("true", "false", "yes", "no", "on", "off", "null")
"""Words that a reader of YAML may not take for text."""
_LONGEST = 80
_UNIONS = (Union, types.UnionType)
_WORDS = {bool: "true or false", int: "whole number", float: "number", date: "day", timedelta: "length of time", str: "text"}


class Table(NamedTuple):
    """The keys of one mapping: where it stands (`<name>` for a name of one's own, `[n]` in a list), and what the example has there."""

    place: tuple[str, ...]
    kind: str
    model: type[BaseModel]
    examples: Sequence[Any]

    @property
    def title(self) -> str:
        """The place as people write it."""
        return ".".join(self.place).replace(".[n]", "[n]") + (f" (kind: {self.kind})" if self.kind else "")

    def example(self, key: str) -> Any:
        """The first example of a key; None without one."""
        written = [each[key] for each in self.examples if isinstance(each, dict) and key in each]
        return written[0] if written else EXCLUDED.get((self.place, key))


def tables(data: Any) -> list[Table]:
    """The mapping of the whole file, then those in it, in the order of the lineage; one table for a model, where it comes first."""
    found: dict[type[BaseModel], Table] = {}

    def visit(table: Table) -> None:
        first = found.setdefault(table.model, table)
        if first is not table:
            found[table.model] = first._replace(examples=[*first.examples, *table.examples])
        for key, field in keys(table.model).items():
            values = [each[key] for each in table.examples if isinstance(each, dict) and key in each]
            for inner in _inner(field.annotation, (*table.place, key), values):
                visit(inner)

    visit(Table((), "", ProjectConfig, [data]))
    return list(found.values())


def keys(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """The fields of a model by the key that is written."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _inner(annotation: Any, place: tuple[str, ...], values: list[Any]) -> Iterator[Table]:
    """The mappings inside a value of this annotation."""
    origin, inside = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        tags = [each.tag for each in inside[1:] if isinstance(each, Tag)]
        for table in _inner(inside[0], place, values):
            tagged = [each for each in table.examples if isinstance(each, dict) and each.get("kind", "records") in tags]
            yield table._replace(kind=str(tags[0]), examples=tagged) if tagged else table
    elif origin in _UNIONS:
        for each in inside:
            yield from _inner(each, place, values)
    elif origin is dict:
        entries = [value for each in values if isinstance(each, dict) for value in each.values()]
        yield from _inner(inside[1], (*place, "<name>"), entries)
    elif origin is tuple:
        yield from _inner(inside[0], (*place, "[n]"), [value for each in values if isinstance(each, list) for value in each])
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel) and _is_written(annotation):
        yield Table(place, "", annotation, values)


def _is_written(model: type[BaseModel]) -> bool:
    """Whether the model's keys are what is written; a condition is written shorter."""
    return "operator" not in model.model_fields


def type_in_words(annotation: Any) -> str:
    """What may be written for a value of this annotation, for people."""
    origin, inside = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        written = [each.json_schema_input_type for each in inside[1:] if isinstance(each, BeforeValidator)]
        usable = [each for each in written if isinstance(each, type) or get_origin(each) in _UNIONS]
        return type_in_words(usable[0] if usable and usable[0] is not Any else inside[0])
    if origin in _UNIONS:
        return " or ".join(dict.fromkeys(type_in_words(each) for each in inside if each is not types.NoneType))
    if origin in (Literal, tuple, list, dict):
        if origin is Literal:
            return " or ".join(f"`{flow(each)}`" if isinstance(each, bool) else f"`{each}`" for each in inside)
        return f"mapping: name to {type_in_words(inside[1])}" if origin is dict else f"list of {type_in_words(inside[0])}"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "type, or mapping" if annotation is Field else "mapping" if _is_written(annotation) else "condition"
    return _WORDS.get(annotation, "value")


def _default_in_words(field: FieldInfo) -> str:
    default = field.default
    if field.is_required():
        return "**required**"
    if isinstance(default, timedelta):
        return f"`{in_words(default)}`"
    if default is None or default in ("", (), {}) or isinstance(default, BaseModel):
        return ""
    return f"`{flow(default)}`"


def flow(value: Any) -> str:
    """A value as YAML in one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{flow(key)}: {flow(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(flow(each) for each in value) + "]"
    if isinstance(value, str):
        plain = _PLAIN.fullmatch(value) and value.lower() not in _NO_TEXTS and not _NUMBER_OR_DAY.fullmatch(value)
        return value if plain else json.dumps(value)
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _cell(text: str) -> str:
    return re.sub(r"\s+", " ", text).replace("|", r"\|").strip()


def _rows(table: Table) -> list[str]:
    rows = ["| key | value | default | meaning | example |", "|---|---|---|---|---|"]
    for key, field in keys(table.model).items():
        value = table.example(key)
        example = "" if value is None else f"{key}: {flow(value)}"
        shown = f"`{example}`" if example and len(example) <= _LONGEST else ""
        cells = (f"`{key}`", _value_in_words(field), _default_in_words(field), _meaning(field), shown)
        rows.append(f"| {' | '.join(_cell(each) for each in cells)} |")
    return [*rows, ""]


def _written(text: str, section: str) -> list[str]:
    """The part of the example that is about one section, as a block."""
    found = re.search(rf"^{section}:.*\n(?:[ ].*\n)*", text, re.MULTILINE)
    return ["```yaml", found[0].rstrip(), "```", ""] if found else []


def _value_in_words(field: FieldInfo) -> str:
    """What may be written, with its limits."""
    from annotated_types import Ge, Le

    of_parts = [each for part in get_args(field.annotation) for each in get_args(part)[1:]]
    metadata = [inner for each in (*field.metadata, *of_parts) for inner in getattr(each, "metadata", [each])]
    limits = [f"from {each.ge}" for each in metadata if isinstance(each, Ge)] + [
        f"to {each.le}" for each in metadata if isinstance(each, Le)
    ]
    said = [each.json_schema_input_type for each in field.metadata if isinstance(each, BeforeValidator)]
    usable = [each for each in said if get_origin(each) in (*_UNIONS, dict)]
    return " ".join([type_in_words(usable[0] if usable else field.annotation), *limits])


def _meaning(field: FieldInfo) -> str:
    """What the key is for; of a section that says nothing beside its model, what the model says."""
    return field.description or (_about(type(field.default)) if isinstance(field.default, BaseModel) else "")


def _about(model: type[BaseModel]) -> str:
    return re.sub(r"\s*\n\s*", " ", (model.__doc__ or "").strip())


def configuration_markdown() -> str:
    """The text of docs/configuration.md."""
    from ruamel.yaml import YAML

    text = EXAMPLE.read_text(encoding="utf-8")
    first, *others = tables(YAML(typ="safe", pure=True).load(text))
    lines = [_HEAD, "## The whole file", "", *_rows(first)]
    section = ""
    for table in others:
        if table.place[0] != section:
            section = table.place[0]
            lines += [f"## {section}", "", *_written(text, section)]
        lines += [f"### {table.title}", "", _about(table.model), "", *_rows(table)]
    types_ = [f"| `{name}` | {its.data_type} | {'yes' if its.personal else ''} |" for name, its in TYPES.items()]
    return "\n".join([*lines, _CONDITIONS + "\n".join(types_), ""])


def main() -> None:
    """Write both files into docs/ beside the package."""
    docs = Path(__file__).parents[2] / "docs"
    (docs / "configuration.md").write_text(configuration_markdown(), encoding="utf-8")
    write_schema(docs)


if __name__ == "__main__":
    main()
