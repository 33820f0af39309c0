"""The stages of this station, for the test that runs every stage in several buckets."""

from cdp_assets.lake import Stage
from cdp_assets.sources.raw import wanted_columns
from cdp_assets.sources.typed import quarantine_stage, rows_stage
from cdp_assets_tests.sources.projects import CRM, WEB, source_of
from cdp_assets_tests.sources.test_consents_source import CONFIG as CONSENTS

_ALL_TYPES = """
version: 1
sources:
  crm:
    files: crm.csv
    primary_key: id
    fields:
      id: identity.id
      a: integer
      b: decimal
      c: number
      d: boolean
      e: date
      f: timestamp
      g: {type: date, format: "%d.%m.%Y"}
"""
_KINDS = ("varchar", "bigint", "double", "decimal(18,2)", "boolean", "date", "timestamp", "date")


def examples() -> list[list[Stage]]:
    lists: list[list[Stage]] = []
    for text, name in ((CRM, "crm"), (WEB, "web"), (_ALL_TYPES, "crm"), (CONSENTS, "newsletter")):
        source = source_of(text, name)
        as_text = {column: (f"c{number}", "varchar") for number, column in enumerate(wanted_columns(name, source))}
        stages = [rows_stage(name, source, as_text), quarantine_stage(name, source, as_text)]
        lists += [[stage] for stage in stages]
    source = source_of(_ALL_TYPES, "crm")
    native = {column: (f"c{n}", _KINDS[n]) for n, column in enumerate(wanted_columns("crm", source))}
    return [*lists, [rows_stage("crm", source, native)], [quarantine_stage("crm", source, native)]]
