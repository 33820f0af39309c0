"""docs/configuration.md has every key with what it means, and is up to date."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from cdp_assets.config.reference import EXAMPLE, configuration_markdown, flow, keys, tables, type_in_words
from cdp_assets_tests.config.cases import example

FILE = Path(__file__).parents[2] / "docs" / "configuration.md"


def test_the_reference_in_docs_is_up_to_date() -> None:
    """Written by `make docs` (python -m cdp_assets.config.reference)."""
    assert FILE.read_text(encoding="utf-8") == configuration_markdown()


def test_every_key_of_every_mapping_is_in_the_reference_with_its_meaning() -> None:
    rows = [line.strip("| ").split(" | ") for line in FILE.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    documented = [cells[0].strip("`") for cells in rows]
    for table in tables(example()):
        for key, field in keys(table.model).items():
            assert key in documented
            assert field.description or field.default is not None, f"{table.title}.{key} says nothing of itself"


def test_the_example_is_shown_section_by_section() -> None:
    text = FILE.read_text(encoding="utf-8")
    for section in YAML(typ="safe", pure=True).load(EXAMPLE.read_text(encoding="utf-8")):
        assert section == "version" or f"## {section}\n\n```yaml\n{section}:" in text


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ({"a": [1, True, None]}, "{a: [1, true, null]}"),
        ("SalesOrder", "SalesOrder"),
        ("04:00", '"04:00"'),
        ("a: b", '"a: b"'),
        ("yes", '"yes"'),
        ("1111111111", '"1111111111"'),
        ("1900-01-01", '"1900-01-01"'),
        ("127.0.0.1", "127.0.0.1"),
        ("https://contoso.crm4.dynamics.com", "https://contoso.crm4.dynamics.com"),
        ("0 4 * * *", '"0 4 * * *"'),
        ("%m/%d/%Y", '"%m/%d/%Y"'),
        (date(2024, 1, 1), "2024-01-01"),
    ],
)
def test_values_are_written_so_that_they_are_read_again(value: object, written: str) -> None:
    assert flow(value) == written
    assert YAML(typ="safe", pure=True).load(written) == value


def test_types_in_words() -> None:
    assert type_in_words(tuple[str, ...]) == "list of text"
    assert type_in_words(dict[str, int | None]) == "mapping: name to whole number"
    assert type_in_words(timedelta) == "length of time"
