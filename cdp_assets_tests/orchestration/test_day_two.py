"""The demo's second delivery, refreshed: the tables are those of the new state, and only what it touches is new."""

import shutil
from datetime import timedelta

import pytest

from cdp_assets.config import Project, load_project
from cdp_assets.demo import generate_day_two
from cdp_assets.events import EVENTS
from cdp_assets.lake import Place
from cdp_assets.lake.delta import commit_metadata
from cdp_assets.orchestration.refresh import Summary
from cdp_assets_tests.projects import AS_OF, contents, demo_project, query, run

pytestmark = pytest.mark.pipeline

KEYS = {"crm": "contact_id", "loyalty": "loyalty_id", "shop": "account_no"}
NEXT_DAY = AS_OF + timedelta(days=1)


@pytest.fixture(scope="module")
def first_day(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The demo, refreshed as of its last day."""
    project = demo_project(tmp_path_factory.mktemp("first"), people=160, days=40)
    assert run(project).ok
    return project


@pytest.fixture(scope="module")
def second_day(first_day: Project, tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, Summary]:
    """The same with the next day's delivery, refreshed as of that day."""
    folder = tmp_path_factory.mktemp("second") / "demo"
    shutil.copytree(first_day.folder, folder)
    generate_day_two(folder)
    project = load_project(folder)
    return project, run(project, NEXT_DAY)


def truth(project: Project, name: str) -> str:
    return f"read_parquet('{project.folder / 'truth' / name}.parquet')"


def test_the_delivery_is_refreshed_as_a_whole(second_day: tuple[Project, Summary]) -> None:
    _, summary = second_day
    assert summary.ok, summary.failed
    untouched = {"crm_accounts", "erp_accounts", "business_contacts", "erp_contacts", "newsletter"}
    assert untouched <= set(summary.unchanged)
    assert not {"crm", "loyalty", "shop", "orders", "till", "web", "events"} & set(summary.unchanged)


def test_records_that_are_new_and_gone_are_those_of_the_truth(first_day: Project, second_day: tuple[Project, Summary]) -> None:
    project, _ = second_day
    for source, key in KEYS.items():
        was, now = ({row[0] for row in query(each, f"select {key} from {source}")} for each in (first_day, project))
        told = query(project, f"select change, key from {truth(project, 'day_two/records')} where source = '{source}'")
        assert {("new", key) for key in now - was} | {("gone", key) for key in was - now} == {row for row in told if row[0] != "changed"}


def test_records_that_changed_have_new_values_in_the_tables_and_no_others_have(
    first_day: Project, second_day: tuple[Project, Summary]
) -> None:
    project, _ = second_day
    for source, key in KEYS.items():
        rows = f"select * exclude (source_file, source_line) from {source} order by all"
        was, now = (set(query(each, rows)) for each in (first_day, project))
        column = [
            name for (name,) in query(project, f"select column_name from (describe {source})") if name not in ("source_file", "source_line")
        ].index(key)
        stayed = {row[column] for row in was} & {row[column] for row in now}
        changed = {row[column] for row in was ^ now} & stayed
        assert changed == {
            key
            for (key,) in query(
                project, f"select key from {truth(project, 'day_two/records')} where source = '{source}' and change = 'changed'"
            )
        }


def test_every_record_of_the_new_truth_has_one_customer_and_no_other_record_has(second_day: tuple[Project, Summary]) -> None:
    project, _ = second_day
    records = f"select source, key from {truth(project, 'records')}"
    here = "select source, record_key from alternate_keys where kind = 'record'"
    assert query(project, f"({records} except {here}) union all ({here} except {records})") == []


def test_quarantine_is_exactly_what_the_new_truth_says(second_day: tuple[Project, Summary]) -> None:
    project, _ = second_day
    here = "select source, source_file, source_line, field from quarantine"
    true = f"select source, file, line, coalesce(field, '') from {truth(project, 'quarantine')}"
    assert query(project, f"({here} except all {true}) union all ({true} except all {here})") == []


def test_events_of_the_day_late_ones_and_all_others_are_in_their_days(first_day: Project, second_day: tuple[Project, Summary]) -> None:
    project, _ = second_day
    was, now = (set(query(each, "select event_id, visitor_id, time, day from events")) for each in (first_day, project))
    told = query(
        project,
        f"select event_id, visitor, happened_at, happened_at::date from {truth(project, 'day_two/events')} where change <> 'repeated'",
    )
    assert was < now
    assert now - was == set(told)
    late = query(project, f"select count(distinct happened_at::date) from {truth(project, 'day_two/events')} where change = 'late'")
    assert late != [(0,)]


def test_only_the_days_that_the_delivery_touches_change(second_day: tuple[Project, Summary]) -> None:
    project, _ = second_day
    days = query(project, f"select count(distinct happened_at::date) from {truth(project, 'day_two/events')} where change <> 'repeated'")
    assert days == [(_days_that_changed(project),)]


def _days_that_changed(project: Project) -> int:
    place = Place(project.store)
    newest = place.newest(EVENTS)
    assert newest.version is not None
    now, was = (commit_metadata(place.lake / EVENTS.name, version)["partitions"] for version in (newest.version, newest.version - 1))
    return sum(now[day] != was.get(day) for day in now)


def test_purchases_became_what_the_new_truth_says(second_day: tuple[Project, Summary]) -> None:
    project, _ = second_day
    true = f"select activity, key, amount, outcome from {truth(project, 'purchases')}"
    here = """
        select activity, source_key, amount, 'kept' from unified_activities where type = 'SalesOrder'
        union all select activity, source_key, amount, reason from activity_quarantine
    """
    assert query(project, f"(({true}) except all ({here})) union all (({here}) except all ({true}))") == []


def test_customers_of_the_first_day_keep_their_ids(first_day: Project, second_day: tuple[Project, Summary]) -> None:
    """But for the few whom the delivery brings together with others."""
    project, _ = second_day
    keys = "select source, record_key, customer_id from alternate_keys"
    was, now = (set(query(each, keys)) for each in (first_day, project))
    stay = {row[:2] for row in was} & {row[:2] for row in now}
    moved = {row for row in was - now if row[:2] in stay}
    assert len(moved) <= 0.02 * len(was)


def test_the_state_after_is_that_of_a_project_that_sees_both_deliveries_at_once(
    second_day: tuple[Project, Summary], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """But for what remembers: ids that were given on the first day, memberships, the model."""
    project, _ = second_day
    other = demo_project(tmp_path_factory.mktemp("at_once"), people=160, days=40)
    generate_day_two(other.folder)
    assert run(other, NEXT_DAY).ok
    here, there = contents(project), contents(other)
    for table in (
        "crm",
        "loyalty",
        "shop",
        "orders",
        "till",
        "web",
        "quarantine",
        "events",
        "visitor_links",
        "visitor_identities",
        "match_edges",
    ):
        assert here[table] == there[table], table


def test_a_second_refresh_after_the_delivery_rewrites_nothing(second_day: tuple[Project, Summary]) -> None:
    project, _ = second_day
    generate_day_two(project.folder)
    again = run(project, NEXT_DAY)
    assert set(again.unchanged) == set(again.rows)
