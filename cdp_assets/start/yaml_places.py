"""Where a cdp.yaml can be added to: the places of its keys and values in the text, so that nothing else of the text is touched.

A document that is read and written again by a YAML library comes back with other blanks, quotes and line ends; so the
parser is asked for places only, and lines are put between those that are there.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ruamel.yaml import YAML
from ruamel.yaml.events import AliasEvent, Event, MappingEndEvent, MappingStartEvent, ScalarEvent, SequenceEndEvent, SequenceStartEvent

from cdp_assets.start.yaml_text import WIDTH

_ENDS = (MappingEndEvent, SequenceEndEvent)
_EVENTS = (AliasEvent, ScalarEvent, MappingStartEvent, SequenceStartEvent, *_ENDS)


@dataclass
class _Value:
    """A value: where it begins and where what is written of it ends. `entries` of a mapping; None for anything else."""

    start: int
    end: int
    column: int
    flow: bool = False
    empty: bool = False
    text: str = ""
    entries: list[tuple["_Value", "_Value"]] | None = None

    def get(self, key: str) -> tuple["_Value", "_Value"] | None:
        """The entry of a key with its value."""
        return next((pair for pair in self.entries or () if pair[0].text == key), None)


def with_fields(text: str, source: str, flowing: Sequence[str], lines: Sequence[str]) -> str | None:
    """The text of a cdp.yaml with more fields of a source; None where there is no place for them, such as behind an alias (*name).

    `flowing`: the fields as they stand in a mapping in one line; `lines`: as lines of their own, which are moved to where they belong.
    Whoever calls this makes sure that the new text says what it should.
    """
    newline = "\r\n" if "\r\n" in text else "\n"
    its: _Value | None = _value(iter(YAML(typ="safe", pure=True).parse(text)), 0)
    for key in ("sources", source):
        found = its.get(key) if its else None
        its = found[1] if found else None
    fields = its.get("fields") if its else None
    if its is None or not its.entries or (fields and fields[1].entries is None and (its.flow or not fields[1].empty)):
        return None
    if its.flow or (fields and fields[1].flow):
        at, before, after = _inside(its, fields[1] if fields else None)
        return f"{text[:at]}{before}{_filled(flowing, text, at, newline, len(before))}{after}{text[at:]}"
    at, column, head = _below(its, fields)
    at = _line_end(text, at)
    return text[:at] + newline.join(["", *head, *(" " * column + line.lstrip(" ") for line in lines)]) + text[at:]


def _inside(its: _Value, fields: _Value | None) -> tuple[int, str, str]:
    """Where fields go in a mapping with brackets, and what stands before and behind them."""
    if fields is None:
        return _last(its).end, ", fields: {", "}"
    return (_last(fields).end, ", ", "") if fields.entries else (fields.end - 1, "", "")


def _below(its: _Value, fields: tuple[_Value, _Value] | None) -> tuple[int, int, list[str]]:
    """Behind what fields go as lines of their own, in which column, and the line that goes before them."""
    if fields is None:
        column = its.entries[0][0].column if its.entries else 0
        return _last(its).end, column + 2, [f"{' ' * column}fields:"]
    key, value = fields
    return (_last(value).end, value.entries[0][0].column, []) if value.entries else (key.end, key.column + 2, [])


def _last(its: _Value) -> _Value:
    return its.entries[-1][1] if its.entries else its


def _line_end(text: str, at: int) -> int:
    """The end of the line on which something ends; a text of several lines ends with them, and with the blank ones below."""
    at = len(text[:at].rstrip("\r\n"))
    end = text.find("\n", at)
    end = len(text) if end < 0 else end
    return end - 1 if text[end - 1 : end] == "\r" else end


def _filled(pairs: Sequence[str], text: str, at: int, newline: str, taken: int) -> str:
    """The pairs behind each other, on further lines where one would be too long; those are two further in than the line itself."""
    line = text[text.rfind("\n", 0, at) + 1 : at]
    indent = " " * (len(line) - len(line.lstrip(" ")) + 2)
    filled, length = "", len(line) + taken
    for number, pair in enumerate(pairs):
        if length + len(pair) + 1 > WIDTH and length > len(indent):
            filled, length = f"{filled.rstrip(' ')}{newline}{indent}", len(indent)
        more = pair + (", " if number < len(pairs) - 1 else "")
        filled, length = filled + more, length + len(more)
    return filled


def _value(events: Iterator[Event], key_end: int) -> _Value:
    """The next value of a stream of events; the end of an empty one is that of its key."""
    return _of(_next(events), events, key_end)


def _next(events: Iterator[Event]) -> Event:
    return next(event for event in events if isinstance(event, _EVENTS))


def _of(event: Event, events: Iterator[Event], key_end: int) -> _Value:
    start, end, column = event.start_mark.index, event.end_mark.index, event.start_mark.column
    if isinstance(event, AliasEvent):
        return _Value(start, end, column)
    if isinstance(event, ScalarEvent):
        empty = start == end
        return _Value(start, key_end if empty else end, column, empty=empty, text=event.value)
    value = _Value(
        start, end, column, flow=bool(getattr(event, "flow_style", False)), entries=[] if isinstance(event, MappingStartEvent) else None
    )
    last = end
    while not isinstance(event := _next(events), _ENDS):
        item = _of(event, events, last)
        if value.entries is not None:
            key, item = item, _value(events, item.end)
            value.entries.append((key, item))
        last = item.end
    value.end = event.end_mark.index if value.flow else last  # a block has no sign of its own for its end
    return value
