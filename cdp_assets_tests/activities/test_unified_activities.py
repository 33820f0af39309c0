"""Which rows are activities, whose they are, and what they say."""

from datetime import datetime
from decimal import Decimal
from hashlib import md5

import pyarrow as pa

from cdp_assets.unify.deduplicated_tables import deduplicated
from cdp_assets_tests.activities.world import EVENTS, ORDERS, activities, config, only
from cdp_assets_tests.support import rows

ORDER = f"{ORDERS}\no.csv | 2 | 17 | 17 | 1 | 2024-05-01 10:00:00 | 12.50 | lamp"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_web_events_of_known_and_unknown_visitors_are_activities_of_their_profiles() -> None:
    found = activities(only("visits"), web=EVENTS)
    assert {key: row["customer_id"] for key, row in found.items()} == {"e1": "ann", "e2": "stranger", "e4": "ann"}
    assert {row["type"] for row in found.values()} == {"WebEvent"}


def test_a_sales_order_is_mapped_to_its_customer() -> None:
    assert activities(only("purchases"), orders=ORDER)["17"] == {
        "activity_id": md5(b"purchases|17", usedforsecurity=False).hexdigest(),
        "customer_id": "ann", "contact_id": None, "account_id": None, "activity": "purchases", "type": "SalesOrder",
        "time": at("2024-05-01 10:00:00"), "title": "Sales order", "detail": None, "product": "lamp", "amount": Decimal("12.50"),
        "returned": False, "url": None, "show": True, "source": "orders", "source_key": "17",
    }  # fmt: skip


def test_sales_order_lines_are_mapped_like_orders() -> None:
    lines = config("activities: {lines: {source: orders, type: SalesOrderLine, of: {buyer: crm.contact_id}, time: at, amount: total}}")
    row = activities(lines, orders=ORDER)["17"]
    assert (row["type"], row["title"], row["customer_id"]) == ("SalesOrderLine", "Sales order line", "ann")


def test_a_duplicate_record_of_a_person_leads_to_the_same_customer() -> None:
    assert activities(only("purchases"), orders=ORDER.replace("| 1 |", "| 2 |"))["17"]["customer_id"] == "ann"


def test_a_field_that_is_no_primary_key_finds_the_customer_through_its_records() -> None:
    row = activities(only("questions"), enquiries=enquiry())["9"]
    assert (row["customer_id"], row["type"], row["time"]) == ("bob", "Price enquiry", at("2024-05-01"))


def test_where_customers_share_a_value_the_smallest_customer_id_has_the_activity_once() -> None:
    shared = "record_key | contact_id | email\n3 | 3 | bob@x\n2 | 2 | bob@x\n1 | 1 | bob@x"
    found = activities(only("questions"), enquiries=enquiry(), deduplicated_crm=shared_records(shared))
    assert [row["customer_id"] for row in found.values()] == ["ann"]


def test_an_activity_of_an_account_is_no_customers() -> None:
    row = activities(
        only("deals"), contracts="source_file | source_line | record_key | no | firm | signed\nc | 2 | 5 | 5 | 77 | 2024-01-01"
    )["5"]
    assert (row["account_id"], row["customer_id"], row["contact_id"]) == ("contoso", None, None)


def test_all_kinds_stand_in_one_table() -> None:
    found = activities(config(), web=EVENTS, orders=ORDER, enquiries=enquiry())
    assert sorted(row["activity"] for row in found.values()) == ["purchases", "questions", "visits", "visits", "visits"]


def test_the_title_is_the_field_then_the_event_then_the_type_in_words() -> None:
    visits = activities(only("visits"), web=EVENTS)
    assert (visits["e1"]["title"], visits["e2"]["title"]) == ("view", "Web event")
    assert activities(only("questions"), enquiries=enquiry(subject="Lamp?"))["9"]["title"] == "Lamp?"
    assert activities(only("questions"), enquiries=enquiry(subject=""))["9"]["title"] == "Price enquiry"


def test_an_event_keeps_its_detail_and_whether_it_is_shown() -> None:
    row = activities(only("visits"), web=EVENTS)["e1"]
    assert (row["detail"], row["show"], row["amount"], row["returned"]) == ("/shop", False, None, False)


def test_a_negative_amount_is_kept_and_is_a_return() -> None:
    row = activities(only("purchases"), orders=ORDER.replace("12.50", "-12.50"))["17"]
    assert (row["amount"], row["returned"]) == (Decimal("-12.50"), True)


def test_a_field_says_better_than_the_amount_whether_it_was_returned() -> None:
    found = activities(only("questions"), enquiries=enquiry(undone="false", worth="-1"))
    assert found["9"]["returned"] is False
    assert activities(only("questions"), enquiries=enquiry(undone="true", worth="1"))["9"]["returned"] is True


def test_the_whole_day_of_the_run_counts() -> None:
    assert "e4" in activities(only("visits"), web=EVENTS)


def test_of_rows_with_one_primary_key_the_newest_counts() -> None:
    twice = f"""{ORDERS}
        1.csv | 9 | 17 | 17 | 1 | 2024-05-01 | 1 |
        2.csv | 2 | 17 | 17 | 3 | 2024-05-01 | 2 |
        2.csv | 3 | 17 | 17 | 3 | 2024-05-01 | 3 |
    """
    row = activities(only("purchases"), orders=twice)["17"]
    assert (row["amount"], row["customer_id"]) == (Decimal("3.00"), "bob")


def test_an_activity_keeps_its_id_when_another_row_comes() -> None:
    before = activities(only("purchases"), orders=ORDER)["17"]["activity_id"]
    more = activities(only("purchases"), orders=f"{ORDER}\no.csv | 3 | 18 | 18 | 1 | 2024-05-01 | 1 |")
    assert more["17"]["activity_id"] == before != more["18"]["activity_id"]


def enquiry(subject: str = "Lamp?", undone: str = "", worth: str = "") -> str:
    """One enquiry of bob@x."""
    head = "source_file | source_line | record_key | no | mail | day | subject | undone | worth"
    return f"{head}\ne.csv | 2 | 9 | 9 | bob@x | 2024-05-01 | {subject} | {undone} | {worth}"


def shared_records(text: str) -> pa.Table:
    return rows(text, deduplicated(config(), "crm"))
