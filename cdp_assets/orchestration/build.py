"""Building the definitions of a project: its steps as assets, with jobs, schedule, sensor and resources."""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg

from cdp_assets.config import Project
from cdp_assets.errors import UserError
from cdp_assets.orchestration import jobs, schedules, sensors, standing_checks
from cdp_assets.orchestration.alerts import alert_sensors
from cdp_assets.orchestration.appended import appended_assets
from cdp_assets.orchestration.catalogue import exports_of, steps_of
from cdp_assets.orchestration.keys import RUN, named, prefix_of
from cdp_assets.orchestration.modes import modes_of
from cdp_assets.orchestration.notify import OnFailure
from cdp_assets.orchestration.partitions import daily
from cdp_assets.orchestration.run_resource import run_resource
from cdp_assets.orchestration.shown import assets_among, shown
from cdp_assets.orchestration.steps import asset
from cdp_assets.orchestration.upkeep import upkeep_asset, upkeep_job, upkeep_schedules

AssetKeyLike = dg.AssetKey | str | Sequence[str]


def build_defs(
    project: Project,
    *,
    key_prefix: str | Sequence[str] = (),
    upstream: Mapping[str, Sequence[AssetKeyLike]] | None = None,
    resources: Mapping[str, Any] | None = None,
    on_failure: OnFailure | None = None,
) -> dg.Definitions:
    """All definitions of a project, to be merged with those of another Dagster project where there are any.

    `key_prefix` stands before every asset key, and with two underscores before the names of groups, jobs, schedules, sensors and the
    resource `cdp_run`, so that two projects fit into one code location. `upstream` names for a source the assets of yours that write
    its files. `resources` adds to the resources or replaces them by name. `on_failure` is called with an Alert when a run of
    ours has failed for good, beside what the section `alerts` says. No executor is set but for the jobs.
    """
    prefix = prefix_of(key_prefix)
    partitions, before = daily(project.config), _upstream(project, upstream or {})
    steps, exports = steps_of(project), exports_of(project)
    with warnings.catch_warnings():
        # Dagster calls backfill policies and freshness beta or preview, once for each asset and process.
        warnings.simplefilter("ignore", dg.BetaWarning)
        warnings.simplefilter("ignore", dg.PreviewWarning)
        assets: list[dg.AssetsDefinition | dg.AssetSpec] = [
            *(asset(each, partitions, prefix, before.get(each.step.table.name, ())) for each in shown([*steps, *exports])),
            *appended_assets(project, prefix),
            upkeep_asset(project, prefix),
        ]
    made = [
        *jobs.jobs(
            assets_among((step.table.name for step in steps), steps),
            [step.table.name for step in steps if step.by_request],
            [step.table.name for step in exports],
            prefix,
            modes_of(project.config, steps),
        ),
        upkeep_job(prefix),
    ]
    ours, tables = [job.name for job in made], [each.step.table.name for each in shown([*steps, *exports])]
    return dg.Definitions(
        assets=assets,
        asset_checks=standing_checks.checks(project, prefix),
        jobs=made,
        schedules=[*schedules.schedules(project.config, prefix), *upkeep_schedules(project.config, prefix)],
        sensors=[sensors.source_files_sensor(project, steps, prefix), *alert_sensors(project, ours, tables, prefix, on_failure)],
        resources={named(RUN, prefix): run_resource(project, prefix=prefix), **(resources or {})},
    )


def code_location(project: Project) -> dg.Definitions:
    """The definitions of a code location of its own: what is materialised by hand there runs in one process as well."""
    return dg.Definitions.merge(build_defs(project), dg.Definitions(executor=dg.in_process_executor))


def _upstream(project: Project, given: Mapping[str, Sequence[AssetKeyLike]]) -> dict[str, list[dg.AssetKey]]:
    known = project.config.sources
    if unknown := sorted(given.keys() - known.keys()):
        raise UserError(f"upstream: {', '.join(unknown)}: no such source in {project.file}. Its sources are {', '.join(sorted(known))}.")
    return {source: [dg.AssetKey.from_coercible(key) for key in keys] for source, keys in given.items()}
