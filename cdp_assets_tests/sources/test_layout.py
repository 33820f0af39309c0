"""The structure of files: what is missing is said with the file, the place in cdp.yaml and the nearest name."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from cdp_assets.sources import SourceError, find_files
from cdp_assets.sources.layout import Layout
from cdp_assets.sources.layouts import layouts
from cdp_assets_tests.sources.projects import CRM, source_of, write

WANTED = {"contact_id": "sources.crm.fields.contact_id", "email": "sources.crm.fields.email"}


def _layouts(folder: Path, files: str = "crm*", wanted: Mapping[str, str] = WANTED) -> Sequence[Layout]:
    return layouts("crm", find_files(folder, "crm", source_of(CRM, "crm").model_copy(update={"files": files})), wanted)


def _problems(folder: Path, files: str = "crm*") -> list[str]:
    with pytest.raises(SourceError) as error:
        _layouts(folder, files)
    return list(error.value.problems)


def _parquet(path: Path, **columns: Any) -> None:
    parquet.write_table(pa.table(columns), path)


def test_a_missing_column_is_said_with_the_file_the_place_and_the_nearest_name(tmp_path):
    write(tmp_path, crm_csv="contact_id,e_mail\n")
    asked = 'crm.csv has no column "email", which sources.crm.fields.email asks for.'
    assert _problems(tmp_path) == [f'{asked} Did you mean "e_mail"?']


@pytest.mark.parametrize("header", ["e_mail", "E-Mail", " E mail.", '"Email:"'])
def test_a_name_that_differs_in_case_and_punctuation_only_is_shown_whatever_else_is_there(tmp_path, header):
    write(tmp_path, crm_csv=f"{header},town\n")
    assert f'Did you mean "{header.strip(chr(34)).strip()}"?' in _problems(tmp_path)[1]


def test_a_name_that_is_only_similar_is_shown_beside_a_column_that_is_asked_for(tmp_path):
    write(tmp_path, crm1_csv="contact_id,emails\n", crm2_csv="contact,emails\n")
    first, *others = _problems(tmp_path)
    assert first.endswith('Did you mean "emails"?')
    unlike = "None of its columns (2) has a name that cdp.yaml asks for: does it have a line of column names?"
    assert [problem.endswith(unlike) for problem in others] == [True, True]


def test_a_value_that_is_similar_to_a_wanted_name_is_not_shown_without_a_line_of_names(tmp_path):
    write(tmp_path, crm_csv="Emil,contact id 12\nBo,7\n")  # somebody who is called almost like the column
    said = "".join(_problems(tmp_path))
    assert "Emil" not in said
    assert "12" not in said


@pytest.mark.parametrize("near", ["email@", "email 5550", "email\x00", "email\u200b", "e\x1bmail"])
def test_an_address_a_long_number_and_a_character_that_nobody_sees_are_never_shown(tmp_path, near):
    write(tmp_path, crm_csv=f"contact_id,{near}\n")
    asked = 'crm.csv has no column "email", which sources.crm.fields.email asks for.'
    assert _problems(tmp_path) == [f"{asked} None of its columns (2) has a name like it that may be shown."]


def test_all_files_and_columns_are_checked_before_anything_is_said(tmp_path):
    write(tmp_path, crm1_csv="contact_id,name\n", crm2_csv="email,id\n", crm3_csv="contact_id,email\n")
    assert [problem.split(",")[0] for problem in _problems(tmp_path)] == [
        'crm1.csv has no column "email"',
        'crm2.csv has no column "contact_id"',
    ]


def test_a_file_without_a_line_of_names_does_not_show_somebodys_record(tmp_path):
    write(tmp_path, crm_csv="C1,ann.moss@example.org\nC2,bob@example.org\n")
    assert "example.org" not in "".join(_problems(tmp_path))


def test_a_column_that_is_there_twice_is_refused(tmp_path):
    write(tmp_path, crm_csv="contact_id,email,email\n")
    assert _problems(tmp_path) == [
        'crm.csv has 2 columns "email", and sources.crm.fields.email asks for one. Give them names of their own.'
    ]


def _parquet_of(path: Path, *names: str) -> None:
    parquet.write_table(
        pa.Table.from_arrays(
            [pa.array([[number]]) if name == "tags" else pa.array(["x"]) for number, name in enumerate(names)], names=list(names)
        ),
        path,
    )


def test_a_column_that_is_there_twice_is_refused_in_parquet_too(tmp_path):
    _parquet_of(tmp_path / "crm.parquet", "contact_id", "tags", "email", "note", "note", "email")
    assert _problems(tmp_path) == [
        'crm.parquet has 2 columns "email", and sources.crm.fields.email asks for one. Give them names of their own.'
    ]


def test_columns_of_parquet_that_differ_in_capital_letters_only_are_refused(tmp_path):
    _parquet_of(tmp_path / "crm.parquet", "contact_id", "Email", "email")
    said = 'crm.parquet has 2 columns "email" (capital letters do not count), and sources.crm.fields.email asks for one.'
    assert _problems(tmp_path) == [f"{said} Give them names of their own."]


def test_a_column_of_parquet_is_not_mistaken_for_the_second_of_two_others(tmp_path):
    _parquet_of(tmp_path / "crm.parquet", "contact_id", "note", "note", "note_1")  # DuckDB calls the second one note_1
    with pytest.raises(SourceError, match='column "note_1" cannot be told from others'):
        _layouts(tmp_path, wanted={"note_1": "sources.crm.fields.note_1"})


def test_a_column_of_parquet_that_nobody_asks_for_may_be_there_twice(tmp_path):
    _parquet_of(tmp_path / "crm.parquet", "tags", "note", "contact_id", "note", "email")
    assert _layouts(tmp_path)[0].columns == ("tags", "note", "contact_id", "note", "email")


def test_a_column_that_nobody_asks_for_may_be_there_twice(tmp_path):
    write(tmp_path, crm_csv="contact_id,email,note,note,\n")
    assert _layouts(tmp_path)[0].columns == ("contact_id", "email", "note", "note", "")


def test_the_order_of_columns_may_differ_from_file_to_file(tmp_path):
    write(tmp_path, crm1_csv="contact_id,email\n", crm2_csv="email;contact_id\n")
    assert [layout.delimiter for layout in _layouts(tmp_path)] == [",", ";"]


@pytest.mark.parametrize("content", ["\n\n", "\r\n", ",,\n"])
def test_a_file_of_empty_lines_has_no_names(tmp_path, content):
    write(tmp_path, crm_csv=content)
    assert _problems(tmp_path) == ["crm.csv has no line of column names."]


def test_a_header_that_is_not_utf_8_is_refused(tmp_path):
    write(tmp_path, crm_csv="contact_id,email,größe\n".encode("latin-1"))
    assert _problems(tmp_path)[0].startswith("crm.csv, line of column names: not UTF-8. Save the file as UTF-8.")


def test_parquet_brings_its_types(tmp_path):
    _parquet(tmp_path / "crm.parquet", contact_id=[1], email=["a"])
    assert _layouts(tmp_path)[0].types == {"contact_id": "BIGINT", "email": "VARCHAR"}


def test_a_parquet_file_whose_names_are_not_utf_8_is_named(tmp_path):
    _parquet(tmp_path / "good.parquet", contact_id=["1"], email=["a"])
    (tmp_path / "crm.parquet").write_bytes((tmp_path / "good.parquet").read_bytes().replace(b"email", b"ema\xff\xff"))
    assert _problems(tmp_path) == ["crm.parquet cannot be read as Parquet: it is damaged, cut off or something else. Write it again."]


@pytest.mark.parametrize("content", [b"PAR1 and then nothing", b"contact_id,email\n"])
def test_a_file_that_is_no_parquet_is_named(tmp_path, content):
    (tmp_path / "crm.parquet").write_bytes(content)
    assert _problems(tmp_path) == ["crm.parquet cannot be read as Parquet: it is damaged, cut off or something else. Write it again."]


def test_lists_and_bytes_are_no_values_of_a_field(tmp_path):
    _parquet(tmp_path / "crm.parquet", contact_id=[b"1"], email=[["a", "b"]])
    assert _problems(tmp_path) == [
        'crm.parquet: column "contact_id" holds bytes, and sources.crm.fields.contact_id needs plain ones.',
        'crm.parquet: column "email" holds lists or nested values, and sources.crm.fields.email needs plain ones.',
    ]


def test_characters_of_patterns_in_the_name_of_a_parquet_file_stand_for_themselves(tmp_path):
    _parquet(tmp_path / "crm[1]*.parquet", contact_id=["1"], email=["a"])
    assert len(_layouts(tmp_path, "crm[1]*.parquet")) == 1
