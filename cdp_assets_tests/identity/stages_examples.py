"""Configurations whose stages together are all the kinds of stages that identity has, for the test over bucket counts."""

from cdp_assets.config import ProjectConfig, parse_config
from cdp_assets.identity import again, clusters, configured, id_changes, match, overrides, registry
from cdp_assets.identity.forms import forms_stages, weight_stages
from cdp_assets.identity.rules import forms_of, match_rules
from cdp_assets.lake import Stage

SOURCES = """
version: 1
sources:
  crm:
    files: crm.csv
    primary_key: contact_id
    fields: {full_name: person.full_name, email: identity.email, born: person.birth_date, income: decimal}
  loyalty:
    files: loyalty.csv
    primary_key: loyalty_id
    fields: {name: person.full_name, mail: identity.email, born: person.birth_date}
    include_all_records: false
  web:
    kind: events
    files: web/
    visitor: anonymous_id
    time: ts
    known_as: {user_id: crm.contact_id, mail: loyalty.mail, login: crm.email}
  links: {files: links.csv, primary_key: nr, fields: {left_source: text, left_key: text, right_source: text, right_key: text}}
  splits: {files: splits.csv, primary_key: nr, fields: {left_source: text, left_key: text, right_source: text, right_key: text}}
customers:
  match_order: [crm, loyalty, web]
"""
RULES = """
  guards: {identifiers: {identity.email: 2, person.birth_date: 1}}
  dedupe:
    crm:
      rules:
        - {name: e-mail, all: [{field: email, normalise: [lower, whitespace, symbols, unicode]}]}
        - {name: name, all: [{field: full_name, as: name, precision: high}], review: low}
        - {name: name and birth date, all: [{field: full_name, as: name}, {field: born}]}
  match:
    - {name: e-mail, left: crm, right: loyalty, all: [{field: email, normalise: [lower]}]}
    - name: birth date and name
      left: crm
      right: loyalty
      all: [{field: born}, {field: full_name, as: name, precision: high}]
      review: low
    - name: name and e-mail
      left: crm
      right: loyalty
      all: [{field: full_name, as: name, precision: high}, {field: email, precision: medium}]
      review: 0.5
"""


def config(rules: str = RULES) -> ProjectConfig:
    """The project of these tests: two sources of records and one of events."""
    return parse_config(SOURCES + rules)


def examples() -> list[list[Stage]]:
    """Lists of stages, each stage with its own nasty rows."""
    return [
        again.stages(config()),
        match.stages(config()),
        match.stages(config(MATCH_ONLY)),
        match.stages(config(WITH_EXCEPTIONS)),
        clusters.stages(config()),
        overrides.stages([config(MATCH_ONLY + LISTS)]),
        id_changes.stages(),
        configured.stages(config(f"{MATCH_ONLY}  id: [email, crm.born]\n")),
        registry.stages(configured=True),
        match.stages(config(WORDS)),
        *_kept_weights(),
    ]


def _kept_weights() -> list[list[Stage]]:
    """Weights of words that are learnt once, and forms with them."""
    rules = match_rules(config(WORDS))
    forms = {f"deduplicated_{source}": forms_of(rules, source) for source in ("crm", "loyalty")}
    return [weight_stages(forms), forms_stages(forms, frozen="term_frequencies")]


LISTS = """
  always_match: [links]
  never_match: [splits]
"""
MATCH_ONLY = """
  match:
    - {name: e-mail, left: crm, right: loyalty, all: [{field: email, normalise: [lower]}]}
"""
WITH_EXCEPTIONS = """
  match:
    - name: e-mail
      left: crm
      right: loyalty
      all: [{field: email, normalise: [lower]}]
      exceptions: [{field: full_name, as: name, precision: high, differs: true}, {field: born, differs: true}]
"""
"""Every pair is compared again with what the rule's exceptions say."""
WORDS = """
  aliases:
    given: {pairs: [[ann lee, bob], [bob, anne lee]]}
    kept: {source: links, value: left_key, same_as: right_key}
  bypass: {nobody: {values: [x, ann lee]}, kept: {source: splits, value: left_key}}
  match:
    - name: name and birth date
      left: crm
      right: loyalty
      all: [{field: born}, {field: full_name, as: organization, precision: medium}]
      exceptions: [{field: email, as: address, differs: true, precision: low}]
    - name: address and name
      left: crm
      right: loyalty
      all: [{field: email, as: address, precision: low}, {field: full_name, precision: high, alias: given, bypass: nobody}]
    - name: everything that is made alike
      left: crm
      right: loyalty
      all: [{field: full_name, alias: kept, bypass: kept, normalise: [numerals, phone, name, address, organization, lower, symbols]}]
"""
"""Words with their weights in conditions and exceptions, with an exact condition and without, and lists of both forms."""
