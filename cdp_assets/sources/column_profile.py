"""The profile of columns: how many values are missing, how many differ, which are frequent. One way for tables and for files.

Of a personal column only the forms of its values are told, never a value: `ann@x.example` is `a@a.a`, `555-0101` is
`999-9999`. Of any other column a value is told only where more than one row has it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cdp_assets.config import AnySource, Project, ProjectConfig, RecordsSource
from cdp_assets.lake import Run, Stage, StepResult, Table, digest, whole
from cdp_assets.lake.checks import CheckResult
from cdp_assets.lake.nasty import nasty_rows
from cdp_assets.lake.source import literal
from cdp_assets.lake.source import name as quoted
from cdp_assets.sources.tables import COLUMN_PROFILES, table_of

MOST = 10
"""So many of the most frequent values, or forms of values, of a column are told."""
NO_VALUES = ("n/a", "#n/a", "null", "(null)", "\\n", "none", "nan", "nil", "-", "--", "?", "unknown", "undefined")
"""Texts, in small letters, that stand for a value that is missing."""
_WHERE_FROM = ("source_file", "source_line", "record_key")
_VISITORS = ("visitor_id", "event_id")


@dataclass(frozen=True)
class Profiled:
    """A column of rows to look at: its name in the result, its value as SQL, whether only forms may be told.

    `counts`: name -> condition as SQL over the column `text`; the rows for which it holds are counted too.
    """

    label: str
    value: str
    patterns: bool
    counts: Mapping[str, str] = field(default_factory=dict)


def profile_sql(rows: str, profiled: Sequence[Profiled]) -> str:
    """SQL for one row a column: label, place, told, rows, nulls, missing, uniques, top (a list of {n, told}, n below zero), its counts.

    `rows` is the name of the relation. Every column is read and grouped once, so the cost is one pass over the rows; whatever
    is asked of values is asked once for each that differs. All columns must have counts of the same names.
    """
    return "\nunion all\n".join(_one(rows, place, column) for place, column in enumerate(profiled, start=1))


def profile_stage(name: str, source: AnySource, hidden: Iterable[str] = ()) -> Stage:
    """The profiles of the columns of a source's table, its input by the name `name`. Writes COLUMN_PROFILES.

    `hidden` are columns of which only forms are told although their type is not personal.
    """
    table = table_of(name, source)
    sql = f"""
        select {literal(name)} as source, label as column_name, place, "rows", nulls, missing, uniques, told,
            list_transform(top, lambda x: x.told) as top, list_transform(top, lambda x: -x.n) as top_rows
        from ({profile_sql(name, _columns(table, source, hidden))})
    """
    return Stage("profiles", {name: whole()}, sql, COLUMN_PROFILES, nasty=lambda: {name: nasty_rows(table.columns)})


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
        Profiled(column.name, quoted(column.name), column.personal or column.name in {*hidden, *_VISITORS})
        for column in table.columns
        if column.name not in _WHERE_FROM or column.name in source.fields
    ]


def _one(rows: str, place: int, column: Profiled) -> str:
    told, least = (_PATTERN, 1) if column.patterns else ("left(text, 80)", 2)
    asked = "".join(f", {condition} as {quoted(label)}" for label, condition in column.counts.items())
    counts = "".join(f", {_rows_with(quoted(label))} as {quoted(label)}" for label in column.counts)
    return f"""
        select * from (
            with texts as materialized (
                select n, text, {told} as told, text is null or lower(text) in ({_NO_VALUES}) as "none" {asked}
                from (select n, nullif(trim(cast(value as varchar)), '') as text
                    from (select {column.value} as value, count(*) as n from {quoted(rows)} group by 1))
            )
            select {literal(column.label)} as label, {place} as place, '{"patterns" if column.patterns else "values"}' as told,
                cast(coalesce(sum(n), 0) as bigint) as "rows", {_rows_with("text is null")} as nulls,
                {_rows_with('"none"')} as missing, count(text) as uniques,
                (select coalesce(min({{'n': -n, 'told': told}}, {MOST}) filter (where told is not null and n >= {least}), [])
                    from (select told, cast(sum(n) as bigint) as n from texts group by told)) as top
                {counts}
            from texts
        )"""


def _rows_with(condition: str) -> str:
    return f"cast(coalesce(sum(n) filter (where {condition}), 0) as bigint)"


def _pattern() -> str:
    """The form of a text: letters of any language as one a, each digit as 9, spaces as one, what is none of ASCII's signs as ?."""
    text = "text"
    for pattern, by in ((r"[\p{L}\p{M}]+", "a"), (r"\p{N}", "9"), (r"\s+", " "), ("[^ -~]", "?")):
        text = f"regexp_replace({text}, {literal(pattern)}, {literal(by)}, 'g')"
    return f"left({text}, 40)"


_PATTERN = _pattern()
_NO_VALUES = ", ".join(literal(value) for value in NO_VALUES)
