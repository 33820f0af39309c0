"""What is learnt once is kept by refreshes, and learnt anew by a command or by materialising its asset alone."""

from pathlib import Path

import dagster as dg
import pytest
from typer.testing import CliRunner

from cdp_assets.cli.main import app
from cdp_assets.config import Project, load_project
from cdp_assets.identity.tables import TERM_FREQUENCIES
from cdp_assets.lake import Place, session
from cdp_assets.orchestration.build import build_defs
from cdp_assets.orchestration.jobs import REFRESH
from cdp_assets.orchestration.keys import asset_key
from cdp_assets.orchestration.refresh import refresh
from cdp_assets.orchestration.run_resource import AS_OF_TAG
from cdp_assets_tests.orchestration.test_over_time import CONFIG, CRM, DAY_1, SHOP
from cdp_assets_tests.projects import AS_OF, USER, small_project

pytestmark = pytest.mark.pipeline
FILES = {"crm.csv": CRM, "shop.csv": SHOP, "web/1.csv": DAY_1}
MORE = "".join(f"n{number},Person {'abcdef'[number]},same@x.example\n" for number in range(6))


def shared(project: Project) -> list[tuple[str, int]]:
    """The identifiers that are kept as shared by too many."""
    with session() as connection:
        its = Place(project.store).newest(TERM_FREQUENCIES)
        return connection.execute(f"select term, people from ({its.sql}) where kind = 'identifier'").fetchall()


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project that has learnt, and then got six people with one address."""
    made = small_project(tmp_path / "project", CONFIG.replace("customers:\n", "customers:\n  guards: {shared_by: 3}\n"), FILES)
    assert refresh(made, USER, as_of=AS_OF).ok
    (made.folder / "crm.csv").write_text(CRM + MORE)
    assert refresh(load_project(made.folder), USER, as_of=AS_OF).ok
    assert shared(made) == [], "a refresh keeps what was learnt"
    return load_project(made.folder)


def test_the_command_learns_anew(project: Project) -> None:
    arguments = ["--project", str(project.folder), "--as", USER, "refresh", "--as-of", str(AS_OF), "--learn"]
    ended = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert ended.exit_code == 0, ended.output
    assert shared(project) == [("same@x.example", 6)]


def test_materialising_the_asset_alone_learns_anew_and_with_others_it_does_not(project: Project) -> None:
    job = build_defs(project).resolve_job_def(REFRESH)
    with dg.DagsterInstance.ephemeral() as instance:
        for tables, learnt, fits in (([TERM_FREQUENCIES.name, "crm"], [], False), ([TERM_FREQUENCIES.name], [("same@x.example", 6)], True)):
            selected = [asset_key(table) for table in tables]
            ended = job.execute_in_process(instance=instance, asset_selection=selected, tags={AS_OF_TAG: str(AS_OF)})
            assert ended.success
            assert shared(project) == learnt
            assert {check.check_name: check.passed for check in ended.get_asset_check_evaluations()}["learnt_from_as_many"] is fits
