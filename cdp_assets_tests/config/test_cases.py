"""Every mistake of cases/*.txt is found at its line, says what the table says, and nothing else; and no key is forgotten there."""

import types
from collections.abc import Callable, Iterator
from typing import Annotated, Any, Union, get_args, get_origin

import pytest
from pydantic import BaseModel, Tag

from cdp_assets.config import ConfigError, ProjectConfig, parse_config
from cdp_assets.config.document import Document, read_document
from cdp_assets.config.loader import configuration
from cdp_assets.config.reference import EXAMPLE as EXAMPLE_FILE
from cdp_assets.config.reference import EXCLUDED, keys, tables
from cdp_assets_tests.config.cases import Case, changed, document, example, line_of, read_cases, steps

CASES = read_cases()
EXAMPLE = example()
KINDS = {"wrong type", "unknown key", "missing key", "missing reference", "circular", "out of range", "contradiction"}

FIELDS = ("id", "combine", "separate", "exclude", "rename", "order")
REFERENCES = {
    "RecordsSource": {"where"},
    "EventsSource": {"known_as", "where"},
    "ConsentsSource": {"person", "where"},
    "Incremental": {"updated"},
    "Deleted": {"field"},
    "People": {*FIELDS, "match_order", "dedupe", "always_match", "never_match", "merge"},
    "Accounts": {*FIELDS, "match_order", "dedupe", "always_match", "never_match", "merge"},
    "Contacts": {*FIELDS, "match_order", "dedupe", "always_match", "never_match", "merge", "relationships", "attributes", "customers"},
    "Condition": {"field", "alias", "bypass"},
    "RuleException": {"field", "alias", "bypass"},
    "AliasList": {"source", "value", "same_as"},
    "BypassList": {"source", "value"},
    "Recency": {"most_recent", "least_recent"},
    "Sides": {"left", "right"},
    "MatchRule": {"left", "right"},
    "Merge": {"importance", "most_recent", "least_recent", "group"},
    "Households": {"last_name", "address"},
    "Relationship": {"foreign_key", "account"},
    "Activity": {"source", "of", "time", "amount", "title", "detail", "product", "url", "returned"},
    "Measure": {"activities"},
    "Prediction": {"activities"},
    "Engagement": {"email"},
    "Segment": {"all", "any"},
    "DynamicsConnection": {"contact_id"},
    "Export": {"connection", "segments", "fields", "contact_id"},
}
"""Keys whose value names something of another place (or whose entries are named after it)."""
OTHERS = {
    "Engine": {"memory"},
    "Roles": {"owner", "administrator", "contributor", "viewer"},
    "RecordsSource": {"database", "query", "table", "files", "primary_key", "fields"},
    "EventsSource": {"database", "query", "table", "files", "event_id", "visitor", "time", "time_format", "event", "fields"},
    "ConsentsSource": {"database", "query", "table", "files", "purpose", "given", "at", "at_format"},
    "CsvForm": {"delimiter", "encoding", "quote"},
    "Field": {"type", "column", "format"},
    "Deleted": {"files", "key", "at", "at_format", "equals"},
    "DedupeRule": {"name"},
    "AliasList": {"pairs"},
    "BypassList": {"values"},
    "Guards": {"junk"},
    "MatchRule": {"name"},
    "Activity": {"type"},
    "Engagement": {"region", "tenant", "client_id", "secret", "addresses"},
    "FileConnection": {"name", "folder"},
    "DynamicsConnection": {"name", "server"},
    "Export": {"name", "consent", "schedule"},
    "Schedule": {"at", "cron", "time_zone"},
    "Upkeep": {"cron"},
    "Alerts": {"webhook"},
    "Mail": {"to", "from", "server", "user", "password"},
    "Web": {"host"},
    "DagsterStorage": {"postgres"},
}
"""Keys of text, lists of texts or mappings to texts that name nothing in the file."""


def said(read: Callable[[], Any]) -> list[tuple[int, str]]:
    """The lines and messages of the problems that reading a document raises."""
    with pytest.raises(ConfigError) as caught:
        read()
    return [(problem.line, str(problem).split(": ", 1)[1]) for problem in caught.value.problems]


def test_the_example_is_valid_and_written_as_it_is_read() -> None:
    text, lines = document(EXAMPLE)
    assert parse_config(text) == parse_config(EXAMPLE_FILE.read_text()) == configuration(Document(EXAMPLE, lines), [])
    assert read_document(text.encode())[0].lines == lines


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_mistake_is_found_at_its_line_and_says_what_the_table_says(case: Case) -> None:
    data = changed(EXAMPLE, case.change)
    _, lines = document(data)
    found = said(lambda: configuration(Document(data, lines), []))
    assert [message for _, message in found] == case.said
    assert [line for line, _ in found] == [line_of(lines, message.partition(": ")[0]) for _, message in found]


@pytest.mark.parametrize("case", CASES[::25], ids=str)
def test_a_mistake_in_a_file_is_said_as_the_table_says(case: Case) -> None:
    text, lines = document(changed(EXAMPLE, case.change))
    assert said(lambda: parse_config(text)) == [(line_of(lines, message.partition(": ")[0]), message) for message in case.said]


