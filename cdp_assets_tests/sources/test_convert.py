"""From text to value: what is read, what is empty, and what is refused with which reason."""

from datetime import date
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from sqlglot import exp

from cdp_assets.config import Field
from cdp_assets.lake import session
from cdp_assets.sources.convert import conversion
from cdp_assets_tests.sources.projects import at


def _converted(value: Any, field: Field, raw_type: str = "varchar") -> tuple[Any, str | None]:
    its = conversion("c0", raw_type, field)
    select = exp.select(its.value.as_("value"), its.fault.as_("fault")).from_("given").sql(dialect="duckdb")
    with session() as connection:
        connection.execute(f"create table given (c0 {raw_type})")
        connection.execute("insert into given values ($1)", [value])
        found: tuple[Any, str | None] = connection.execute(select).fetchall()[0]
    return found


ISO_DATE = "not a date as in 2024-12-31 (ISO 8601)"
ISO_TIME = "not a time as in 2024-12-31T23:59:59Z (ISO 8601)"


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("text", " Ann ", " Ann "),
        ("integer", "007", 7),
        ("integer", " -12 ", -12),
        ("integer", "12.0", 12),  # how tools write whole numbers in a column with gaps
        ("decimal", "1234.5", Decimal("1234.50")),
        ("decimal", "-.5", Decimal("-0.50")),
        ("number", "1e-3", 0.001),
        ("boolean", "Yes", True),
        ("boolean", "0", False),
        ("date", "2024-02-29", date(2024, 2, 29)),
        ("date", "2024-02-29T00:00:00", date(2024, 2, 29)),
        ("timestamp", "2024-02-29", at("2024-02-29 00:00")),
        ("timestamp", "2024-02-29 12:30", at("2024-02-29 12:30")),
        ("timestamp", "2024-02-29T12:30:00.25Z", at("2024-02-29 12:30:00.250000")),
        ("timestamp", "2024-02-29T12:30:00+02:00", at("2024-02-29 10:30")),
    ],
)
def test_text_becomes_the_value_that_is_written(kind, text, value):
    assert _converted(text, Field(type=kind)) == (value, None)


@pytest.mark.parametrize("kind", ["text", "identity.email", "integer", "decimal", "number", "boolean", "date", "timestamp"])
@pytest.mark.parametrize("text", ["", "   ", None])
def test_empty_text_is_no_value_and_no_fault(kind, text):
    assert _converted(text, Field(type=kind)) == (None, None)


@pytest.mark.parametrize(
    ("kind", "text", "reason"),
    [
        ("text", "a\0b", "holds a NUL character, which no text has"),
        ("integer", "12.5", "not a whole number"),
        ("integer", "1_000", "not a whole number"),
        ("integer", "0x10", "not a whole number"),
        ("integer", "99999999999999999999", "not a whole number"),
        ("decimal", "1,5", "not a number"),
        ("decimal", "99999999999999999", "not a number"),
        ("number", "nan", "not a number"),
        ("number", "1e999", "not a number"),
        ("boolean", "maybe", "not true or false"),
        ("date", "2024-02-30", ISO_DATE),
        ("date", "02/29/2024", f"{ISO_DATE}; %m/%d/%Y would read it"),
        ("date", "epoch", ISO_DATE),
        ("date", "2024-02-29T12:00:00", ISO_DATE),
        ("timestamp", "infinity", ISO_TIME),
        ("timestamp", "2024-02-30T12:00:00Z", ISO_TIME),
        ("timestamp", "9999-12-31T23:59:59-14:00", ISO_TIME),  # in UTC the year 10000
        ("timestamp", "0000-12-31", ISO_TIME),
        ("date", "0000-12-31", ISO_DATE),
    ],
)
def test_what_is_not_written_that_way_is_refused_and_nothing_is_guessed(kind, text, reason):
    assert _converted(text, Field(type=kind)) == (None, reason)


def test_a_date_is_read_by_its_format():
    field = Field(type="person.birth_date", format="%m/%d/%Y")
    assert _converted("5/8/1986", field) == (date(1986, 5, 8), None)
    assert _converted("31/12/1980", field) == (None, "not a date in the format %m/%d/%Y; %d/%m/%Y would read it")
    assert _converted("1980-12-31", field) == (None, "not a date in the format %m/%d/%Y; %Y-%m-%d would read it")
    assert _converted("31 december", field) == (None, "not a date in the format %m/%d/%Y")


def test_where_a_value_does_not_decide_between_two_patterns_both_are_named():
    said = "not a date as in 2024-12-31 (ISO 8601)"
    assert _converted("3/4/2024", Field(type="date")) == (None, f"{said}; %d/%m/%Y or %m/%d/%Y would read it")
    assert _converted("3/14/2024", Field(type="date")) == (None, f"{said}; %m/%d/%Y would read it")


