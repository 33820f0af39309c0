"""Blocking checks: questions in SQL that are asked of new rows before they become a version."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cdp_assets.errors import UserError
from cdp_assets.lake.guard import no_values_in_errors
from cdp_assets.lake.session import session
from cdp_assets.lake.source import Source, name
from cdp_assets.lake.table import Table


@dataclass(frozen=True)
class Check:
    """`sql` gives one number: how many rows or units break the rule; 0 passes.

    It reads the new rows under the table's name and the step's inputs under theirs.
    """

    name: str
    description: str
    sql: str


@dataclass(frozen=True)
class CheckResult:
    """The answer to a check."""

    name: str
    description: str
    violations: int

    @property
    def passed(self) -> bool:
        """True when nothing breaks the rule."""
        return self.violations == 0


class ChecksFailedError(UserError):
    """At least one blocking check failed: nothing was committed."""

    def __init__(self, table: str, results: Sequence[CheckResult], message: str | None = None) -> None:
        failed = "; ".join(f"{r.name}: {r.violations} ({r.description})" for r in results if not r.passed)
        super().__init__(message or f"{table}: a blocking check failed, so the table keeps its last version. {failed}")
        self.table, self.results = table, tuple(results)


def declared(table: Table) -> list[Check]:
    """The checks that follow from a table's declaration."""
    rows = name(table.name)
    required = dict.fromkeys([*table.key, *(column.name for column in table.columns if not column.nullable)])
    missing = " or ".join(f"{name(column)} is null" for column in required) or "false"
    keys = ", ".join(name(column) for column in table.key) or "1"
    # Equal keys have equal hashes, and few others have: numbers are grouped faster than texts.
    suspects = f"select hash({keys}) from {rows} group by hash({keys}) having count(*) > 1"
    repeated = f"select 1 from {rows} where hash({keys}) in ({suspects}) group by {keys} having count(*) > 1"
    unique = f"select count(*) from ({repeated})" if table.key else "select 0"
    return [
        Check("schema", f"every row has {', '.join(required) or 'its columns'}", f"select count(*) from {rows} where {missing}"),
        Check("key", f"({', '.join(table.key)}) is unique" if table.key else "the table has no key", unique),
    ]


def run_checks(
    checks: Sequence[Check], table: Table, rows: Source, inputs: Mapping[str, Source], spill: Path, memory: int
) -> list[CheckResult]:
    """Ask every check; raises ChecksFailedError with all answers when one does not pass."""
    with no_values_in_errors(f"{table.name}, blocking checks"), session(spill, memory=memory) as connection:
        for n, source in {**inputs, table.name: rows}.items():
            connection.execute(f"create or replace temp view {name(n)} as {source.sql}")
        answers = [int(connection.execute(check.sql).fetchall()[0][0] or 0) for check in checks]
    results = [CheckResult(check.name, check.description, answer) for check, answer in zip(checks, answers, strict=True)]
    if not all(result.passed for result in results):
        raise ChecksFailedError(table.name, results)
    return results
