"""Whether the primary key of a source is one: a column that repeats in most rows identifies nobody, and merging by it is a wrong merge.

A few rows with the key of another are one record with it, as the specification says. Where they are many, people are told;
where most rows would be swallowed, the source is refused, and its last good records stay.
"""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from cdp_assets.config import ProjectConfig, RecordsSource
from cdp_assets.errors import UserError
from cdp_assets.lake import Column, Stage, intermediate, whole
from cdp_assets.lake.nasty import keys, nasty_rows
from cdp_assets.lake.source import literal, name

LEAST = 10
"""Of fewer rows nothing is refused: half of them come and go."""
MANY = 20
"""People are told where more than one row in so many repeats the key of another."""
_EXAMPLES = 3
_COUNTS = intermediate(
    "rows by key",
    """
    rows     | bigint  | rows of the source
    records  | bigint  | different keys
    examples | varchar | where rows with the most frequent keys are
    """,
)
_GUARD = intermediate("primary key", "rows | bigint | rows of the source whose key can be one")
_ADVICE = "Choose a column that has another value in every row, or deliver one row for each key."
_IF_NOT = f". If they are different people: {_ADVICE[0].lower()}{_ADVICE[1:]}"


class PrimaryKeyError(UserError):
    """The column that is said to identify the rows of a source does not."""


def key_stages(config: ProjectConfig, source: str, records: str) -> list[Stage]:
    """Refuse a source most of whose rows repeat a key. Reads the stage `records`: one row a key, with its number of rows."""
    examples = f"array_to_string(max_by(source_file || ' line ' || source_line, duplicate_rows, {_EXAMPLES}), ', ')"
    body = f'select coalesce(sum(duplicate_rows), 0) as "rows", count(*) as records, {examples} as examples from {name(records)}'
    columns = (
        *(Column(c, "varchar", c) for c in ("record_key", "source_file")),
        *(Column(c, "bigint", c) for c in ("source_line", "duplicate_rows")),
    )
    params = {"source": source, "key": key_of(config, source)}
    return [
        Stage(
            _COUNTS.name, {records: whole()}, body, _COUNTS,
            nasty=lambda: {records: nasty_rows(columns, {"record_key": keys(), "duplicate_rows": [1, 1, 2]})},
        ),
        Stage(
            _GUARD.name, {_COUNTS.name: whole()}, _refuse, _GUARD, params=params, lineage={"rows": (f"{_COUNTS.name}.rows",)},
            nasty=lambda: {_COUNTS.name: nasty_rows(_COUNTS.columns, {"rows": [5], "records": [3]}, rows=1)},
        ),
    ]  # fmt: skip


def key_of(config: ProjectConfig, source: str) -> str:
    """The primary key of a source, with its column where that has another name."""
    its = config.sources[source]
    assert isinstance(its, RecordsSource)
    column = its.fields[its.primary_key].column
    return f"{its.primary_key} (column {column})" if column and column != its.primary_key else its.primary_key


def key_notice(config: ProjectConfig, source: str) -> str:
    """SQL over deduplicated_<source> for what people must be told of repeated keys; null: nothing.

    A key that is a name, an address or an e-mail address is no id: of such a one each repeated row is worth a word.
    """
    its = config.sources[source]
    assert isinstance(its, RecordsSource)
    meaning = its.fields[its.primary_key].type
    no_id = "." in meaning and meaning != "identity.id"
    which = f"{key_of(config, source)}, which is no id but of type {meaning}" if no_id else key_of(config, source)
    many = "repeated > 0" if no_id else f"repeated * {MANY} > total"
    said = f"""
        {literal(f"{source}: ")} || repeated || ' of ' || total || ' rows repeat the primary key ' || {literal(which)}
        || ' and became one record with the row that has it, as in ' || examples || {literal(_IF_NOT)}
    """
    return f"""
        select case when {many} then {said} end
        from (
            select coalesce(sum(duplicate_rows), 0) as total, coalesce(sum(duplicate_rows) - count(*), 0) as repeated,
                array_to_string(
                    max_by(source_file || ' line ' || source_line, duplicate_rows, {_EXAMPLES}) filter (duplicate_rows > 1), ', '
                ) as examples
            from {name(f"deduplicated_{source}")}
        )
    """


def _refuse(tables: Mapping[str, pa.Table], params: Mapping[str, Any]) -> pa.Table:
    found = tables[_COUNTS.name]
    rows, records = (sum(found[column].to_pylist()) for column in ("rows", "records"))
    if rows >= LEAST and 2 * records < rows:
        values = "1 value" if records == 1 else f"{records:,} different values"
        raise PrimaryKeyError(
            f"{params['source']}: its primary key {params['key']} has {values} in {rows:,} rows, so that {rows - records:,} would be "
            f"taken for repetitions. The most frequent are in {found['examples'][0].as_py()}. {_ADVICE}"
        )
    return pa.table({"rows": pa.array([rows], pa.int64())})
