"""The stages of this station, for the test that runs every stage in several buckets; dedupe with all kinds of rules."""

from cdp_assets.config import parse_config
from cdp_assets.lake import Stage
from cdp_assets.unify import alternate_keys, deduplicate, lineage, survivorship
from cdp_assets_tests.identity.stages_examples import config as with_rules
from cdp_assets_tests.unify.profile_world import config

TAKEN_OVER = "dedupe: {crm: {rules: [], fields: {name: most_filled, email: most_filled}}}"
HOUSEHOLDS = """
version: 1
sources:
  crm: {files: a, primary_key: no, fields: {last: person.last_name, street: location.street, zip: location.postcode, phone: identity.phone}}
customers:
  households: true
  clusters:
    line:
      rules:
        - name: phone
          all: [{field: phone, precision: high}, {field: zip}]
          exceptions: [{field: last, differs: true}]
"""
CHOSEN = """
  dedupe:
    crm:
      rules:
        - name: e-mail
          all: [{field: email}]
          exceptions: [{field: full_name, as: name, precision: high, differs: true}, {field: born, differs: true}]
        - {name: name, all: [{field: full_name, as: name, precision: high}], exceptions: [{field: email, precision: low}]}
      keep: {least_recent: born}
      fields: {email: {most_recent: income}, full_name: most_filled, income: {most_recent: born}}
    loyalty: {rules: [], fields: {mail: most_filled}}
  match:
    - name: e-mail
      left: crm
      right: loyalty
      all: [{field: email, normalise: [lower]}]
      exceptions: [{field: {left: full_name, right: name}, as: name, precision: high, differs: true}, {field: born, differs: true}]
"""
"""Rules with exceptions, and winners that are put together from several records."""


def examples() -> list[list[Stage]]:
    """Duplicates, profiles with all types of fields, of one source without events, and of visitors alone."""
    rules, chosen = with_rules(), with_rules(CHOSEN)
    one = parse_config("version: 1\nsources: {crm: {files: a, primary_key: id, fields: {}}}")
    visitors = parse_config("version: 1\nsources: {web: {kind: events, files: w, visitor: c, time: t, include_all_records: true}}")
    merged = config("{name: {least_recent: {crm: born, loyalty: since, shop: seen}}, both: {group: [status, spent]}}")
    profiles = [stages(each) for stages in (alternate_keys.stages, survivorship.stages) for each in (config(), one, visitors)]
    return [
        deduplicate.pairs_stages(rules, "crm"),
        deduplicate.stages(rules, "crm"),
        deduplicate.stages(rules, "loyalty"),
        deduplicate.pairs_stages(chosen, "crm"),
        deduplicate.stages(chosen, "crm"),
        deduplicate.stages(chosen, "loyalty"),
        *profiles,
        lineage.stages(config()),
        lineage.stages(one),
        survivorship.stages(merged),
        survivorship.stages(parse_config(HOUSEHOLDS)),
        lineage.stages(merged),
        lineage.stages(config("{email: {most_recent: {crm: born, loyalty: since, shop: seen}}}", TAKEN_OVER)),
    ]
