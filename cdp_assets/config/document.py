"""YAML text to plain data, with the line of every key and list item. Knows nothing of what the keys mean."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from cdp_assets.config.problems import Finding, Location, shown

_PREFIX = "tag:yaml.org,2002:"
_SCALARS = frozenset(_PREFIX + name for name in ("str", "int", "float", "bool", "null", "timestamp"))
_HALF = r"holds half a character (one of \ud800 to \udfff alone); write the character itself"
_MOST = 100_000
"""Values in a document, aliases counted each time: a small file can otherwise unfold to any size."""


@dataclass
class Document:
    """The data of a file, and the line on which each value's key (in a list: the value) stands, counted from 1."""

    data: Any = None
    lines: dict[Location, int] = field(default_factory=dict)

    def line(self, at: Location) -> int:
        """The line of the place, or of the nearest place above it that is in the file."""
        while at and at not in self.lines:
            at = at[:-1]
        return self.lines.get(at, 1)


def read_document(content: bytes) -> tuple[Document, list[Finding]]:
    """The document in a file's bytes, and what is wrong with its form; after a syntax error its data are None."""
    reader = _Reader()
    try:
        text = content.decode("utf-8-sig")
        root = reader.yaml.compose(text)
        if root is None:
            return reader.document, [Finding((), 'the file is empty; it begins with "version: 1"', line=0)]
        reader.document.lines[()] = root.start_mark.line + 1
        reader.document.data = reader.value(root, (), ())
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return Document(), [Finding((), "is not text in UTF-8; save the file in that encoding", line=line)]
    except YAMLError as error:
        return Document(), [_syntax(error, content)]
    except RecursionError:
        return Document(), [Finding((), "is nested too deeply", line=0)]
    except _TooLargeError:
        return Document(), [Finding((), f"holds more than {_MOST} values", line=0)]
    return reader.document, reader.findings


def _syntax(error: YAMLError, content: bytes) -> Finding:
    # only the parser's own words: the text of the error quotes the line, which may hold a secret
    if isinstance(error, MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        words = ", ".join(word for word in (error.context, error.problem) if word)
        return Finding((), f"is not valid YAML: {words}", line=mark.line + 1 if mark else 0)
    position = getattr(error, "position", None)
    if isinstance(position, int):
        line = content.decode("utf-8-sig").count("\n", 0, position) + 1
        return Finding((), "is not valid YAML: a control character", line=line)
    return Finding((), "is not valid YAML", line=0)


class _TooLargeError(Exception):
    """The document unfolds to more values than any configuration has."""


def _is_whole(text: str) -> bool:
    """Whether the text can be written: an escape in quotes can make half of a surrogate pair, which nothing stores."""
    return text.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in text)


class _Reader:
    """Turns nodes into data, and collects what is wrong on the way."""

    def __init__(self) -> None:
        self.yaml = YAML(typ="safe", pure=True)
        self.document = Document()
        self.findings: list[Finding] = []
        self.values = 0

    def value(self, node: Node, at: Location, above: tuple[int, ...]) -> Any:
        """The plain value of a node; ``above`` are the nodes it stands in."""
        self.values += 1
        if self.values > _MOST:
            raise _TooLargeError
        if id(node) in above:
            self.findings.append(Finding(at, "holds itself"))
            return None
        inside = (*above, id(node))
        if isinstance(node, MappingNode) and node.tag == _PREFIX + "map":
            return {key: self.value(value, (*at, key), inside) for key, value in self.entries(node, at)}
        if isinstance(node, SequenceNode) and node.tag == _PREFIX + "seq":
            for number, item in enumerate(node.value):
                self.document.lines[*at, number] = item.start_mark.line + 1
            return [self.value(item, (*at, number), inside) for number, item in enumerate(node.value)]
        if isinstance(node, ScalarNode) and node.tag in _SCALARS:
            return self.scalar(node, at)
        self.findings.append(Finding(at, "a tag (!) has no meaning here; remove it"))
        return None

    def entries(self, node: MappingNode, at: Location) -> Iterator[tuple[str, Node]]:
        """The entries of a mapping by their key; what is not a plain key, or a second time the same, is reported."""
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, ScalarNode):
                self.findings.append(Finding(at, "a key must be text", line=line))
                continue
            key = str(key_node.value)
            if not _is_whole(key):
                self.findings.append(Finding(at, _HALF, line=line))
                continue
            place = (*at, key)
            if key_node.tag != _PREFIX + "str":
                self.findings.append(Finding(place, f'a key must be text; write it as "{key}"', line=line))
            elif place in self.document.lines:
                first = self.document.lines[place]
                self.findings.append(Finding(place, f"is written twice, first on line {first}", line=line))
                continue
            self.document.lines[place] = line
            yield key, value_node

    def scalar(self, node: ScalarNode, at: Location) -> Any:
        """A text, number, truth value, date or nothing."""
        if not _is_whole(node.value):
            self.findings.append(Finding(at, _HALF))
            return None
        try:
            return self.yaml.constructor.construct_object(node)
        except (YAMLError, ValueError, ArithmeticError):
            kind, example = ("date", "2026-01-31") if node.tag == _PREFIX + "timestamp" else ("number", "3")
            self.findings.append(Finding(at, f"is not a {kind}, such as {example}; put text in quotes", shown(node.value, at)))
            return None
