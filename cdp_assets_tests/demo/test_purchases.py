"""Orders and receipts of the demo: rows and truth say the same, and there is a lifetime value to find in them."""

from collections import Counter
from datetime import date, datetime, timedelta
from pathlib import Path

from cdp_assets.demo import generate
from cdp_assets_tests.demo.worlds import World

ALL = """
    (
        select 'online_orders' as activity, order_id as key, account_no as customer_key, 'shop' as source,
            ordered_at::timestamp as time, total::decimal(18, 2) as total, product
        from orders
        union all
        select 'receipts', receipt_id, loyalty_id, 'loyalty', sold_at, total, product from till
    )
"""
END = datetime(2026, 11, 20)  # noqa: DTZ001 (as the files: without a zone, meaning UTC)


def test_rows_and_truth_have_the_same_keys_and_amounts(sized_world: World) -> None:
    files = Counter(sized_world.query(f"select activity, key, total from {ALL}"))
    truth = Counter(sized_world.query("select activity, key, amount from t_purchases"))
    assert files == truth


def test_each_key_comes_once_but_for_the_repeated_one(sized_world: World) -> None:
    twice = sized_world.query("select activity, list_sort(list(outcome)) from t_purchases group by activity, key having count(*) > 1")
    assert sorted(twice) == [("online_orders", ["kept", "repeated_key"]), ("receipts", ["kept", "repeated_key"])]
    assert sized_world.query("select count(*) from t_purchases where outcome = 'repeated_key'") == [(2,)]
    repeated = sized_world.query("""
        select count(distinct orders) from orders
        where order_id in (select key from t_purchases where outcome = 'repeated_key')
    """)
    assert repeated == [(1,)]


def test_who_bought_has_the_record_that_the_row_names(sized_world: World) -> None:
    found = sized_world.query(f"""
        select distinct outcome, customer_key is null, r.key is not null, r.person_id is not distinct from t.person_id
        from {ALL} as a join t_purchases as t using (activity, key)
        left join t_records as r on r.source = a.source and r.key = customer_key
    """)
    assert set(found) == {
        ("kept", False, True, True),
        ("repeated_key", False, True, True),
        ("after_as_of", False, True, True),
        ("no_customer_key", True, False, True),
        ("customer_unknown", False, False, True),
    }
    assert sized_world.query("select count(person_id) from t_purchases where outcome in ('no_customer_key', 'customer_unknown')") == [(0,)]


def test_returns_are_few_and_each_is_of_an_earlier_purchase(sized_world: World) -> None:
    ((returns, wrong, rows),) = sized_world.query(f"""
        with a as (select * from {ALL})
        select count(*) filter (total < 0),
            count(*) filter (total < 0 and not exists (
                select 1 from a as b where b.customer_key = a.customer_key and b.total = -a.total and b.time < a.time
            )),
            count(*)
        from a
    """)
    assert isinstance(returns, int)
    assert isinstance(rows, int)
    assert 0.01 < returns / rows < 0.05
    assert wrong == 0
    assert sized_world.query("select count(*) from t_purchases where returned <> (amount < 0)") == [(0,)]


def test_only_the_rows_after_the_end_are_after_it(sized_world: World) -> None:
    found = dict(
        sized_world.query(f"""
            select t.outcome = 'after_as_of', [min(a.time), max(a.time)]
            from {ALL} as a join t_purchases as t using (activity, key) group by 1
        """)
    )
    early, late = found[False], found[True]
    assert isinstance(early, list)
    assert isinstance(late, list)
    assert late[0] >= END + timedelta(days=1)
    assert early[1] < END + timedelta(days=1)
    assert early[0] >= datetime(2023, 11, 21)  # noqa: DTZ001


def test_there_are_many_one_time_buyers_and_some_frequent_ones(sized_world: World) -> None:
    ((customers, mean, most, one_time),) = sized_world.query("""
        select count(*), avg(n), max(n), avg((n = 1)::integer)
        from (select person_id, count(*) as n from t_purchases where outcome = 'kept' and not returned group by person_id)
    """)
    assert isinstance(customers, int)
    assert isinstance(mean, float)
    assert isinstance(most, int)
    assert isinstance(one_time, float)
    assert customers > 0.7 * sized_world.summary.people
    assert customers >= 120 or sized_world.summary.people < 160
    assert mean > 5
    assert most > 4 * mean
    assert 0.03 < one_time < 0.6


def test_three_hundred_people_have_some_thousand_purchases(sized_world: World) -> None:
    rows = len(sized_world.truth["purchases"])
    assert 10 < rows / sized_world.summary.people < 20


def test_there_is_history_for_a_prediction_and_buyers_start_and_stop(sized_world: World) -> None:
    ((days, stopped, late),) = sized_world.query(f"""
        with lives as (
            select t.person_id, min(a.time) as first, max(a.time) as last
            from {ALL} as a join t_purchases as t using (activity, key)
            where t.outcome = 'kept' group by 1
        )
        select date_diff('day', min(first), max(last)), avg((last < timestamp '2026-05-20')::integer),
            avg((first > timestamp '2024-11-20')::integer)
        from lives
    """)
    assert isinstance(days, int)
    assert isinstance(stopped, float)
    assert isinstance(late, float)
    assert days > 730
    assert 0.3 < stopped < 0.7
    assert 0.2 < late < 0.8


def test_amounts_have_a_long_tail_but_no_absurd_one(sized_world: World) -> None:
    ((middle, most),) = sized_world.query("""
        select median(amount)::double, max(amount)::double from t_purchases where outcome = 'kept' and not returned
    """)
    assert isinstance(middle, float)
    assert isinstance(most, float)
    assert 10 * middle < most < 1_000 * middle


def test_december_is_busy_and_summer_is_not(tmp_path: Path) -> None:
    world = World(tmp_path, generate(tmp_path, people=3_000, days=1))
    months = dict(world.query(f"select month(time), count(*) from {ALL} where year(time) = 2025 group by 1"))
    assert months[12] == max(months.values(), key=lambda n: int(str(n)))
    assert int(str(months[12])) > 2 * int(str(months[7]))


def test_the_years_end_with_the_end_of_the_demo(tmp_path: Path) -> None:
    world = World(tmp_path, generate(tmp_path, people=60, days=1, end=date(2028, 2, 29)))
    ((last, late),) = world.query(f"""
        select max(a.time) filter (outcome <> 'after_as_of'), min(a.time) filter (outcome = 'after_as_of')
        from {ALL} as a join t_purchases as t using (activity, key)
    """)
    assert isinstance(last, datetime)
    assert isinstance(late, datetime)
    assert last.date() <= date(2028, 2, 29) < late.date()
