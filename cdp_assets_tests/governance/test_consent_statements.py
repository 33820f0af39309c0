"""Whose a statement on a consent is."""

from typing import Any

import pytest

from cdp_assets.governance import consents
from cdp_assets.governance.tables import CONSENT_STATEMENTS
from cdp_assets_tests.governance.consent_world import config, statements
from cdp_assets_tests.identity.checks_on_rows import run_checks_on
from cdp_assets_tests.support import rows


def whose(found: list[dict[str, Any]]) -> list[tuple[str, int, int, str, str | None]]:
    return [(row["source"], row["source_line"], row["nth"], row["identifier"], row["customer_id"]) for row in found]


def test_a_statement_is_found_by_any_field_of_the_type_in_any_source_and_by_duplicates() -> None:
    found = statements(
        """
        ann@w.org  | n | true | 2024-01-01
        ann2@x.org | n | true | 2024-01-01
        cid@x.org  | n | true | 2024-01-01
        """
    )
    assert [row["customer_id"] for row in found] == ["ann", "ann", "cid"]


def test_capital_letters_and_spaces_around_an_address_do_not_count() -> None:
    found = statements("ANN@x.ORG | n | true | 2024-01-01")
    assert [(row["customer_id"], row["value"]) for row in found] == [("ann", "ann@x.org")]


def test_of_a_telephone_number_the_plus_and_the_digits_count() -> None:
    found = statements(letters=" | +49-30/12 | | n | true | 2024-01-01")
    assert [(row["customer_id"], row["identifier"], row["value"]) for row in found] == [("ann", "identity.phone", "+493012")]


def test_a_key_of_another_source_is_compared_as_text() -> None:
    found = statements(letters=" | | 2 | n | true | 2024-01-01\n | | 02 | n | true | 2024-01-01")
    assert whose(found) == [("letters", 2, 1, "crm.id", "ann"), ("letters", 3, 1, "crm.id", None)]


def test_a_value_of_several_customers_speaks_for_each_of_them() -> None:
    found = statements("fam@x.org | n | false | 2024-01-01")
    assert whose(found) == [("newsletter", 2, 1, "identity.email", "fay"), ("newsletter", 2, 2, "identity.email", "finn")]


def test_a_statement_that_nobody_is_found_for_stays_without_a_customer() -> None:
    found = statements("nobody@x.org | n | true | 2024-01-01\nno@x.org | n | true | 2024-01-01")
    assert [row["customer_id"] for row in found] == [None, None]


def test_a_statement_with_several_identifiers_is_a_row_for_each() -> None:
    found = statements(letters="ann@x.org | +49 (30) 99 | 77 | n | true | 2024-01-01")
    assert whose(found) == [
        ("letters", 2, 1, "crm.id", None),
        ("letters", 2, 2, "identity.email", "ann"),
        ("letters", 2, 3, "identity.phone", "fay"),
    ]


def test_a_visitor_id_that_looks_like_a_key_is_nobody_s() -> None:
    assert [row["customer_id"] for row in statements(letters=" | | 1 | n | true | 2024-01-01")] == ["ann"]


def test_a_number_without_digits_is_nobody_s() -> None:
    assert [row["customer_id"] for row in statements(letters=" | none | | n | true | 2024-01-01")] == [None]


def test_purposes_are_trimmed_and_in_small_letters() -> None:
    assert [row["purpose"] for row in statements("ann@x.org | NewsLetter | true | 2024-01-01")] == ["newsletter"]


def test_an_answer_or_a_time_that_cannot_be_read_errs_on_the_safe_side_and_says_so() -> None:
    found = statements(
        """
        ann@x.org | n | false | 2024-01-01
        ann@x.org | n |       | 2024-01-01
        ann@x.org | n | false |
        ann@x.org | n | true  |
        ann@x.org | n |       |
        """
    )
    assert [(row["given"], row["at"] is not None, row["reading"]) for row in found] == [
        (False, True, "as written"),
        (False, True, "answer not readable: counts as a refusal"),
        (False, False, "time not readable: a refusal that stands always"),
        (True, False, "time not readable: a consent that does not count"),
        (False, False, "answer and time not readable: counts as a refusal that stands always"),
    ]


@pytest.mark.parametrize("called", ["identified", "holders", "stated", "found"])
def test_a_source_of_consents_may_have_any_name(called: str) -> None:
    found = statements("ann@x.org | n | true | 2024-01-01", called=called)
    assert [(row["source"], row["customer_id"]) for row in found] == [(called, "ann")]


def test_a_lost_and_a_made_up_statement_are_counted() -> None:
    source = rows("source_file | source_line\nn.csv | 2\nn.csv | 3\nn.csv | 4", source_line="bigint")
    none = rows("source_file | source_line", source_line="bigint")
    found = rows(
        """
        source     | source_file | source_line | nth
        newsletter | n.csv       | 2           | 1
        newsletter | n.csv       | 2           | 2
        newsletter | n.csv       | 4           | 1
        newsletter | n.csv       | 9           | 1
        """,
        CONSENT_STATEMENTS,
    )
    inputs = {"newsletter": source, "letters": none}
    assert run_checks_on(consents.statement_checks(config()), CONSENT_STATEMENTS, found, inputs) == [2]
