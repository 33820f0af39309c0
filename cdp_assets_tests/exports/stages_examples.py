"""The stages of this station, for the test that runs every stage in several buckets."""

from cdp_assets.config import parse_config
from cdp_assets.exports import members
from cdp_assets.exports.outcome import ledger_stage, summary_stage
from cdp_assets.lake import Stage
from cdp_assets_tests.exports.world import CONFIG

CONTACTS = """
version: 1
sources:
  crm: {files: crm.csv, primary_key: id, fields: {mail: identity.email}}
  companies: {files: companies.csv, primary_key: no, fields: {company: organization.name}}
  staff: {files: staff.csv, primary_key: contact_no, fields: {no: text, email: identity.email, city: location.city}}
  news: {kind: consents, files: consents.csv, person: {mail: identity.email}}
customers: {match_order: [crm]}
accounts: {match_order: [companies]}
contacts:
  match_order: [staff]
  relationships: {staff: {foreign_key: no, account: companies}}
  attributes: {city: city}
segments: {here: {of: contacts, all: [{profile.city: Rome}]}}
connections:
  sales: {kind: dynamics_sales, name: Sales, server: https://contoso.crm4.dynamics.com, contact_id: staff.contact_no, agree: true}
exports:
  people: {connection: sales, segments: [here], consent: news}
"""


def examples() -> list[list[Stage]]:
    configs = [parse_config(CONFIG), parse_config(CONTACTS)]
    plans = [members.stages(config, export) for config in configs for export in config.exports.values()]
    return [*plans, [ledger_stage("run-1", "agency"), summary_stage("run-1", "agency")]]