def test_a_year_of_two_digits_is_not_the_first_century():
    assert _converted("5/8/86", Field(type="date", format="%m/%d/%Y")) == (None, "not a date in the format %m/%d/%Y")


def test_a_time_is_read_by_its_format_and_its_offset_counts():
    field = Field(type="timestamp", format="%d.%m.%Y %H:%M %z")
    assert _converted("29.02.2024 12:30 +02:00", field) == (at("2024-02-29 10:30"), None)
    assert _converted("29.02.2024", field) == (None, "not a time in the format %d.%m.%Y %H:%M %z; %d.%m.%Y would read it")


def test_a_quotation_mark_in_a_format_is_text():
    assert _converted("5'8'1986", Field(type="date", format="%m'%d'%Y")) == (date(1986, 5, 8), None)


@pytest.mark.parametrize(
    ("raw_type", "value", "kind", "expected"),
    [
        ("date", date(2024, 2, 29), "date", date(2024, 2, 29)),
        ("timestamp", at("2024-02-29 12:00"), "timestamp", at("2024-02-29 12:00")),
        ("date", date(2024, 2, 29), "timestamp", at("2024-02-29 00:00")),
        ("timestamp", at("2024-02-29 00:00"), "date", date(2024, 2, 29)),
        ("bigint", 12, "text", "12"),
        ("double", 1000.0, "text", "1000"),  # an id in a column with gaps
        ("double", 0.5, "text", "0.5"),
        ("double", float("nan"), "text", None),
        ("double", float("nan"), "number", None),
        ("double", 12.0, "integer", 12),
        ("date", date(1, 1, 1), "date", date(1, 1, 1)),
        ("date", date(9999, 12, 31), "date", date(9999, 12, 31)),
        ("timestamp", at("0001-01-01 00:00"), "timestamp", at("0001-01-01 00:00")),
        ("timestamp", at("9999-12-31 23:59:59.999999"), "timestamp", at("9999-12-31 23:59:59.999999")),
        ("bigint", 1, "boolean", True),
        ("decimal(18,2)", Decimal("1.50"), "number", 1.5),
    ],
)
def test_native_values_of_parquet_are_taken_as_they_are_or_by_way_of_text(raw_type, value, kind, expected):
    assert _converted(value, Field(type=kind), raw_type) == (expected, None)


def test_the_format_is_for_text_and_not_for_native_dates():
    field = Field(type="date", format="%m/%d/%Y")
    assert _converted(date(2024, 2, 29), field, "date") == (date(2024, 2, 29), None)
    assert _converted(at("2024-02-29 00:00"), field, "timestamp") == (date(2024, 2, 29), None)


@pytest.mark.parametrize(
    ("raw_type", "value", "kind", "reason"),
    [
        ("double", 12.5, "integer", "not a whole number"),
        ("double", float("inf"), "number", "not a number"),
        ("timestamp", at("2024-02-29 12:00"), "date", ISO_DATE),
        ("boolean", True, "date", ISO_DATE),
        ("double", float("inf"), "text", "not a number"),
        ("timestamp", "20032-07-31 05:20:00", "timestamp", "not a time in the years 0001 to 9999"),
        ("timestamp", "infinity", "timestamp", "not a time in the years 0001 to 9999"),
        ("timestamp", "0001-12-31 (BC) 00:00:00", "timestamp", "not a time in the years 0001 to 9999"),
        ("date", "10000-01-01", "date", "not a date in the years 0001 to 9999"),
        ("date", "-infinity", "date", "not a date in the years 0001 to 9999"),
        ("timestamp", "infinity", "date", ISO_DATE),
        ("date", "10000-01-01", "timestamp", ISO_TIME),
    ],
)
def test_native_values_of_another_type_are_refused(raw_type, value, kind, reason):
    assert _converted(value, Field(type=kind), raw_type) == (None, reason)


def test_no_cast_raises_whatever_the_text():
    texts = ["", "é", "'", '"', "9" * 400, "1e400", "-", "+", ".", "T", "2024-13-01", "0000-00-00", "9999-12-31T23:59:59-14:00", "a\0"]
    given = pa.table({"c0": texts})
    with session() as connection:
        connection.register("given", given)
        for kind in ("text", "integer", "decimal", "number", "boolean", "date", "timestamp"):
            its = conversion("c0", "varchar", Field(type=kind))
            query = exp.select(its.value.as_("value"), its.fault.as_("fault")).from_("given").sql(dialect="duckdb")
            try:
                connection.sql(query).to_arrow_table()
            except duckdb.Error as error:
                pytest.fail(f"{kind}: {type(error).__name__}")
