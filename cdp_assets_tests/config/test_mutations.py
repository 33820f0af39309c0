"""Whatever is in the file, reading it gives a configuration or messages for people, never another error."""

import json
import re
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from cdp_assets.config import ConfigError, Problem, parse_config
from cdp_assets.config.document import Document
from cdp_assets.config.loader import configuration
from cdp_assets.config.mend import mended
from cdp_assets_tests.config.cases import example
from cdp_assets_tests.config.documents import VALID

TREE = YAML(typ="safe", pure=True).load(VALID)
WORDS = sorted({word for word in VALID.replace(":", " ").replace(",", " ").split() if word.isidentifier()})

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(WORDS),
    st.sampled_from(["spark", "consents", "probabilistic", "most_recent", "crm.contact_id", "crm.", "%", "*/5 * * * *"]),
)
KEYS = st.sampled_from(WORDS) | st.text(max_size=9)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


def places(value: Any, at: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Every place of the tree."""
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(place for key, inner in entries for place in places(inner, (*at, key)))]


def put(value: Any, at: tuple[str | int, ...], new: Any) -> Any:
    """The tree with another value at the place."""
    if not at:
        return new
    if isinstance(value, dict):
        return {key: put(inner, at[1:], new) if key == at[0] else inner for key, inner in value.items()}
    return [put(inner, at[1:], new) if number == at[0] else inner for number, inner in enumerate(value)]


def problems(document: str | bytes) -> list[Problem]:
    """What is wrong with the document, if anything; any error but a ConfigError goes through."""
    try:
        parse_config(document)
    except ConfigError as error:
        return error.problems or [Problem("", -1, "", "an error without a problem")]
    return []


def read(document: str) -> None:
    """Reads the document and looks at the messages."""
    lines = len(re.split(r"\r\n|[\n\r\x85\u2028\u2029]", document))
    for problem in problems(document):
        assert 0 <= problem.line <= lines, problem
        assert len(str(problem).splitlines()) == 1, problem


SETTINGS = settings(max_examples=300, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])


@SETTINGS
@given(st.lists(st.tuples(st.sampled_from(places(TREE)), VALUES), min_size=1, max_size=3))
def test_any_value_at_any_place(changes):
    tree = TREE
    for at, value in changes:
        if at in places(tree):
            tree = put(tree, at, value)
    read(json.dumps(tree))  # JSON is YAML


EXAMPLE = example()


def mistaken(data: Any) -> bool:
    """Whether the data are read, or refused with problems; any error but a ConfigError goes through."""
    try:
        configuration(Document(data, {}), [])
    except ConfigError as error:
        return bool(error.problems)
    return True


@SETTINGS
@given(st.lists(st.tuples(st.sampled_from(places(EXAMPLE)), VALUES), min_size=1, max_size=4))
def test_any_value_at_any_place_of_a_file_with_every_key(changes):
    tree = EXAMPLE
    for at, value in changes:
        if at in places(tree):
            tree = put(tree, at, value)
    assert mistaken(tree)


@SETTINGS
@given(st.lists(st.sampled_from(places(EXAMPLE)[1:]), min_size=1, max_size=5))
def test_any_values_of_a_file_with_every_key_left_out(gone):
    document = mended(EXAMPLE)
    for at in gone:
        document.take_out(at)
    assert mistaken(document.data())


@SETTINGS
@given(st.data())
def test_any_text_at_any_position(data):
    document = VALID
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(document)))
        end = start + data.draw(st.integers(0, 12))
        document = document[:start] + data.draw(st.text(max_size=6) | st.sampled_from(list("{}[]:,-&*!|>'\"%@`\t\n #"))) + document[end:]
    read(document)


@SETTINGS
@given(st.lists(st.integers(0, VALID.count("\n") - 1), min_size=1, max_size=6))
def test_any_lines_left_out(numbers):
    read("".join(line for number, line in enumerate(VALID.splitlines(keepends=True)) if number not in numbers))


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.binary(max_size=60))
def test_any_bytes(content):
    assert all(problem.line >= 0 for problem in problems(content))
