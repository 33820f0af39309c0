"""Whatever is in the file, reading it gives a configuration or messages for people, never another error."""

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from cdp_assets.config import ConfigError, Problem, parse_config
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
    st.sampled_from(
        ["spark", "consents", "probabilistic", "most_recent", "crm.contact_id", "crm.", "%", "*/5 * * * *"]
    ),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS) | st.text(max_size=9), inner, max_size=3),
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


def read(document: str) -> None:
    """Reads the document and looks at each message; anything but a ConfigError goes through."""
    try:
        parse_config(document)
    except ConfigError as error:
        lines = document.count("\n") + 1
        assert error.problems
        for problem in error.problems:
            assert isinstance(problem, Problem)
            assert 0 <= problem.line <= lines + 1
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


@SETTINGS
@given(st.data())
def test_any_text_at_any_position(data):
    document = VALID
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(document)))
        end = start + data.draw(st.integers(0, 12))
        document = (
            document[:start]
            + data.draw(st.text(max_size=6) | st.sampled_from(list("{}[]:,-&*!|>'\"%@`\t\n #")))
            + document[end:]
        )
    read(document)


@SETTINGS
@given(st.lists(st.integers(0, VALID.count("\n") - 1), min_size=1, max_size=6))
def test_any_lines_left_out(numbers):
    read("".join(line for number, line in enumerate(VALID.splitlines(keepends=True)) if number not in numbers))


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.binary(max_size=60))
def test_any_bytes(content):
    try:
        parse_config(content)
    except ConfigError as error:
        assert error.problems
