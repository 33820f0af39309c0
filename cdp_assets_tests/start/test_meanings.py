"""What a column means, from its name and its values; and how its dates are written."""

from pathlib import Path

import pytest

from cdp_assets_tests.start.folders import meaning_of

MAILS = [f"ann{n}@x.example" for n in range(9)]
NAMES = ["Ann Lee", "Bob Poe", "Cleo Ray"]


@pytest.mark.parametrize(
    ("column", "values", "type_"),
    [
        ("EMail", MAILS, "identity.email"),
        ("kontakt", MAILS, "identity.email"),  # by the values alone
        ("Email Subscriber", ["Yes", "No", "No"], "boolean"),  # the name alone is not enough
        ("Telephone", ["983.566.0706x9509", "+49 170 1234567"], "identity.phone"),
        ("mobile", ["yes", "no"], "boolean"),
        ("Vorname", ["Ann", "Bob"], "person.first_name"),
        ("LastName", ["Lee", "O'Brien"], "person.last_name"),
        ("customer_name", NAMES, "person.full_name"),
        ("customer_name", ["Blue Sky Ltd", "Red Inc.", "Grün GmbH"], "organization.name"),
        ("Geburtsdatum", ["31.12.1980", "1.2.1990"], "person.birth_date"),
        ("gender", ["f", "m", "f"], "person.gender"),
        ("job_title", ["Head of Sales", "Clerk", "Clerk"], "text"),
        ("PLZ", ["01067", "50667"], "location.postcode"),
        ("zip", ["1000 AB", "2000 CD"], "location.postcode"),
        ("country", ["DE", "AT"], "location.country"),
        ("state", ["open", "closed"], "text"),  # no place beside it
        ("points", ["1", "20"], "integer"),
        ("branch", ["001", "020"], "text"),  # zeros at the beginning would be lost
        ("price", ["1.5", "20"], "decimal"),
        ("ratio", ["0.12345", "2"], "number"),
        ("betrag", ["1.234,50", "2,00"], "text"),
        ("seen_at", ["2024-01-31T10:00:00Z", "2024-02-01 11:00"], "timestamp"),
        ("note", ["", ""], "text"),
    ],
)
def test_a_column_means_what_its_name_says_and_its_values_bear_out(tmp_path: Path, column: str, values: list[str], type_: str) -> None:
    assert meaning_of(tmp_path, column, values).type == type_


@pytest.mark.parametrize(
    ("values", "format_"),
    [
        (["5/8/1986", "12/31/1990"], "%m/%d/%Y"),
        (["5/8/1986", "31/12/1990"], "%d/%m/%Y"),
        (["31.12.1990", "01.02.1980"], "%d.%m.%Y"),
        (["1990-12-31", "1980-02-01"], None),
        (["12/31/1990 18:30", "1/2/1980 07:05"], "%m/%d/%Y %H:%M"),
        (["12/31/1990 6:30 PM", "1/2/1980 7:05 AM"], "%m/%d/%Y %I:%M %p"),
        (["31 Dec 1990", "1 Feb 1980"], "%d %b %Y"),
    ],
)
def test_the_order_of_day_and_month_is_decided_by_a_day_above_twelve(tmp_path: Path, values: list[str], format_: str | None) -> None:
    meaning = meaning_of(tmp_path, "day_of_visit", values)
    assert meaning.type in ("date", "timestamp")
    assert meaning.format == format_
    assert "ambiguous" not in meaning.why


def test_where_no_day_is_above_twelve_both_ways_are_said(tmp_path: Path) -> None:
    meaning = meaning_of(tmp_path, "visit", ["1/2/2024", "3/4/2024"])
    assert "ambiguous" in meaning.why
    assert "%d/%m/%Y" in meaning.why


def test_dates_written_in_three_ways_stay_text_and_lose_no_row(tmp_path: Path) -> None:
    meaning = meaning_of(tmp_path, "visit", ["2024-01-31", "01/31/2024", "31.01.2024"] * 5)
    assert (meaning.type, meaning.faults) == ("text", 0)


def test_rows_that_would_be_in_quarantine_are_counted(tmp_path: Path) -> None:
    meaning = meaning_of(tmp_path, "birth_date", ["2001-02-03"] * 19 + ["none"])
    assert (meaning.type, meaning.faults) == ("person.birth_date", 1)


def test_a_column_without_any_value_and_one_that_never_differs_are_only_comments(tmp_path: Path) -> None:
    assert not meaning_of(tmp_path / "a", "note", ["", ""]).used
    assert not meaning_of(tmp_path / "b", "kind", ["x", "x"]).used
