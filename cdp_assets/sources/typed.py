"""From raw rows to typed rows and to the quarantine: two stages over the same rows, of which each takes what the other leaves.

A row with any fault is in quarantine, with one entry a fault, and not in the table. A row without one that the row filter
(`where`) leaves out is in neither, and is counted in SOURCE_FILES.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlglot import exp

from cdp_assets.config import AnySource, ConsentsSource, EventsSource, Field, RecordsSource
from cdp_assets.config.row_filter import filter_fields
from cdp_assets.config.sources import LAST_DAY
from cdp_assets.lake import Check, Stage, Table, anyhow, by
from cdp_assets.lake.condition import holds
from cdp_assets.lake.source import name as quoted
from cdp_assets.sources.convert import Conversion, conversion, node
from cdp_assets.sources.nasty import nasty_rows
from cdp_assets.sources.tables import QUARANTINE, SOURCE_FILES, table_of

RAW = "_raw"  # no source can have such a name
QUARANTINED = "_quarantined"
COUNTED = "_counted"
REPEATED = "event_id occurs more than once; the first one is kept"

Places = Mapping[str, tuple[str, str]]


@dataclass(frozen=True)
class Cell:
    """A column of the source's table: under which name faults are reported, and how its value comes about."""

    column: str
    label: str
    conversion: Conversion


def rows_stage(name: str, source: AnySource, places: Places) -> Stage:
    """The typed rows of a source: one row a raw row without a fault. Writes the source's table."""
    cells = _cells(source, places)
    values: list[exp.Expr] = [_column(f"v{number}").as_(cell.column, quoted=True) for number, cell in enumerate(cells)]
    if isinstance(source, RecordsSource):
        key = next(number for number, cell in enumerate(cells) if cell.column == source.primary_key)
        values.insert(0, node("cast(:key as varchar)", key=_column(f"v{key}")).as_("record_key", quoted=True))
    elif isinstance(source, EventsSource):
        time = next(number for number, cell in enumerate(cells) if cell.column == "time")
        values.append(node("cast(:time as date)", time=_column(f"v{time}")).as_("day", quoted=True))
    query = exp.select("source_file", "source_line", *values).from_(_judged(source, cells), copy=False)
    query = query.where("not faulty and not filtered and nth = 1", copy=False)
    return _stage("typed", source, places, query, table_of(name, source))


def quarantine_stage(name: str, source: AnySource, places: Places) -> Stage:
    """The faults of a source's rows. Writes QUARANTINE."""
    cells = _cells(source, places)
    faults = [_fault(exp.Literal.string(cell.label), _column(f"f{number}")) for number, cell in enumerate(cells)]
    faults.append(_fault(exp.Literal.string(""), exp.column("problem")))
    if isinstance(source, EventsSource):
        label = next(cell.label for cell in cells if cell.column == "event_id")
        faults.append(_fault(exp.Literal.string(label), node("case when nth > 1 then :reason end", reason=exp.Literal.string(REPEATED))))
    each = node("unnest(:faults)", faults=exp.array(*faults, dialect="duckdb")).as_("fault")
    found = (
        exp.select("source_file", "source_line", "problem", each)
        .from_(_judged(source, cells), copy=False)
        .where("faulty or nth > 1", copy=False)
        .subquery("found", copy=False)
    )
    query = (
        exp.select(exp.Literal.string(name).as_("source"), "source_file", "source_line")
        .select("fault.field as field", "fault.reason as reason", dialect="duckdb")
        .from_(found, copy=False)
        # The values of a row that cannot be read as a whole are not there, and that is not a fault of theirs.
        .where("fault.reason is not null and (problem is null or fault.field = '')", dialect="duckdb")
    )
    return _stage("faults", source, places, query, QUARANTINE)


