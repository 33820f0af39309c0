"""Rows that are no activities: each has its reason, and neither a row nor money is lost."""

from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from cdp_assets.activities import balance
from cdp_assets.config import ProjectConfig
from cdp_assets.sources.tables import table_of
from cdp_assets_tests.activities.world import EVENTS, ORDERS, computed, config, made, only, reasons, violations

BAD = f"""{ORDERS}
o.csv | 2 | 1 | 1 | 1  | 2024-05-01 | 10    |       # right
o.csv | 3 | 2 | 2 |    | 2024-05-01 | 20    |       # no customer
o.csv | 4 | 3 | 3 | 99 | 2024-05-01 | 30.25 |       # a customer whom nobody knows
o.csv | 5 | 4 | 4 | 1  |            | 40    |       # no time
o.csv | 6 | 5 | 5 | 1  | 2024-05-07 | 50    |       # tomorrow
o.csv | 7 | 6 | 6 | 1  | 2024-05-01 | 60    |       # the line below corrects it
o.csv | 8 | 6 | 6 | 1  | 2024-05-01 | 61    |
o.csv | 9 | 7 | 7 | 99 |            | -5    |       # two reasons: the first counts
"""


@pytest.mark.parametrize(
    ("line", "reason"),
    [(3, "no_customer_key"), (4, "customer_unknown"), (5, "no_time"), (6, "after_as_of"), (7, "repeated_key"), (9, "customer_unknown")],
)
def test_a_bad_row_is_in_quarantine_with_its_reason(line: int, reason: str) -> None:
    assert reasons(only("purchases"), orders=BAD)[line] == reason


def test_right_rows_are_not_in_quarantine() -> None:
    assert not {2, 8} & set(reasons(only("purchases"), orders=BAD))


def test_a_quarantined_row_says_which_row_of_which_source_and_how_much_money() -> None:
    found = {row["source_line"]: row for row in computed(only("purchases"), orders=BAD)["activity_quarantine"].to_pylist()}
    row = found[4]
    assert (row["activity"], row["source"], row["source_file"], row["source_key"]) == ("purchases", "orders", "o.csv", "3")
    assert row["amount"] == Decimal("30.25")


def test_a_winner_in_quarantine_does_not_bring_back_the_row_that_it_corrects() -> None:
    twice = f"{ORDERS}\no.csv | 2 | 1 | 1 | 1 | 2024-05-01 | 10 |\no.csv | 3 | 1 | 1 |  | 2024-05-01 | 10 |"
    assert reasons(only("purchases"), orders=twice) == {2: "repeated_key", 3: "no_customer_key"}


def test_an_amount_too_large_for_its_type_is_no_crash() -> None:
    head = "source_file | source_line | record_key | no | mail | day | subject | undone | worth"
    huge = f"{head}\ne | 2 | 9 | 9 | bob@x | 2024-05-01 | | | 1e300"
    assert reasons(only("questions"), enquiries=huge) == {2: "amount_out_of_range"}


def test_events_after_the_day_of_the_run_are_in_quarantine() -> None:
    assert reasons(only("visits"), web=EVENTS) == {6: "after_as_of"}


def test_events_of_visitors_without_a_profile_are_counted_and_no_fault() -> None:
    project = only("visits")
    total = made(balance.stages(project), computed(project, web=EVENTS)).to_pylist()[0]
    counts = {name: total[name] for name in ("rows_in", "activities", "quarantined", "without_profile", "owners")}
    assert counts == {"rows_in": 5, "activities": 3, "quarantined": 1, "without_profile": 1, "owners": 2}


def test_the_totals_say_what_became_of_rows_and_money() -> None:
    project = only("purchases")
    total = made(balance.stages(project), computed(project, orders=BAD)).to_pylist()[0]
    assert (total["rows_in"], total["activities"], total["quarantined"], total["without_profile"]) == (8, 2, 6, 0)
    assert (total["money_in"], total["money"], total["money_quarantined"]) == (Decimal("266.25"), Decimal("71.00"), Decimal("195.25"))


def tampered(project: ProjectConfig, tables: dict[str, pa.Table], **changed: pa.Table) -> dict[str, int]:
    return {name: count for name, count in violations(project, {**tables, **changed}).items() if count}