def test_the_tables_know_the_kinds_of_mistakes() -> None:
    assert {case.kind for case in CASES} == KINDS
    assert len({(case.section, case.change) for case in CASES}) == len(CASES)
    assert all(case.said for case in CASES)


def model_at(place: str) -> tuple[type[BaseModel], str] | None:
    """The model and its key at the place of a message, by walking through the models beside the example; None for other places."""
    annotation: Any = ProjectConfig
    value: Any = EXAMPLE
    found = None
    for step in steps(place):
        for model in _models(annotation, value):
            if isinstance(step, str) and step in keys(model):
                found, annotation = (model, step), keys(model)[step].annotation
                break
        else:
            annotation, found = _entry(annotation), None
        value = value[step] if (isinstance(value, dict) and step in value) or (isinstance(value, list) and step < len(value)) else None
    return found


def _members(annotation: Any) -> Iterator[Any]:
    if get_origin(annotation) in (Union, types.UnionType):
        for each in get_args(annotation):
            yield from _members(each)
    else:
        yield annotation


def _models(annotation: Any, value: Any) -> Iterator[type[BaseModel]]:
    for member in _members(_bare(annotation)):
        tags = [tag.tag for tag in get_args(member)[1:] if isinstance(tag, Tag)] if get_origin(member) is Annotated else []
        model = _bare(member)
        kind = value.get("kind", "records") if isinstance(value, dict) else None
        if isinstance(model, type) and issubclass(model, BaseModel) and (not tags or kind in tags or tags in (["mapping"], ["sides"])):
            yield model


def _bare(annotation: Any) -> Any:
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    return annotation


def _entry(annotation: Any) -> Any:
    for member in _members(_bare(annotation)):
        if get_origin(_bare(member)) in (dict, tuple):
            return get_args(_bare(member))[1 if get_origin(_bare(member)) is dict else 0]
    return None


def covered(*kinds: str) -> set[tuple[type[BaseModel], str]]:
    """The keys of models that cases of these kinds are about: the place of a message, or one that it stands in."""
    found = set()
    for case in CASES:
        for message in case.said if case.kind in kinds else ():
            place = message.partition(": ")[0]
            while place:
                found.add(model_at(place))
                place = place[: max(place.rfind("."), place.rfind("["), 0)]
    return {each for each in found if each}


def every_key() -> Iterator[tuple[type[BaseModel], str, Any]]:
    """Every key of every mapping of cdp.yaml."""
    for table in tables(EXAMPLE):
        for key, field in keys(table.model).items():
            yield table.model, key, field


def names(found: set[tuple[type[BaseModel], str]]) -> set[str]:
    return {f"{model.__name__}.{key}" for model, key in found}


def test_every_key_has_an_example() -> None:
    missing = [f"{table.title}.{key}" for table in tables(EXAMPLE) for key in keys(table.model) if table.example(key) is None]
    assert missing == []
    assert len(EXCLUDED) == 1


def test_every_key_has_a_case_of_a_wrong_type() -> None:
    direct = {found for case in CASES if case.kind == "wrong type" for found in [model_at(case.said[0].partition(": ")[0])] if found}
    assert names({(model, key) for model, key, _ in every_key()} - direct) == set()


def test_every_required_key_has_a_case_where_it_is_missing() -> None:
    required = {(model, key) for model, key, field in every_key() if field.is_required()}
    direct = {
        model_at(message.partition(": ")[0]) for case in CASES if case.kind in ("missing key", "out of range") for message in case.said
    }
    # what a source is that does not say its kind is asked of the source
    assert names(required - direct - {pair for pair in required if pair[1] == "kind"}) == set()


def test_every_mapping_has_a_case_of_an_unknown_key() -> None:
    models = {table.model for table in tables(EXAMPLE)}
    above = [message.partition(": ")[0].rpartition(".")[0] for case in CASES for message in case.said if "unknown key" in message]
    found = {model for place in above for model in (_model_of(place),) if model}
    assert {model.__name__ for model in models - found} == set()


def _model_of(place: str) -> type[BaseModel] | None:
    """The model of the mapping at a place."""
    annotation: Any = ProjectConfig
    value: Any = EXAMPLE
    for step in steps(place):
        inner = [keys(model)[step].annotation for model in _models(annotation, value) if isinstance(step, str) and step in keys(model)]
        annotation = inner[0] if inner else _entry(annotation)
        value = value[step]
    return next(_models(annotation, value), None)


def test_every_key_of_text_is_a_reference_or_is_none_and_references_have_a_case_of_a_missing_one() -> None:
    declared = {f"{model}.{key}" for table in (REFERENCES, OTHERS) for model, its in table.items() for key in its}
    of_text = {f"{model.__name__}.{key}" for model, key, field in every_key() if _holds_text(field.annotation)}
    assert of_text - declared == set(), "a new key: does it name something of another place?"
    wanted = {f"{model}.{key}" for model, its in REFERENCES.items() for key in its}
    assert wanted - names(covered("missing reference")) == set()


def _holds_text(annotation: Any) -> bool:
    return any(
        member is str or (get_origin(member) in (dict, tuple) and _holds_text(get_args(member)[-1 if get_origin(member) is dict else 0]))
        for member in map(_bare, _members(_bare(annotation)))
    )