def files_stage(name: str, source: AnySource, places: Places) -> Stage:
    """How many rows each file of the source has, and how many of them the row filter leaves out. Writes SOURCE_FILES."""
    query = (
        exp.select(exp.Literal.string(name).as_("source"), "source_file")
        .select('count(*) as "rows"', "count(*) filter (where filtered) as rows_filtered", dialect="duckdb")
        .from_(_judged(source, _cells(source, places) if source.where else []))
        .group_by("source_file")
    )
    stage = _stage("files", source, places, query, SOURCE_FILES)
    return replace(stage, reads={RAW: by("source_file")})


def conservation(name: str) -> Check:
    """No row of the files is lost: it is in the table, in quarantine, or left out by the row filter, and never in two of these."""
    lines = f"select distinct source_file, source_line from {quoted(QUARANTINED)}"
    read = f'select coalesce(sum("rows" - rows_filtered), 0) from {quoted(COUNTED)}'
    sql = f"select abs(({read}) - (select count(*) from {quoted(name)}) - (select count(*) from ({lines})))"
    return Check("conservation", "rows of the files = rows of the table + rows in quarantine + rows that the row filter leaves out", sql)


def _cells(source: AnySource, places: Places) -> list[Cell]:
    if isinstance(source, ConsentsSource):
        return _consent_cells(source, places)
    fields = [Cell(name, name, conversion(*places[field.column or name], field)) for name, field in source.fields.items()]
    if isinstance(source, RecordsSource):
        return [
            replace(c, conversion=_key(c.conversion, *places[source.fields[c.column].column or c.column], "primary key is missing"))
            if c.column == source.primary_key
            else c
            for c in fields
        ]
    text, time = Field(type="text"), Field(type="timestamp", format=source.time_format)
    when = _required(conversion(*places[source.time], time), "time of the event is missing")
    early, late = (
        node(f"cast(:value as date) {sign} cast(:day as date)", value=when.value, day=exp.Literal.string(day.isoformat()))
        for sign, day in (("<", source.first_day), (">", LAST_DAY))
    )
    when = _refused(when, early, f"before {source.first_day}, the first day that counts")
    when = _refused(when, late, f"after {LAST_DAY}, the last day that counts")

    def own(column: str, label: str, its: Conversion) -> Cell:
        # A field of the user's may have the name of this column; then faults are reported under ours.
        return Cell(column, column if label in source.fields else label, its)

    def key(column: str, reason: str) -> Conversion:
        return _key(conversion(*places[column], text), *places[column], reason)

    return [
        own("event_id", source.event_id, key(source.event_id, "id of the event is missing")),
        own("visitor_id", source.visitor, key(source.visitor, "id of the visitor is missing")),
        own("time", source.time, when),
        own("event", source.event, conversion(*places[source.event], text)),
        *(Cell(column, column, conversion(*places[column], text)) for column in source.known_as),
        *fields,
    ]


def _consent_cells(source: ConsentsSource, places: Places) -> list[Cell]:
    """A statement must say what for and whose it is; one that does not is in quarantine.

    An answer or a time that cannot be read is null and no fault: what is in quarantine is forgotten, and a refusal that was
    forgotten would leave an older consent standing. What follows from it is judged where statements are.
    """
    read = {name: conversion(*places[field.column or name], field) for name, field in source.fields.items()}
    read["purpose"] = _required(read["purpose"], "what the consent is for is missing")
    for name in ("given", "at"):
        read[name] = Conversion(read[name].value, exp.null())
    # One of several identifiers that cannot be read costs nothing either, as long as another one says who it is.
    nobody = exp.and_(*(node(":value is null", value=read[column].value) for column in source.person))
    for column in source.person:
        fault = node("case when :nobody then :fault end", nobody=nobody, fault=read[column].fault)
        read[column] = Conversion(read[column].value, fault)
    first = next(iter(source.person))
    read[first] = _refused(
        read[first],
        nobody,
        "nobody is named, as " + " and ".join(source.person) + (" has no value" if len(source.person) == 1 else " have no value"),
    )
    return [Cell(name, source.fields[name].column or name, its) for name, its in read.items()]


