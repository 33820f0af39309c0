"""Bad input, one line of the list a test: a clear message, every row that is rejected counted with its reason, nothing lost."""

import gzip
import lzma
from pathlib import Path

import pytest

from cdp_assets.config import load_project
from cdp_assets.sources import SourceError, csv_file, read_source
from cdp_assets.sources.advice import advice, shrunk
from cdp_assets_tests.sources.projects import CRM, HEADER, names_of, new_run, problem_of, quarantine_of, read, rows_of, write


def _form(folder: Path, form: str) -> None:
    write(folder, cdp_yaml=f"{CRM}    csv: {form}\n")


def _told(folder: Path) -> str | None:
    project = load_project(folder)
    run = new_run(project)
    read_source(run, project, "crm")
    return advice(run, project, "crm")


def test_a_wrong_encoding_is_said_with_file_and_line_and_what_to_write(crm):
    write(crm, crm_csv=(HEADER + "C1,Ann,,\nC2,Jürgen,,\n").encode("cp1252"))
    assert problem_of(crm) == (
        "Source crm: crm.csv, line 3: not UTF-8. Save the file as UTF-8. If it is in an encoding of Windows or older, say so "
        "below sources.crm: csv: {encoding: cp1252} (or latin-1, or another)."
    )


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "utf-16-le", "utf-16-be", "mac-roman", "utf-8", "gb18030"])
def test_a_stated_encoding_is_read_with_its_physical_lines(crm, encoding):
    _form(crm, f"{{encoding: {encoding}}}")
    write(crm, crm_csv=(HEADER + 'C1,"Jürgen\r\nGroß",,\r\n\nC2,Zoë,,x\n').encode(encoding))
    read(crm)
    assert names_of(crm) == ["Jürgen\r\nGroß"]
    assert quarantine_of(crm) == [("crm", 5, "points", "not a whole number")]


def test_a_stated_encoding_that_is_wrong_is_said_with_the_line(crm, monkeypatch):
    _form(crm, "{encoding: ascii}")
    write(crm, crm_csv=HEADER + "C1,Ann,,\r\nC2,Bob,,\rC3,Jürgen,,\n")
    for size in (4, 5, 1 << 20):
        monkeypatch.setattr(csv_file, "BYTES_AT_ONCE", size)
        assert problem_of(crm).startswith("Source crm: crm.csv, line 4: not ascii, the encoding of the file by its mark or by cdp.yaml.")


def test_utf_16_without_a_mark_is_said_as_what_it_looks_like(crm):
    write(crm, crm_csv=(HEADER + "C1,Ann,,\n").encode("utf-16-le"))
    assert "csv: {encoding: utf-16-le}" in problem_of(crm)


