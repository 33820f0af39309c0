"""The JSON Schema for editors accepts what the loader accepts, refuses what it refuses for its form, and is up to date in docs/."""

import json
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ruamel.yaml import YAML

from cdp_assets.config import editor_line, json_schema, write_schema
from cdp_assets.config.schema import SCHEMA_FILE, schema_text
from cdp_assets_tests.config.cases import Case, changed, example, read_cases
from cdp_assets_tests.config.documents import VALID
from cdp_assets_tests.contacts.world import WORLD as CONTACTS
from cdp_assets_tests.exports.world import CONFIG as EXPORTS
from cdp_assets_tests.projects import DEMO

DOCS = Path(__file__).parents[2] / "docs"
EXAMPLE = example()
OF_THE_FORM = ("wrong type", "unknown key", "missing key")


@cache
def validator() -> jsonschema.Draft202012Validator:
    jsonschema.Draft202012Validator.check_schema(json_schema())
    return jsonschema.Draft202012Validator(json_schema())


def as_json(value: Any) -> Any:
    """YAML's values as an editor's schema sees them: a day is text."""
    if isinstance(value, dict):
        return {key: as_json(each) for key, each in value.items()}
    if isinstance(value, list):
        return [as_json(each) for each in value]
    return value.isoformat() if isinstance(value, date) else value


def accepts(data: Any) -> bool:
    return bool(validator().is_valid(as_json(data)))


def read(text: str) -> Any:
    return YAML(typ="safe", pure=True).load(text)


@pytest.mark.parametrize(
    "text",
    [(DEMO / "cdp.yaml").read_text(encoding="utf-8"), VALID, CONTACTS, EXPORTS],
    ids=["demo", "valid", "contacts", "exports"],
)
def test_the_schema_accepts_valid_configurations(text: str) -> None:
    validator().validate(as_json(read(text)))


def test_the_schema_accepts_the_example_with_every_key() -> None:
    validator().validate(as_json(EXAMPLE))
    assert accepts({**EXAMPLE, "schedule": "off"})
    assert accepts({**EXAMPLE, "schedule": False})  # what an editor that reads YAML 1.1 makes of the word off
    assert accepts({**EXAMPLE, "schedule": {"cron": None}})
    assert accepts({**EXAMPLE, "alerts": None})


@pytest.mark.parametrize("case", [case for case in read_cases() if case.kind in OF_THE_FORM], ids=str)
def test_the_schema_refuses_what_is_wrong_with_the_form(case: Case) -> None:
    assert not accepts(changed(EXAMPLE, case.change))


@pytest.mark.parametrize("case", [case for case in read_cases() if case.kind == "missing reference"], ids=str)
def test_the_schema_says_nothing_of_names_that_only_the_loader_knows(case: Case) -> None:
    assert accepts(changed(EXAMPLE, case.change))


def test_every_key_is_described() -> None:
    schema = json_schema()
    models = [model for model in schema["$defs"].values() if "properties" in model]
    missing = [key for model in models for key, its in model["properties"].items() if "description" not in its]
    assert missing == []
    assert len(models) > 30


def test_the_schema_in_docs_is_up_to_date() -> None:
    """Written by `make docs` (python -m cdp_assets.config.reference)."""
    assert (DOCS / SCHEMA_FILE).read_text(encoding="utf-8") == schema_text()


def test_the_schema_is_written_beside_a_cdp_yaml(tmp_path: Path) -> None:
    assert write_schema(tmp_path) == tmp_path / "cdp.schema.json"
    assert json.loads((tmp_path / "cdp.schema.json").read_text(encoding="utf-8")) == json_schema()


def test_editors_find_the_schema_of_the_demo() -> None:
    first = (DEMO / "cdp.yaml").read_text(encoding="utf-8").splitlines()[0]
    assert first == editor_line(f"../../docs/{SCHEMA_FILE}")
    assert (DEMO / "../../docs" / SCHEMA_FILE).is_file()
