"""The stages of this station, for the test that runs every stage in several buckets."""

from cdp_assets.config import RecordsSource
from cdp_assets.lake import Stage
from cdp_assets.sources import incremental_stages as incremental
from cdp_assets.sources.column_profile import profile_stage
from cdp_assets.sources.incremental_plan import deletes_of
from cdp_assets.sources.raw import wanted_columns
from cdp_assets.sources.typed import files_stage, quarantine_stage, rows_stage
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
_FILTERED = """
version: 1
sources:
  crm: {files: crm.csv, primary_key: contact_id, fields: {name: person.full_name}, where: {name: [a, b]}}
  web:
    kind: events
    files: web
    visitor: anonymous_id
    time: ts
    fields: {page: text}
    include_all_records: true
    where: {page: {is_not: b}, time: {exists: true}}
"""
_KINDS = ("varchar", "bigint", "double", "decimal(18,2)", "boolean", "date", "timestamp", "date")


_INCREMENTAL = """
version: 1
sources:
  crm:
    files: crm
    primary_key: id
    fields: {name: text, changed: timestamp, gone: boolean, points: integer}
    where: {points: {above: 1}}
    incremental: {updated: changed, deleted: {files: deleted, at: at}}
"""


def _incremental(text: str) -> list[list[Stage]]:
    """The stages of a merge, each by itself."""
    source = source_of(text, "crm")
    assert isinstance(source, RecordsSource)

    def places(its: RecordsSource) -> dict[str, tuple[str, str]]:
        return {column: (f"c{number}", "varchar") for number, column in enumerate(wanted_columns("crm", its))}

    stages = [
        *incremental.arrived_stages("crm", source, places(source)),
        *incremental.rejected_stages("crm", source, places(source)),
        incremental.removed_stage("crm", source),
        incremental.merged_stage("crm", source),
        incremental.all_rejected_stage("crm", source, ["crm/full.csv"]),
        incremental.quarantine_of_stage("crm", source),
    ]
    lists = deletes_of(source)
    if lists is not None:
        stages += incremental.deletes_stages("crm", source, places(lists))
    return [[stage] for stage in stages]


def examples() -> list[list[Stage]]:
    lists: list[list[Stage]] = []
    for text, name in ((CRM, "crm"), (WEB, "web"), (_ALL_TYPES, "crm"), (CONSENTS, "newsletter"), (_FILTERED, "crm"), (_FILTERED, "web")):
        source = source_of(text, name)
        as_text = {column: (f"c{number}", "varchar") for number, column in enumerate(wanted_columns(name, source))}
        stages = [rows_stage(name, source, as_text), quarantine_stage(name, source, as_text), files_stage(name, source, as_text)]
        lists += [[stage] for stage in stages]
    source = source_of(_ALL_TYPES, "crm")
    native = {column: (f"c{n}", _KINDS[n]) for n, column in enumerate(wanted_columns("crm", source))}
    database = _INCREMENTAL.replace("files: crm\n", "database: SHOP\n    table: crm\n")
    flagged = _INCREMENTAL.replace("files: deleted, at: at", "field: gone, equals: true").replace("    where: {points: {above: 1}}\n", "")
    for text in (_INCREMENTAL, database, flagged, _INCREMENTAL.replace("updated: changed, ", "")):
        lists += _incremental(text)
    lists += [[profile_stage(name, source_of(text, name), hidden=["points"])] for text, name in ((CRM, "crm"), (WEB, "web"))]
    return [*lists, [rows_stage("crm", source, native)], [quarantine_stage("crm", source, native)]]
