"""The profile of columns: how many values are missing, how many differ, which are frequent. One way for tables and for files.

Of a personal column only the forms of its values are told, never a value: `ann@x.example` is `a@a.a`, `555-0101` is
`999-9999`. Of any other column a value is told only where more than one row has it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from pathlib import Path

from sqlglot import exp

from cdp_assets.config import AnySource, Project, ProjectConfig, RecordsSource
from cdp_assets.lake import Column, Run, Stage, StepResult, Table, digest, whole
from cdp_assets.lake.checks import CheckResult
from cdp_assets.lake.nasty import nasty_rows
from cdp_assets.lake.source import name as quoted
from cdp_assets.sources.convert import node
from cdp_assets.sources.tables import COLUMN_PROFILES, table_of

MOST = 10
"""So many of the most frequent values, or forms of values, of a column are told."""
NO_VALUES = ("n/a", "#n/a", "null", "(null)", "\\n", "none", "nan", "nil", "-", "--", "?", "unknown", "undefined")
"""Texts, in small letters, that stand for a value that is missing."""
_WHERE_FROM = ("source_file", "source_line", "record_key")


@dataclass(frozen=True)
class Profiled:
    """A column of rows to look at: its name in the result, the expression of its value, whether only forms may be told.

    `counts`: name -> condition over the column `text`; the rows for which it holds are counted too.
    """

    label: str
    value: exp.Expr
    patterns: bool
    counts: Mapping[str, exp.Expr] = field(default_factory=dict)


def profile_query(rows: str, profiled: Sequence[Profiled]) -> exp.Query:
    """One row a column: label, rows, nulls, missing, uniques, top (a list of {n, told}, n below zero), then its counts.

    `rows` is the name of the relation. Every column is read and grouped once, so the cost is one pass over the rows; whatever
    is asked of values is asked once for each that differs. All columns must have counts of the same names.
    """
    each = [_one(exp.to_table(quoted(rows), dialect="duckdb"), place, column) for place, column in enumerate(profiled, start=1)]
    return reduce(lambda one, other: exp.union(one, other, distinct=False), each)


def profile_stage(name: str, source: AnySource, hidden: Iterable[str] = ()) -> Stage:
    """The profiles of the columns of a source's table, its input by the name `name`. Writes COLUMN_PROFILES.

    `hidden` are columns of which only forms are told although their type is not personal.
    """
    table = table_of(name, source)
    asked = _columns(table, source, hidden)
    told = exp.case()
    for column in asked:
        word = exp.Literal.string("patterns" if column.patterns else "values")
        told = told.when(exp.column("label").eq(exp.Literal.string(column.label)), word)
    query = (
        exp.select(exp.Literal.string(name).as_("source"), exp.column("label").as_("column_name"))
        .select("place", '"rows"', "nulls", "missing", "uniques", told.as_("told"), dialect="duckdb")
        .select("list_transform(top, lambda x: x.told) as top", "list_transform(top, lambda x: -x.n) as top_rows", dialect="duckdb")
        .from_(profile_query(name, asked).subquery("profiles"))
    )
    return Stage("profiles", {name: whole()}, query, COLUMN_PROFILES, nasty=lambda: {name: nasty_rows(table.columns)})


def profile_sources(run: Run, project: Project) -> StepResult:
    """Bring the profiles of all sources up to date, one source after the other; those whose table is the same are kept."""
    config, code = project.config, digest.of_folder(Path(__file__).parent)
    made: dict[str, StepResult] = {}
    for name, source in config.sources.items():
        stages = [profile_stage(name, source, hidden_columns(config, name))]
        made[name] = run.make(COLUMN_PROFILES, stages, {name: table_of(name, source)}, code=code, partition=name)
    for gone in sorted(run.read(COLUMN_PROFILES).partitions.keys() - made.keys()):
        made[gone] = run.make(COLUMN_PROFILES, [no_profiles()], {}, partition=gone)
    now = run.read(COLUMN_PROFILES)
    return StepResult(
        COLUMN_PROFILES,
        now.version,
        run.rows(COLUMN_PROFILES),
        now.digest,
        all(result.unchanged for result in made.values()),
        _together(list(made.values())),
        (),
        tuple(name for name, result in made.items() if not result.unchanged),
    )


def _together(results: Sequence[StepResult]) -> tuple[CheckResult, ...]:
    """The answers of the checks of all sources, those of one name added up."""
    first = results[0].checks
    return tuple(
        CheckResult(check.name, check.description, sum(c.violations for r in results for c in r.checks if c.name == check.name))
        for check in first
    )


def no_profiles() -> Stage:
    """The profiles of a source that is no longer there."""
    empty = ", ".join(f"cast(null as {column.type}) as {quoted(column.name)}" for column in COLUMN_PROFILES.columns)
    return Stage("profiles", {}, f"select {empty} where false", COLUMN_PROFILES)


def hidden_columns(config: ProjectConfig, name: str) -> frozenset[str]:
    """Columns of a source that say who somebody is, whatever their type: its key, and those by which activities find their owner."""
    source = config.sources[name]
    key = {source.primary_key} if isinstance(source, RecordsSource) else set()
    return frozenset(key | {field for activity in config.activities.values() if activity.source == name for field in activity.of})


def _columns(table: Table, source: AnySource, hidden: Iterable[str]) -> list[Profiled]:
    return [
        Profiled(column.name, exp.column(column.name, quoted=True), column.personal or column.name in set(hidden) or _is_visitor(column))
        for column in table.columns
        if column.name not in _WHERE_FROM or column.name in source.fields
    ]


def _is_visitor(column: Column) -> bool:
    return column.name in ("visitor_id", "event_id")


def _one(rows: exp.Table, place: int, column: Profiled) -> exp.Query:
    told = _pattern(exp.column("text")) if column.patterns else node("left(:text, 80)", text=exp.column("text"))
    frequent = "min({'n': -n, 'told': told}, :most) filter (where told is not null and (:patterns or n > 1))"
    top = node(f"coalesce({frequent}, [])", most=exp.Literal.number(MOST), patterns=exp.convert(column.patterns))
    counted = exp.select(column.value.as_("value"), "count(*) as n").from_(rows).group_by("1")
    texts = exp.select("n", "cast(value as varchar) as text").from_(counted.subquery("counted"))
    texts = exp.select("n", node("nullif(trim(text), '')").as_("text")).from_(texts.subquery("written"))
    none = exp.column("text").is_(exp.null()).or_(exp.func("lower", exp.column("text")).isin(*NO_VALUES))
    asked = exp.select("n", "text", told.as_("told"), none.as_("none")).from_(texts.subquery("texts"))
    asked = asked.select(*(condition.as_(label, quoted=True) for label, condition in column.counts.items()))
    forms = exp.select("told", "sum(n) as n").from_("asked").group_by("told")
    summary = exp.select(
        exp.Literal.string(column.label).as_("label"),
        exp.Literal.number(place).as_("place"),
        node("cast(coalesce(sum(n), 0) as bigint)").as_("rows", quoted=True),
        node("cast(coalesce(sum(n) filter (where text is null), 0) as bigint)").as_("nulls"),
        node('cast(coalesce(sum(n) filter (where "none"), 0) as bigint)').as_("missing"),
        node("count(text)").as_("uniques"),
        exp.select(top).from_(forms.subquery("forms")).subquery().as_("top"),
        *(
            node("cast(coalesce(sum(n) filter (where :condition), 0) as bigint)", condition=exp.column(label, quoted=True)).as_(
                label, quoted=True
            )
            for label in column.counts
        ),
    ).from_("asked")
    return exp.select("*").from_(summary.with_("asked", as_=asked, materialized=True).subquery("one"))


def _pattern(text: exp.Expr) -> exp.Expr:
    """The form of a text: letters of any language as one a, each digit as 9, spaces as one, what is none of ASCII's signs as ?."""
    for pattern, by in ((r"[\p{L}\p{M}]+", "a"), (r"\p{N}", "9"), (r"\s+", " "), ("[^ -~]", "?")):
        text = exp.func(
            "regexp_replace", text, exp.Literal.string(pattern), exp.Literal.string(by), exp.Literal.string("g"), dialect="duckdb"
        )
    return node("left(:text, 40)", text=text)
