"""Rules on two records, condition by condition: the same statements as the pipeline's, over one row a side."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import duckdb
import pyarrow as pa

from cdp_assets.identity.forms import Forms, forms_stages
from cdp_assets.identity.rules import Rule, forms_of
from cdp_assets.identity.similarity import Comparison
from cdp_assets.identity.verdicts import verdicts
from cdp_assets.identity.words import weights_name
from cdp_assets.lake import Function, Stage
from cdp_assets.lake.session import provide
from cdp_assets.lake.source import name

_LEFT, _RIGHT = "left record", "right record"
_LEFT_GIVEN, _RIGHT_GIVEN = "left record as given", "right record as given"
_TOLD = 8  # columns of the statement for each condition


@dataclass(frozen=True)
class Condition:
    """One condition on two records: their values as text, and what the condition makes of them.

    `score` is None where values are only equal or not, or where one is missing. `missing` are the sides (left, right)
    without anything to compare; such a side may have a value of which nothing was left, or one of nobody (`of_nobody`, usable.py).
    """

    comparison: Comparison
    left: str | None
    right: str | None
    holds: bool
    score: float | None
    missing: tuple[str, ...]
    of_nobody: tuple[str, ...] = ()


@dataclass(frozen=True)
class Excepted:
    """An exception of a rule on two records: how alike they are, and whether it holds, so that the pair is not taken."""

    condition: Condition
    differs: bool
    holds: bool
    reason: str


@dataclass(frozen=True)
class Verdict:
    """What a rule makes of two records. `met`: all conditions hold, and `score` is how alike; `holds`: and no exception does."""

    rule: Rule
    conditions: tuple[Condition, ...]
    exceptions: tuple[Excepted, ...]
    met: bool
    score: float | None

    @property
    def holds(self) -> bool:
        """Whether the pair is evidence that the two are one."""
        return self.met and not any(each.holds for each in self.exceptions)

    @property
    def near(self) -> tuple[int, float]:
        """How near the rule is to being met, for sorting: conditions that fail, and by how much less than all is alike."""
        failed = [each for each in self.conditions if not each.holds]
        return len(failed), sum(1 - (each.score or 0.0) for each in failed)


@dataclass(frozen=True)
class Row:
    """A record as two relations of one row, record_key and the fields: as `given`, and `usable`, without values of nobody."""

    given: str
    usable: str


def judge(connection: duckdb.DuckDBPyConnection, rule: Rule, left: Row, right: Row) -> Verdict:
    """The rule on two records. Weights of words are those of the connection's views (weights_name), where the rule weighs any."""
    for view, relation in ((_LEFT, left.usable), (_RIGHT, right.usable), (_LEFT_GIVEN, left.given), (_RIGHT_GIVEN, right.given)):
        connection.execute(f"create or replace temp view {name(view)} as select * from {name(relation)}")
    asked = _asked(rule)
    provide(connection, asked.functions)
    for stage in asked.stages:
        make(connection, stage)
    met, score, *told = connection.execute(asked.statement).fetchall()[0]
    found = []
    for comparison, (one, other, held, alike, no_left, no_right, *of_nobody) in zip(_compared(rule), _batches(told), strict=True):
        missing, nobodys = (
            tuple(side for side, there in zip(("left", "right"), each, strict=True) if there) for each in ((no_left, no_right), of_nobody)
        )
        found.append(Condition(comparison, one, other, held, alike, missing, nobodys))
    conditions, further = found[: len(rule.comparisons)], found[len(rule.comparisons) :]
    exceptions = [
        Excepted(condition, each.differs, not condition.missing and condition.holds != each.differs, each.reason)
        for each, condition in zip(rule.exceptions, further, strict=True)
    ]
    return Verdict(rule, tuple(conditions), tuple(exceptions), met, score if met else None)


def _compared(rule: Rule) -> list[Comparison]:
    """What a rule compares, its exceptions last."""
    return [*rule.comparisons, *(each.comparison for each in rule.exceptions)]


def prepare(rules: Iterable[Rule]) -> None:
    """Make the statements of these rules now, so that the first question is as fast as the others."""
    for rule in rules:
        _asked(rule)


def fields_of(rules: Iterable[Rule]) -> dict[str, dict[str, str]]:
    """The fields that these rules compare, by source: field -> type."""
    found: dict[str, dict[str, str]] = {}
    for rule in rules:
        for comparison in _compared(rule):
            for source, form in ((rule.left_source, comparison.left), (rule.right_source, comparison.right)):
                found.setdefault(source, {})[form.field] = form.data_type
    return found


def kinds_weighed(rules: Iterable[Rule]) -> list[str]:
    """The kinds of text whose words these rules weigh."""
    return sorted({comparison.left.kind for rule in rules for comparison in _compared(rule) if comparison.weighed})


@dataclass(frozen=True)
class _Asked:
    """How a rule is asked: the stages that make the forms of both records, and the statement over them."""

    stages: tuple[Stage, ...]
    functions: tuple[Function, ...]
    statement: str


@cache
def _asked(rule: Rule) -> _Asked:
    """Forms of both records and the verdicts on them: met, score, then _TOLD columns a condition.

    The weights of words are none that two records could teach: they are given.
    """
    left = _texts(forms_of([rule], rule.left_source), "left forms")
    right = _texts(forms_of([rule], rule.right_source), "right forms")
    given = {weights_name(kind) for kind in ("address", "organization")}
    stages = tuple(stage for stage in forms_stages({_LEFT: left, _RIGHT: right}) if stage.name not in given)
    told = ", ".join(
        f"{_text('a', c.left.field)}, {_text('b', c.right.field)}, h{n}, s{n}, l{n}, r{n}, "
        f"{_nobodys('a', 'c', c.left.field)}, {_nobodys('b', 'd', c.right.field)}"
        for n, c in enumerate(_compared(rule), start=1)
    )
    statement = f"""
        select v.met, v.score, {told}
        from ({verdicts(rule, left, right)}) as v cross join {name(_LEFT_GIVEN)} as a cross join {name(_RIGHT_GIVEN)} as b
        cross join {name(_LEFT)} as c cross join {name(_RIGHT)} as d
    """
    functions = (*(each for stage in stages for each in stage.functions), *(each for c in _compared(rule) for each in c.functions))
    return _Asked(stages, tuple(dict.fromkeys(functions)), statement)


def _texts(forms: Forms, stage: str) -> Forms:
    """The forms without letters: these only save work where many pairs are compared."""
    return Forms(stage, tuple(form for form in forms.forms if form.view != "letters"))


def make(connection: duckdb.DuckDBPyConnection, stage: Stage) -> None:
    """The rows of a stage as a temporary table of its name."""
    sql = stage.sql()
    if sql is None:
        assert callable(stage.body)
        tables: dict[str, pa.Table] = {each: connection.table(name(each)).to_arrow_table() for each in stage.reads}
        connection.register("made by a function", stage.body(tables, stage.params))
        sql = 'select * from "made by a function"'
    used = {key: value for key, value in stage.params.items() if f"${key}" in sql}
    connection.execute(f"create or replace temp table {name(stage.name)} as {sql}", used)


def _text(side: str, field: str) -> str:
    return f"cast({side}.{name(field)} as varchar)"


def _nobodys(given: str, usable: str, field: str) -> str:
    return f"{given}.{name(field)} is not null and {usable}.{name(field)} is null"


def _batches(told: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (told[at : at + _TOLD] for at in range(0, len(told), _TOLD))
