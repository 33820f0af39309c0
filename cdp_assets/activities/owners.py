"""The way from a value that a row names its customer or account by, or from a visitor id, to the customer or account."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from cdp_assets.config import EventsSource, ProjectConfig, RecordsSource
from cdp_assets.config.activities import owner
from cdp_assets.contacts.tables import ACCOUNT_KEYS
from cdp_assets.lake import Column, Stage, Table, by, columns, intermediate
from cdp_assets.lake.nasty import keys, nasty_rows
from cdp_assets.lake.source import literal, name
from cdp_assets.unify.deduplicated_tables import deduplicated
from cdp_assets.unify.tables import ALTERNATE_KEYS

WAYS = intermediate(
    "ways to owners",  # with spaces, so that no source can have this name
    """
    target      | varchar | source.field whose values these are; of visitors: their source
    who         | varchar | the value
    customer_id | varchar | the customer
    account_id  | varchar | the account
    """,
    ("target", "who"),
)
_KEY_COLUMNS = columns(
    """
    source     | varchar | of the record or visitor
    record_key | varchar | its key
    kind       | varchar | record or visitor
    """
)


@dataclass(frozen=True)
class Way:
    """A way to whose an activity is. `field` is None where the value is the key itself: a primary key or a visitor id."""

    target: str
    source: str
    field: str | None
    kind: str
    owner: str

    @property
    def keys(self) -> str:
        """The table with the keys of the customers or accounts."""
        return _keys_table(self).name

    @property
    def stage(self) -> str:
        """The name of the stage that finds the values of a field."""
        return f"values of {self.target}"


def way_of(config: ProjectConfig, activity: str) -> Way:
    """The way of an activity of the configuration."""
    settings = config.activities[activity]
    if isinstance(config.sources[settings.source], EventsSource):
        return Way(settings.source, settings.source, None, "visitor", "customer")
    target = next(iter(settings.of.values()))
    source, _, field = target.partition(".")
    its = config.sources[source]
    assert isinstance(its, RecordsSource)
    return Way(target, source, None if field == its.primary_key else field, "record", owner(config, activity))


def reads(config: ProjectConfig, ways: list[Way]) -> dict[str, Table]:
    """The tables that the stages of these ways read."""
    found: dict[str, Table] = {}
    for way in ways:
        found[way.keys] = _keys_table(way)
        if way.field is not None:
            found[f"deduplicated_{way.source}"] = deduplicated(config, way.source)
    return found


def _keys_table(way: Way) -> Table:
    return ACCOUNT_KEYS if way.owner == "account" else ALTERNATE_KEYS


def stages(config: ProjectConfig, ways: list[Way]) -> list[Stage]:
    """The stages up to WAYS: one row a target and value, with the customer or the account that has it.

    Where records of several customers have the same value, the smallest customer id stands for it: rows must not
    multiply, and the choice must be the same every time.
    """
    ways = list(dict.fromkeys(ways))
    by_field = [_values_stage(config, way) for way in ways if way.field is not None]
    direct = {way.keys: by("record_key") for way in ways if way.field is None}
    parts = [_direct(way) if way.field is None else f"select target, who, customer_id, account_id from {name(way.stage)}" for way in ways]
    body = f"""
        select target, who, min(customer_id) as customer_id, min(account_id) as account_id
        from ({" union all ".join(parts)})
        group by target, who
    """
    meets = {**direct, **{stage.name: by("who") for stage in by_field}}
    return [*by_field, Stage(WAYS.name, meets, body, WAYS, nasty=lambda: _nasty_of_ways(ways))]


def _ids(way: Way) -> str:
    """The select list of the two ids, one of which is null."""
    if way.owner == "account":
        return "cast(null as varchar) as customer_id, k.account_id"
    return "k.customer_id, cast(null as varchar) as account_id"


def _direct(way: Way) -> str:
    return f"""
        select {literal(way.target)} as target, k.record_key as who, {_ids(way)} from {name(way.keys)} as k
        where k.source = {literal(way.source)} and k.kind = {literal(way.kind)}
    """


def _values_stage(config: ProjectConfig, way: Way) -> Stage:
    """The values of a field that is no primary key: through the records that have it to their owner."""
    assert way.field is not None
    records, field = f"deduplicated_{way.source}", name(way.field)
    body = f"""
        select {literal(way.target)} as target, cast(r.{field} as varchar) as who, {_ids(way)}
        from {name(records)} as r
        join {name(way.keys)} as k on k.source = {literal(way.source)} and k.kind = 'record' and k.record_key = r.record_key
        where r.{field} is not null
    """
    its = config.sources[way.source].fields[way.field]
    columns_ = [Column("record_key", "varchar", "key"), Column(way.field, its.data_type, "field")]
    return Stage(
        way.stage,
        {records: by("record_key"), way.keys: by("record_key")},
        body,
        intermediate(way.stage, "\n".join(f"{column.name} | {column.type} | {column.description}" for column in WAYS.columns)),
        nasty=lambda: {records: nasty_rows(columns_, {"record_key": keys()}), way.keys: _nasty_keys(way)},
    )


def _nasty_keys(way: Way) -> pa.Table:
    its = f"{way.owner}_id"
    given = {"source": [way.source], "kind": [way.kind], "record_key": keys(40)[::-1], its: ["c1", "c2", "c3"]}
    return nasty_rows((*_KEY_COLUMNS, Column(its, "varchar", "id")), given, rows=40)


def _nasty_of_ways(ways: list[Way]) -> Mapping[str, pa.Table]:
    """Keys of every source and kind that is read, and values that several customers have."""
    found: dict[str, pa.Table] = {}
    for way in ways:
        if way.field is None:
            more = _nasty_keys(way)
            found[way.keys] = pa.concat_tables([found[way.keys], more]) if way.keys in found else more
        else:
            shared: dict[str, list[Any]] = {
                "target": [way.target],
                "who": keys(7),
                "customer_id": ["c3", "c1", None, "c2"],
                "account_id": ["a2", "a1", None],
            }
            found[way.stage] = nasty_rows(WAYS.columns, shared)
    return found
