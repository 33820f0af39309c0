"""Daily tables: which days are due, and that a range is one commit."""

import dataclasses

from deltalake import DeltaTable

from cdp_assets.lake import Check, Place, make_days
from cdp_assets_tests.conftest import Runs
from cdp_assets_tests.lake.tables import VISIT_STAGES, VISITS, given
from cdp_assets_tests.lake.test_versions import fetch

TWO_DAYS = given("key | day\na | 2026-11-01\nb | 2026-11-02")
LATE = given("key | day\na | 2026-11-01\nb | 2026-11-02\nc | 2026-11-01  # came late")
BY_DAY = {"given": "day"}


def keys_by_day(new_run: Runs) -> list[tuple[str, object]]:
    return [(str(row[0]), row[1]) for row in fetch(new_run().read(VISITS))]


def test_all_days_of_the_input_are_due_at_first_and_are_one_version(new_run: Runs, place: Place) -> None:
    result = make_days(new_run(), VISITS, VISIT_STAGES, {"given": TWO_DAYS}, day_of=BY_DAY)
    assert result.partitions == ("2026-11-01", "2026-11-02")
    assert DeltaTable(str(place.lake / "visits")).version() == 0
    assert keys_by_day(new_run) == [("2026-11-01", "a"), ("2026-11-02", "b")]


def test_only_days_whose_rows_changed_are_due(new_run: Runs) -> None:
    make_days(new_run(), VISITS, VISIT_STAGES, {"given": TWO_DAYS}, day_of=BY_DAY)
    result = make_days(new_run(), VISITS, VISIT_STAGES, {"given": LATE}, day_of=BY_DAY)
    assert result.partitions == ("2026-11-01",)
    assert keys_by_day(new_run) == [("2026-11-01", "a"), ("2026-11-01", "c"), ("2026-11-02", "b")]
    again = make_days(new_run(), VISITS, VISIT_STAGES, {"given": LATE}, day_of=BY_DAY)
    assert (again.partitions, again.unchanged) == ((), True)


def test_a_day_that_vanished_from_the_input_is_emptied(new_run: Runs) -> None:
    make_days(new_run(), VISITS, VISIT_STAGES, {"given": TWO_DAYS}, day_of=BY_DAY)
    result = make_days(new_run(), VISITS, VISIT_STAGES, {"given": given("key | day\na | 2026-11-01")}, day_of=BY_DAY)
    assert result.partitions == ("2026-11-02",)
    assert keys_by_day(new_run) == [("2026-11-01", "a")]
    assert make_days(new_run(), VISITS, VISIT_STAGES, {"given": given("key | day\na | 2026-11-01")}, day_of=BY_DAY).partitions == ()


def test_a_backfill_of_some_days_leaves_the_others_due_and_the_table_unconfirmed(new_run: Runs, place: Place) -> None:
    source = dataclasses.replace(TWO_DAYS, version=7)
    make_days(new_run(), VISITS, VISIT_STAGES, {"given": source}, day_of=BY_DAY, days=["2026-11-02", "2026-11-09"])
    assert keys_by_day(new_run) == [("2026-11-02", "b")]
    entry = place.ledger.read("visits")
    assert entry is not None
    assert entry.inputs == {}
    rest = make_days(new_run(), VISITS, VISIT_STAGES, {"given": source}, day_of=BY_DAY)
    assert rest.partitions == ("2026-11-01",)
    entry = place.ledger.read("visits")
    assert entry is not None
    assert entry.inputs == {"given": 7}


def test_a_range_equals_day_by_day(new_run: Runs) -> None:
    for day in ("2026-11-02", "2026-11-01"):
        make_days(new_run(), VISITS, VISIT_STAGES, {"given": LATE}, day_of=BY_DAY, days=[day])
    daily = keys_by_day(new_run)
    assert daily == [("2026-11-01", "a"), ("2026-11-01", "c"), ("2026-11-02", "b")]


def test_no_rows_at_all_make_an_empty_table(new_run: Runs) -> None:
    result = make_days(new_run(), VISITS, VISIT_STAGES, {"given": given("key | day")}, day_of=BY_DAY)
    assert (result.version, result.rows) == (0, 0)
    assert make_days(new_run(), VISITS, VISIT_STAGES, {"given": given("key | day")}, day_of=BY_DAY).unchanged


def test_every_day_is_due_when_the_statement_changed(new_run: Runs) -> None:
    make_days(new_run(), VISITS, VISIT_STAGES, {"given": TWO_DAYS}, day_of=BY_DAY)
    changed = [dataclasses.replace(VISIT_STAGES[0], body="select day, upper(key) as key from given")]
    result = make_days(new_run(), VISITS, changed, {"given": TWO_DAYS}, day_of=BY_DAY)
    assert result.partitions == ("2026-11-01", "2026-11-02")


def test_a_check_of_a_daily_table_sees_the_days_computed(new_run: Runs) -> None:
    kept = Check("conservation", "visits in = out", "select (select count(*) from given) - (select count(*) from visits)")
    make_days(new_run(), VISITS, VISIT_STAGES, {"given": TWO_DAYS}, day_of=BY_DAY, checks=[kept])
    assert make_days(new_run(), VISITS, VISIT_STAGES, {"given": LATE}, day_of=BY_DAY, checks=[kept]).checks[-1].passed
