"""What every asset of the demo shows, what runs depend on, and that the rooms are kept apart."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from cdp_assets.config import Project, load_project
from cdp_assets.lake import AS_OF, Step, Table
from cdp_assets.orchestration.build import build_defs
from cdp_assets.orchestration.catalogue import STATIONS as CATALOGUE
from cdp_assets.orchestration.catalogue import steps_of, tables_of
from cdp_assets.orchestration.documentation import tables_markdown
from cdp_assets.orchestration.instance import settings

TOP = Path(__file__).parents[2]
PACKAGE = TOP / "cdp_assets"
GRAPH = Path(__file__).with_name("assets.json")


@pytest.fixture(scope="module")
def project() -> Project:
    return load_project(TOP / "data" / "demo")


@pytest.fixture(scope="module")
def defs(project: Project) -> dg.Definitions:
    return build_defs(project)


def test_the_definitions_load(defs: dg.Definitions) -> None:
    dg.Definitions.validate_loadable(defs)


def test_every_asset_says_what_it_is(defs: dg.Definitions) -> None:
    for spec in defs.resolve_all_asset_specs():
        assert spec.description, spec.key
        assert spec.group_name != "default", spec.key
        assert spec.owners, spec.key
        assert spec.kinds, spec.key
        assert spec.metadata["dagster/column_schema"].columns, spec.key
        assert spec.metadata["key"], spec.key
        assert spec.metadata["retention"], spec.key
        assert spec.tags["personal"] in ("yes", "no"), spec.key


def test_every_asset_that_runs_has_a_code_version_blocking_checks_and_single_run_backfills(defs: dg.Definitions) -> None:
    graph = defs.resolve_asset_graph()
    for key in graph.executable_asset_keys:
        node = graph.get(key)
        assert node.code_version, key
        assert node.backfill_policy == dg.BackfillPolicy.single_run(), key
        if key == dg.AssetKey("lake_upkeep"):  # writes no table that could be checked
            continue
        blocking = {k.name for k in node.check_keys if graph.get_check_spec(k).blocking}
        assert {"schema", "key"} <= blocking or key.to_user_string() == "published_snapshot", key


def test_the_graph_changes_on_purpose_only(defs: dg.Definitions) -> None:
    """Write the new one with `python -m cdp_assets_tests.orchestration.snapshot`, and look at the difference."""
    from cdp_assets_tests.orchestration.snapshot import graph_of

    assert graph_of(defs) == json.loads(GRAPH.read_text())


def test_the_graph_is_small(defs: dg.Definitions) -> None:
    assert len(list(defs.resolve_all_asset_specs())) <= 80


def test_every_step_names_numbers_that_plot_and_daily_ones_share_one_partitions_definition(project: Project, defs: dg.Definitions) -> None:
    assert all(step.numbers or step.compute for step in steps_of(project))
    partitions = {spec.partitions_def for spec in defs.resolve_all_asset_specs() if spec.partitions_def}
    assert len(partitions) == 1


def inputs_of(step: Step) -> dict[str, Table]:
    """What the stages of a step may read."""
    return {**step.reads, **({AS_OF.name: AS_OF} if step.uses_as_of else {})}


def test_every_column_has_a_lineage_or_is_made_by_its_step(project: Project) -> None:
    """Derived from the statements; a table whose columns come from nowhere would be a broken derivation."""
    from cdp_assets.lake.lineage import derive

    for step in steps_of(project):
        stages = step.stages()
        if step.compute is not None or not stages:
            continue
        found = derive(stages, {name: table.column_names for name, table in inputs_of(step).items()})
        without = {column for column, origins in found.items() if not origins}
        assert len(without) < len(found), step.table.name
        assert without & set(step.table.key) == set(MADE.get(step.table.name, ())), step.table.name


# Key columns that are constants of the step (the name of a source or rule), not values of an input.
MADE: dict[str, tuple[str, ...]] = {
    "events": ("source",),
    **{f"duplicate_pairs_{source}": ("rule",) for source in ("crm", "crm_accounts", "business_contacts")},
    "match_overrides": ("entity", "origin"),
    "unification_statistics": ("of", "step", "figure"),
    **{f"{entity}term_frequencies": ("kind", "type") for entity in ("", "account_", "contact_")},
    "clusters": ("source",),
    **{f"{entity}_clusters": ("source",) for entity in ("account", "contact")},
    "contact_quarantine": ("source",),
    "activity_quarantine": ("activity",),
    "activity_totals": ("activity",),
    "clv_usability": ("model", "step", "check_name"),
    "clv_features": ("model",),
    "clv_factors": ("factor",),
    "account_engagement": ("aggregation_level",),
    "consent_statements": ("source",),
    "segments": ("segment",),
}


def test_the_documentation_of_tables_is_the_declarations(project: Project) -> None:
    assert (TOP / "docs" / "tables.md").read_text() == tables_markdown(project), "run `make docs`"


def test_no_source_or_field_can_take_a_name_of_ours(project: Project) -> None:
    from cdp_assets.config.base import TABLE_PREFIXES, TABLES

    ours = {table.name for table in tables_of(project)} - set(project.config.sources)
    assert {name for name in ours if name not in TABLES and not name.startswith(TABLE_PREFIXES)} == set()


def test_dagster_yaml_of_this_folder_is_the_instance_that_cdp_sets() -> None:
    from ruamel.yaml import YAML

    assert YAML(typ="safe").load((TOP / "dagster.yaml").read_text()) == settings("data/demo/.cdp/dagster")


def test_importing_the_definitions_does_not_import_what_is_heavy() -> None:
    heavy = ["pandas", "splink", "lifetimes", "sklearn", "numba"]
    code = f"import sys; from cdp_assets.definitions import defs; defs(); print(sorted(m for m in {heavy} if m in sys.modules))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=TOP)
    assert found.stdout.strip() == "[]"


STATIONS = {"governance", "exports", *CATALOGUE}
# Public functions of a station that others may call: identity for whoever is unified, governance for who may and what was decided.
SERVES = {
    "identity": {"unify", "events", "contacts", "governance"},
    "governance": {"identity", "engagement", "exports", "segments"},
    "microsoft": {"engagement"},
}


def imports(file: Path) -> set[str]:
    tree = ast.parse(file.read_text())
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    return names | {f"{node.module}" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}


@pytest.mark.parametrize(
    "file", [f for s in sorted(STATIONS) for f in (PACKAGE / s).glob("*.py")], ids=lambda f: f"{f.parent.name}/{f.name}"
)
def test_a_station_knows_configuration_and_lake_and_no_other_station(file: Path) -> None:
    station = file.parent.name
    found = imports(file)
    assert not [name for name in found if name.split(".")[0].startswith("dagster")] or file.name == "assets.py"
    for name in found:
        parts = name.split(".")
        if parts[0] != "cdp_assets" or len(parts) < 2 or parts[1] in {station, "config", "lake", "errors"}:
            continue
        if file.name == "assets.py" or parts[-1].endswith("tables") or station in SERVES.get(parts[1], set()):
            continue
        pytest.fail(f"{station}/{file.name} imports {name}")


@pytest.mark.parametrize("folder", ["config", "lake"])
def test_what_stations_build_on_knows_no_station_and_no_dagster(folder: str) -> None:
    for file in (PACKAGE / folder).glob("*.py"):
        for name in imports(file):
            parts = name.split(".")
            assert not parts[0].startswith("dagster"), file.name
            assert parts[0] != "cdp_assets" or len(parts) < 2 or parts[1] in {"config", "lake", "errors"}, (file.name, name)


def test_a_step_is_made_of_what_it_declares(project: Project) -> None:
    for step in steps_of(project):
        assert isinstance(step, Step)
        outer = {name for stage in step.stages() for name in stage.reads} - {stage.name for stage in step.stages()}
        if step.compute is None:
            assert outer <= set(inputs_of(step)), step.table.name