def test_a_stated_encoding_against_the_mark_of_the_file_is_refused(crm):
    _form(crm, "{encoding: cp1252}")
    write(crm, crm_csv=(HEADER + "C1,Ann,,\n").encode("utf-8-sig"))
    assert "crm.csv begins with the mark of UTF-8, and cdp.yaml states cp1252. Remove `encoding`" in problem_of(crm)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_is_read_as_such(crm, encoding):
    write(crm, crm_csv=(HEADER + "C1,Jürgen,,\n").encode(encoding))
    read(crm)
    assert names_of(crm) == ["Jürgen"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_a_delimiter_is_found_by_the_columns_that_are_asked_for(crm, delimiter):
    write(
        crm,
        crm_csv=(HEADER + "C1,Ann,,7\n")
        .replace(",", delimiter)
        .replace("points", "points" + delimiter + '"a,b,c,d,e;f"', 1)
        .replace("7", f"7{delimiter}x"),
    )
    read(crm)
    assert names_of(crm) == ["Ann"]


def test_a_wrong_delimiter_that_is_stated_is_said_with_the_one_that_fits(crm):
    _form(crm, '{delimiter: ";"}')
    write(crm, crm_csv=HEADER + "C1,Ann,,\n")
    assert problem_of(crm) == (
        'Source crm: crm.csv: with the delimiter ";" that sources.crm.csv states, the line of column names is a single column. '
        'With "," it has columns that cdp.yaml asks for: write csv: {delimiter: ","} below sources.crm.'
    )


def test_a_delimiter_that_is_not_looked_for_is_named_and_can_be_stated(crm):
    write(crm, crm_csv=(HEADER + "C1,Ann,,7\n").replace(",", "^"))
    assert 'write csv: {delimiter: "^"} below sources.crm.' in problem_of(crm)
    _form(crm, '{delimiter: "^"}')
    read(crm)
    assert names_of(crm) == ["Ann"]


def test_a_single_quotation_mark_is_found_where_a_column_is_written_in_it(crm):
    write(crm, crm_csv="'contact_id','name',born,points\n'C1','Moss, Ann',,7\n'C2','O''Hara',,8\n")
    read(crm)
    assert names_of(crm) == ["Moss, Ann", "O'Hara"]


def test_an_apostrophe_is_no_quotation_mark(crm):
    write(crm, crm_csv=HEADER + "C1,'t Hooft,,7\nC2,Moss',,8\n")
    read(crm)
    assert names_of(crm) == ["'t Hooft", "Moss'"]


def test_where_most_rows_break_the_rules_of_quotation_none_is_suggested_and_can_be_stated(crm):
    write(crm, crm_csv=HEADER + 'C1,5" disk,,7\nC2,3" disk,,8\nC3,Bob,,9\n')
    said = _told(crm)
    assert said == (
        "2 of 3 rows break the rules of quotation; if marks are part of the values, write csv: {quote: none} below sources.crm."
    )
    _form(crm, "{quote: none}")
    read(crm)
    assert names_of(crm) == ['5" disk', '3" disk', "Bob"]


def test_ragged_rows_are_counted_one_by_one_and_where_most_are_the_delimiter_is_doubted(crm):
    write(crm, crm_csv=HEADER + "C1\nC2,Bob,,\nC3,Cy,,,,,\n")
    assert _told(crm) == (
        "2 of 3 rows have another number of columns than the header; see whether the delimiter is the right one "
        "(csv: {delimiter: ...} below sources.crm)."
    )
    assert [row[1:] for row in quarantine_of(crm)] == [(2, "", "fewer columns than the header"), (4, "", "more columns than the header")]
    assert names_of(crm) == ["Bob"]


def test_a_date_in_three_formats_is_read_in_one_and_the_others_are_named_row_by_row(crm):
    write(crm, crm_csv=HEADER + "C1,Ann,5/8/1986,\nC2,Bob,08.05.1986,\nC3,Cy,1986-05-08,\nC4,Di,soon,\nC5,Ed,,\n")
    assert _told(crm) is None
    said = "not a date in the format %m/%d/%Y"
    assert [row[1:] for row in quarantine_of(crm)] == [
        (3, "born", f"{said}; %d.%m.%Y would read it"), (4, "born", f"{said}; %Y-%m-%d would read it"), (5, "born", said),
    ]  # fmt: skip
    assert names_of(crm) == ["Ann", "Ed"]


def test_where_most_rows_of_a_column_of_dates_fail_the_pattern_that_would_read_them_is_told(crm):
    write(crm, crm_csv=HEADER + "C1,Ann,08.05.1986,\nC2,Bob,09.05.1986,\nC3,Cy,1986-05-08,\nC4,Di,5/8/1986,\n")
    told = 'born cannot be read in 3 of 4 rows; "%d.%m.%Y" would read 2 of them: state it at sources.crm.fields.born.format.'
    assert _told(crm) == told
    assert _told(crm) == told  # also when nothing changed


def test_where_no_row_can_be_read_any_more_the_source_is_broken_and_its_last_rows_stay(crm):
    write(crm, crm_csv=HEADER + "C1,Ann,,7\nC2,Bob,,8\n")
    read(crm)
    write(crm, crm_csv=HEADER + "C1,Ann,,7 points\nC2,Bob,,8 points\n")
    for _ in range(2):  # also when nothing changed
        with pytest.raises(SourceError) as error:
            read(crm)
        assert error.value.message == (
            "Source crm: none of the 2 rows of its files can be read any more: 2 x not a whole number (points), first in crm.csv line 2. "
            "Have the files written as before, or say at sources.crm of cdp.yaml how they are written now."
        )
        assert names_of(crm) == ["Ann", "Bob"]
        assert len(quarantine_of(crm)) == 2
    write(crm, crm_csv=HEADER + "C1,Ann,,7 points\nC2,Bob,,8\n")
    read(crm)
    assert names_of(crm) == ["Bob"]


def test_a_source_that_has_no_rows_any_more_is_empty_and_not_broken(crm):
    write(crm, crm_csv=HEADER + "C1,Ann,,7\n")
    read(crm)
    write(crm, crm_csv=HEADER)
    read(crm)
    assert names_of(crm) == []


def test_where_most_rows_of_a_field_cannot_be_read_the_field_is_told(crm):
    write(crm, crm_csv=HEADER + "C1,Ann,,EUR 7\nC2,Bob,,EUR 8\nC3,Cy,,9\n")
    assert _told(crm) == "points cannot be read in 2 of 3 rows: not a whole number; see sources.crm.fields.points."


@pytest.mark.parametrize(("before", "now", "told"), [(5002, 2184, True), (100, 49, True), (100, 50, False), (99, 0, False), (0, 7, False)])
def test_a_source_that_lost_most_of_its_rows_is_told(before, now, told):
    said = shrunk(before, now)
    assert said == (f"{now:,} rows, {before:,} before: if a file was cut off or did not come, deliver it again." if told else None)


def test_a_quote_that_never_closes_costs_its_line_only(crm):
    write(crm, crm_csv=HEADER + 'C1,"Ann,,\nC2,Bob,,\nC3,Cy,,\n')
    read(crm)
    assert [row[1:] for row in quarantine_of(crm)] == [(2, "", "a quotation mark that is never closed")]
    assert names_of(crm) == ["Bob", "Cy"]


def test_a_quote_that_does_not_close_within_the_length_of_a_row_costs_its_line_only(crm, monkeypatch):
    monkeypatch.setattr(csv_file, "LONGEST", 60)
    monkeypatch.setattr(csv_file, "BYTES_AT_ONCE", 20)
    rows = "".join(f"C{n},Bob,,\n" for n in range(20))
    write(crm, crm_csv=HEADER + f'C99,"Ann,,\n{rows}')
    read(crm)
    assert [row[1:] for row in quarantine_of(crm)] == [(2, "", "a quotation mark that is never closed")]
    assert len(names_of(crm)) == 20


@pytest.mark.parametrize("size", [20, 150, 1 << 20])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_line_that_is_too_long_is_one_row_in_quarantine_and_the_rest_is_read(crm, monkeypatch, size, end):
    """The limit is 64 MiB; here it is 100 bytes."""
    monkeypatch.setattr(csv_file, "LONGEST", 100)
    monkeypatch.setattr(csv_file, "BYTES_AT_ONCE", size)
    long = "x" * 1000
    lines = [HEADER.strip(), "C1,Ann,,1", f"C2,{long},,", f'C3,"{long}",,', "C4,Di,,4", f"C5,{long},,5", ""]
    write(crm, crm_csv=end.join(lines))
    read(crm)
    assert [row[1:] for row in quarantine_of(crm)] == [(line, "", "longer than a row can be") for line in (3, 4, 6)]
    assert [(row["source_line"], row["name"]) for row in rows_of(crm)] == [(2, "Ann"), (5, "Di")]


def test_a_line_of_names_that_is_too_long_is_refused(crm, monkeypatch):
    monkeypatch.setattr(csv_file, "LONGEST", 20)
    write(crm, crm_csv=HEADER + "C1,Ann,,1\n")
    assert "crm.csv, line 1: the column names are longer than a row can be" in problem_of(crm)


@pytest.mark.parametrize("line", ["x" * 200_000, "x" * 3_000_000, HEADER.strip() + ",x" * 1_000_000], ids=["a name", "a file", "names"])
@pytest.mark.parametrize("end", ["\n", "\r", ""])
def test_a_line_of_names_that_nobody_could_mean_is_said_as_that(crm, line, end):
    """It was `has no line of column names`, and names after the first MiB were cut off."""
    write(crm, crm_csv=line + end + "C1,Ann,,1")
    assert problem_of(crm) == (
        "Source crm: crm.csv: the line of column names is longer than 1 MiB, or one of the names than 131,072 characters. "
        "See whether the file is CSV, and whether its lines end."
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (gzip.compress(HEADER.encode()), "is compressed with gzip. Unpack it (gunzip)."),
        (lzma.compress(HEADER.encode()), "is compressed with xz. Unpack it (unxz)."),
        (b"PK\x03\x04\x14\0", "is a ZIP archive, as workbooks of Excel (.xlsx) are too. Unpack it, or save the table as CSV (UTF-8)."),
        (b"PAR1\x15\x04", "is a Parquet file by its content. Give it the suffix .parquet."),
    ],
    ids=["gzip", "xz", "zip", "parquet"],  # the bytes of gzip hold the time
)
@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_a_file_that_is_no_text_is_said_with_what_it_is(crm, content, said, suffix):
    """It was `not UTF-8`, with the advice to state an encoding; of JSON lines a whole file was a few rows in quarantine."""
    write(crm, cdp_yaml=CRM.replace("crm.csv", f"crm.{suffix}"), **{f"crm.{suffix}": content})
    assert problem_of(crm) == f"Source crm: crm.{suffix} {said}"


def test_duplicated_names_of_columns_are_refused(crm):
    write(crm, crm_csv="contact_id,name,name,born,points\nC1,Ann,Ann,,\n")
    assert 'crm.csv has 2 columns "name", and sources.crm.fields.name asks for one.' in problem_of(crm)
