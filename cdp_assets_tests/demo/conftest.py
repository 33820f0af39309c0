"""Worlds of several sizes, each made once."""

from pathlib import Path

import pytest

from cdp_assets.demo import generate
from cdp_assets_tests.demo.worlds import World


@pytest.fixture(scope="package", params=[60, 160, 300])
def sized_world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> World:
    """Return a world of few people, of some, and of as many as the demo has."""
    folder: Path = tmp_path_factory.mktemp(f"demo-{request.param}")
    return World(folder, generate(folder, people=request.param, days=2))


@pytest.fixture(scope="package")
def usual_world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Return a world of as many people as the demo has: in smaller ones rare cases may be missing."""
    folder: Path = tmp_path_factory.mktemp("demo-usual")
    return World(folder, generate(folder, people=300, days=2))
