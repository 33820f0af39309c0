"""Where each value of a profile comes from, and which values it did not take."""

from collections.abc import Collection

from sqlglot import exp, parse_one

from cdp_assets.config import ProjectConfig
from cdp_assets.identity import record_sources
from cdp_assets.identity.greatest_key import key_number
from cdp_assets.lake import Check, Stage, by
from cdp_assets.lake.source import enum, name
from cdp_assets.unify.fields import UnifiedField, unified_fields
from cdp_assets.unify.lineage_in_a_row import one_record_a_source
from cdp_assets.unify.ranked import FROM_RECORD, PLACE, Unit, origin_columns, ranked, rule_of, taken, units
from cdp_assets.unify.several import SEVERAL, having_records, records_of_several, several_of_any
from cdp_assets.unify.survivorship import nasty_values, value_stages
from cdp_assets.unify.tables import PROFILE_LINEAGE

# Place 1 has the value that the profile shows (see survivorship). Lists inside a window, not of a group by: those of the
# latter stay in memory, and took twice the time.
_LINEAGE = """
    select
        customer_id, attribute, source, record_key, source_file, source_line, rule,
        list_sort(list_distinct(list_transform(losing, lambda x: x.value))) as losing_values,
        list_sort(list_transform(losing, lambda x: x.record)) as losing_records
    from (
        select
            customer_id, attribute, source, record_key, source_file, source_line, rule,
            list_filter(others, lambda x: x.value <> value) as losing
        from (
            select
                customer_id, attribute, source, record_key, source_file, source_line, value, rule, may_win,
                row_number() over candidates_of_field as place,
                coalesce(
                    list(struct_pack(value := value, record := source || '|' || record_key)) over (
                        candidates_of_field rows between 1 following and unbounded following
                    ),
                    []
                ) as others
            from candidates
            window candidates_of_field as (
                partition by customer_id, attribute order by importance, winner_number desc nulls last, winner_key desc
            )
        ) as placed
        where place = 1 and may_win
    ) as chosen
    order by customer_id, attribute
"""

# What the branches of `candidates` look like; without a source of records there is none.
_NO_CANDIDATES = """
    select
        cast(null as varchar) as customer_id, cast(null as varchar) as attribute, cast(null as integer) as importance,
        cast(null as varchar) as source, cast(null as varchar) as record_key, cast(null as varchar) as source_file,
        cast(null as bigint) as source_line, cast(null as varchar) as value, cast(null as varchar) as rule,
        cast(null as boolean) as may_win, cast(null as bigint) as winner_number, cast(null as varchar) as winner_key
    where false
"""


def stages(config: ProjectConfig) -> list[Stage]:
    """The lineage of the profiles' values; the last stage writes PROFILE_LINEAGE.

    Reads `alternate_keys` and for each source of records `deduplicated_<source>`.
    """
    values = value_stages(config, origins=True)
    return [
        *values,
        Stage(
            "profile_lineage",
            {stage.name: by("customer_id") for stage in values},
            _lineage(config),
            PROFILE_LINEAGE,
            nasty=lambda: nasty_values(values),
            in_order=True,
            enums=("attribute", "source", "rule"),
        ),
    ]


def checks(config: ProjectConfig) -> list[Check]:
    """What must hold before the lineage is written; the checks read `unified_profiles`, so the step has to read it too."""
    filled: exp.Condition = exp.func("count", exp.null())
    for field in unified_fields(config):
        filled = filled + exp.func("count", exp.column(field.name, quoted=True))
    values = exp.select(filled).from_("unified_profiles").sql(dialect="duckdb")
    return [
        Check(
            "conservation",
            "every value of a profile has its origin, and no other has one",
            f"select abs(({values}) - (select count(*) from profile_lineage))",
        ),
        Check(
            "of_a_profile",
            "every row is of a profile that exists",
            """
            select count(*)
            from profile_lineage as l
            left join unified_profiles as p on p.customer_id = l.customer_id
            where p.customer_id is null
            """,
        ),
    ]


