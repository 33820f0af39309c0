"""Only tables that belong together are read by what goes out; otherwise the message names what to refresh."""

from datetime import date

import pyarrow as pa
import pytest

from cdp_assets.lake import NotClosedError, Place, Run, Stage, Table, anyhow, append, closed_state, columns, make_days, whole


def table(name, *, partition=None):
    return Table(name, "a test", ("k",), columns("k | varchar | key\nday | varchar | day"), partition)


RAW, MIDDLE, LAST = table("raw"), table("middle"), table("last")


def make(run, made, reads, value="1"):
    """Make a table from another, with the given value as its only row where it has no input."""
    body = f"select k || '{value}' as k, day from {reads.name}" if reads else f"select '{value}' as k, '2026-01-01' as day"
    stage = Stage(made.name, {reads.name: anyhow()} if reads else {}, body, made)
    return run.make(made, [stage], {reads.name: reads} if reads else {})


@pytest.fixture
def runs(tmp_path):
    """Open runs one after the other over one store."""
    return lambda run_id: Run(Place(tmp_path / ".cdp"), run_id, date(2026, 1, 1))


def test_tables_made_from_each_other_are_closed(runs):
    run = runs("one")
    make(run, RAW, None)
    make(run, MIDDLE, RAW)
    make(run, LAST, MIDDLE)
    assert closed_state(run, ["last"]) == {"raw": 0, "middle": 0, "last": 0}


def test_newer_input_names_the_assets_between(runs):
    run = runs("one")
    make(run, RAW, None)
    make(run, MIDDLE, RAW)
    make(run, LAST, MIDDLE)
    run = runs("two")
    make(run, RAW, None, value="2")
    with pytest.raises(NotClosedError) as error:
        closed_state(run, ["last"])
    assert error.value.refresh == ("middle", "last")
    assert "middle: was made from raw version 0, which now has version 1" in error.value.message
    assert "Refresh these assets, then published_snapshot: middle, last." in error.value.message


def test_refreshed_with_equal_content_is_closed_again(runs):
    run = runs("one")
    make(run, RAW, None)
    make(run, MIDDLE, RAW)
    run = runs("two")
    make(run, RAW, None, value="2")
    stage = Stage("middle", {"raw": anyhow()}, "select '11' as k, day from raw", MIDDLE)
    assert run.make(MIDDLE, [stage], {"raw": RAW}).unchanged
    assert closed_state(run, ["middle"]) == {"raw": 1, "middle": 0}


def test_table_that_was_never_made(runs):
    with pytest.raises(NotClosedError, match="last: was never made") as error:
        closed_state(runs("one"), ["last"])
    assert error.value.refresh == ("last",)


def test_lost_record_of_inputs_is_not_closed(runs):
    run = runs("one")
    make(run, RAW, None)
    make(run, MIDDLE, RAW)
    run.place.ledger.write("middle", run.place.ledger.read("raw"))  # as after a crash between commit and record
    (run.place.ledger.folder / "middle.json").unlink()
    with pytest.raises(NotClosedError, match="middle: it is not recorded what version 0 was made from"):
        closed_state(runs("two"), ["middle"])


def test_own_previous_version_is_no_input(runs):
    run = runs("one")
    stage = Stage("last", {"before": whole()}, "select 'a' || count(*) as k, '' as day from before", LAST)
    run.make(LAST, [stage], {"before": LAST})
    run = runs("two")
    run.make(LAST, [stage], {"before": LAST})
    assert closed_state(run, ["last"]) == {"last": 1}


def test_days_that_wait_are_not_closed(runs):
    run = runs("one")
    daily = Table("daily", "a test", ("k",), columns("k | varchar | key\nday | varchar | day"), "day")
    rows = "select '1' as k, '2026-01-01' as day union all select '2', '2026-01-02'"
    run.make(RAW, [Stage("raw", {}, rows, RAW)], {})
    copy = [Stage("daily", {"raw": anyhow()}, "select k, day from raw", daily)]
    make_days(run, daily, copy, {"raw": RAW}, day_of={"raw": "day"}, days=["2026-01-01"])
    with pytest.raises(NotClosedError, match="daily: has days that were never computed"):
        closed_state(run, ["daily"])
    make_days(run, daily, copy, {"raw": RAW}, day_of={"raw": "day"})
    assert closed_state(run, ["daily"]) == {"raw": 0, "daily": 1}


def test_the_message_says_what_to_do_then(runs):
    with pytest.raises(NotClosedError) as error:
        closed_state(runs("one"), ["last"], then="export_agency", instead="nothing was exported")
    assert error.value.message.startswith("The tables do not belong together, so nothing was exported.")
    assert "Refresh these assets, then export_agency: last." in error.value.message


def test_a_log_that_grew_since_makes_nothing_stale(runs):
    run = runs("one")
    log = table("log")
    row = pa.table({"k": ["1"], "day": ["2026-01-01"]})
    append(run.place, log, row)
    run = runs("two")
    run.make(LAST, [Stage("last", {"log": whole()}, "select k, day from log", LAST)], {"log": log})
    assert closed_state(run, ["last"]) == {"log": 1, "last": 0}
    append(run.place, log, row)
    assert closed_state(runs("three"), ["last"]) == {"log": 2, "last": 0}
