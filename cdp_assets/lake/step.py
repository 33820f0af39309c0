"""A step: one table, what it reads and how it is computed - all that an orchestrator needs to know, and nothing of one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cdp_assets.lake import lineage
from cdp_assets.lake.checks import Check, declared
from cdp_assets.lake.days import make_days
from cdp_assets.lake.guard import no_values_in_errors
from cdp_assets.lake.run import Run, StepResult
from cdp_assets.lake.source import AS_OF, as_of_row, name
from cdp_assets.lake.stage import Stage
from cdp_assets.lake.table import Table


@dataclass(frozen=True)
class Step:
    """How one table comes about.

    `reads`: the names that the stages use -> tables. `numbers`: name -> SQL aggregate over the table, shown beside each
    version and plotted over time. `notice`: SQL over the table and what it reads that gives one text, without any value of a
    record, where people must be told something although the step went well. `day_of`: for a daily table, input -> its day
    column; `by_request` says that a run may ask for a range of days (without one, and for other daily tables always, the due
    days are computed). `uses_as_of` says that the result depends on the day that the run is for, which stages and checks read
    as AS_OF. `compute` replaces the ordinary way (stages, checks, commit) for what is no plain computation: reading files,
    publishing. `shown_with`: the table whose asset runs this step too, before its own; for a table that is of no use to people
    without that one. `frozen`: what is learnt stays, whatever its inputs become, until it is asked for (Run.learn) or what it is
    learnt by changes.
    """

    table: Table
    station: str
    description: str
    reads: Mapping[str, Table]
    stages: Callable[[], Sequence[Stage]] = list
    checks: Callable[[], Sequence[Check]] = list
    numbers: Mapping[str, str] = field(default_factory=dict)
    notice: str | None = None
    settings: Any = None
    uses_as_of: bool = False
    day_of: Mapping[str, str] | None = None
    by_request: bool = False
    code: str = ""
    kinds: frozenset[str] = frozenset({"duckdb", "deltalake"})
    compute: Callable[[Run], StepResult] | None = None
    extra_checks: tuple[Check, ...] = ()  # of `compute`, which asks them itself: named here for the declaration
    declared_checks: bool = True  # whether those of the table's declaration are asked too
    shown_with: str | None = None
    frozen: bool = False

    @property
    def daily(self) -> bool:
        """Whether the table is divided by day."""
        return self.day_of is not None

    def all_checks(self) -> list[Check]:
        """The blocking checks in the order in which they are asked."""
        return [*(declared(self.table) if self.declared_checks else []), *self.checks(), *self.extra_checks]

    def run(self, run: Run, days: Sequence[str] | None = None) -> StepResult:
        """Compute the table (of a daily one the due days, or those of `days` that are due)."""
        if self.compute is not None:
            return self.compute(run)
        common: dict[str, Any] = {"checks": self.checks(), "settings": self.settings, "code": self.code}
        if self.day_of is not None:
            return make_days(run, self.table, self.stages(), self.reads, day_of=self.day_of, days=days, **common)
        return run.make(self.table, self.stages(), self.reads, uses_as_of=self.uses_as_of, frozen=self.frozen, **common)

    def measure(self, run: Run) -> dict[str, float]:
        """The step's numbers, asked of the version that the run sees now."""
        if not self.numbers:
            return {}
        expressions = ", ".join(f"cast({sql} as double) as {name(label)}" for label, sql in self.numbers.items())
        with no_values_in_errors(f"{self.table.name}, numbers"):
            row = run.reader().execute(f"select {expressions} from ({run.read(self.table).sql})").fetchall()[0]
        return {label: float(value) for label, value in zip(self.numbers, row, strict=True) if value is not None}

    def says(self, run: Run) -> str | None:
        """What people must be told of the version that the run sees now; None: nothing."""
        if self.notice is None:
            return None
        with no_values_in_errors(f"{self.table.name}, notice"):
            connection = run.reader()
            asked = {self.table.name: self.table, **{n: each for n, each in self.reads.items() if n in self.notice}}
            for n, table in asked.items():
                connection.execute(f"create or replace temp view {name(n)} as {run.read(table).sql}")
            rows = connection.execute(self.notice).fetchall()
        return str(rows[0][0]) if rows and rows[0][0] else None

    def origins(self, run: Run, stages: Sequence[Stage]) -> dict[str, list[tuple[Table, str]]]:
        """Column lineage: column -> the tables and columns that it comes from."""
        inputs = {n: run.read(table) for n, table in self.reads.items()}
        if self.uses_as_of:
            inputs[AS_OF.name] = as_of_row(run.as_of)
        if not stages or not set().union(*(stage.reads for stage in stages)) & set(inputs):
            return {}
        found = lineage.cached(run.place.store / "lineage", stages, inputs)
        return {c: [(self.reads[n], column) for n, column in pairs if n in self.reads] for c, pairs in found.items()}
