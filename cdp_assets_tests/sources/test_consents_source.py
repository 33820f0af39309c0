"""What a source of consents asks of its rows: what for, and whose it is; an answer that cannot be read costs no row."""

from pathlib import Path

import pytest

from cdp_assets.sources import SourceError
from cdp_assets_tests.sources.projects import at, quarantine_of, read, rows_of, write

CONFIG = """
version: 1
sources:
  crm: {files: crm.csv, primary_key: id, fields: {mail: identity.email}}
  newsletter:
    kind: consents
    files: consents.csv
    person: {E-Mail: identity.email, customer: crm.id}
    purpose: list
    given: opt_in
customers: {match_order: [crm]}
"""
HEADER = "E-Mail,customer,list,opt_in,at,other\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path, cdp_yaml=CONFIG)
    return tmp_path


def test_a_statement_is_typed_and_keeps_file_and_line(folder: Path) -> None:
    write(folder, consents_csv=HEADER + "Ann@X.org,,Newsletter,yes,2024-03-01T00:30:00+01:00,x\n")
    read(folder, "newsletter")
    assert rows_of(folder, "newsletter") == [
        {
            "source_file": "consents.csv", "source_line": 2, "purpose": "Newsletter", "given": True, "at": at("2024-02-29 23:30"),
            "E-Mail": "Ann@X.org", "customer": None,
        }
    ]  # fmt: skip


def test_yes_and_no_are_read_in_the_usual_words(folder: Path) -> None:
    words = ["true", "false", "Yes", "no", "1", "0", "TRUE"]
    write(folder, consents_csv=HEADER + "".join(f"a@x,,n,{word},2024-03-01,\n" for word in words))
    read(folder, "newsletter")
    assert [row["given"] for row in rows_of(folder, "newsletter")] == [True, False, True, False, True, False, True]


def test_a_statement_for_nothing_or_of_nobody_is_in_quarantine_under_the_name_of_the_column(folder: Path) -> None:
    rows = ["a@x,,,maybe,2024-03-01,", ",,n,yes,soon,", ",7,n,yes,2024-03-01,", "a@x,,n,no,2024-03-01,x,more"]
    write(folder, consents_csv=HEADER + "\n".join(rows) + "\n")
    faults, made = read(folder, "newsletter")
    assert quarantine_of(folder)[:2] == [
        ("newsletter", 2, "list", "what the consent is for is missing"),
        ("newsletter", 3, "E-Mail", "nobody is named, as E-Mail and customer have no value"),
    ]
    assert [row["customer"] for row in rows_of(folder, "newsletter")] == ["7"]
    assert (faults.rows, made.rows) == (3, 1)


def test_a_statement_whose_answer_or_time_cannot_be_read_stays_with_null(folder: Path) -> None:
    rows = ["a@x,,n,,2024-03-01,", "a@x,,n,maybe,2024-03-01,", "a@x,,n,no,,", "a@x,,n,yes,soon,", "a@x,,n,Nein,bald,"]
    write(folder, consents_csv=HEADER + "\n".join(rows) + "\n")
    faults, made = read(folder, "newsletter")
    march = at("2024-03-01")
    assert [(row["given"], row["at"]) for row in rows_of(folder, "newsletter")] == [
        (None, march), (None, march), (False, None), (True, None), (None, None)
    ]  # fmt: skip
    assert (faults.rows, made.rows) == (0, 5)


def test_an_identifier_that_cannot_be_read_costs_nothing_where_another_one_says_who_it_is(folder: Path) -> None:
    write(folder, consents_csv=HEADER + "a\0@x,7,n,no,2024-03-01,\na\0@x,,n,no,2024-03-01,\n")
    read(folder, "newsletter")
    assert [(row["E-Mail"], row["customer"], row["given"]) for row in rows_of(folder, "newsletter")] == [(None, "7", False)]
    assert quarantine_of(folder) == [("newsletter", 3, "E-Mail", "holds a NUL character, which no text has")]


def test_the_time_may_have_a_format_of_its_own(folder: Path) -> None:
    write(folder, cdp_yaml=CONFIG.replace("opt_in\n", 'opt_in\n    at_format: "%d.%m.%Y"\n'))
    write(folder, consents_csv=HEADER + "a@x,,n,yes,31.12.2023,\n")
    read(folder, "newsletter")
    assert [row["at"] for row in rows_of(folder, "newsletter")] == [at("2023-12-31")]


def test_a_column_that_is_missing_is_named_with_the_place_that_asks_for_it(folder: Path) -> None:
    write(folder, consents_csv="E-Mail,customer,list,optin,at\na@x,,n,yes,2024-01-01\n")
    with pytest.raises(SourceError, match=r'no column "opt_in", which sources.newsletter.given asks for.* Did you mean "optin"'):
        read(folder, "newsletter")


def test_the_same_statement_twice_is_two_rows(folder: Path) -> None:
    write(folder, consents_csv=HEADER + "a@x,,n,yes,2024-03-01,\n" * 2)
    read(folder, "newsletter")
    assert len(rows_of(folder, "newsletter")) == 2
    assert quarantine_of(folder) == []
