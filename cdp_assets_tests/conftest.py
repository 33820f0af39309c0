"""Fixtures for all tests."""

from datetime import date
from pathlib import Path

import pytest

from cdp_assets.lake import Place, Run

DAY = date(2026, 11, 20)
WRITING = {"tmp_path", "tmp_path_factory", "place", "new_run"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that write files, and the proof over all stages, are marked `io`: `make test-fast` leaves them out."""
    for item in items:
        if WRITING & set(getattr(item, "fixturenames", ())) or item.path.name == "test_all_stages.py":
            item.add_marker(pytest.mark.io)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """An empty store."""
    return Place(tmp_path / ".cdp")


class Runs:
    """Opens runs over one store, each with its own number."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.opened = 0

    def __call__(self, as_of: date = DAY) -> Run:
        self.opened += 1
        return Run(self.place, f"run-{self.opened}", as_of, memory=1 << 30, threads=1)


@pytest.fixture
def new_run(place: Place) -> Runs:
    """`new_run()` is the next run over the store `place`."""
    return Runs(place)


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees the user's project, name or Dagster instance."""
    for variable in ("CDP_PROJECT", "CDP_USER", "DAGSTER_HOME"):
        monkeypatch.delenv(variable, raising=False)
