"""`cdp demo`: how large the world is, and what cannot be asked for together."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from cdp_assets import demo
from cdp_assets.cli.main import app
from cdp_assets.errors import UserError
from cdp_assets_tests.projects import DEMO


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the folder of a project that has no demo world yet."""
    (tmp_path / "cdp.yaml").write_bytes((DEMO / "cdp.yaml").read_bytes())
    return tmp_path


def refused(folder: Path, *options: str) -> str:
    """Return what the command says when it refuses, having made nothing."""
    ended = CliRunner().invoke(app, ["-p", str(folder), "demo", *options])
    assert isinstance(ended.exception, UserError)
    assert not (folder / "sources").exists()
    return ended.exception.message


@pytest.mark.parametrize(
    ("options", "people"),
    [((), 300), (("--people", "160"), 160), (("--factor", "1"), 1_000), (("--factor", "100"), 100_000), (("--factor", "0.2"), 200)],
)
def test_the_size_is_a_number_of_people_or_a_factor_of_a_thousand(
    folder: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], people: int
) -> None:
    asked = []

    def stop(_folder: Path, **arguments: object) -> None:
        asked.append(arguments["people"])
        raise UserError("enough")

    monkeypatch.setattr(demo, "generate", stop)
    assert refused(folder, *options) == "enough"
    assert asked == [people]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--people", "200", "--factor", "2"), "--people and --factor both say how large the demo is"),
        (("--factor", "0.1"), "A factor of 0.1 makes 100 people; the demo needs 160"),
        (("--factor", "-3"), "makes -3,000 people"),
        (("--factor", "nan"), "is no size"),
        (("--factor", "inf"), "is no size"),
        (("--day-two", "--people", "200"), "so --people cannot be chosen"),
        (("--day-two", "--seed", "9", "--factor", "2"), "so --factor and --seed cannot be chosen"),
        (("--day-two",), "There is no demo world in"),
    ],
)
def test_what_cannot_be_asked_for_is_refused_with_what_to_do(folder: Path, options: tuple[str, ...], says: str) -> None:
    assert says in refused(folder, *options)
