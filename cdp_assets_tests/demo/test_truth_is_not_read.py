"""The truth of the demo stands beside the sources, and the pipeline cannot read it.

That a refresh without it gives equal tables is shown in `orchestration/test_demo.py`.
"""

import shutil
from pathlib import Path

import pytest

from cdp_assets.config import load_project
from cdp_assets.sources import SourceError, find_files
from cdp_assets_tests.demo.worlds import World

DEMO = Path(__file__).parents[2] / "data" / "demo" / "cdp.yaml"


def test_no_source_of_the_demo_has_a_file_of_the_truth(usual_world: World, tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    shutil.copytree(usual_world.folder, folder)
    shutil.copy(DEMO, folder / "cdp.yaml")
    truth = (folder / "truth").resolve()
    found = {}
    for name, source in load_project(folder).config.sources.items():
        found[name] = [file.path.resolve() for file in find_files(folder, name, source)]
        assert found[name]
        assert not [path for path in found[name] if path.is_relative_to(truth)], name
    assert not [path for of_one in found.values() for path in of_one if not path.is_relative_to((folder / "sources").resolve())]


@pytest.mark.parametrize("name", ["truth/records.parquet", "truth/*.parquet", "sources/../truth/records.parquet", "sources/linked.parquet"])
def test_a_source_that_names_a_file_of_the_truth_is_refused(usual_world: World, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "demo"
    shutil.copytree(usual_world.folder, folder)
    (folder / "sources/linked.parquet").symlink_to("../truth/records.parquet")
    text = DEMO.read_text(encoding="utf-8")
    assert "files: sources/loyalty.parquet" in text
    (folder / "cdp.yaml").write_text(text.replace("files: sources/loyalty.parquet", f"files: {name}"), encoding="utf-8")
    with pytest.raises(SourceError, match="truth"):
        find_files(folder, "loyalty", load_project(folder).config.sources["loyalty"])
