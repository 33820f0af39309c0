"""Texts are printed letter by letter, whatever a console could take them for."""

from pathlib import Path

import pytest
from rich.table import Table

from cdp_assets import cli
from cdp_assets.cli.console import plain_console
from cdp_assets.cli.why_words import print_compared

STRANGE = ("[/b]k", "[red]x[/red]", "a:b:", ":smile:", "c\\[d]")


@pytest.mark.parametrize("text", STRANGE)
def test_what_looks_like_markup_or_an_emoji_is_printed_as_it_is(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    grid = Table(title=text)
    grid.add_column(text)
    grid.add_row(text)
    plain_console().print(grid)
    plain_console().print(text)
    assert capsys.readouterr().out.count(text) == 4


@pytest.mark.parametrize("text", STRANGE)
def test_values_that_a_rule_compares_are_printed_as_they_are(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    values = {"left_field": "mail", "right_field": "mail", "left": text, "right": text}
    condition = {**values, "as": "", "needed": 1, "missing": [], "score": None, "holds": True}
    print_compared(plain_console(), {"conditions": [condition], "exceptions": []}, f"crm:{text}", f"shop:{text}")
    assert capsys.readouterr().out.count(text) == 4


def test_no_command_has_a_console_of_its_own() -> None:
    with_one = [file.name for file in Path(cli.__file__).parent.glob("*.py") if " Console(" in file.read_text()]
    assert with_one == ["console.py"]
