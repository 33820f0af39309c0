"""How files are written (`csv`) and which rows are read (`where`): every mistake has its message."""

import pytest

from cdp_assets.config import ConfigError, RecordsSource, parse_config
from cdp_assets.config.conditions import Comparison

CONFIG = """
version: 1
sources:
  crm:
    files: crm.csv
    primary_key: id
    fields: {name: person.full_name, points: integer, vip: boolean, born: date}
    MORE
"""


def _source(more: str) -> RecordsSource:
    source = parse_config(CONFIG.replace("MORE", more)).sources["crm"]
    assert isinstance(source, RecordsSource)
    return source


@pytest.mark.parametrize(
    ("written", "meant"), [("';'", ";"), ("tab", "\t"), ('"\\t"', "\t"), ("'|'", "|"), ("'^'", "^"), ("' '", " "), ("semicolon", ";")]
)
def test_a_delimiter_is_one_character_or_a_word(written, meant):
    assert _source(f"csv: {{delimiter: {written}}}").csv.delimiter == meant


@pytest.mark.parametrize("encoding", ["utf-8", "UTF-16", "latin-1", "cp1252", "Shift_JIS", "iso-8859-15"])
def test_an_encoding_is_one_that_python_reads(encoding):
    assert _source(f"csv: {{encoding: {encoding}}}").csv.encoding


def test_a_row_filter_is_written_like_the_conditions_of_a_segment():
    where = _source("where: {name: [Ann, Bob], points: {at_least: 1, below: 9}, vip: true, born: {exists: false}}").where
    assert where["name"] == (Comparison(operator="is", values=("Ann", "Bob")),)
    assert [(each.operator, each.values) for each in where["points"]] == [("at_least", (1,)), ("below", (9,))]
    assert where["vip"] == (Comparison(operator="is", values=(True,)),)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("csv: {delimiter: ab}", 'crm.csv.delimiter: is no delimiter, found "ab". Allowed: one character such as , ; | or the word tab.'),
        ("csv: {delimiter: a}", "is no delimiter"),
        ("csv: {delimiter: '\"'}", "is no delimiter"),
        ("csv: {encoding: latin-11}", 'sources.crm.csv.encoding: is no encoding that is known, found "latin-11". Did you mean "latin-1"?'),
        ("csv: {encoding: base64}", "is no encoding that is known"),
        ("csv: {encoding: utf-7}", "is no encoding that is known"),
        ("csv: {quote: x}", "sources.crm.csv.quote: is no quotation mark"),
        ("csv: {quot: none}", 'sources.crm.csv.quot: unknown key. Did you mean "quote"?'),
        ("csv: yes", "sources.crm.csv: must be a mapping"),
        ("{csv: {quote: none}, format: parquet}", "sources.crm.csv: says how CSV files are written, and the files are parquet"),
        ("format: jsonl", 'sources.crm.format: unknown value, found "jsonl"'),
        ("where: {nam: Ann}", 'sources.crm.where.nam: unknown field of crm, found "nam". Did you mean "name"?'),
        ("where: {points: many}", 'sources.crm.where.points: points is a number; compare it with one, found "many".'),
        ("where: {name: 7}", 'sources.crm.where.name: name is text; compare it with one, in quotes: "7", found 7.'),
        ("where: {name: {above: a}}", "sources.crm.where.name: name is text, which has no order: above cannot be asked of it."),
        ("where: {vip: [true, false]}", "vip is true or false; a list of both says nothing, write one of them"),
        ("where: {born: soon}", 'born is a day; compare it with one, such as 2026-01-31, found "soon".'),
        ("where: {born: 2026-01-31T10:00:00}", "is a time; a condition asks about days"),
        ("where: {points: {at_lest: 1}}", 'unknown comparison "at_lest". Did you mean "at_least"?'),
        ("where: {points: {exists: 1}}", "exists is true or false"),
        ("where: {points: {at_least: [1, 2]}}", "at_least takes one value"),
        ("where: {points: {}}", "must have a comparison"),
        ("where: {name: []}", "is an empty list, so that no row would be read; list at least one value"),
        ("where: {name: null}", "is no value that can be compared"),
        ("where: Ann", "sources.crm.where: must be a mapping"),
    ],
)
def test_a_mistake_is_said_at_its_place(more, message):
    text = "\n    ".join(each.strip() for each in more.strip("{}").split(", format")) if more.startswith("{csv") else more
    text = text.replace("csv: {quote: none}\n    : parquet", "csv: {quote: none}\n    format: parquet")
    with pytest.raises(ConfigError) as error:
        _source(text)
    assert message in error.value.message


def test_a_filter_of_events_may_ask_for_what_every_event_has():
    text = """
version: 1
sources:
  web: {kind: events, files: web, visitor: v, time: ts, include_all_records: true, where: WHERE}
"""
    parse_config(text.replace("WHERE", "{event: [view, buy], time: {at_least: 2026-01-01}, visitor_id: {is_not: bot}}"))
    with pytest.raises(ConfigError, match="Allowed: event_id, visitor_id, time, event"):
        parse_config(text.replace("WHERE", "{page: /a}"))
