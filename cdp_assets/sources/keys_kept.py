"""Whether a source's records still have their keys: ids follow keys, so where most keys change, most ids do."""

from cdp_assets.config import AnySource, RecordsSource
from cdp_assets.lake import Run, Source, Table, no_values_in_errors
from cdp_assets.lake import delta as log

FEW = 20
"""Of fewer records, half come and go."""
MOST_FIELDS = 1000
_WORDS = {"string": "text", "long": "integer"}
_KEPT = """
    select count(*), count(n.record_key)
    from (select distinct record_key from ({before})) as b
    left join (select distinct record_key from ({now})) as n on b.record_key = n.record_key
"""


def keys_told(run: Run, table: Table, source: AnySource, before: Source) -> str | None:
    """What people must be told of the keys of a source that has a new version; None: nothing. Counts only, never a key."""
    now = run.read(table)
    if not isinstance(source, RecordsSource) or before.version is None or now.version in (None, before.version):
        return None
    with no_values_in_errors(table.name):
        total, kept = run.reader().execute(_KEPT.format(before=before.sql, now=now.sql)).fetchall()[0]
        types = [_type(run, table, version, source.primary_key) for version in (before.version, now.version)]
    changed = None not in types and types[0] != types[1]
    if not changed and (total < FEW or 2 * kept >= total):
        return None
    was = f"the primary key {source.primary_key} was {types[0]} and is {types[1]} now: " if changed else ""
    advice = "" if kept == total else " Ids of customers follow the keys of their records: if the same records have other keys, ids change."
    return f"{was}{kept:,} of the {total:,} keys of the version before are still there.{advice}"


def too_wide(source: AnySource) -> str | None:
    """What people must be told of a source of very many fields."""
    if len(source.fields) <= MOST_FIELDS:
        return None
    return f"{len(source.fields):,} fields are read; more than {MOST_FIELDS:,} are hard to work with: leave out those that nothing uses."


def _type(run: Run, table: Table, version: int | None, column: str) -> str | None:
    """The type that a column has in a version, in the words of cdp.yaml."""
    handle = log.open_table(run.place.lake / table.name, version)
    types = {field.name: str(field.type.type) for field in handle.schema().fields if hasattr(field.type, "type")} if handle else {}
    return _WORDS.get(types.get(column, ""), types.get(column))
