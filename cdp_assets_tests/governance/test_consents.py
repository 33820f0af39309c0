"""What follows from all statements of a customer, on 2024-06-30."""

import pytest

from cdp_assets.governance import consents
from cdp_assets.governance.tables import CONSENT_STATEMENTS, CONSENTS
from cdp_assets.lake import AS_OF
from cdp_assets_tests.governance.consent_world import standing
from cdp_assets_tests.identity.checks_on_rows import run_checks_on
from cdp_assets_tests.support import rows


def test_the_newest_statement_of_a_source_and_identifier_stands() -> None:
    lines = """
        a | ann@x | ann | post | true  | 2024-01-01
        a | ann@x | ann | post | false | 2024-02-01
        a | ann@x | ann | post | true  | 2024-03-01
        """
    assert standing(lines) == {("ann", "post"): (True, "2024-03-01", 1, False)}


def test_at_the_same_time_the_refusal_stands() -> None:
    lines = """
        a | ann@x | ann | post | false | 2024-01-01
        a | ann@x | ann | post | true  | 2024-01-01
        """
    assert standing(lines) == {("ann", "post"): (False, "2024-01-01", 1, False)}


def test_two_sources_that_contradict_each_other_refuse_and_say_so() -> None:
    lines = """
        a | ann@x | ann | post | false | 2024-01-01
        b | ann@x | ann | post | true  | 2024-03-01
        """
    assert standing(lines) == {("ann", "post"): (False, "2024-01-01", 2, True)}


def test_two_identifiers_that_contradict_each_other_refuse_and_say_so() -> None:
    lines = """
        a | ann@x | ann | post | true  | 2024-03-01
        a | ann@y | ann | post | false | 2024-01-01
        a | ann@z | ann | post | false | 2024-02-01
        """
    assert standing(lines) == {("ann", "post"): (False, "2024-02-01", 3, True)}


def test_a_refusal_that_was_taken_back_contradicts_nothing() -> None:
    lines = """
        a | ann@x | ann | post | false | 2024-01-01
        a | ann@x | ann | post | true  | 2024-02-01
        b | ann@x | ann | post | true  | 2023-01-01
        """
    assert standing(lines) == {("ann", "post"): (True, "2024-02-01", 2, False)}


def test_purposes_and_customers_stand_alone() -> None:
    lines = """
        a | fam@x | ann | post       | true  | 2024-01-01
        a | fam@x | bob | post       | true  | 2024-01-01
        a | fam@x | ann | newsletter | false | 2024-01-01
        a | bob@x | bob | post       | false | 2024-01-02
        """
    assert {key: value[0] for key, value in standing(lines).items()} == {
        ("ann", "post"): True,
        ("bob", "post"): False,
        ("ann", "newsletter"): False,
    }


def test_a_statement_without_a_customer_is_nobody_s_consent() -> None:
    assert standing("a | x@x | | post | true | 2024-01-01") == {}


@pytest.mark.parametrize(("day", "counts"), [("2024-06-30 23:59:59", True), ("2024-07-01", False)])
def test_a_consent_counts_from_its_day_on(day: str, counts: bool) -> None:
    assert bool(standing(f"a | ann@x | ann | post | true | {day}")) is counts


def test_a_consent_of_a_later_day_takes_no_refusal_back() -> None:
    lines = """
        a | ann@x | ann | post | false | 2024-01-01
        a | ann@x | ann | post | true  | 2024-07-01
        """
    assert standing(lines) == {("ann", "post"): (False, "2024-01-01", 1, False)}


def test_a_refusal_of_a_later_day_counts_at_once() -> None:
    lines = """
        a | ann@x | ann | post | true  | 2024-01-01
        a | ann@x | ann | post | false | 2030-01-01
        """
    assert standing(lines) == {("ann", "post"): (False, "2030-01-01", 1, False)}


def test_a_refusal_without_a_time_stands_always() -> None:
    lines = """
        a | ann@x | ann | post | true  | 2024-01-01
        a | ann@x | ann | post | false |
        a | ann@x | ann | post | true  | 2024-03-01
        """
    assert standing(lines) == {("ann", "post"): (False, None, 1, False)}


def test_the_time_of_a_refusal_is_that_of_the_newest_that_has_one() -> None:
    lines = """
        a | ann@x | ann | post | false |
        b | ann@x | ann | post | false | 2024-03-01
        """
    assert standing(lines) == {("ann", "post"): (False, "2024-03-01", 2, False)}


def test_a_consent_without_a_time_gives_no_consent_and_takes_no_refusal_back() -> None:
    assert standing("a | ann@x | ann | post | true |") == {}
    lines = """
        a | ann@x | ann | post | true  |
        a | ann@x | ann | post | false | 2024-03-01
        """
    assert standing(lines) == {("ann", "post"): (False, "2024-03-01", 1, False)}


def test_a_consent_without_a_time_refuses_nothing() -> None:
    lines = """
        a | ann@x | ann | post | true  |
        a | ann@x | ann | post | true  | 2024-03-01
        """
    assert standing(lines) == {("ann", "post"): (True, "2024-03-01", 1, False)}


def test_a_missing_row_and_a_refusal_that_was_passed_over_are_counted() -> None:
    statements = rows(
        """
        source | source_file | source_line | nth | identifier | value | customer_id | purpose | given | at
        a      | f           | 2           | 1   | e          | x     | ann         | post    | false | 2024-01-01
        a      | f           | 3           | 1   | e          | y     | ann         | post    | true  | 2024-02-01
        a      | f           | 4           | 1   | e          | y     | bob         | post    | true  | 2024-02-01
        """,
        CONSENT_STATEMENTS,
    )
    wrong = rows("customer_id | purpose | given\nann | post | true", CONSENTS)
    untimed = rows(
        """
        source | source_file | source_line | nth | identifier | value | customer_id | purpose | given | at
        a      | f           | 2           | 1   | e          | x     | ann         | post    | false |
        a      | f           | 3           | 1   | e          | x     | ann         | post    | true  | 2024-02-01
        """,
        CONSENT_STATEMENTS,
    )
    day = {AS_OF.name: rows("day\n2024-06-30", AS_OF)}
    assert run_checks_on(consents.consent_checks(), CONSENTS, wrong, {"consent_statements": untimed, **day}) == [0, 1]
    inputs = {"consent_statements": statements, AS_OF.name: rows("day\n2024-06-30", AS_OF)}
    assert run_checks_on(consents.consent_checks(), CONSENTS, wrong, inputs) == [1, 1]
