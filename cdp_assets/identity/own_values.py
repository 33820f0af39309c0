"""What a record itself says. A winner may show other records' values (dedupe `fields`); it is compared and counted by its own.

So a value that is not shown still finds its partner, and the groups that dedupe made are judged by the same values here.
"""

from collections.abc import Collection, Mapping
from typing import Any

from sqlglot import exp

from cdp_assets.config import ProjectConfig
from cdp_assets.lake import Column, Stage, Table, anyhow
from cdp_assets.lake.nasty import keys, nasty_rows
from cdp_assets.lake.source import name
from cdp_assets.unify.deduplicated_tables import TAKEN

_NEEDED = tuple(column for column in TAKEN if column.name in ("taken_fields", "own_values"))


def shows_others(config: ProjectConfig, source: str, field: str) -> bool:
    """Whether a winner of the source may show another record's value in the field."""
    dedupe = config.customers.dedupe.get(source)
    return dedupe is not None and field in dedupe.fields


def own_value(config: ProjectConfig, source: str, field: str) -> exp.Expr:
    """A record's own value of a field, over rows of deduplicated_<source>."""
    shown = exp.column(field, quoted=True)
    if not shows_others(config, source, field):
        return shown
    place = exp.func("list_position", exp.column("taken_fields"), exp.Literal.string(field), dialect="duckdb")
    own = exp.func("list_extract", exp.column("own_values"), place, dialect="duckdb")
    taken = exp.func("list_contains", exp.column("taken_fields"), exp.Literal.string(field), dialect="duckdb")
    return exp.case().when(taken, exp.cast(own, config.sources[source].fields[field].data_type, dialect="duckdb")).else_(shown)


def needed_for(config: ProjectConfig, source: str, fields: Collection[str]) -> tuple[Column, ...]:
    """The further columns that `own_value` of these fields reads."""
    return _NEEDED if any(shows_others(config, source, field) for field in fields) else ()


def own_stages(config: ProjectConfig, fields: Mapping[str, Collection[str]]) -> tuple[list[Stage], dict[str, str]]:
    """Records of each source (record_key and `fields`) with their own values, and under which name they are.

    A source of which no such field may show another record's value keeps deduplicated_<source>.
    """
    names, stages = {source: f"deduplicated_{source}" for source in fields}, []
    for source, table in names.items():
        if needed := needed_for(config, source, fields[source]):
            stages.append(_own_stage(config, source, table, fields[source], needed))
    return stages, names | {stage.name.removeprefix("own values of "): stage.name for stage in stages}


def _own_stage(config: ProjectConfig, source: str, table: str, fields: Collection[str], needed: tuple[Column, ...]) -> Stage:
    listing = "".join(f", {own_value(config, source, field).sql(dialect='duckdb')} as {name(field)}" for field in fields)
    types = {field: its.data_type for field, its in config.sources[source].fields.items()}
    its = (Column("record_key", "varchar", "key"), *(Column(field, types[field], "field") for field in fields))
    writes = Table(f"own values of {source}", "one record", (), its)
    taken = [field for field in fields if shows_others(config, source, field)]
    given: dict[str, list[Any]] = {"record_key": keys(), "taken_fields": [taken[:1], []], "own_values": [[None], []]}
    return Stage(
        writes.name, {table: anyhow()}, f"select record_key{listing} from {name(table)}", writes,
        nasty=lambda: {table: nasty_rows((*its, *needed), given)},
    )  # fmt: skip
