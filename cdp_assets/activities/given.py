"""The rows of a source of records in the shape of activities: still with the value that says whose they are."""

import re
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from cdp_assets.activities.owners import way_of
from cdp_assets.config import Field, ProjectConfig
from cdp_assets.lake import Stage, Table, by, intermediate
from cdp_assets.lake.nasty import nasty_rows
from cdp_assets.lake.source import literal, name
from cdp_assets.sources.tables import table_of

AMOUNT = "decimal(18,2)"


def rows_of(activity: str) -> str:
    """The name of the stage; with a space, so that no source can have it."""
    return f"rows of {activity}"


def shape(activity: str) -> Table:
    """The rows that pass on from here."""
    return intermediate(
        rows_of(activity),
        f"""
        source_file | varchar | file of the row
        source_line | bigint | line of the row
        source_key | varchar | primary key
        nth | bigint | place among the rows with this key, the newest first
        target | varchar | source.field whose value `who` is
        who | varchar | whose it is
        time | timestamp | when it happened
        title | varchar | title
        detail | varchar | detail
        product | varchar | product
        amount | {AMOUNT} | money
        amount_lost | boolean | there is an amount, too large for its type
        returned | boolean | given back
        url | varchar | web address
        """,
        ("source_file", "source_line"),
    )


def stage(config: ProjectConfig, activity: str) -> Stage:
    """Reads the source of an activity; one row a row of it. Of rows with one primary key the newest is the first.

    Newest is the row of the last file by name, and in it the last line: a later export corrects an earlier one.
    """
    settings = config.activities[activity]
    source = config.sources[settings.source]
    table, fields = table_of(settings.source, source), source.fields
    who, time, amount = next(iter(settings.of)), settings.time, settings.amount
    assert time is not None
    body = f"""
        select
            source_file, source_line, record_key as source_key,
            row_number() over (partition by record_key order by source_file desc, source_line desc) as nth,
            {literal(way_of(config, activity).target)} as target,
            nullif(cast({name(who)} as varchar), '') as who,
            cast({name(time)} as timestamp) as time,
            {texts(config, activity)},
            {money(amount)} as amount,
            {f"{name(amount)} is not null and {money(amount)} is null" if amount else "false"} as amount_lost,
            {returned(settings.returned, amount)} as returned
        from {name(settings.source)}
    """
    return Stage(
        rows_of(activity),
        {settings.source: by("record_key")},
        body,
        shape(activity),
        nasty=lambda: {settings.source: _nasty(table, fields, who)},
    )


def texts(config: ProjectConfig, activity: str, event: str | None = None) -> str:
    """The select list of title, detail, product and url; `event` is the column with the name of a web event."""
    settings = config.activities[activity]
    titles = [f"nullif(cast({name(settings.title)} as varchar), '')"] if settings.title else []
    titles += [event] if event else []
    title = f"coalesce({', '.join([*titles, literal(in_words(settings.type_name))])}) as title"
    others = {"detail": settings.detail, "product": settings.product, "url": settings.url}
    return ", ".join([title, *(f"cast({name(field) if field else 'null'} as varchar) as {label}" for label, field in others.items())])


def money(amount: str | None) -> str:
    """The amount in hundredths, null where it is too large; a figure that is no decimal is rounded."""
    return f"try_cast({name(amount) if amount else 'null'} as {AMOUNT})"


def returned(field: str | None, amount: str | None) -> str:
    """Whether it was given back: what the field says, else an amount below zero."""
    if field:
        return f"coalesce({name(field)}, false)"
    return f"coalesce({name(amount)} < 0, false)" if amount else "false"


def in_words(type_: str) -> str:
    """A type as people write it: SalesOrder is "Sales order"."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", type_).split()
    return " ".join([words[0][:1].upper() + words[0][1:], *(word if word.isupper() else word.lower() for word in words[1:])])


def _nasty(table: Table, fields: Mapping[str, Field], who: str) -> pa.Table:
    """Keys that occur in several files and lines, and rows without a customer."""
    given: dict[str, list[Any]] = {
        "source_file": ["1.csv", "2.csv", "1.csv"],
        "source_line": list(range(2, 62)),
        "record_key": ["a", "b", "c", "a", "d"],
    }
    if fields[who].data_type == "varchar":
        given[who] = ["k01", None, "k02", "", "k99"]
    return nasty_rows(table.columns, given)
