"""The error cases of cdp.yaml: one readable table a section, every case a change of example.yaml and what is said of it.

A table is a text file: `## kind of mistake`, then for each case a line with the change and below it, indented, what
`cdp validate` says (without file and line, which are checked too). A change is `place = value` (YAML), `place -> key`
(the key is called otherwise) or `place -` (left out); several are joined by ` ; `.
"""

import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import StringIO
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


def document(data: Any) -> str:
    """The data as the text of a file, a line for each value."""
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style, yaml.sort_base_mapping_type_on_output, yaml.width = False, False, 10_000
    stream = StringIO()
    yaml.dump(data, stream)
    return stream.getvalue()


def line_of(text: str, place: str) -> int:
    """The line of a place or of what it stands in, as ruamel.yaml's own reader of comments and positions tells it."""
    inside, line, rest = YAML(typ="rt").load(text), 1, steps(place)
    while rest and hasattr(inside, "lc"):
        # a name may hold dots, which divide it here
        taken = next((n for n in range(len(rest), 0, -1) if _has(inside, rest[0] if n == 1 else ".".join(map(str, rest[:n])))), 0)
        if not taken:
            return line
        step = rest[0] if taken == 1 else ".".join(map(str, rest[:taken]))
        line = (inside.lc.item(step) if isinstance(inside, list) else inside.lc.key(step))[0] + 1
        inside, rest = inside[step], rest[taken:]
    return line


def _has(inside: Any, step: str | int) -> bool:
    return (isinstance(step, int) and step < len(inside)) if isinstance(inside, list) else step in inside