def _key(its: Conversion, raw: str, raw_type: str, reason: str) -> Conversion:
    """The conversion of a raw column whose value must be there. Elsewhere NaN stands for none; here somebody computed it."""
    if raw_type == "double":
        its = _refused(its, node("isnan(:raw)", raw=exp.column(raw, quoted=True)), "not a number")
    return _required(its, reason)


def _required(its: Conversion, reason: str) -> Conversion:
    return _refused(its, node(":value is null", value=its.value), reason)


def _refused(its: Conversion, condition: exp.Expr, reason: str) -> Conversion:
    """The conversion with one more fault, which counts where there is no other."""
    fault = "case when :earlier is not null then :earlier when :condition then :reason end"
    return Conversion(its.value, node(fault, earlier=its.fault, condition=condition, reason=exp.Literal.string(reason)))


def _judged(source: AnySource, cells: Sequence[Cell]) -> exp.Subquery:
    """Each raw row converted (v0, v1, ... and faults f0, f1, ...), with `faulty`, and `nth` of those with the same event id.

    Nothing is copied on the way: these trees are large, are our own, and are used once.
    """
    values = [cell.conversion.value.as_(f"v{number}") for number, cell in enumerate(cells)]
    faults = [cell.conversion.fault.as_(f"f{number}") for number, cell in enumerate(cells)]
    converted = (
        exp.select("source_file", "source_line", "problem", *values, *faults)
        .from_(quoted(RAW), copy=False)
        .subquery("converted", copy=False)
    )
    any_fault = exp.or_("problem is not null", *(f"f{number} is not null" for number in range(len(cells)))).as_("faulty")
    judged = exp.select("source_file", "source_line", "problem", *_names("v", cells), *_names("f", cells), any_fault)
    passes = _passes(source, cells)
    left_out = exp.and_(exp.not_(exp.column("faulty")), exp.not_(passes)) if passes else exp.false()
    rows = exp.select("*", left_out.as_("filtered")).from_(judged.from_(converted, copy=False).subquery("judged", copy=False), copy=False)
    if not isinstance(source, EventsSource) or not cells:
        return rows.select("1 as nth", copy=False).subquery("rows", copy=False)
    # Only rows that are right otherwise compete: a broken first row must not cost the good second one.
    rank = "row_number() over (partition by v0, faulty, filtered order by source_file, source_line)"
    ranked = exp.select("*", f"case when faulty or filtered then 1 else {rank} end as nth")
    return ranked.from_(rows.subquery("rows", copy=False), copy=False).subquery("ranked", copy=False)


def _passes(source: AnySource, cells: Sequence[Cell]) -> exp.Expr | None:
    """Whether a row without a fault fulfils the row filter; None: there is none."""
    places = {cell.column: number for number, cell in enumerate(cells)}
    conditions = [
        holds(_column(f"v{places[field]}"), filter_fields(source)[field], each.operator, each.values)
        for field, asked in source.where.items()
        for each in asked
    ]
    return exp.and_(*conditions) if conditions else None


def _names(letter: str, cells: Sequence[Cell]) -> list[str]:
    return [f"{letter}{number}" for number in range(len(cells))]


def _column(name: str) -> exp.Column:
    return exp.column(name)


def _fault(field: exp.Expr, reason: exp.Expr) -> exp.Expr:
    return node("{'field': :field, 'reason': :reason}", field=field, reason=reason)


def _stage(stage: str, source: AnySource, places: Places, query: exp.Query, writes: Table) -> Stage:
    # Events meet by their id, because the first of several is kept.
    meet = by(places[source.event_id][0]) if isinstance(source, EventsSource) else anyhow()
    return Stage(stage, {RAW: meet}, query, writes, nasty=lambda: {RAW: nasty_rows(source, places)})
