"""The JSON Schema of cdp.yaml, by which editors complete keys, show what they mean and underline mistakes while one types.

It says of every value what `parse_config` says of its form: keys, kinds of values, words that are allowed. What goes beyond
the form (names that must exist, rules that contradict) only `cdp validate` says.
"""

import json
from pathlib import Path
from typing import Any

from cdp_assets.config.project import ProjectConfig

SCHEMA_FILE = "cdp.schema.json"
"""The name of the schema beside a cdp.yaml."""

_ONE_OF_THEM = {
    "RecordsSource": ("files", "database"),
    "EventsSource": ("files", "database"),
    "ConsentsSource": ("files", "database"),
    "Segment": ("all", "any"),
    "Alerts": ("webhook", "mail"),
}
"""Keys of which a mapping must have one at least."""


def json_schema() -> dict[str, Any]:
    """The schema, as plain data."""
    schema = ProjectConfig.model_json_schema(by_alias=True)
    for name, keys in _ONE_OF_THEM.items():
        schema["$defs"][name]["anyOf"] = [{"required": [key]} for key in keys]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "cdp.yaml"}


def schema_text() -> str:
    """The schema as the text of a file."""
    return json.dumps(json_schema(), indent=1, ensure_ascii=False) + "\n"


def write_schema(folder: Path) -> Path:
    """Write the schema into a folder, beside its cdp.yaml; its path."""
    file = folder / SCHEMA_FILE
    file.write_text(schema_text(), encoding="utf-8")
    return file


def editor_line(schema: str = SCHEMA_FILE) -> str:
    """The comment at the top of a cdp.yaml by which editors find the schema, at a path relative to the file."""
    return f"# yaml-language-server: $schema={schema}"
