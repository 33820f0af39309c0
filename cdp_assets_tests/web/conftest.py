"""The pages over the small world, without a server."""

from datetime import date

import pytest
from starlette.testclient import TestClient

from cdp_assets.web import create_app
from cdp_assets_tests.publish.small_world import published


def allow():
    """Let everybody in."""


@pytest.fixture(scope="session")
def small_world(tmp_path_factory):
    """The folder of publications of the small world; not to be changed."""
    folder = tmp_path_factory.mktemp("small_world")
    published(folder)
    return folder / "published"


@pytest.fixture
def client_of():
    """Make a client over a folder of publications."""

    def make(folder, authorise=allow, today=date(2026, 11, 20)):
        app = create_app(folder, authorise, check_seconds=0, today=lambda: today)
        return TestClient(app, base_url="http://127.0.0.1:8080", raise_server_exceptions=True)

    return make


@pytest.fixture
def client(client_of, small_world):
    """A client over the small world."""
    return client_of(small_world)
