"""Merging by key: of all statements on a key the greatest counts, so no table depends on the order in which files were read.

A statement is a row of the source (there is such a record, or it is gone: deleted or filtered), or a line in a file of deleted
records. Statements are ordered by time, then lists of deleted records over rows, then file, what is read now over what
was read before from the same file, and line. What is kept is the greatest of each key: in the source's table where there is a
record, in `keys_removed` where there is none. The greatest of several is the same in any order, and counting one twice changes nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlglot import exp

from cdp_assets.config import RecordsSource
from cdp_assets.lake import Check, Stage, Table, anyhow, by, columns
from cdp_assets.lake.source import literal
from cdp_assets.lake.source import name as quoted
from cdp_assets.sources.convert import conversion, node
from cdp_assets.sources.incremental_nasty import nasty
from cdp_assets.sources.incremental_plan import deletes_of
from cdp_assets.sources.incremental_tables import EARLIEST, KEYS_REMOVED, LATEST, ROWS_REJECTED
from cdp_assets.sources.tables import QUARANTINE, table_of
from cdp_assets.sources.typed import RAW, Places, quarantine_stage, rows_stage

TYPED, KEPT, LISTED, FAULTS = "_typed", "_kept", "_listed", "_faults"  # no source can have such names
ARRIVED, DELETES, REJECTED = "_arrived", "_deletes", "_rejected_now"
BEFORE, REMOVED_BEFORE, REMOVED, REJECTED_BEFORE, ALL_REJECTED = "_before", "_removed_before", "_removed", "_rejected_before", "_rejected"

_STATEMENT = columns(
    "_at | timestamp | time of the statement; null: none\n_gone | varchar | why there is no record any more; null: there is"
)
DELETES_TABLE = Table(
    DELETES,
    grain="a record that a file says is deleted",
    key=("source_file", "source_line"),
    columns=columns(
        "record_key | varchar | its key\nsource_file | varchar | file\nsource_line | bigint | line\n_at | timestamp | time of the deletion"
    ),
)

REJECTED_TABLE = replace(ROWS_REJECTED, name=REJECTED, partition=None)
NO_FILES = Table("files", "rows of no file", (), columns("source_file | varchar | file\nsource_line | bigint | line"))

# The end of the hour or, else, of the day that the path of a file names; the last one of several.
_HOUR = r"'^.*(?:^|/)((?:19|20)\d\d/\d\d/\d\d/\d\d)/.*$'"
_DAY = r"'^(?:.*[^0-9])?((?:19|20)\d\d[-_/.]?\d\d[-_/.]?\d\d)(?:[^0-9].*)?$'"
_HOUR_OF = f"try_strptime(regexp_extract(source_file, {_HOUR}, 1), '%Y/%m/%d/%H')"
_DAY_OF = f"try_strptime(regexp_replace(regexp_extract(source_file, {_DAY}, 1), '[^0-9]', '', 'g'), '%Y%m%d')"
TIME_IN_PATH = f"coalesce({_HOUR_OF} + interval 1 hour, {_DAY_OF} + interval 1 day) - interval 1 microsecond"


def time_of(source: RecordsSource) -> str:
    """SQL for the time of a row of the source: when it was changed last, else the time in the path of its file."""
    its = source.incremental
    return f"cast({quoted(its.updated)} as timestamp)" if its is not None and its.updated is not None else TIME_IN_PATH


def arrived_table(name: str, source: RecordsSource) -> Table:
    """The declaration of the rows that are read now, whether there is a record or not."""
    return replace(
        table_of(name, source), name=ARRIVED, key=("source_file", "source_line"), columns=(*table_of(name, source).columns, *_STATEMENT)
    )


def arrived_stages(name: str, source: RecordsSource, places: Places) -> list[Stage]:
    """The rows that are read now and are right: typed, with their time, and why there is no record any more."""
    unfiltered = source.model_copy(update={"where": {}})
    typed = _named(rows_stage(name, unfiltered, places), TYPED)
    stages = [typed, *([_named(rows_stage(name, source, places), KEPT)] if source.where else [])]
    deleted = source.incremental.deleted if source.incremental else None
    gone = []
    if deleted is not None and deleted.field is not None:
        kind = source.fields[deleted.field].data_type
        value = exp.convert(deleted.equals)
        gone.append(f"when {quoted(deleted.field)} = cast({value.sql(dialect='duckdb')} as {kind}) then 'deleted'")
    if source.where:
        gone.append("when _passes is null then 'filtered'")
    columns_ = ", ".join(quoted(column) for column in table_of(name, source).column_names)
    state = f"case {' '.join(gone)} end" if gone else "null"
    rows = TYPED
    if source.where:
        passing = f"(select source_file as _f, source_line as _l, true as _passes from {KEPT})"
        rows = f"{TYPED} left join {passing} as p on source_file = _f and source_line = _l"
    reads = {each: by("source_file", "source_line") if source.where else anyhow() for each in (TYPED, *([KEPT] if source.where else []))}
    body = f"select {columns_}, {time_of(source)} as _at, {state} as _gone from {rows}"
    supplies = nasty(name, source, tuple(reads))
    return [*stages, Stage("arrived", reads, body, arrived_table(name, source), nasty=supplies)]


def deletes_stages(name: str, source: RecordsSource, places: Places) -> list[Stage]:
    """The lines of the files of deleted records that can be read."""
    lists = deletes_of(source)
    assert lists is not None
    times = [quoted(field) for field in lists.fields if field != lists.primary_key]
    at = f"coalesce({', '.join([*times, TIME_IN_PATH, LATEST])})"
    body = f"select record_key, source_file, source_line, {at} as _at from {LISTED}"
    typed = _named(rows_stage(name, lists, places), LISTED)
    return [typed, Stage("deletes", {LISTED: anyhow()}, body, DELETES_TABLE, nasty=nasty(name, lists, (LISTED,)))]


def rejected_stages(name: str, source: RecordsSource, places: Places) -> list[Stage]:
    """The faults of the rows that are read now, with key and time of change where these can be read.

    A fault in a list of deleted records goes without a key: a deletion that was not understood is not made good by a row.
    """
    faults = _named(quarantine_stage(name, source, places), FAULTS)
    field = source.fields[source.primary_key]
    key = exp.null() if source.incremental is None else conversion(*places[field.column or source.primary_key], field).value
    updated: exp.Expr = exp.null()
    name_of = source.incremental.updated if source.incremental else None
    if name_of is not None:
        its = source.fields[name_of]
        updated = conversion(*places[its.column or name_of], its).value
    of_row = exp.select(
        exp.column("source_file"), exp.column("source_line"),
        node("cast(:key as varchar)", key=key).as_("record_key"), node("cast(:at as timestamp)", at=updated).as_("updated_at"),
    ).from_(quoted(RAW)).sql(dialect="duckdb")  # fmt: skip
    body = f"""
        select f.source, f.source_file, f.source_line, f.field, f.reason, r.record_key, r.updated_at
        from {FAULTS} as f join ({of_row}) as r on r.source_file = f.source_file and r.source_line = f.source_line
    """
    meet = by("source_file", "source_line")
    return [faults, Stage("rejected", {FAULTS: meet, RAW: meet}, body, REJECTED_TABLE, nasty=nasty(name, source, (FAULTS, RAW), places))]


def removed_stage(name: str, source: RecordsSource) -> Stage:
    """The newest statement of each key that says that there is no record. Writes KEYS_REMOVED."""
    here = "a.record_key = b.record_key and a.source_file = b.source_file"
    same = f"a.record_key = b.record_key and coalesce(a._at, {EARLIEST}) = b.removed_at and a._gone = b.why"
    again, as_it_was = "", "false"
    if source.database is not None:  # a row that is read again as it was is the old statement
        again, as_it_was = f"and not exists (from {REMOVED_BEFORE} as b where {same})", same
    body = f"""
        select source, record_key, removed_at, by_list, source_file, source_line, why
        from (
            select * from {REMOVED_BEFORE} as b
            where not exists (
                from {ARRIVED} as a where {here} and not b.by_list and not ({as_it_was})
            ) and not exists (from {DELETES} as a where {here} and b.by_list)
            union all
            select {literal(name)}, record_key, coalesce(_at, {EARLIEST}), false, source_file, source_line, _gone
            from {ARRIVED} as a where _gone is not null {again}
            union all
            select {literal(name)}, record_key, _at, true, source_file, source_line, 'deleted' from {DELETES}
        )
        qualify row_number() over (
            partition by record_key order by removed_at desc, by_list desc, source_file desc, source_line desc
        ) = 1
    """
    reads = {each: by("record_key") for each in (ARRIVED, DELETES, REMOVED_BEFORE)}
    return Stage("removed", reads, body, KEYS_REMOVED, nasty=nasty(name, source, tuple(reads)))


def merged_stage(name: str, source: RecordsSource) -> Stage:
    """The newest row of each key, where there is a record. Writes the source's table.

    Keys of which nothing is read now keep their row. In a database, a row that is read again as it was (look-back) is the old one.
    """
    table = table_of(name, source)
    columns_ = ", ".join(quoted(column) for column in table.column_names)
    data = [quoted(column) for column in table.column_names if column not in ("source_file", "source_line")]
    again = ""
    if source.database is not None:
        equal = " and ".join(f"b.{column} is not distinct from a.{column}" for column in data)
        again = f"where a._gone is not null or not exists (from {BEFORE} as b where {equal})"
    body = f"""
        with fresh as (select a.* from {ARRIVED} as a {again}),
        touched as (select distinct record_key from fresh),
        statements as (
            select {columns_}, coalesce(_at, {EARLIEST}) as _at, _gone, true as _new from fresh
            union all
            select {columns_}, coalesce({time_of(source)}, {EARLIEST}), null, false
            from {BEFORE} where record_key in (from touched)
        ),
        newest as (
            from statements
            qualify row_number() over (partition by record_key order by _at desc, source_file desc, _new desc, source_line desc) = 1
            union all
            select {columns_}, coalesce({time_of(source)}, {EARLIEST}), null, false
            from {BEFORE} where record_key not in (from touched)
        )
        select {", ".join("n." + quoted(column) for column in table.column_names)}
        from newest as n left join {REMOVED} as r on r.record_key = n.record_key
        where n._gone is null and (r.record_key is null or {beats("n._at", "n", "r")})
    """
    reads = {each: by("record_key") for each in (ARRIVED, BEFORE, REMOVED)}
    return Stage("merged", reads, body, table, nasty=nasty(name, source, tuple(reads)))


def beats(at: str, row: str, removed: str) -> str:
    """SQL for whether a row of a source is greater than the statement in `keys_removed`."""
    its = f"({removed}.removed_at, {removed}.by_list, {removed}.source_file, {removed}.source_line)"
    return f"({at}, false, {row}.source_file, {row}.source_line) > {its}"


def all_rejected_stage(name: str, source: RecordsSource, files: Sequence[str]) -> Stage:
    """All faults that are remembered: those of before, but for files that are read again, and those of now. Writes ROWS_REJECTED.

    A row of a database that is read again replaces what was said of its key; where that is the same, it stays.
    """
    kept = "where source_file not in (select unnest($files))"
    now = f"select n.* from {REJECTED} as n"
    if source.database is not None:
        same = (
            "b.record_key = n.record_key and b.updated_at is not distinct from n.updated_at and b.field = n.field and b.reason = n.reason"
        )
        kept = f"""as b where record_key is null or not exists (from {ARRIVED} as a where a.record_key = b.record_key)
            and (not exists (from {REJECTED} as n where n.record_key = b.record_key) or exists (from {REJECTED} as n where {same}))"""
        kept = f"{kept} and (record_key is not null or source_file not in (select unnest($files)))"
        now += f" where not exists (from {REJECTED_BEFORE} as b where {same})"
    body = f"select * from {REJECTED_BEFORE} {kept} union all {now}"
    reads = {each: by("record_key") for each in (ARRIVED, REJECTED, REJECTED_BEFORE)}
    return Stage("all_rejected", reads, body, ROWS_REJECTED, {"files": list(files)}, nasty=nasty(name, source, tuple(reads)))


def quarantine_of_stage(name: str, source: RecordsSource) -> Stage:
    """The faults that still stand: of rows whose key has not been delivered right since, by time, else by file. Writes QUARANTINE."""
    rows = quoted(name)
    body = f"""
        select q.source, q.source_file, q.source_line, q.field, q.reason
        from {ALL_REJECTED} as q
        left join (select record_key, source_file, source_line, coalesce({time_of(source)}, {EARLIEST}) as _at from {rows}) as t
            on t.record_key = q.record_key
        left join {REMOVED} as r on r.record_key = q.record_key
        where not (t.record_key is not null and {_later("t._at", "t")}) and not (r.record_key is not null and {_later("r.removed_at", "r")})
    """
    reads = {each: by("record_key") for each in (ALL_REJECTED, name, REMOVED)}
    return Stage("still_rejected", reads, body, QUARANTINE, nasty=nasty(name, source, tuple(reads)))


def _later(at: str, its: str) -> str:
    """SQL for whether a statement comes after a rejected row: by time, or where the time of that cannot be read, by file and line."""
    return f"(({at}, {its}.source_file, {its}.source_line) > (coalesce(q.updated_at, {at}), q.source_file, q.source_line))"


def checks(name: str, source: RecordsSource) -> tuple[Check, ...]:
    """The blocking checks of an increment, asked of the source's new table.

    Their inputs: RAW and _raw_deletes (all rows read now), ARRIVED, DELETES, REJECTED, BEFORE and REMOVED.
    """
    rows, at = quoted(name), f"coalesce({time_of(source)}, {EARLIEST})"
    read = f"(select count(*) from {RAW}) + (select count(*) from {RAW_DELETES})"
    states = f"""
        select
            count(*) filter (where _gone = 'filtered') + count(*) filter (where _gone = 'deleted') as gone,
            count(*) filter (where _gone is null and t.record_key is not null) as applied_or_superseded,
            count(*) filter (where _gone is null and t.record_key is null and r.record_key is not null) as deleted
        from {ARRIVED} as a left join {rows} as t on t.record_key = a.record_key left join {REMOVED} as r on r.record_key = a.record_key
    """
    accounted = (
        f"(select gone + applied_or_superseded + deleted from ({states})) + (select count(*) from {DELETES})"
        f" + (select count(distinct (source_file, source_line)) from {REJECTED})"
    )
    keys, keys_before = f"(select record_key from {rows})", f"(select record_key from {BEFORE})"
    inserted = f"select count(*) from {rows} where record_key in (select record_key from {ARRIVED}) and record_key not in {keys_before}"
    removed = f"select count(*) from {BEFORE} where record_key not in {keys} and record_key in (select record_key from {REMOVED})"
    newer = f"""
        select count(*) from {ARRIVED} as a join (select record_key, {at} as _t from {rows}) as t on t.record_key = a.record_key
        where coalesce(a._at, {EARLIEST}) > t._t
    """
    return (
        Check("conservation", "rows read = applied + superseded + deleted + filtered + in quarantine",
            f"select abs({read} - ({accounted}))"),
        Check(
            "rows_before_and_after", "rows before + inserted - removed = rows after",
            f"select abs((select count(*) from {BEFORE}) + ({inserted}) - ({removed}) - (select count(*) from {rows}))",
        ),
        Check("newest_wins", "no row that was read is newer than the row of its key in the table", newer),
    )  # fmt: skip


RAW_DELETES = "_raw_deletes"


def numbers_sql(name: str) -> Mapping[str, str]:
    """What is published of an increment: name -> SQL for one number, over the inputs of the checks and the new table."""
    rows = quoted(name)
    same = "t.record_key = a.record_key and t.source_file = a.source_file and t.source_line = a.source_line"
    applied = f"select count(*) from {ARRIVED} as a where _gone is null and exists (from {rows} as t where {same})"
    return {
        "rows_read": f"select (select count(*) from {RAW}) + (select count(*) from {RAW_DELETES})",
        "rows_applied": applied,
        "rows_filtered": f"select count(*) from {ARRIVED} where _gone = 'filtered'",
        "rows_deleted": f"select (select count(*) from {ARRIVED} where _gone = 'deleted') + (select count(*) from {DELETES})",
        "rows_rejected": f"select count(distinct (source_file, source_line)) from {REJECTED}",
        "keys_inserted": f"select count(*) from {rows} where record_key not in (select record_key from {BEFORE})",
        "keys_gone": f"select count(*) from {BEFORE} where record_key not in (select record_key from {rows})",
    }


def _named(stage: Stage, writes: str) -> Stage:
    """The stage under another name, as rows of which a key may occur more than once."""
    key = stage.writes.key if stage.writes is QUARANTINE else ("source_file", "source_line")
    return replace(stage, name=writes, writes=replace(stage.writes, name=writes, key=key, partition=None))
