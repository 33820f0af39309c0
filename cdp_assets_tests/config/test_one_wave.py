"""All mistakes come at once: of any set of mistakes in the demo's cdp.yaml each one is reported, and nothing that follows from it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from cdp_assets.config import ConfigError
from cdp_assets.config.document import Document
from cdp_assets.config.loader import configuration
from cdp_assets_tests.config.cases import changed, document
from cdp_assets_tests.projects import DEMO

DATA = YAML(typ="safe", pure=True).load((DEMO / "cdp.yaml").read_text(encoding="utf-8"))

MISTAKES = """
engine.memory = lots
sources.crm.fields.full_name = person.fullname
sources.crm.fields.phone = telephone of the person
sources.loyalty.fields.points = what
sources.shop.fields.Created = timestamp
sources.orders.primary_key -> primary_keys
sources.web.kind = evnts
sources.web.known_as.user_id = crm.contactid
sources.web.first_day = soon
sources.till.fields.sold_at = time
sources.erp_accounts.files = /accounts_erp.csv
sources.business_contacts.fields.job_title = 12
sources.newsletter.person.mail = identity.emial
customers.match_order[2] = shopp
customers.dedupe.crm.rules[0].all[0].field = emial
customers.dedupe.crm.keep = fullest
customers.match[1].all[1].field = birthdate
customers.match[4].all[0].normalise[0] = lowr
customers.match[5].name = 5
customers.merge.postcode -> postcod
accounts.match_order[1] = erp_acounts
accounts.match[0].right = erp_account
contacts.relationships.business_contacts.foreign_key = acount_no
contacts.attributes.primary_phone = fone
contacts.customers."business_contacts.person_no" = crm.contactid
activities.online_orders.amount = totl
activities.receipts.detail -> detale
activities.visits.source = wep
measures.orders.activities[0] = online_order
measures.total_spend.function = summ
clv.next_year.months = 99
engagement.region = Asia
engagement.email = primary_mail
segments.high_value.all[0] = {clv.next_yeer.high_value: true}
segments.regulars.all[1] = {measure.total_spent: {above: 0}}
segments.regulars.all[2] = {measure.orders: {below: 3}}
segments.Top = {all: [{profile.known: true}]}
connections.contoso_sales.server = https://contoso.example
connections.agency.share_with[0] = viewer
exports.newsletter.fields[1] = emial
exports.sales.connection = contoso_sale
schedule = {cron: never}
web.port = many
""".strip().splitlines()
"""A change of the demo each, of which one problem comes."""

TRICKY = """
sources.crm.fields = 12
sources.loyalty.primary_key -
sources.shop.files -
sources.orders = nothing
sources.web.visitor = [a, b]
accounts = 12
accounts.match_order = 12
contacts.attributes = 12
activities = []
activities.receipts.type = 12
measures = none
clv.next_year = 12
engagement.tenant = common
segments.high_value.all = 12
connections.agency.kind -
exports.newsletter.segments = 12
customers.match[0].left = 12
customers.match_order = 12
""".strip().splitlines()
"""Changes that make much of what others name unreadable: still one problem each."""


def problems(changes: list[str]) -> list[str]:
    """What is said after these changes of the demo."""
    data = DATA
    # a key that is called otherwise comes last, so that the others find their places; later positions of a list come first
    for change in sorted(changes, key=lambda change: (" -> " in change, change)):
        data = changed(data, change)
    try:
        configuration(Document(data, document(data)[1]), [])
    except ConfigError as error:
        return sorted(map(without_line, map(str, error.problems)))
    return []


def without_line(problem: str) -> str:
    return problem.split(": ", 1)[1]


ALONE = {change: problems([change]) for change in MISTAKES + TRICKY}


@pytest.mark.parametrize("change", MISTAKES + TRICKY)
def test_one_mistake_is_one_problem(change: str) -> None:
    assert len(ALONE[change]) == 1, ALONE[change]


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.lists(st.sampled_from(MISTAKES), unique=True, min_size=2, max_size=9))
def test_of_any_mistakes_all_are_reported_and_only_they(changes: list[str]) -> None:
    assert places(problems(changes)) == places(said for change in changes for said in ALONE[change])


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.sampled_from(TRICKY), st.lists(st.sampled_from(MISTAKES), unique=True, max_size=6))
def test_what_cannot_be_read_causes_no_other_problem(tricky: str, changes: list[str]) -> None:
    section = tricky.partition(".")[0].partition(" ")[0]
    others = [change for change in changes if not change.startswith(section)]
    assert set(places(problems([tricky, *others]))) <= set(places(said for change in [tricky, *others] for said in ALONE[change]))


def places(said: "list[str] | object") -> list[str]:
    """The places of problems and the beginnings of their messages; what is allowed may differ where a name is unreadable."""
    return sorted({": ".join(each.split(": ")[:2]).partition(", found")[0] for each in said})  # type: ignore[attr-defined]


def test_all_of_them_together_are_reported_at_once() -> None:
    together = places(problems(MISTAKES))
    alone = places(said for change in MISTAKES for said in ALONE[change])
    assert set(together) <= set(alone)
    assert len(together) >= len(alone) - 3
