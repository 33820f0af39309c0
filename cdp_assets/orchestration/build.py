"""Building the definitions of a project: its steps as assets, with jobs, schedule, sensor and resources."""

import warnings
from collections.abc import Mapping
from typing import Any

import dagster as dg

from cdp_assets.config import Project
from cdp_assets.orchestration import jobs, schedules, sensors, standing_checks
from cdp_assets.orchestration.appended import appended_assets
from cdp_assets.orchestration.catalogue import exports_of, steps_of
from cdp_assets.orchestration.partitions import daily
from cdp_assets.orchestration.run_resource import run_resource
from cdp_assets.orchestration.steps import asset


def build_defs(project: Project, *, resources: Mapping[str, Any] | None = None) -> dg.Definitions:
    """All definitions of a project. `resources` replaces resources by name, for tests and other Dagster projects."""
    partitions = daily(project.config)
    steps, exports = steps_of(project), exports_of(project)
    with warnings.catch_warnings():
        # Dagster calls backfill policies and freshness beta or preview, once for each asset and process.
        warnings.simplefilter("ignore", dg.BetaWarning)
        warnings.simplefilter("ignore", dg.PreviewWarning)
        assets: list[dg.AssetsDefinition | dg.AssetSpec] = [
            *(asset(step, partitions) for step in [*steps, *exports]),
            *appended_assets(project),
        ]
    return dg.Definitions(
        assets=assets,
        asset_checks=standing_checks.checks(project),
        jobs=jobs.jobs([step.table.name for step in steps if step.by_request], [step.table.name for step in exports]),
        schedules=schedules.schedules(project.config),
        sensors=[sensors.source_files_sensor(project)],
        resources={"run": run_resource(project), **(resources or {})},
        executor=dg.in_process_executor,
    )
