"""Whether tables belong together: every table was made from the very versions that would be read beside it.

What people see or send out (the published snapshot, an export) is made of such tables only. Tables that are appended to
stand outside: a log grows for many reasons, and a new entry on one thing does not make the work on another stale.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cdp_assets.errors import UserError
from cdp_assets.lake.append import is_appended
from cdp_assets.lake.ledger import DAYS_LEFT
from cdp_assets.lake.run import Run

_SHOWN = 5


@dataclass(frozen=True)
class Stale:
    """A table that is not the result of its inputs as they are now, and why."""

    table: str
    reason: str


class NotClosedError(UserError):
    """The tables do not belong together: nothing is made of them. `refresh` names the assets, inputs first."""

    def __init__(self, stale: Sequence[Stale], refresh: Sequence[str], then: str, instead: str) -> None:
        reasons = [f"- {each.table}: {each.reason}" for each in stale[:_SHOWN]]
        more = [f"- and {len(stale) - _SHOWN} more"] if len(stale) > _SHOWN else []
        super().__init__(
            "\n".join(
                [
                    f"The tables do not belong together, so {instead}.",
                    *reasons,
                    *more,
                    f"Refresh these assets, then {then}: {', '.join(refresh)}. `cdp refresh` does all that is due.",
                ]
            )
        )
        self.stale = tuple(stale)
        self.refresh = tuple(refresh)


@dataclass
class _Walk:
    """The tables seen so far, each after those that it is made from."""

    run: Run
    wanted: Sequence[str]
    order: dict[str, Mapping[str, int | None]] = field(default_factory=dict)
    stale: list[Stale] = field(default_factory=list)

    def visit(self, table: str) -> None:
        if table in self.order:
            return
        self.order[table] = {}
        inputs = self._inputs(table)
        for each in inputs:
            self.visit(each)
        del self.order[table]  # put behind its inputs
        self.order[table] = inputs
        for each, made_from in inputs.items():
            now = self.run.version(each)
            if made_from != now and not self._appended(each):
                self._add(table, f"was made from {each} {_version(made_from)}, which now has {_version(now)}")

    def _inputs(self, table: str) -> dict[str, int | None]:
        """The versions that the table was made from; it may read its own previous version, which is not one of them."""
        version = self.run.version(table)
        if self._appended(table):
            return {}
        if version is None:
            if table in self.wanted:
                self._add(table, "was never made")
            return {}
        entry = self.run.place.ledger.read(table)
        if entry is None or entry.version != version:
            self._add(table, f"it is not recorded what {_version(version)} was made from")
            return {}
        if entry.digest == DAYS_LEFT:
            self._add(table, "has days that were never computed")
        return {each: made_from for each, made_from in entry.inputs.items() if each != table}

    def _appended(self, table: str) -> bool:
        version = self.run.version(table)
        return version is not None and is_appended(self.run.place, table, version)

    def _add(self, table: str, reason: str) -> None:
        self.stale.append(Stale(table, reason))

    def to_refresh(self) -> list[str]:
        late: list[str] = []
        old = {each.table for each in self.stale}
        for table, inputs in self.order.items():
            if table in old or not old.isdisjoint(inputs):
                late.append(table)
                old.add(table)
        return late


def closed_state(
    run: Run,
    tables: Sequence[str],
    *,
    then: str = "published_snapshot",
    instead: str = "nothing was published; the last publication stays",
) -> dict[str, int | None]:
    """The versions that this run would read, by table: the given ones and all that they were made from.

    Raises NotClosedError when any of them was made from another version of an input, or was never made. Its message says
    what happened `instead`, and what to run `then`, after the assets that it names are refreshed.
    """
    walk = _Walk(run, tables)
    for table in tables:
        walk.visit(table)
    if walk.stale:
        raise NotClosedError(walk.stale, walk.to_refresh(), then, instead)
    return {table: run.version(table) for table in walk.order}


def _version(version: int | None) -> str:
    return "no version" if version is None else f"version {version}"