def test_a_lost_activity_is_caught() -> None:
    project = only("purchases")
    tables = computed(project, orders=BAD)
    less = tables["unified_activities"].slice(1)
    assert tampered(project, tables, unified_activities=less) == {"conservation": 1, "money": 1}


def test_a_row_lost_from_the_quarantine_is_caught() -> None:
    project = only("purchases")
    tables = computed(project, orders=BAD)
    assert tampered(project, tables, activity_quarantine=tables["activity_quarantine"].slice(2)) == {"conservation": 2, "money": 1}


def test_a_lost_event_is_caught() -> None:
    project = only("visits")
    tables = computed(project, web=EVENTS)
    assert tampered(project, tables, unified_activities=tables["unified_activities"].slice(1)) == {"conservation": 1}


def test_an_activity_that_is_there_twice_is_caught() -> None:
    project = only("purchases")
    tables = computed(project, orders=BAD)
    found = tables["unified_activities"]
    assert tampered(project, tables, unified_activities=pa.concat_tables([found, found.slice(0, 1)]))["conservation"] == 1


def test_a_hundredth_that_is_lost_is_caught() -> None:
    project = only("purchases")
    tables = computed(project, orders=BAD)
    found = tables["unified_activities"]
    cent = pa.scalar(Decimal("0.01"), pa.decimal128(18, 2))
    amounts = pc.subtract(found["amount"], cent).cast(pa.decimal128(18, 2))
    assert tampered(project, tables, unified_activities=found.set_column(found.column_names.index("amount"), "amount", amounts)) == {
        "money": 1
    }


def test_an_activity_of_nobody_or_of_the_future_is_caught() -> None:
    project = only("purchases")
    tables = computed(project, orders=BAD)
    found = tables["unified_activities"]
    nobody = found.set_column(1, "customer_id", pa.nulls(found.num_rows, pa.string()))
    assert tampered(project, tables, unified_activities=nobody) == {"one_owner": 2}
    late = pa.array([9_999_999_999_000_000] * found.num_rows, pa.timestamp("us"))
    assert tampered(project, tables, unified_activities=found.set_column(found.column_names.index("time"), "time", late)) == {
        "not_after_as_of": 2
    }


AMOUNTS = st.one_of(st.none(), st.decimals(-(10**12), 10**12, places=2, allow_nan=False, allow_infinity=False))
ROW = st.tuples(
    st.sampled_from(["1", "2", "3"]),
    st.sampled_from(["1", "3", "99", None]),
    st.one_of(st.none(), st.integers(1, 12)),
    AMOUNTS,
)


@settings(max_examples=20, deadline=None)
@for_all(st.lists(ROW, max_size=12))
def test_no_row_and_no_money_is_lost_whatever_the_rows_are(given: list[tuple[str, str | None, int | None, Decimal | None]]) -> None:
    project = config()
    day = 86_400_000_000
    table = pa.table(
        {
            "source_file": pa.array(["o.csv"] * len(given), pa.string()),
            "source_line": pa.array(range(2, len(given) + 2), pa.int64()),
            "record_key": pa.array([key for key, *_ in given], pa.string()),
            "order_no": pa.array([key for key, *_ in given], pa.string()),
            "buyer": pa.array([buyer for _, buyer, *_ in given], pa.string()),
            # around the day of the run, 2024-05-06, which is day 19,849
            "at": pa.array([None if at is None else (19_843 + at) * day for _, _, at, _ in given], pa.timestamp("us")),
            "total": pa.array([amount for *_, amount in given], pa.decimal128(18, 2)),
            "item": pa.nulls(len(given), pa.string()),
        }
    ).select(list(table_of("orders", project.sources["orders"]).column_names))
    tables = computed(project, orders=table)  # asks all checks
    out, left = tables["unified_activities"], tables["activity_quarantine"]
    assert out.num_rows + left.num_rows == len(given)
    money = [row["amount"] for each in (out, left) for row in each.to_pylist() if row["amount"] is not None]
    assert sum(money) == sum(amount for *_, amount in given if amount is not None)
    assert len({row["source_key"] for row in out.to_pylist()}) == out.num_rows
