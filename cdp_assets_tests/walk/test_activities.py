"""Purchases and web events as activities, and measures, to the row and the cent."""

from pathlib import Path

import duckdb
import pytest

from cdp_assets.config import Project
from cdp_assets_tests.projects import query
from cdp_assets_tests.walk.asked import differences, number, owners, together, truth

pytestmark = pytest.mark.pipeline


def test_each_purchase_becomes_what_the_truth_says_to_the_row_and_the_cent(walk: Project) -> None:
    purchases = f"select activity, key, amount, outcome from {truth(walk, 'purchases')}"
    became = """
        select activity, source_key, amount, 'kept' from unified_activities where type = 'SalesOrder'
        union all select activity, source_key, amount, reason from activity_quarantine
    """
    assert differences(walk, purchases, became) == []
    money = f"select sum(amount), count(*) from {truth(walk, 'purchases')}"
    here = f"select sum(amount), count(*) from ({became})"
    assert query(walk, money) == query(walk, here)
    assert len(query(walk, f"select distinct outcome from {truth(walk, 'purchases')}")) == 5


def test_each_purchase_is_the_customers_whose_person_bought(walk: Project) -> None:
    wrong = f"""
        select count(*)
        from unified_activities a
        join {truth(walk, "purchases")} t on t.activity = a.activity and t.key = a.source_key and t.outcome = 'kept'
        where (t.person_id, a.customer_id) not in ({owners(walk)}) or a.returned <> t.returned
    """
    assert number(walk, wrong) == 0
    assert number(walk, "select count(*) from unified_activities where returned") > 20


def test_every_web_event_is_an_activity_of_its_visitor(walk: Project) -> None:
    events = "select event_id, time, source from events"
    assert differences(walk, events, "select source_key, time, source from unified_activities where type = 'WebEvent'") == []
    wrong = """
        select count(*) from unified_activities a join events e on a.source_key = e.event_id and a.source = e.source
        left join alternate_keys k on k.kind = 'visitor' and k.source = e.source and k.record_key = e.visitor_id
        where a.type = 'WebEvent' and a.customer_id is distinct from k.customer_id
    """
    assert number(walk, wrong) == 0
    lines = sum(len(file.read_text().splitlines()) - 1 for file in (walk.folder / "sources" / "web").glob("*.csv"))
    broken = number(walk, "select count(distinct (source_file, source_line)) from quarantine where source = 'web'")
    assert number(walk, "select count(*) from events") == lines - broken > 1000


def test_measures_of_each_customer_are_what_the_persons_purchases_add_up_to(walk: Project) -> None:
    """Of each person: the sum over the customers that the person's records became, as some pairs are not found.

    Persons who were taken for one are summed up together.
    """
    bought = f"""
        select person_id, sum(amount) as spend, count(*) as orders from {truth(walk, "purchases")} where outcome = 'kept' group by person_id
    """
    measured = f"""
        select person_id, sum(m.total_spend) as spend, sum(m.orders) as orders
        from ({owners(walk)}) join customer_measures m using (customer_id)
        group by person_id having sum(m.orders) > 0
    """
    alone = f"where person_id not in ({together(walk)})"
    assert differences(walk, f"select * from ({bought}) {alone}", f"select * from ({measured}) {alone}") == []
    both = f"select sum(spend), sum(orders) from ({bought}) where person_id in ({together(walk)})"
    here = f"""
        select sum(total_spend), sum(orders) from customer_measures
        where customer_id in (select customer_id from ({owners(walk)}) where person_id in ({together(walk)}))
    """
    assert query(walk, both) == query(walk, here)


def test_the_controls_of_these_tests_find_a_difference(walk: Project, tmp_path: Path) -> None:
    """A truth in which one cent is other is not equal any more."""
    other = tmp_path / "purchases.parquet"
    duckdb.sql(
        f"select * replace (if(activity = 'receipts' and outcome = 'kept' and key = (select min(key) from {truth(walk, 'purchases')} "
        f"where activity = 'receipts' and outcome = 'kept'), amount + 0.01, amount) as amount) from {truth(walk, 'purchases')}"
    ).write_parquet(str(other))
    here = "select activity, source_key, amount from unified_activities where type = 'SalesOrder'"
    true = f"select activity, key, amount from read_parquet('{other}') where outcome = 'kept'"
    assert len(differences(walk, true, here)) == 2
