"""The demo, refreshed once for all tests of the walk (by each process that runs some)."""

import shutil

import pytest

from cdp_assets.config import Project, load_project
from cdp_assets.engagement import consent
from cdp_assets.exports import confirm
from cdp_assets.governance import decide
from cdp_assets.lake import Place
from cdp_assets.orchestration.export_run import ExportSummary, export
from cdp_assets.orchestration.refresh import Summary
from cdp_assets_tests.projects import AS_OF, USER, demo_project, run


@pytest.fixture(scope="package")
def refreshed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, Summary]:
    """The demo at its usual size, with what its administrator agrees to, refreshed once as of its last day."""
    project = demo_project(tmp_path_factory.mktemp("walk"), people=300, days=None)
    settings = project.config.engagement
    assert settings is not None
    decide(
        Place(project.store),
        user=USER,
        kind=consent.KIND,
        subject=consent.subject(settings),
        verdict="given",
        content=consent.content(settings),
    )
    for name in project.config.connections:
        confirm(project, USER, name)
    return project, run(project)


@pytest.fixture(scope="package")
def walk(refreshed: tuple[Project, Summary]) -> Project:
    """The refreshed project; tests only read it."""
    return refreshed[0]


@pytest.fixture(scope="package")
def copied(walk: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The refreshed project again, in a folder of its own, for tests that run something."""
    folder = tmp_path_factory.mktemp("copied") / "walk"
    shutil.copytree(walk.folder, folder)
    return load_project(folder)


@pytest.fixture(scope="package")
def exported(copied: Project) -> dict[str, ExportSummary]:
    """Both exports of the demo, run once."""
    return {name: export(copied, USER, name, as_of=AS_OF) for name in ("newsletter", "sales")}
