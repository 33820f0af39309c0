"""After whatever went wrong, the next run ends with the tables of a run that nobody disturbed."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from cdp_assets.config import Project, load_project
from cdp_assets.publish import read_pointer
from cdp_assets_tests.faults.harness import Harness, Moment, Trial, differences, planned
from cdp_assets_tests.faults.world import FIRST, SECOND

pytestmark = pytest.mark.pipeline
ROOT_READS_ALL = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]  # so that rights of files count for root too


@pytest.fixture(scope="module")
def harness(tmp_path_factory: pytest.TempPathFactory) -> Harness:
    return Harness(tmp_path_factory.mktemp("faults"))


@pytest.fixture(scope="module")
def moments(harness: Harness) -> tuple[Moment, Moment]:
    return harness.moments()


@pytest.fixture
def project(moments: tuple[Moment, Moment], tmp_path: Path) -> Project:
    """The project on its second day, before the refresh."""
    return copied(moments[1], tmp_path / "project")


def copied(moment: Moment, folder: Path) -> Project:
    shutil.copytree(moment.template, folder)
    return load_project(folder)


def cdp(project: Project, *arguments: str) -> str:
    """What `cdp refresh` says when it fails."""
    command = [sys.executable, "-m", "cdp_assets.cli.main", "-p", str(project.folder), "refresh", "--as-of", str(SECOND), *arguments]
    if os.geteuid() == 0:
        command = [*ROOT_READS_ALL, *command]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "CDP_USER": "tester"})
    said = ended.stdout + ended.stderr
    assert ended.returncode == 1, said
    assert "Traceback" not in said
    return said


def whole_again(harness: Harness, project: Project, moment: Moment) -> None:
    """The next refresh is as if nothing had been."""
    harness.refreshed(project.folder, moment.as_of)
    assert differences(project.folder, moment.expected) == ()


def published_day(project: Project) -> str:
    pointer = read_pointer(project.store / "published")
    assert pointer is not None
    return pointer.as_of


def test_there_are_enough_places_at_which_a_run_can_be_killed(moments: tuple[Moment, Moment]) -> None:
    assert len(planned(*moments, seed=7, by_chance=16)) >= 50
    assert all(len(moment.boundaries()) < len(moment.places) for moment in moments)


@pytest.mark.parametrize("nth", [0, 1, 2])
def test_a_run_that_is_killed_at_a_step_boundary_is_made_up_for(harness: Harness, moments: tuple[Moment, Moment], nth: int) -> None:
    """Each time another boundary: the long form, which takes all of them, is `make faults`."""
    moment = moments[min(nth, 1)]
    places = moment.boundaries()
    outcome = harness.run(Trial(moment, at=places[(nth + 1) * len(places) // 4]))
    assert (outcome.killed_while_running, outcome.differing) == (1, ())


def test_a_run_that_is_killed_at_some_time_and_its_successor_too(harness: Harness, moments: tuple[Moment, Moment]) -> None:
    second = moments[1]
    outcome = harness.run(Trial(second, after=second.seconds / 2, twice=second.boundaries()[10]))
    assert outcome.differing == ()


def test_the_comparison_sees_a_row_that_differs(harness: Harness, moments: tuple[Moment, Moment], project: Project) -> None:
    """The harness is one that can fail."""
    crm = project.folder / "sources" / "crm.csv"
    crm.write_text(crm.read_text().replace("Person 9 Lee", "Person Nine Lee"))
    harness.refreshed(project.folder, SECOND)
    differing = differences(project.folder, moments[1].expected)
    assert {"crm", "unified_profiles"} <= set(differing)
    assert "companies" not in differing


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=200m", "tmpfs", str(folder)], capture_output=True, check=False).returncode:
        pytest.skip("a small file system cannot be mounted here (needs root)")
    yield folder
    subprocess.run(["umount", str(folder)], check=False)


@pytest.mark.parametrize("left", [50_000, 400_000])
def test_a_disk_that_fills_up_in_the_middle_of_a_run(harness: Harness, moments: tuple[Moment, Moment], disk: Path, left: int) -> None:
    project = copied(moments[1], disk / "project")
    free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
    (disk / "ballast").write_bytes(bytes(free - left))
    assert "disk is full" in cdp(project)
    assert published_day(project) == str(FIRST)
    (disk / "ballast").unlink()
    whole_again(harness, project, moments[1])


def test_files_that_may_not_be_read(harness: Harness, moments: tuple[Moment, Moment], project: Project) -> None:
    files = [project.folder / "sources" / name for name in ("crm.csv", "loyalty.parquet", "web/1.csv")]
    for file in files:
        file.chmod(0)
    said = cdp(project)
    assert all(file.relative_to(project.folder).as_posix() in said for file in files), said
    assert "may not be read" in said
    assert published_day(project) == str(FIRST)
    for file in files:
        file.chmod(0o600)
    whole_again(harness, project, moments[1])


def test_a_folder_that_may_not_be_written_to(harness: Harness, moments: tuple[Moment, Moment], project: Project) -> None:
    folders = [path for path in [project.store, *project.store.rglob("*")] if path.is_dir()]
    for folder in folders:
        folder.chmod(0o500)
    assert "permission" in cdp(project)
    for folder in folders:
        folder.chmod(0o700)
    whole_again(harness, project, moments[1])


@pytest.mark.parametrize("cut", [1, 8, 200])
def test_a_parquet_file_whose_footer_is_cut(harness: Harness, moments: tuple[Moment, Moment], project: Project, cut: int) -> None:
    file = project.folder / "sources" / "loyalty.parquet"
    content = file.read_bytes()
    file.write_bytes(content[:-cut])
    said = cdp(project)
    assert "sources/loyalty.parquet" in said
    assert published_day(project) == str(FIRST)
    file.write_bytes(content)
    assert pq.read_metadata(file).num_rows
    whole_again(harness, project, moments[1])


def test_two_refreshes_at_once(harness: Harness, moments: tuple[Moment, Moment], project: Project) -> None:
    """The second waits for the first and finds nothing to do."""
    one, other = (harness.start(project.folder, SECOND) for _ in range(2))
    one.join(300)
    other.join(300)
    assert (one.exitcode, other.exitcode) == (0, 0), (project.folder / "run.log").read_text()[-2000:]
    assert differences(project.folder, moments[1].expected) == ()


def test_a_second_refresh_that_does_not_wait_disturbs_nothing(harness: Harness, moments: tuple[Moment, Moment], project: Project) -> None:
    one = harness.start(project.folder, SECOND)
    lock = project.store / "run.lock"
    while one.is_alive() and not (lock.exists() and lock.read_bytes()):
        time.sleep(0.01)
    if one.is_alive():
        assert "tester" in cdp(project)
    one.join(300)
    assert one.exitcode == 0
    assert differences(project.folder, moments[1].expected) == ()


def test_a_day_that_is_moved_back_and_on_again(harness: Harness, moments: tuple[Moment, Moment], project: Project) -> None:
    harness.refreshed(project.folder, SECOND)
    harness.refreshed(project.folder, FIRST)
    assert published_day(project) == str(FIRST)
    whole_again(harness, project, moments[1])
