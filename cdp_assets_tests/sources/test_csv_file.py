"""CSV: every row with its exact physical line, and a broken row costs itself and nothing after it."""

import csv
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from cdp_assets.sources import SourceError, csv_file, find_files
from cdp_assets.sources.layouts import layouts
from cdp_assets.sources.scan import scan
from cdp_assets.sources.staging import stage_rows
from cdp_assets_tests.sources.projects import CRM, source_of

Row = tuple[int, str | None, str | None, str | None]


def _read(folder: Path, content: bytes | str) -> list[Row]:
    """(line, problem, a, b) of the rows of a file with the columns a and b."""
    (folder / "crm.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    files = find_files(folder, "crm", source_of(CRM, "crm"))
    found = layouts("crm", files, {"a": "sources.crm.fields.a", "b": "sources.crm.fields.b"})
    into = folder / "work" / "crm.parquet"
    stage_rows("crm", found, ["a", "b"], ["c0", "c1"], into)
    table = parquet.read_table(into)
    assert table.column_names == ["source_file", "source_line", "problem", "c0", "c1"]
    rows: list[dict[str, Any]] = sorted(table.to_pylist(), key=lambda row: row["source_line"])
    assert all(row["source_file"] == "crm.csv" for row in rows)
    return [(row["source_line"], row["problem"], row["c0"], row["c1"]) for row in rows]


def test_the_first_row_is_on_line_2(tmp_path):
    assert _read(tmp_path, "a,b\n1,2\n3,4\n") == [(2, None, "1", "2"), (3, None, "3", "4")]


def test_a_last_line_without_its_end_is_a_row(tmp_path):
    assert _read(tmp_path, "a,b\n1,2") == [(2, None, "1", "2")]


def test_a_header_alone_is_no_row(tmp_path):
    assert _read(tmp_path, "a,b") == []
    assert _read(tmp_path, "a,b\n") == []


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_kind_of_line_end_counts_as_one_line(tmp_path, end):
    assert _read(tmp_path, end.join(["a,b", "1,2", '"x', 'y",4', "5,6", ""])) == [
        (2, None, "1", "2"),
        (3, None, f"x{end}y", "4"),
        (5, None, "5", "6"),
    ]


def test_a_byte_order_mark_is_not_part_of_the_first_name(tmp_path):
    assert _read(tmp_path, b"\xef\xbb\xbfa,b\n1,2\n") == [(2, None, "1", "2")]


def test_empty_lines_are_no_rows_but_are_lines(tmp_path):
    assert _read(tmp_path, "\na,b\n\n1,2\n\r\n\n3,4\n\n") == [(4, None, "1", "2"), (7, None, "3", "4")]


def test_doubled_quotation_marks_stand_for_one(tmp_path):
    assert _read(tmp_path, 'a,b\n"say ""hi""",""""\n') == [(2, None, 'say "hi"', '"')]


def test_delimiters_and_line_ends_inside_quotation_marks_are_text(tmp_path):
    assert _read(tmp_path, 'a,b\n"1,2\n3\n",x\n4,5\n') == [(2, None, "1,2\n3\n", "x"), (5, None, "4", "5")]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_is_the_one_that_the_header_shows(tmp_path, delimiter):
    assert _read(tmp_path, f"a{delimiter}b\n1{delimiter}2\n") == [(2, None, "1", "2")]


def test_names_of_columns_may_be_quoted_and_have_spaces_around_them(tmp_path):
    assert _read(tmp_path, 'b," x,y ", a \n1,2,3\n') == [(2, None, "3", "1")]


def test_a_row_with_more_or_fewer_columns_is_one_bad_row(tmp_path):
    assert _read(tmp_path, "a,b\n1\n1,2,3\n4,5\n") == [
        (2, "fewer columns than the header", None, None),
        (3, "more columns than the header", None, None),
        (4, None, "4", "5"),
    ]


def test_a_stray_quotation_mark_costs_its_row_only(tmp_path):
    assert _read(tmp_path, 'a,b\n5" disk,1\n2,3\n') == [
        (2, "a quotation mark inside a value that is not in quotation marks", None, None),
        (3, None, "2", "3"),
    ]


def test_text_after_a_closing_quotation_mark_costs_its_row_only(tmp_path):
    assert _read(tmp_path, 'a,b\n"Big" Bob,1\n2,3\n') == [
        (2, "text after a closing quotation mark", None, None),
        (3, None, "2", "3"),
    ]


def test_a_quotation_mark_that_is_never_closed_does_not_swallow_the_rest_of_the_file(tmp_path):
    assert _read(tmp_path, 'a,b\n"oops,1\n2,3\n4,5\n') == [
        (2, "a quotation mark that is never closed", None, None),
        (3, None, "2", "3"),
        (4, None, "4", "5"),
    ]


def test_an_unclosed_quotation_mark_does_not_pair_with_the_next_good_row(tmp_path):
    assert _read(tmp_path, 'a,b\n"oops,1\n2,3\n"x, y",5\n') == [
        (2, "text after a closing quotation mark", None, None),
        (3, None, "2", "3"),
        (4, None, "x, y", "5"),
    ]


def test_a_nul_byte_is_left_to_the_typing(tmp_path):
    assert _read(tmp_path, b"a,b\n1\x00,2\n") == [(2, None, "1\0", "2")]


def test_rows_are_the_same_in_small_portions(tmp_path, monkeypatch):
    content = 'a,b\n1,2\n\n"x\ny",3\n5" disk,1\n\n7,8\n"oops,1\n9,9\n'
    whole = _read(tmp_path, content)
    monkeypatch.setattr(csv_file, "RECORDS_AT_ONCE", 1)
    assert _read(tmp_path, content) == whole
    monkeypatch.setattr(csv_file, "RECORDS_AT_ONCE", 100)
    monkeypatch.setattr(csv_file, "BYTES_AT_ONCE", 2)
    assert _read(tmp_path, content) == whole


def test_a_value_longer_than_a_block_of_the_reader_is_read(tmp_path):
    long = "x" * (3 << 20)
    assert _read(tmp_path, f"a,b\n1,2\n{long},3\n")[1] == (3, None, long, "3")


@pytest.mark.parametrize("content", ["a,b\n1,2\nM\xfcller,4\n", "a,b\n1,M\xfcller\n3,4\n"])
def test_a_file_that_is_not_utf_8_is_named_with_the_line_and_without_the_value(tmp_path, content):
    with pytest.raises(SourceError) as error:
        _read(tmp_path, content.encode("latin-1"))
    line = 1 + content[: content.index("M")].count("\n")
    assert error.value.message == (
        f"Source crm: crm.csv, line {line}: not UTF-8. Save the file as UTF-8. If it is in an encoding of Windows or older, say so "
        "below sources.crm: csv: {encoding: cp1252} (or latin-1, or another)."
    )
    assert error.value.__context__ is None


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_a_file_in_utf_16_is_known_by_its_mark(tmp_path, encoding):
    assert _read(tmp_path, "a,b\n1,Ä\n".encode(encoding)) == [(2, None, "1", "Ä")]


def test_a_header_with_broken_quotation_is_refused(tmp_path):
    with pytest.raises(SourceError, match="line 1: the column names hold"):
        _read(tmp_path, 'a,b,c"d\n1,2,3\n')


def test_a_file_that_changes_while_it_is_read_is_not_read_in_part(tmp_path):
    (tmp_path / "crm.csv").write_text("a,b\n1,2\n")
    found = layouts("crm", find_files(tmp_path, "crm", source_of(CRM, "crm")), {"a": "", "b": ""})
    (tmp_path / "crm.csv").write_text("a,b\n1,2\n3,4\n")
    with pytest.raises(SourceError, match="changed while it was read"):
        stage_rows("crm", found, ["a", "b"], ["c0", "c1"], tmp_path / "out.parquet")
    assert not (tmp_path / "out.parquet").exists()


def _ids(folder: Path, content: bytes) -> list[tuple[int, str]]:
    """(line, id) of a file with the one column id."""
    (folder / "crm.csv").write_bytes(content)
    found = layouts("crm", find_files(folder, "crm", source_of(CRM, "crm")), {"id": "sources.crm.fields.id"})
    stage_rows("crm", found, ["id"], ["c0"], folder / "out.parquet")
    return [(row["source_line"], row["c0"]) for row in parquet.read_table(folder / "out.parquet").to_pylist()]


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_byte_order_mark_in_a_value_belongs_to_the_value(tmp_path, mark):
    assert _ids(tmp_path, f"{mark}id\n\ufeff".encode()) == [(2, "\ufeff")]
    assert _ids(tmp_path, f"{mark}id\n\ufeff\nx\n\ufeffy\n".encode()) == [(2, "\ufeff"), (3, "x"), (4, "\ufeffy")]


def test_a_byte_order_mark_where_a_portion_begins_belongs_to_the_value(tmp_path, monkeypatch):
    monkeypatch.setattr(csv_file, "RECORDS_AT_ONCE", 1)
    assert _read(tmp_path, 'a,b\n5" disk,1\n\ufeffx,2\n\ufeffy,3\n')[1:] == [(3, None, "\ufeffx", "2"), (4, None, "\ufeffy", "3")]


def test_a_row_that_the_reader_refuses_is_not_quoted(tmp_path, monkeypatch):
    whole = csv_file._without
    monkeypatch.setattr(csv_file, "_without", lambda *given: whole(*given) + b"ann.moss\n")  # a row of one column too few
    with pytest.raises(SourceError) as error:
        _read(tmp_path, "a,b\n1,2\n")
    assert error.value.message == "Source crm: crm.csv: its records could not be counted from line 2 on. Please report this."
    assert error.value.__context__ is None


_VALUES = st.text(st.sampled_from(list('ab", ;\n\r\0ü\ufeff')), max_size=6)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(_VALUES, _VALUES), max_size=8), st.sampled_from(["\n", "\r\n"]))
def test_what_a_csv_writer_writes_is_read_back_with_its_lines(tmp_path, rows, end):
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerow(["a", "b"])
    expected: list[Row] = []
    for a, b in rows:
        text = out.getvalue()
        expected.append((1 + text.count("\n") + text.count("\r") - text.count("\r\n"), None, a, b))
        writer.writerow([a, b])
    assert _read(tmp_path, out.getvalue()) == expected


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=40).map(lambda text: bytes(b'ab",\n\r'[byte % 6] for byte in text)))
def test_no_byte_is_lost_whatever_the_bytes(content):
    """Each byte is in exactly one record, or is the end of an empty line; and each record has its physical line."""
    data = np.frombuffer(content, np.uint8)
    starts, ends, lines = (np.empty(50, np.int64) for _ in range(3))
    found, position, _ = scan(data, True, 1, ord(","), ord('"'), 2, 1 << 20, starts, ends, lines, np.empty(50, np.int8))
    assert position == len(content)
    gaps = [0, *ends[:found], len(content)]
    for start, end in zip([*starts[:found], len(content)], gaps, strict=False):
        assert not content[end:start].strip(b"\r\n")
        assert end <= start
    for start, line in zip(starts[:found], lines[:found], strict=True):
        before = content[:start].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        assert line == 1 + before.count(b"\n")
