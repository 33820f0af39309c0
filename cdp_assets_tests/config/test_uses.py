"""Every place that names a source is found, so that nobody takes it out while something uses it."""

import re

import pytest

from cdp_assets.config import ConfigError, parse_config
from cdp_assets.config.document import read_document
from cdp_assets.config.problems import dotted
from cdp_assets.config.uses import users_of
from cdp_assets_tests.config.documents import VALID

EVERYWHERE = """
sources:
  crm: {files: a}
  web: {known_as: {user: crm.id}}
  post: {person: {mail: identity.email, who: crm.id}}
customers:
  match_order: [crm, shop]
  dedupe: {crm: {rules: []}}
  match: [{left: crm, right: shop}, {left: shop, right: crm}]
  merge: {name: {importance: [shop, crm]}, crm: {importance: [shop]}}
accounts: {match_order: [crm]}
contacts:
  match_order: [people]
  relationships: {people: {foreign_key: crm, account: crm}, crm: {account: firms}}
  customers: {crm.mail: shop.id, people.id: crm.id}
activities: {orders: {source: crm, of: {who: crm.id}}, crm: {source: shop}}
connections: {sales: {contact_id: crm.id}}
exports: {sales: {contact_id: crm.id, segments: [crm]}}
"""
USERS = """
sources.web.known_as.user sources.post.person.who customers.match_order[0] customers.dedupe.crm customers.match[0].left
customers.match[1].right customers.merge.name.importance[1] accounts.match_order[0] contacts.relationships.people.account
contacts.relationships.crm contacts.customers.crm.mail contacts.customers.people.id activities.orders.source activities.orders.of.who
connections.sales.contact_id exports.sales.contact_id
""".split()


def test_every_place_that_names_the_source_is_listed_and_no_other():
    document, _ = read_document(EVERYWHERE.encode())
    assert [dotted(at) for at in users_of(document.data, "crm")] == USERS
    assert users_of(document.data, "nowhere") == []


@pytest.mark.parametrize("written", [None, [], "text", {"sources": None, "customers": {"match_order": "crm", "match": [None]}}])
def test_a_document_that_is_not_valid_is_looked_at_all_the_same(written):
    assert users_of(written, "crm") == []


def test_taking_out_a_source_that_is_used_names_its_users_in_one_problem():
    without = re.sub(r"(?ms)^  crm:\n.*?(?=^  \w+:)", "", VALID, count=1)
    with pytest.raises(ConfigError) as error:
        parse_config(without)
    [problem] = [each for each in error.value.problems if "unknown source" in each.message]
    document, _ = read_document(without.encode())
    named = set(re.findall(r"([a-z_.\[\]0-9]+) \(line \d+\)", problem.message))
    assert {dotted(at) for at in users_of(document.data, "crm")} == named
