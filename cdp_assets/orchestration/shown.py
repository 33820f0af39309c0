"""Which steps are one asset: most are one each, some are shown with another, which runs them before its own (Step.shown_with)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from cdp_assets.lake import Check, Run, Step


@dataclass(frozen=True)
class Shown:
    """A step that is an asset, and the `parts` that it runs first. `owners`: table without an asset -> the asset that makes it."""

    step: Step
    parts: tuple[Step, ...] = ()
    owners: Mapping[str, str] = field(default_factory=dict)

    @property
    def steps(self) -> tuple[Step, ...]:
        """Its parts and itself, in the order in which they run."""
        return (*self.parts, self.step)

    @property
    def after(self) -> list[str]:
        """The tables of the assets whose rows it reads."""
        read = {table.name for step in self.steps for table in step.reads.values()}
        return sorted({self.owners.get(name, name) for name in read} - {self.step.table.name})

    def all_checks(self) -> list[Check]:
        """The blocking checks of its parts and its own, under names that tell them apart."""
        return [replace(check, name=self.check_name(step.table.name, check.name)) for step in self.steps for check in step.all_checks()]

    def measure(self, run: Run) -> dict[str, float]:
        """The numbers of its parts and its own."""
        return {label: value for step in self.steps for label, value in step.measure(run).items()}

    def says(self, run: Run) -> list[str]:
        """What its parts and itself have to tell people."""
        return [said for step in self.steps if (said := step.says(run))]

    def check_name(self, table: str, check: str) -> str:
        """What a check of one of its tables is called."""
        return f"{table}_{check}" if any(table == part.table.name for part in self.parts) else check


def shown(steps: Iterable[Step]) -> list[Shown]:
    """The assets of these steps, in their order."""
    steps = list(steps)
    owners = owners_of(steps)
    inside = {owner: tuple(step for step in steps if owners.get(step.table.name) == owner) for owner in owners.values()}
    return [Shown(step, inside.get(step.table.name, ()), owners) for step in steps if step.shown_with is None]


def owners_of(steps: Iterable[Step]) -> dict[str, str]:
    """Table without an asset of its own -> the table whose asset makes it."""
    return {step.table.name: step.shown_with for step in steps if step.shown_with is not None}


def assets_among(tables: Iterable[str], steps: Sequence[Step]) -> list[str]:
    """The tables of the assets that make these tables."""
    owners = owners_of(steps)
    return sorted({owners.get(table, table) for table in tables})
