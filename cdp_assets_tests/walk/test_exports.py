"""Segments counted again from the tables that they ask, and what became of each member that was exported."""

import csv

import pytest

from cdp_assets.config import Project
from cdp_assets.exports.tables import STATES
from cdp_assets.orchestration.export_run import ExportSummary
from cdp_assets.orchestration.refresh import Summary
from cdp_assets_tests.projects import query, run, versions
from cdp_assets_tests.walk.asked import differences, number

pytestmark = pytest.mark.pipeline


def test_every_station_has_rows_and_nothing_failed(refreshed: tuple[Project, Summary]) -> None:
    _, summary = refreshed
    assert summary.ok, summary.failed
    assert summary.skipped == ()
    made = "account_profiles contact_profiles unified_activities customer_measures clv_scores account_engagement consents segments"
    assert [table for table in made.split() if summary.rows[table] == 0] == []


def test_the_high_value_segment_is_high_value_with_the_newsletters_consent(walk: Project) -> None:
    wanted = """
        select s.customer_id from clv_scores s
        where s.model = 'next_year' and s.high_value
            and exists (select 1 from consents c where c.customer_id = s.customer_id and c.purpose = 'newsletter' and c.given)
    """
    here = "select member_id from segment_membership where segment = 'high_value' and left_on is null"
    assert differences(walk, wanted, here) == []
    without = number(walk, "select members from segments where segment = 'top_customers'")
    assert 0 < number(walk, f"select count(*) from ({wanted})") < without


def test_regulars_are_counted_again_from_their_purchases(walk: Project) -> None:
    wanted = """
        select customer_id from unified_activities where type = 'SalesOrder'
        group by customer_id having count(*) >= 5 and sum(amount) > 0
    """
    assert differences(walk, wanted, "select member_id from segment_membership where segment = 'regulars'") == []


def test_of_the_newsletter_every_member_is_in_one_state_and_only_who_consented_is_in_the_file(
    copied: Project, exported: dict[str, ExportSummary]
) -> None:
    ran = exported["newsletter"]
    assert (ran.state, ran.ok) == ("done", True), ran.message
    for each in ran.segments:
        members = f"select member_id from segment_membership where segment = '{each.segment}' and left_on is null"
        consented = "select customer_id from consents where purpose = 'newsletter' and given"
        assert each.selected == number(copied, f"select count(*) from ({members})") == sum(each.states.values())
        assert each.states["delivered"] == number(copied, f"select count(*) from ({members}) where member_id in ({consented})")
        assert each.states["suppressed"] == each.selected - each.states["delivered"] > 0
        assert each.file is not None
        with (copied.folder / each.file).open(encoding="utf-8", newline="") as opened:
            rows = list(csv.DictReader(opened))
        assert len(rows) == each.states["delivered"]
        ledger = f"select member_id from export_ledger where run_id = '{ran.run}' and segment = '{each.segment}' and state = '{{}}'"
        ids = {row["customer_id"] for row in rows}
        assert ids == {row[0] for row in query(copied, ledger.format("delivered"))}
        assert ids.isdisjoint({row[0] for row in query(copied, ledger.format("suppressed"))})
        assert ids <= {row[0] for row in query(copied, consented)}
        assert list(rows[0]) == ["customer_id", "full_name", "email"]
    assert len(ran.segments) == 2
    assert ran.selected == sum(ran.states.values())


def test_the_export_to_sales_is_a_dry_run_in_the_ledger_to_contacts_that_are_known(
    copied: Project, exported: dict[str, ExportSummary]
) -> None:
    ran = exported["sales"]
    assert (ran.state, ran.ok, ran.files, ran.delivered) == ("dry_run", True, [], 0), ran.message
    rows = query(copied, f"select member_id, state, target_id from export_ledger where run_id = '{ran.run}'")
    members = {row[0] for row in query(copied, "select member_id from segment_membership where segment = 'high_value'")}
    assert {row[0] for row in rows} == members
    assert len(rows) == len(members) == ran.selected
    assert {row[1] for row in rows} <= {"dry_run", "no_contact"} < set(STATES)
    known: dict[object, set[object]] = {}
    for customer, key in query(copied, "select customer_id, record_key from alternate_keys where source = 'crm' and kind = 'record'"):
        known.setdefault(customer, set()).add(key)
    assert all((target in known[member]) if state == "dry_run" else target is None for member, state, target in rows)
    assert {member for member, state, _ in rows if state == "no_contact"} == members - known.keys()


def test_a_second_refresh_changes_nothing_and_runs_no_export(copied: Project, exported: dict[str, ExportSummary]) -> None:
    assert all(each.ok for each in exported.values())
    before, runs = versions(copied), query(copied, "select * from export_runs order by run_id, state")
    again = run(copied)
    assert again.ok, again.failed
    assert set(again.unchanged) == set(again.rows)
    assert [table for table in again.rows if table.startswith("export_")] == []
    assert versions(copied) == before
    assert query(copied, "select * from export_runs order by run_id, state") == runs
    assert len([row for row in runs if "started" not in row]) == len(exported)
