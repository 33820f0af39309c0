"""Lines of YAML with comments beside them: names in quotes where they need them, comments of one line that hold nothing unseen."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./*-]*( [A-Za-z0-9_./*-]+)*")
WORDS = frozenset("y n yes no on off true false null ~".split())
"""Text that some reader of YAML takes for something else, as a value and as a key."""
BESIDE = 88
"""Comments begin beside the longest line of their block, but no further right than this."""
_MARK = "\0"  # between a line and the comment beside it, until it is known where that begins
WIDTH = 118


def scalar(value: object) -> str:
    """A value as YAML, in quotes where it would be something else without."""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    if isinstance(value, int) or (_PLAIN.fullmatch(text) and text.lower() not in WORDS):
        return text
    return json.dumps(text, ensure_ascii=not text.isprintable())


def mapping(pairs: Mapping[str, object]) -> str:
    """A mapping in one line; values that are mappings or lists are written so too."""
    return "{" + ", ".join(f"{scalar(key)}: {flow(value)}" for key, value in pairs.items()) + "}"


def flow(value: object) -> str:
    """A value in one line."""
    if isinstance(value, Mapping):
        return mapping(value)
    if isinstance(value, list | tuple):
        return "[" + ", ".join(flow(each) for each in value) + "]"
    return scalar(value)


def line(text: str, why: str = "") -> str:
    """A line with its comment beside it; `aligned` puts it in its place."""
    return f"{text}{_MARK}{said(why)}" if why else text


def aligned(lines: Iterable[str]) -> Iterator[str]:
    """The lines with the comments beside them below each other, block by block (a blank line ends one)."""
    block: list[str] = []
    for text in lines:
        block.append(text)
        if not text:
            yield from _aligned(block)
            block = []
    yield from _aligned(block)


def _aligned(block: list[str]) -> Iterator[str]:
    parts = [text.partition(_MARK) for text in block]
    column = max((len(text) for text, _, why in parts if why and len(text) <= BESIDE), default=0)
    return (f"{text:<{column}}  # {why}" if why else text for text, _, why in parts)


def comment(text: str, indent: int = 0) -> Iterator[str]:
    """Lines of a comment, broken between words."""
    rest = said(text)
    width = WIDTH - indent - 2
    while rest:
        cut = len(rest) if len(rest) <= width else max(rest.rfind(" ", 0, width), 0) or width
        yield f"{' ' * indent}# {rest[:cut].rstrip()}"
        rest = rest[cut:].lstrip()


def commented(lines: Iterable[str], indent: int) -> Iterator[str]:
    """The lines as a comment: what is suggested and not switched on."""
    return (f"{' ' * indent}# {text[indent:]}".rstrip() for text in lines)


def said(text: str) -> str:
    """The text without what nobody sees or what would end a line."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
