"""No source can read the truth: its files are refused by name, wherever the configuration looks for them."""

import shutil
from pathlib import Path

import pytest

from cdp_assets.config import RecordsSource, load_project
from cdp_assets.demo import generate
from cdp_assets.demo.files import MADE
from cdp_assets.sources import SourceError, find_files
from cdp_assets.sources import files as source_files


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a small demo."""
    made = tmp_path_factory.mktemp("demo")
    generate(made, people=20, days=2)
    return made


def _source(files: str) -> RecordsSource:
    return RecordsSource(files=files, primary_key="key", fields={"key": {"type": "text"}, "person_id": {"type": "text"}})


@pytest.mark.parametrize(
    "files", ["truth/records.parquet", "truth/*.parquet", "truth/", "*/records.parquet", "sources/../truth/people.parquet"]
)
def test_a_source_whose_files_are_the_truth_is_refused_by_name(folder: Path, files: str) -> None:
    with pytest.raises(SourceError, match=r"Source people: truth/\w+\.\w+ is a truth of the demo, .* No source may read it"):
        find_files(folder, "people", _source(files))


def test_no_source_of_the_demo_has_a_file_of_the_truth(folder: Path, tmp_path: Path) -> None:
    project = tmp_path / "demo"
    shutil.copytree(folder, project)
    shutil.copy(Path(__file__).parents[2] / "data/demo/cdp.yaml", project / "cdp.yaml")
    truth = (project / "truth").resolve()
    for name, source in load_project(project).config.sources.items():
        found = [file.path.resolve() for file in find_files(project, name, source)]
        assert found, name
        assert not [path for path in found if path.is_relative_to(truth)], name


def test_a_link_to_the_truth_is_refused_too(folder: Path) -> None:
    link = folder / "sources/answers.parquet"
    link.symlink_to(folder / "truth/records.parquet")
    try:
        with pytest.raises(SourceError, match=r"sources/answers\.parquet is a truth of the demo"):
            find_files(folder, "people", _source("sources/answers.parquet"))
    finally:
        link.unlink()


def test_a_folder_of_ones_own_may_be_called_truth(tmp_path: Path) -> None:
    (tmp_path / "truth").mkdir()
    (tmp_path / "truth/people.csv").write_text("key,person_id\n1,2\n")
    assert [file.name for file in find_files(tmp_path, "people", _source("truth/people.csv"))] == ["truth/people.csv"]


def test_the_truth_lies_where_sources_expect_it() -> None:
    assert f"{source_files.TRUTH}/{source_files.MADE}" == MADE
