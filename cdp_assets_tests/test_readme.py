"""The README is true: its smallest project runs as it stands there, and its targets and files exist."""

import re
from pathlib import Path

from cdp_assets.config import load_project
from cdp_assets_tests.projects import query, run_steps, small_project

TOP = Path(__file__).parents[1]
README = (TOP / "README.md").read_text()


def test_the_smallest_project_of_the_readme_is_published(tmp_path: Path) -> None:
    config = re.search(r"```yaml\n(.*?)```", README, re.DOTALL)
    assert config
    people = "contact_id,full_name,email,birth_date\nc1,Ann Lee,ann@x.example,02/03/1980\nc2,Bob Ray,,\n"
    project = small_project(
        tmp_path,
        config[1].replace("shop.parquet", "shop.csv"),
        {"contacts-1.csv": people, "shop.csv": "account,name,mail\ns1,A. Lee,ANN@x.example\n"},
    )
    run_steps(project)
    run_steps(project)
    assert query(project, "select full_name, records from unified_profiles order by 1") == [("Ann Lee", 2), ("Bob Ray", 1)]
    assert (project.store / "published" / "CURRENT").exists()


def test_every_target_and_file_that_the_readme_names_exists() -> None:
    makefile = (TOP / "Makefile").read_text()
    for target in set(re.findall(r"`make ([a-z-]+)", README)):
        assert f"\n{target}:" in makefile, target
    for file in set(re.findall(r"\]\(([\w./-]+)\)", README)):
        assert (TOP / file).exists(), file


def test_the_demo_that_the_readme_tells_to_copy_is_valid() -> None:
    assert load_project(TOP / "data" / "demo").config.version == 1
