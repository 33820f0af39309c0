"""The upkeep: an asset of its own, with a job and a schedule, that no refresh runs."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

from cdp_assets.config import Project, ProjectConfig
from cdp_assets.errors import UserError
from cdp_assets.lake import Place, Run, turn, upkeep
from cdp_assets.lake.upkeep import Upkeep
from cdp_assets.orchestration.catalogue import tables_of
from cdp_assets.orchestration.jobs import MAINTAIN
from cdp_assets.orchestration.keys import RUN, Prefix, asset_key, named
from cdp_assets.orchestration.old_runs import delete_old_runs
from cdp_assets.orchestration.steps import OWNERS
from cdp_assets.publish import versions_of

if TYPE_CHECKING:
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

ASSET = "lake_upkeep"
AT_ONCE_TAG = "cdp/drop_removed"
DESCRIPTION = """What keeps the lake small and fast: checkpoints, merging of small files, removal of superseded versions and of what
killed runs left behind, of tables that cdp.yaml no longer has, and of Dagster's old runs. No row that a table holds is changed.

A row of its report is a table for which something had to be done.
"""
RETENTION = "no table: what was done is in the metadata of each materialisation, as long as Dagster keeps it"
_FIGURES = ("files_merged", "files_removed", "bytes_freed", "log_entries_removed")


@dataclass(frozen=True)
class Report:
    """What the upkeep did: the tables where there was something to do, and the runs of Dagster that were deleted.

    `forgotten`: tables that cdp.yaml no longer has and that are kept until they are old enough.
    """

    tables: tuple[Upkeep, ...] = ()
    forgotten: tuple[str, ...] = ()
    runs_deleted: int = 0

    def total(self, figure: str) -> int:
        """The sum of one of the figures over all tables."""
        return sum(int(getattr(each, figure)) for each in self.tables)

    def __str__(self) -> str:
        removed = [each.table for each in self.tables if each.removed]
        parts = [
            f"{self.total('files_removed'):,} files removed ({self.total('bytes_freed') / 1e6:,.1f} MB)",
            f"{self.total('files_merged'):,} small files merged",
            f"{self.runs_deleted:,} old runs deleted",
            *([f"tables that cdp.yaml no longer has, removed: {', '.join(removed)}"] if removed else []),
        ]
        return "; ".join(parts)


def tend(project: Project, place: Place, instance: dg.DagsterInstance | None, *, at_once: bool = False) -> Report:
    """Do all that is due. Within the project's lock. `at_once`: tables that cdp.yaml no longer has go however young they are."""
    keep = project.config.upkeep
    pinned = upkeep.pinned_versions(place)
    for name, version in versions_of(project.store / "published"):
        pinned.setdefault(name, set()).add(version)
    tables = tables_of(project)
    gone = upkeep.forgotten(place, [table.name for table in tables])
    done = upkeep.remove_forgotten(place, gone, 0 if at_once else keep.keep_days)
    for table in tables:
        if table.partition == "source":
            upkeep.drop_partitions(place, table, list(project.config.sources))
        done.append(upkeep.tend(place, table, keep.keep_days, pinned.get(table.name, ())))
    runs = delete_old_runs(instance, keep.keep_runs_days) if instance and _is_ours(project) else 0
    left = tuple(table for table in gone if table in place.tables())
    return Report(tuple(each for each in done if not each.idle), left, runs)


def _is_ours(project: Project) -> bool:
    """Whether Dagster's instance is the project's own: in another one are runs of others."""
    return Path(os.environ.get("DAGSTER_HOME", "")) == project.store / "dagster"


def upkeep_asset(project: Project, prefix: Prefix = ()) -> dg.AssetsDefinition:
    """The asset of the upkeep."""
    resource = named(RUN, prefix)

    @dg.asset(
        key=asset_key(ASSET, prefix),
        description=DESCRIPTION,
        group_name=named("upkeep", prefix),
        kinds={"deltalake"},
        owners=OWNERS,
        code_version="1",
        metadata={"dagster/column_schema": _schema(), "key": "table", "retention": RETENTION},
        backfill_policy=dg.BackfillPolicy.single_run(),
        tags={"personal": "no"},
        required_resource_keys={resource},
    )
    def _asset(context: dg.AssetExecutionContext) -> "dg.MaterializeResult[None]":
        run: Run = getattr(context.resources, resource)
        try:
            with turn(run.place.turn):
                report = tend(project, run.place, context.instance, at_once=context.run.tags.get(AT_ONCE_TAG) == "yes")
        except UserError as error:
            raise dg.Failure(error.message, allow_retries=False) from None
        return dg.MaterializeResult(metadata=_metadata(report))

    return _asset


def upkeep_job(prefix: Prefix = ()) -> "UnresolvedAssetJobDefinition":
    """The job that runs it."""
    return dg.define_asset_job(
        named(MAINTAIN, prefix),
        selection=dg.AssetSelection.assets(asset_key(ASSET, prefix)),
        executor_def=dg.in_process_executor,
        description="Removes superseded versions, what killed runs left behind and old runs, as `upkeep` in cdp.yaml says.",
    )


def upkeep_schedules(config: ProjectConfig, prefix: Prefix = ()) -> list[dg.ScheduleDefinition]:
    """Its schedule (none where `upkeep.cron` is empty): on from the start, as nobody thinks of switching it on."""
    if config.upkeep.cron is None:
        return []
    return [
        dg.ScheduleDefinition(
            name=named(f"{MAINTAIN}_schedule", prefix),
            job_name=named(MAINTAIN, prefix),
            cron_schedule=config.upkeep.cron,
            execution_timezone=config.schedule.time_zone,
            description="Runs the upkeep at the times of `upkeep` in cdp.yaml.",
            default_status=dg.DefaultScheduleStatus.RUNNING,
        )
    ]


def _metadata(report: Report) -> dict[str, dg.MetadataValue]:
    columns = [dg.TableColumn("table", "string"), *(dg.TableColumn(figure, "int") for figure in _FIGURES)]
    rows = [dg.TableRecord({"table": each.table, **{f: getattr(each, f) for f in _FIGURES}}) for each in report.tables]
    return {
        "done": dg.MetadataValue.text(_words(report)),
        "tables": dg.MetadataValue.table(rows, dg.TableSchema(columns)),
        "runs_deleted": dg.MetadataValue.int(report.runs_deleted),
        **{figure: dg.MetadataValue.int(report.total(figure)) for figure in _FIGURES},
    }


def _words(report: Report) -> str:
    kept = f". No longer in cdp.yaml, and kept until they are old: {', '.join(report.forgotten)}" if report.forgotten else ""
    return f"{report}{kept}."


def _schema() -> dg.TableSchema:
    figures: Sequence[tuple[str, str]] = (
        ("files_merged", "small files that were written into one"),
        ("files_removed", "files that no kept version has"),
        ("bytes_freed", "their size"),
        ("log_entries_removed", "entries of the table's log that a checkpoint stands for"),
    )
    return dg.TableSchema([dg.TableColumn("table", "string", "name of the table"), *(dg.TableColumn(n, "int", d) for n, d in figures)])
