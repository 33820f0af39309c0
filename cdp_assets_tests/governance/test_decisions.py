"""Decisions: added and never changed, the newest one stands, and each is in the audit log."""

from pathlib import Path

import duckdb

from cdp_assets.governance import decide, latest, standing
from cdp_assets.governance.tables import AUDIT_LOG, DECISIONS
from cdp_assets.lake import Place
from cdp_assets_tests.support import rows


def test_the_newest_decision_on_a_subject_stands(tmp_path: Path) -> None:
    place = Place(tmp_path)
    decide(place, user="adam", kind="tenant_consent", subject="t1", verdict="given", content="abc")
    decide(place, user="olga", kind="tenant_consent", subject="t1", verdict="withdrawn")
    decide(place, user="adam", kind="tenant_consent", subject="t2", verdict="given", content="abc")
    withdrawn, given = latest(place, "tenant_consent", "t1"), latest(place, "tenant_consent", "t2")
    assert withdrawn is not None
    assert given is not None
    assert (withdrawn.verdict, withdrawn.user_name, withdrawn.given()) == ("withdrawn", "olga", False)
    assert (given.given(), given.given("abc"), given.given("something else")) == (True, True, False)


def test_nobody_has_decided(tmp_path: Path) -> None:
    place = Place(tmp_path)
    assert latest(place, "connection", "agency") is None
    decide(place, user="adam", kind="connection", subject="agency", verdict="given")
    assert latest(place, "tenant_consent", "agency") is None


def test_a_decision_is_in_the_audit_log_too(tmp_path: Path) -> None:
    decide(Place(tmp_path), user="adam", kind="connection", subject="agency", verdict="given", content="digest")
    audit = Place(tmp_path).newest(AUDIT_LOG).sql
    assert duckdb.execute(f"select user_name, action, subject, outcome, detail from ({audit})").fetchall() == [
        ("adam", "decide connection", "agency", "done", "given")
    ]


def test_of_two_decisions_at_the_same_time_the_withdrawal_stands() -> None:
    decisions = rows(
        """
        decision_id | at         | user_name | kind       | subject | verdict
        a           | 2024-01-01 | adam      | connection | agency  | given
        b           | 2024-01-01 | adam      | connection | agency  | withdrawn
        c           | 2023-01-01 | adam      | connection | agency  | given
        """,
        DECISIONS,
    )
    with duckdb.connect() as connection:
        connection.register("decisions", decisions)
        assert connection.execute(f"select decision_id, verdict from ({standing()})").fetchall() == [("b", "withdrawn")]
