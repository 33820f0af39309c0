"""The section `activities`: what is accepted, and each mistake with what would be right."""

import pytest

from cdp_assets.config import ConfigError, parse_config
from cdp_assets.config.activities import activities_of_types, owner
from cdp_assets_tests.activities.world import ACTIVITIES, SOURCES, config


def problem(change: tuple[str, str], sources: str = SOURCES) -> str:
    """The one problem after a change of the text."""
    text = sources + ACTIVITIES
    assert change[0] in text
    with pytest.raises(ConfigError) as caught:
        parse_config(text.replace(*change))
    assert len(caught.value.problems) == 1, caught.value
    return str(caught.value.problems[0])


def test_activities_of_all_kinds_are_accepted() -> None:
    found = config().activities
    assert {name: activity.type_name for name, activity in found.items()} == {
        "purchases": "SalesOrder", "visits": "WebEvent", "questions": "Price enquiry", "deals": "Subscription",
    }  # fmt: skip


def test_activities_are_found_by_their_type() -> None:
    assert activities_of_types(config(), ("SalesOrder", "SalesOrderLine")) == ["purchases"]
    assert activities_of_types(config(), ("WebEvent", "Subscription")) == ["visits", "deals"]
    assert activities_of_types(config(), ("Loyalty",)) == []


def test_an_activity_is_of_the_kind_of_source_that_it_names() -> None:
    assert {name: owner(config(), name) for name in config().activities} == {
        "purchases": "customer", "visits": "customer", "questions": "customer", "deals": "account",
    }  # fmt: skip


MISTAKES = [
    (("source: orders", "source: order"), 'activities.purchases.source: unknown source, found "order". Did you mean "orders"?'),
    (("type: SalesOrder,", "type: salesorder,"), 'activities.purchases.type: is written SalesOrder, found "salesorder". Did you mean'),
    (("type: SalesOrder,", "type: 3D!,"), "is not a type of activities"),
    (("type: SalesOrder, ", ""), "activities.purchases: has no type; add one. Allowed: SalesOrder, SalesOrderLine"),
    (("of: {buyer: crm.contact_id}, ", ""), "activities.purchases: does not say whose it is; add of:"),
    (("{buyer: crm.contact_id}", "{buyer: crm.contact_id, item: crm.email}"), "activities.purchases.of"),
    (("{buyer: crm", "{buyr: crm"), 'activities.purchases.of.buyr: unknown field of orders, found "buyr". Did you mean "buyer"?'),
    (("crm.contact_id}, time", "crn.contact_id}, time"), 'found "crn". Did you mean "crm"? Allowed: crm, firms.'),
    (("crm.contact_id}, time", "orders.order_no}, time"), "unknown source of people or accounts (of a match_order)"),
    (("crm.contact_id}, time", "crm.contact}, time"), "activities.purchases.of.buyer: unknown field of crm"),
    (("{buyer: crm", "{total: crm"), "the two are stored differently (total: decimal(18,2), crm.contact_id: varchar)"),
    (("time: at, amount", "amount"), "activities.purchases: has no time; add the field that holds it. Allowed: at."),
    (("time: at,", "time: item,"), "activities.purchases.time: is of type text, which holds no time; it must be timestamp or date"),
    (("amount: total", "amount: at"), "activities.purchases.amount: is of type timestamp, which holds no amount"),
    (
        ("returned: undone", "returned: subject"),
        "activities.questions.returned: is of type text, which holds no returned; it must be boolean",
    ),
    (("product: item", "product: itm"), 'activities.purchases.product: unknown field of orders, found "itm". Did you mean "item"?'),
    (("detail: page", "detail: pages"), 'activities.visits.detail: unknown field of web, found "pages". Did you mean "page"?'),
    (("detail: page", "time: page"), "activities.visits.time: events of web have a visitor and a time already, and no amount; remove it"),
    (("detail: page", "of: {page: crm.contact_id}"), "activities.visits.of: events of web have a visitor"),
    (("detail: page", "type: SalesOrder"), "activities.visits.type: events are of the type WebEvent; remove it"),
    (("[crm, web]", "[crm]"), "activities.visits.source: web is not in customers.match_order"),
    (("  purchases:", "  Purchases:"), "activities.Purchases: is not a name for an activity"),
    (("show: false", "shown: false"), "activities.visits.shown: unknown key"),
]


@pytest.mark.parametrize(("change", "message"), MISTAKES)
def test_a_mistake_is_named_with_what_would_be_right(change: tuple[str, str], message: str) -> None:
    assert message in problem(change)


def test_activities_of_consents_are_refused() -> None:
    newsletter = "  newsletter: {kind: consents, files: n, person: {mail: identity.email}}\n  web:"
    text = SOURCES.replace("  web:", newsletter)
    assert "activities.visits.source: has consents, which are no activities" in problem(
        ("visits: {source: web", "visits: {source: newsletter"), text
    )


def test_a_project_without_activities_has_none() -> None:
    assert config("").activities == {}
