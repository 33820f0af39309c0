"""The error cases of cdp.yaml: one readable table a section, every case a change of example.yaml and what is said of it.

A table is a text file: `## kind of mistake`, then for each case a line with the change and below it, indented, what
`cdp validate` says (without file and line, which are checked too). A change is `place = value` (YAML), `place -> key`
(the key is called otherwise) or `place -` (left out); several are joined by ` ; `.
"""

import copy
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from cdp_assets.config.reference import EXAMPLE

FOLDER = Path(__file__).parent
Steps = list[str | int]


@dataclass
class Case:
    """One row of a table."""

    section: str
    kind: str
    change: str
    said: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.section}: {self.kind}: {self.change}"


def read_cases() -> list[Case]:
    """All cases of all tables."""
    return [case for file in sorted(FOLDER.glob("*.txt")) for case in _read(file)]


def _read(file: Path) -> Iterator[Case]:
    kind, case = "", None
    for line in [*file.read_text(encoding="utf-8").splitlines(), "##"]:
        if line.startswith("    ") and case:
            case.said.append(line.strip())
        elif line and not line.startswith("# "):
            if case:
                yield case
            case = None if line.startswith("##") else Case(file.stem, kind, line)
            kind = line[3:] if line.startswith("##") else kind


def steps(place: str) -> Steps:
    """The steps of a place such as customers.match[0].left; a name with a dot stands in quotes."""
    return [int(each[1:-1]) if each[0] == "[" else each.strip('"') for each in re.findall(r'"[^"]+"|\[\d+\]|[^.\[\]"]+', place)]


def example() -> Any:
    """The data of example.yaml."""
    return YAML(typ="safe", pure=True).load(EXAMPLE)


def changed(data: Any, change: str) -> Any:
    """The data after a change."""
    data = copy.deepcopy(data)
    for part in change.split(" ; "):
        place, how, value = re.fullmatch(r"(\S+) (=|->|-) ?(.*)", part).groups()  # type: ignore[union-attr]
        *above, last = steps(place)
        inside = data
        for step in above:
            inside = inside[step]
        if how == "=":
            _put(inside, last, YAML(typ="safe", pure=True).load(value))
        elif how == "-":
            del inside[last]
        else:
            entries = {value if key == last else key: each for key, each in inside.items()}
            inside.clear()
            inside.update(entries)
    return data


def _put(inside: Any, key: str | int, value: Any) -> None:
    if isinstance(inside, list) and key == len(inside):
        inside.append(value)
    else:
        inside[key] = value


def document(data: Any) -> tuple[str, dict[tuple[str | int, ...], int]]:
    """The data as the text of a file, a line for each value, and the line of each place."""
    lines: list[str] = ["# a comment"]
    at: dict[tuple[str | int, ...], int] = {(): 2}

    def write(value: Any, place: tuple[str | int, ...], indent: str) -> None:
        entries = value.items() if isinstance(value, dict) else enumerate(value)
        for key, each in entries:
            head = f"{indent}-" if isinstance(value, list) else f"{indent}{json.dumps(key)}:"
            inside = isinstance(each, dict | list) and each
            lines.append(head if inside else f"{head} {_scalar(each)}")
            at[*place, key] = len(lines)
            if inside:
                if isinstance(value, list):
                    # a mapping or list in a list begins on the line of its -
                    lines.pop()
                    before = len(lines)
                    write(each, (*place, key), f"{indent}  ")
                    lines[before] = f"{indent}-{lines[before][len(indent) + 1 :]}"
                else:
                    write(each, (*place, key), f"{indent}  ")

    write(data, (), "")
    return "\n".join([*lines, ""]), at


def _scalar(value: Any) -> str:
    return value.isoformat() if isinstance(value, date) else json.dumps(value, ensure_ascii=False)


def line_of(lines: dict[tuple[str | int, ...], int], place: str) -> int:
    """The line of a place as a message writes it, or of what it stands in; names with dots are divided there."""
    written = {
        re.sub(r"\.(?=\[)", "", ".".join(f"[{step}]" if isinstance(step, int) else step for step in at)): n for at, n in lines.items()
    }
    while place not in written:
        place = place[: max(place.rfind("."), place.rfind("["), 0)]
    return written[place]