def _lineage(config: ProjectConfig) -> str:
    """The lineage of profiles with one record a source, which are nearly all, and then that of the others and of ranked fields."""
    fields = unified_fields(config)
    together = units(config, fields)
    ranked_fields = {field.name for unit in together for field in unit.fields}
    origins = {f.name: [m.source for m in f.members if taken(config, f, m.source)] for f in fields}
    alone = [field for field in fields if field.name not in ranked_fields]
    branches = [_candidates(config, f, importance, origins[f.name]) for f in alone for importance in range(len(f.members))]
    branches += [_ranked(field, unit, origins[field.name]) for unit in together for field in unit.fields]
    start, query = parse_one(_NO_CANDIDATES, dialect="duckdb"), parse_one(_LINEAGE, dialect="duckdb")
    assert isinstance(start, exp.Query)
    assert isinstance(query, exp.Select)
    for unit in together:
        shared = {field.name: its for field in unit.fields if (its := origins[field.name])}
        query = query.with_(exp.to_identifier(unit.alias, quoted=True), as_=ranked(config, unit, shared))
    query = query.with_("candidates", as_=exp.union(start, *branches, distinct=False) if branches else start)
    others = query.sql(dialect="duckdb")
    if not alone:
        return others
    sources = list(dict.fromkeys(member.source for field in alone for member in field.members))
    shared_by_both = {SEVERAL: several_of_any(sources), **{records_of_several(source): having_records(source) for source in sources}}
    before = ", ".join(f"{name(title)} as materialized ({sql})" for title, sql in shared_by_both.items())
    enums = {
        "attribute": enum(field.name for field in fields),
        "source": enum(record_sources(config)),
        "rule": enum(sorted({rule_of(field) for field in fields})),
    }
    columns = PROFILE_LINEAGE.column_names
    of_others = ", ".join(f"cast({column} as {enums[column]}) as {column}" if column in enums else column for column in columns)
    return f"with {before} ({one_record_a_source(alone, origins, enums)}) union all (select {of_others} from ({others}))"


def _candidates(config: ProjectConfig, field: UnifiedField, importance: int, origins: Collection[str]) -> exp.Select:
    """The values of one source for one field in profiles that have several records of a source."""
    source, value = field.members[importance].source, exp.column(field.name, quoted=True)
    return (
        exp.select("customer_id", exp.Literal.string(field.name), exp.Literal.number(importance), exp.Literal.string(source))
        .select(*_record(field, shared=source in origins), exp.cast(value, "varchar"), exp.Literal.string(rule_of(field)), "true")
        .select(key_number(config, source, exp.column("record_key")), "record_key")
        .from_(exp.Table(this=exp.to_identifier(records_of_several(source), quoted=True)))
        .where(value.is_(exp.null()).not_())
    )


def _ranked(field: UnifiedField, unit: Unit, origins: Collection[str]) -> exp.Select:
    """The values of the ranked records for one field. Of a group only the first record's may be shown."""
    value = exp.column(field.name, quoted=True)
    place = exp.column(PLACE, quoted=True)
    may_win = place.eq(exp.Literal.number(1)) if unit.grouped else exp.true()
    return (
        exp.select("customer_id", exp.Literal.string(field.name), place, "source", *_record(field, shared=bool(origins)))
        .select(exp.cast(value, "varchar"), exp.Literal.string(rule_of(field)), may_win, exp.cast(exp.null(), "bigint"), "record_key")
        .from_(exp.Table(this=exp.to_identifier(unit.alias, quoted=True)))
        .where(value.is_(exp.null()).not_())
    )


def _record(field: UnifiedField, *, shared: bool) -> list[exp.Expr]:
    """Key, file and line of the record that a value comes from: another one's than the winner's where dedupe took it from there."""
    own: list[exp.Expr] = [exp.column(column) for column in FROM_RECORD[1:]]
    if not shared:
        return own
    origin = [exp.column(column, quoted=True) for column in origin_columns(field.name)]
    return [exp.func("coalesce", one, other) for one, other in zip(origin, own, strict=True)]
