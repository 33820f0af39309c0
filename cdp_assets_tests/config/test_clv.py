"""The section clv: predictions, their limits, and the activities that they need."""

import pytest

from cdp_assets.config import ConfigError, ProjectConfig, parse_config
from cdp_assets.config.clv import sales_activities

SOURCES = """\
version: 1
sources:
  crm: {files: a, primary_key: id, fields: {name: person.full_name}}
  firms: {files: f, primary_key: id, fields: {firm: organization.name}}
  shop: {files: b, primary_key: id, fields: {who: text, at: timestamp, total: decimal}}
accounts: {match_order: [firms]}
customers: {match_order: [crm]}
"""
ACTIVITIES = """\
activities:
  orders: {source: shop, type: SalesOrder, of: {who: crm.id}, time: at, amount: total}
  receipts: {source: shop, type: SalesOrder, of: {who: crm.id}, time: at, amount: total, title: who}
  lines: {source: shop, type: SalesOrderLine, of: {who: crm.id}, time: at, amount: total}
  reviews: {source: shop, type: Feedback, of: {who: crm.id}, time: at}
  samples: {source: shop, type: SalesOrder, of: {who: crm.id}, time: at}
  of_firms: {source: shop, type: SalesOrder, of: {who: firms.id}, time: at, amount: total}
"""


def parsed(prediction: str, activities: str = ACTIVITIES) -> ProjectConfig:
    return parse_config(f"{SOURCES}{activities}clv:\n  next_year: {prediction}\n")


def problem(prediction: str, activities: str = ACTIVITIES) -> str:
    with pytest.raises(ConfigError) as caught:
        parsed(prediction, activities)
    [found] = caught.value.problems
    return str(found)


def test_defaults_are_calculated_80_20_and_monthly() -> None:
    only_orders = ACTIVITIES.replace("SalesOrderLine", "Lines")
    prediction = parsed("{months: 12}", only_orders).clv["next_year"]
    assert (prediction.window_days, prediction.percent, prediction.retrain) == (None, None, "monthly")


def test_without_activities_all_that_can_be_purchases_are_taken() -> None:
    config = parsed("{months: 12}", ACTIVITIES.replace("SalesOrderLine", "Lines"))
    # reviews are no purchases, samples have no amount, those of firms are no customers'
    assert sales_activities(config, config.clv["next_year"]) == ["orders", "receipts"]


def test_interval_and_share_by_hand() -> None:
    prediction = parsed("{months: 6, activities: [orders], active: {days: 180}, high_value: {percent: 25}, retrain: never}").clv[
        "next_year"
    ]
    assert (prediction.window_days, prediction.percent, prediction.retrain) == (180, 25, "never")


@pytest.mark.parametrize(
    ("prediction", "message"),
    [
        ("{months: 0}", "clv.next_year.months: is too small, found 0. Allowed: at least 1."),
        ("{months: 61}", "clv.next_year.months: is too large, found 61. Allowed: at most 60."),
        ("{months: 2.5}", "clv.next_year.months: must be a whole number"),
        ("{}", "clv.next_year.months: is missing"),
        ("{months: 3, active: always}", 'clv.next_year.active: unknown value, found "always". Allowed: calculated.'),
        ("{months: 3, active: {days: 0}}", "clv.next_year.active.days: is too small"),
        ("{months: 3, high_value: 90/10}", 'clv.next_year.high_value: unknown value, found "90/10". Allowed: 80/20.'),
        ("{months: 3, high_value: {percent: 101}}", "clv.next_year.high_value.percent: is too large"),
        ("{months: 3, retrain: daily}", "Allowed: every_refresh, weekly, monthly, never."),
        ("{months: 3, activities: []}", "clv.next_year.activities: must have at least one entry"),
        ("{month: 3, activities: [orders]}", 'Did you mean "months"?'),
    ],
)
def test_a_value_that_cannot_be_is_refused_with_what_can(prediction: str, message: str) -> None:
    assert message in problem(prediction)


@pytest.mark.parametrize(
    ("activities", "message"),
    [
        ("[orders, recipts]", 'clv.next_year.activities[1]: unknown activity, found "recipts". Did you mean "receipts"?'),
        ("[reviews]", "is of type Feedback; a prediction needs SalesOrder or SalesOrderLine"),
        ("[samples]", "has no amount; add amount: <field with the money> under activities.samples"),
        ("[of_firms]", "is of accounts; a prediction needs what customers bought"),
        ("[orders, orders]", "clv.next_year.activities[1]: stands twice"),
    ],
)
def test_activities_must_be_purchases_with_an_amount(activities: str, message: str) -> None:
    assert message in problem(f"{{months: 12, activities: {activities}}}")


def test_orders_and_order_lines_together_would_count_money_twice() -> None:
    for prediction in ("{months: 12, activities: [orders, lines]}", "{months: 12}"):
        text = problem(prediction)
        assert "counts the same money twice" in text
        assert "keep one type, such as activities: [orders" in text


@pytest.mark.parametrize("activities", ["", "activities:\n  reviews: {source: shop, type: Feedback, of: {who: crm.id}, time: at}\n"])
def test_without_purchases_the_error_says_which_lines_to_add(activities: str) -> None:
    text = problem("{months: 12}", activities)
    assert "no activity of type SalesOrder or SalesOrderLine has an amount, so there is nothing to predict from" in text
    assert "Add to cdp.yaml, under `activities:`, a line such as" in text
    key = "{<field with the customer's key>: <source>.<its primary key>}"
    assert f"orders: {{source: shop, type: SalesOrder, of: {key}, time: at, amount: total}}" in text


def test_the_line_to_add_is_accepted_once_its_key_is_filled_in() -> None:
    text = problem("{months: 12}", "")
    line = text[text.index("orders: {") : text.rindex("`")]
    line = line.replace("{<field with the customer's key>: <source>.<its primary key>}", "{who: crm.id}")
    config = parsed("{months: 12}", f"activities:\n  {line}\n")
    assert sales_activities(config, config.clv["next_year"]) == ["orders"]


def test_a_name_must_be_fit_for_segments() -> None:
    with pytest.raises(ConfigError, match="is not a name for a prediction"):
        parse_config(f"{SOURCES}{ACTIVITIES}clv:\n  Next-Year: {{months: 12, activities: [orders]}}\n")
