"""A small business: customers, two sources of accounts, two sources of contacts; small enough to work out by hand."""

from dataclasses import replace
from pathlib import Path

from cdp_assets.config import Project, ProjectConfig, parse_config

SOURCES = """
version: 1
sources:
  crm: {files: crm.csv, primary_key: person_no, fields: {name: person.full_name}}
  crm_accounts: {files: a.csv, primary_key: account_no, fields: {company: organization.name, postcode: location.postcode}}
  erp_accounts:
    files: e.csv
    primary_key: customer_no
    fields: {company_name: organization.name, postcode: location.postcode, sector: text}
  business:
    files: b.csv
    primary_key: contact_no
    fields: {account_no: text, person_no: text, first_name: person.first_name, email: identity.email}
  partners: {files: p.csv, primary_key: partner_no, fields: {account: text, mail: identity.email, job: text}}
"""
SECTIONS = """
accounts:
  match_order: [crm_accounts, erp_accounts]
  dedupe: {crm_accounts: {rules: [{name: same name, all: [{field: company, normalise: [lower]}, {field: postcode}]}]}}
  match: [{name: name and postcode, left: crm_accounts, right: erp_accounts, all: [{field: company, normalise: [lower]}, {field: postcode}]}]
contacts:
  match_order: [business, partners]
  dedupe: {business: {rules: [{name: same e-mail, all: [{field: email, normalise: [lower, whitespace]}]}]}}
  match: [{name: e-mail, left: business, right: partners, all: [{field: email, normalise: [lower]}]}]
  relationships:
    business: {foreign_key: account_no, account: crm_accounts}
    partners: {foreign_key: account, account: erp_accounts}
  attributes: {first_name: first_name, primary_email: email, job_title: job}
  customers: {business.person_no: crm.person_no}
"""  # noqa: E501
WORLD = SOURCES + SECTIONS


def config(text: str = WORLD) -> ProjectConfig:
    """The configuration of the small business."""
    return parse_config(text)


def project(folder: Path = Path("nowhere"), text: str = WORLD) -> Project:
    """The small business as a project without files."""
    return Project(folder, folder / "cdp.yaml", config(text), "")


def without_customers() -> ProjectConfig:
    """The same, where nothing says which customer a contact is."""
    one = config()
    assert one.contacts is not None
    return one.model_copy(update={"contacts": one.contacts.model_copy(update={"customers": {}})})


def alone() -> Project:
    """One source of accounts and one of contacts, without rules."""
    one = config(SOURCES + _ONE)
    return replace(project(), config=one)


_ONE = """
accounts: {match_order: [crm_accounts]}
contacts: {match_order: [business], relationships: {business: {foreign_key: account_no, account: crm_accounts}}}
customers: {match_order: [crm]}
"""
