"""JSON lines: every row with its exact line, values as they are written, and a bad line costs itself only."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from cdp_assets.sources import SourceError, find_files, json_lines
from cdp_assets.sources.layouts import layouts
from cdp_assets.sources.staging import stage_rows
from cdp_assets_tests.sources.projects import CRM, quarantine_of, read, rows_of, source_of, write

Row = tuple[int, str | None, str | None, str | None]


def _read(folder: Path, content: bytes | str) -> list[Row]:
    """(line, problem, a, b) of the rows of a file with the keys a and b."""
    (folder / "crm.jsonl").write_bytes(content if isinstance(content, bytes) else content.encode())
    files = find_files(folder, "crm", source_of(CRM, "crm").model_copy(update={"files": "crm.jsonl"}))
    found = layouts("crm", files, {"a": "", "b": ""})
    stage_rows("crm", found, ["a", "b"], ["c0", "c1"], folder / "out.parquet")
    rows = sorted(parquet.read_table(folder / "out.parquet").to_pylist(), key=lambda row: row["source_line"])
    return [(row["source_line"], row["problem"], row["c0"], row["c1"]) for row in rows]


def test_the_first_row_is_on_line_1_and_blank_lines_are_lines(tmp_path):
    assert _read(tmp_path, '{"a":"x","b":1}\n\n \t\r\n {"b" : "y" , "a":true}') == [(1, None, "x", "1"), (4, None, "true", "y")]


def test_a_key_that_is_missing_or_null_is_no_value(tmp_path):
    assert _read(tmp_path, '{"a":"x"}\n{"a":null,"b":""}\n{}\n') == [(1, None, "x", None), (2, None, None, ""), (3, None, None, None)]


@pytest.mark.parametrize("number", ["12345678901234567890123", "0.10", "-1.50e+30", "1E400", "0", "-0"])
def test_a_number_stays_as_it_is_written(tmp_path, number):
    assert _read(tmp_path, f'{{"a":{number}}}\n') == [(1, None, number, None)]


def test_escapes_stand_for_what_they_mean(tmp_path):
    text = r'{"a":"\"\\\/\b\f\n\r\t","b":"\u00e9\u20ac\ud83d\ude00\u0000"}'
    assert _read(tmp_path, text) == [(1, None, '"\\/\b\f\n\r\t', "é€😀\0")]


def test_a_key_may_be_written_with_escapes(tmp_path):
    assert _read(tmp_path, r'{"\u0061":"x"}') == [(1, None, "x", None)]


BAD_LINES = r"""
{"a":1                        | not valid JSON
{"a":1,}                      | not valid JSON
{'a':1}                       | not valid JSON
{"a":01}                      | not valid JSON
{"a":1.}                      | not valid JSON
{"a":NaN}                     | not valid JSON
{"a":tru}                     | not valid JSON
{"a":"x}                      | not valid JSON
{"a":"\x"}                    | not valid JSON
{"a":"\u12"}                  | not valid JSON
{"a" 1}                       | not valid JSON
{"a":1} {"a":2}               | not valid JSON
{"c":[1,{"d":}]}              | not valid JSON
{"c":[1,2}                    | not valid JSON
oops                          | not valid JSON
[1,2]                         | no JSON object, such as {...}
"text"                        | no JSON object, such as {...}
{"a":"\ud800"}                | half a character (one of \ud800 to \udfff alone)
{"a":"\udc00\ud800"}          | half a character (one of \ud800 to \udfff alone)
{"a":1,"a":2}                 | a is there more than once
{"a":{"c":1}}                 | a holds a list or nested values, and plain ones are needed
{"b":[]}                      | b holds a list or nested values, and plain ones are needed
"""


@pytest.mark.parametrize(("line", "reason"), [tuple(part.strip() for part in row.split(" | ")) for row in BAD_LINES.strip().splitlines()])
def test_a_bad_line_costs_itself_only(tmp_path, line, reason):
    good = '{"a":"x","b":"y"}'
    assert _read(tmp_path, f"{good}\n{line}\n{good}\n") == [(1, None, "x", "y"), (2, reason, None, None), (3, None, "x", "y")]


def test_nested_values_that_nobody_asks_for_do_not_matter(tmp_path):
    assert _read(tmp_path, '{"c":{"a":[1,{"b":"}"}],"d":{}},"a":"x","c":[]}\n') == [(1, None, "x", None)]


def test_nesting_without_end_is_one_bad_line(tmp_path):
    assert _read(tmp_path, '{"a":1}\n{"c":' + "[" * 5000 + "\n") == [(1, None, "1", None), (2, "nested too deeply", None, None)]


def test_bytes_that_are_not_utf_8_cost_their_line_only(tmp_path):
    content = b'{"a":"x"}\n{"a":"M\xfcller"}\n{"a":"M\xc3\xbcller"}\n{"a":"\xed\xa0\x80"}\n'
    assert _read(tmp_path, content) == [
        (1, None, "x", None), (2, "not UTF-8", None, None), (3, None, "Müller", None), (4, "not UTF-8", None, None),
    ]  # fmt: skip


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_says_the_encoding(tmp_path, encoding):
    assert _read(tmp_path, '{"a":"ü"}\n{"a":"x"}\n'.encode(encoding)) == [(1, None, "ü", None), (2, None, "x", None)]


def test_a_line_that_is_longer_than_a_row_can_be_is_one_bad_row(tmp_path, monkeypatch):
    monkeypatch.setattr(json_lines, "LONGEST", 100)
    for size in (20, 1 << 20):
        monkeypatch.setattr(json_lines, "BYTES_AT_ONCE", size)
        long = json.dumps({"a": "x" * 500})
        assert _read(tmp_path, f'{{"a":"1"}}\n{long}\n{long}\n{{"a":"2"}}\n') == [
            (1, None, "1", None), (2, "longer than a row can be", None, None), (3, "longer than a row can be", None, None),
            (4, None, "2", None),
        ]  # fmt: skip


def test_a_file_that_is_one_array_is_said_to_be_one(tmp_path):
    with pytest.raises(SourceError, match=r"one JSON array, and JSON lines has one object in each line. .* jq -c '\.\[\]'"):
        _read(tmp_path, '[{"a":1}]')


def test_json_over_several_lines_is_said_to_be_that(tmp_path):
    with pytest.raises(SourceError, match="JSON over several lines"):
        _read(tmp_path, '{\n  "a": 1\n}\n')


def test_an_empty_file_of_json_lines_has_no_rows(tmp_path):
    assert _read(tmp_path, "") == []


VALUES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8)
OBJECTS = st.dictionaries(st.sampled_from(["a", "b", "c", "ä"]) | st.text(max_size=3), VALUES, max_size=5)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(OBJECTS, max_size=6), st.booleans(), st.sampled_from([1, 7, 1 << 20]))
def test_what_a_json_writer_writes_is_read_back_with_its_lines(tmp_path, objects, ascii_only, at_once):
    """Also in portions that end anywhere."""
    content = "".join(json.dumps(each, ensure_ascii=ascii_only) + "\n" for each in objects)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_lines, "BYTES_AT_ONCE", at_once)
        found = _read(tmp_path, content.encode())
    expected = [(n, None, *(_text(each.get(key)) for key in ("a", "b"))) for n, each in enumerate(objects, start=1)]
    assert found == expected


def _text(value: object) -> str | None:
    return value if isinstance(value, str) or value is None else json.dumps(value)


JSON_CRM = CRM.replace("crm.csv", "crm.jsonl")


def test_json_lines_are_typed_and_quarantined_like_any_source(tmp_path):
    write(tmp_path, cdp_yaml=JSON_CRM)
    (tmp_path / "crm.jsonl").write_text(
        '{"contact_id": 12345678901234567890, "name": "Ann", "born": "5/8/1986", "points": 7, "note": {"x": 1}}\n'
        '{"contact_id": "C2", "points": "many"}\n{"name": "Cy"}\nbroken\n'
    )
    read(tmp_path)
    assert [(row["source_line"], row["record_key"], row["points"]) for row in rows_of(tmp_path)] == [(1, "12345678901234567890", 7)]
    assert quarantine_of(tmp_path) == [
        ("crm", 2, "points", "not a whole number"), ("crm", 3, "contact_id", "primary key is missing"), ("crm", 4, "", "not valid JSON"),
    ]  # fmt: skip
