"""The asset graph of the demo as plain data, kept in assets.json: `python -m cdp_assets_tests.orchestration.snapshot`."""

import json
from pathlib import Path
from typing import Any

import dagster as dg

FILE = Path(__file__).with_name("assets.json")


def graph_of(defs: dg.Definitions) -> dict[str, Any]:
    """Assets with dependencies, group, kinds, checks and partitions; jobs, schedules, sensors."""
    graph = defs.resolve_asset_graph()
    repository = defs.get_repository_def()
    assets = {}
    for spec in sorted(defs.resolve_all_asset_specs(), key=lambda each: each.key):
        node = graph.get(spec.key)
        assets[spec.key.to_user_string()] = {
            "deps": sorted(key.to_user_string() for key in node.parent_keys),
            "group": spec.group_name,
            "kinds": sorted(spec.kinds),
            "daily": spec.partitions_def is not None,
            "checks": sorted(f"{key.name}{'' if graph.get_check_spec(key).blocking else ' (warns)'}" for key in node.check_keys),
            "personal": spec.tags["personal"],
        }
    return {
        "assets": assets,
        "jobs": sorted(job.name for job in repository.get_all_jobs() if not job.name.startswith("__")),
        "schedules": sorted(schedule.name for schedule in repository.schedule_defs),
        "sensors": sorted(sensor.name for sensor in repository.sensor_defs),
    }


def main() -> None:
    """Write the file."""
    from cdp_assets.config import load_project
    from cdp_assets.orchestration.build import build_defs

    defs = build_defs(load_project(Path(__file__).parents[2] / "data" / "demo"))
    FILE.write_text(json.dumps(graph_of(defs), indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
