"""Fields whose value cannot be found source by source: the newest or oldest of all, and groups taken from one record.

All records that have a value stand under one another in the order in which the rule prefers them: the newest (oldest)
first, then by importance of their source, then the greatest key. The first one gives the value, or all of a group's.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp

from cdp_assets.config import ProjectConfig
from cdp_assets.config.merge import Merge, Policy
from cdp_assets.config.unified import record_sources
from cdp_assets.identity.greatest_key import key_number
from cdp_assets.identity.own_values import shows_others
from cdp_assets.unify.fields import UnifiedField

FROM_RECORD = ("customer_id", "record_key", "source_file", "source_line")
PLACE = "its place"
"""The column of the ranked records that numbers them; ours have a space in their names, as no field of the configuration has."""
_RECENT, _IMPORTANCE, _NUMBER = "how recent", "importance of its source", "number of its key"


def origin_columns(field: str) -> dict[str, str]:
    """Name and type of the columns that say whose value a field of a winner shows, where dedupe lets it be another record's."""
    return {f"key of {field}": "varchar", f"file of {field}": "varchar", f"line of {field}": "bigint"}


def taken(config: ProjectConfig, field: UnifiedField, source: str) -> bool:
    """Whether a winner of this source may show another record's value in the field."""
    return any(member.source == source and shows_others(config, source, member.field) for member in field.members)


@dataclass(frozen=True)
class Unit:
    """Fields that are decided together: one by its recency, or those of a group; `sources` in the order of importance."""

    name: str
    fields: tuple[UnifiedField, ...]
    policy: Policy
    sources: tuple[str, ...]

    @property
    def grouped(self) -> bool:
        """Whether all fields come from one record, even those that this record lacks."""
        return self.fields[0].group is not None

    @property
    def moment(self) -> str:
        """The column that says how recent a record is; a field of the configuration has no space in its name."""
        return f"moment of {self.name}"

    @property
    def moment_type(self) -> str:
        """Its type in every source; without recency any, because all are null."""
        return self.fields[0].moment_type or "bigint"

    @property
    def alias(self) -> str:
        """The name of the ranked records in statements."""
        return f"ranked {self.name}"


def units(config: ProjectConfig, fields: Sequence[UnifiedField]) -> list[Unit]:
    """The units among these fields, in their order."""
    together: dict[str, list[UnifiedField]] = {}
    for field in fields:
        if field.group is not None or field.policy != "importance":
            together.setdefault(field.group or field.name, []).append(field)
    return [Unit(name, tuple(its), its[0].policy, _sources(config, name, its)) for name, its in together.items()]


def moments(units_: Sequence[Unit], source: str) -> list[tuple[Unit, str]]:
    """The units that compare how recent records of this source are, each with the field that says so."""
    found = []
    for unit in units_:
        mine = {member.moment for field in unit.fields for member in field.members if member.source == source and member.moment}
        found += [(unit, each) for each in mine]
    return found


def ranked(config: ProjectConfig, unit: Unit, origins: Mapping[str, Collection[str]] | None = None) -> exp.Select:
    """The records with any value of the unit, in the order of preference: place 1 gives the values.

    `origins`: field -> sources whose winners may show another record's value in it; then with the columns that say so.
    """
    further = {name: (field, kind) for field in origins or {} for name, kind in origin_columns(field).items()}
    # the empty first part has the types, because a source that lacks a field gives a null of none
    parts = [_typed(unit).select(*(_null(kind).as_(name, quoted=True) for name, (_, kind) in further.items()))]
    for importance, source in enumerate(unit.sources):
        there = {name for name, (field, _) in further.items() if source in (origins or {})[field]}
        said = (exp.column(name, quoted=True) if name in there else _null(kind) for name, (_, kind) in further.items())
        parts.append(_records(config, unit, importance, source).select(*said))
    fields = (exp.column(name, quoted=True) for name in (*(field.name for field in unit.fields), *further))
    columns: list[str | exp.Expr] = [*FROM_RECORD, "source", *fields]
    order = [
        exp.Ordered(this=exp.column(_RECENT, quoted=True), desc=unit.policy == "most_recent", nulls_first=False),
        exp.Ordered(this=exp.column(_IMPORTANCE, quoted=True), nulls_first=False),
        exp.Ordered(this=exp.column(_NUMBER, quoted=True), desc=True, nulls_first=False),
        exp.Ordered(this=exp.column("record_key"), desc=True, nulls_first=False),
    ]
    place = exp.Window(this=exp.RowNumber(), partition_by=[exp.column("customer_id")], order=exp.Order(expressions=order))
    return exp.select(*columns, place.as_(PLACE, quoted=True)).from_(exp.union(*parts, distinct=False).subquery("candidates"))


def rule_of(field: UnifiedField) -> str:
    """How the value of a field is chosen, as the lineage calls it."""
    return f"group {field.group}: {field.policy}" if field.group else field.policy


def _sources(config: ProjectConfig, name: str, fields: Sequence[UnifiedField]) -> tuple[str, ...]:
    entry = config.customers.merge.get(name, Merge.model_construct())
    having = {member.source for field in fields for member in field.members}
    rank = {source: place for place, source in enumerate(entry.importance or ())}
    return tuple(sorted((s for s in record_sources(config) if s in having), key=lambda source: rank.get(source, len(rank))))


def _typed(unit: Unit) -> exp.Select:
    types = {**dict.fromkeys(("customer_id", "record_key", "source_file"), "varchar"), "source_line": "bigint", "source": "varchar"}
    types |= {
        _IMPORTANCE: "integer",
        _NUMBER: "bigint",
        _RECENT: unit.moment_type,
        **{field.name: field.data_type for field in unit.fields},
    }
    return exp.select(*(_null(kind).as_(name, quoted=True) for name, kind in types.items())).where("false")


def _records(config: ProjectConfig, unit: Unit, importance: int, source: str) -> exp.Select:
    mine = {field.name for field in unit.fields if any(member.source == source for member in field.members)}
    values = [exp.column(f.name, quoted=True) if f.name in mine else _null(f.data_type) for f in unit.fields]
    moment = exp.column(unit.moment, quoted=True) if unit.policy != "importance" else _null(unit.moment_type)
    there = exp.or_(*(exp.column(name, quoted=True).is_(exp.null()).not_() for name in sorted(mine)))
    return (
        exp.select(*FROM_RECORD, exp.Literal.string(source), exp.Literal.number(importance))
        .select(key_number(config, source, exp.column("record_key")), moment, *values)
        .from_(exp.Table(this=exp.to_identifier(f"values_{source}", quoted=True)))
        .where(there)
    )


def _null(kind: str) -> exp.Cast:
    return exp.cast(exp.null(), exp.DataType.build(kind, dialect="duckdb"))
