"""The sum of the states, and its check: it holds, and it is not blind."""

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdp_assets.config import parse_config
from cdp_assets.exports import dynamics
from cdp_assets.exports.outcome import Counts, Decided, decided_rows, ledger_stage, refused, sum_of_states, summary_stage
from cdp_assets.exports.run import lineage_stages
from cdp_assets.exports.words import state_of
from cdp_assets.lake.lineage import derive
from cdp_assets_tests.exports.world import CONFIG
from cdp_assets_tests.support import run_stages, run_tables

PLANNED = """
    segment | member_id | state       | reason        | target_id
    a       | ann       | deliverable |               | 1
    a       | bob       | suppressed  | no consent    | 2
    a       | cat       | no_contact  | none is known |
    b       | ann       | deliverable |               | 1
    b       | bob       | suppressed  | no consent    | 2
    c       | ann       | deliverable |               | 1
    c       | bob       | suppressed  | no consent    | 2
"""
MEMBERS = """
    segment | member_id | left_on
    a       | ann       |
    a       | bob       |
    a       | cat       |
    a       | old       | 2026-01-01
    b       | ann       |
    b       | bob       |
    c       | ann       |
    c       | bob       |
"""
DECIDED = [Decided("a", "done", "delivered", file="a.csv"), Decided("b", "failed", "failed", reason="full"), refused("c", "limit")]


def decided() -> pa.Table:
    return duckdb.sql(decided_rows(DECIDED, "").sql).to_arrow_table()


def violations(ledger: list[dict[str, object]]) -> int:
    """What the check says to a ledger of these rows."""
    rows = pa.Table.from_pylist(ledger, schema=pa.schema([(c, pa.string()) for c in ("segment", "member_id", "state")]))
    export_agency = run_stages([summary_stage("run", "agency")], decided=decided(), segment_membership=MEMBERS, ledger=rows)
    table = pa.Table.from_pylist(export_agency)
    with duckdb.connect() as connection:
        connection.register("export_agency", table)
        return int(connection.execute(sum_of_states("agency").sql).fetchall()[0][0])


def ledger() -> list[dict[str, object]]:
    return run_stages([ledger_stage("run", "agency")], planned=PLANNED, decided=decided())


def test_each_member_has_one_final_state_with_its_reason() -> None:
    assert [(row["segment"], row["member_id"], row["state"], row["reason"]) for row in ledger()] == [
        ("a", "ann", "delivered", None),
        ("a", "bob", "suppressed", "no consent"),
        ("a", "cat", "no_contact", "none is known"),
        ("b", "ann", "failed", "full"),
        ("b", "bob", "suppressed", "no consent"),
        ("c", "ann", "refused", "limit"),
        ("c", "bob", "refused", "limit"),
    ]


def test_selected_is_the_sum_of_states() -> None:
    assert violations(ledger()) == 0


def test_the_check_sees_a_member_that_is_lost_and_one_in_two_states() -> None:
    rows = ledger()
    assert violations(rows[1:]) == 1
    assert violations([*rows, {**rows[0], "state": "failed"}]) == 1
    assert violations([*rows[1:], {**rows[3], "state": "unknown to us"}]) == 1
    assert violations([row for row in rows if row["segment"] == "a"]) == 2


@settings(deadline=None, max_examples=25)
@given(st.dictionaries(st.text("abc", min_size=1, max_size=2), st.sampled_from(["deliverable", "suppressed", "no_contact"]), max_size=9))
def test_whatever_was_planned_nobody_is_lost(planned: dict[str, str]) -> None:
    rows = [{"segment": s, "member_id": m, "state": state} for s in "abc" for m, state in planned.items()]
    schema = pa.schema([(c, pa.string()) for c in ("segment", "member_id", "state", "reason", "target_id")])
    made = run_tables([ledger_stage("run", "x")], {"planned": pa.Table.from_pylist(rows, schema=schema), "decided": decided()})
    assert sorted((row["segment"], row["member_id"]) for row in made.to_pylist()) == sorted((r["segment"], r["member_id"]) for r in rows)
    assert set(made.column("state").to_pylist()) <= {"delivered", "suppressed", "no_contact", "failed", "refused"}


@pytest.mark.parametrize(
    ("segments", "run"),
    [
        (["done", "done"], "done"),
        (["dry_run"], "dry_run"),
        (["done", "failed"], "done_with_errors"),
        (["dry_run", "refused"], "done_with_errors"),
        (["failed", "failed"], "failed"),
        (["refused"], "refused"),
    ],
)
def test_the_state_of_a_run_follows_from_its_segments(segments: list[str], run: str) -> None:
    assert state_of(segments) == run


def test_marketing_is_not_limited_but_advised() -> None:
    counts = {"big": Counts(1_000_001, 1_000_001), "small": Counts(1_000_000, 1_000_000)}
    assert {each.state for each in dynamics.decide("dynamics_marketing", counts)} == {"dry_run"}
    assert dynamics.advice("dynamics_marketing", counts) == [
        "Segment big has 1,000,001 members; more than 1,000,000 are not advised for Dynamics 365 Marketing."
    ]
    assert dynamics.advice("dynamics_sales", counts) == []


def test_the_columns_of_the_last_run_say_where_they_come_from() -> None:
    config = parse_config(CONFIG)
    columns = {
        "segment_membership": ["segment", "member_id", "left_on"],
        "consents": ["customer_id", "purpose", "given"],
        "alternate_keys": ["source", "record_key", "customer_id"],
    }
    origins = derive(lineage_stages(config, "sales"), columns)
    assert origins["selected"] == [("segment_membership", "member_id")]
    assert ("consents", "customer_id") in origins["suppressed"]
    assert ("alternate_keys", "record_key") in origins["no_contact"]
