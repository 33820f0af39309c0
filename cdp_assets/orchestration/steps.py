"""How a step becomes an asset: names, group, descriptions, checks and lineage all come from its declaration."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import dagster as dg

from cdp_assets.errors import OutsideError, UserError
from cdp_assets.lake import CheckResult, ChecksFailedError, Run, Step, StepResult, Table, turn
from cdp_assets.lake.digest import of_folder
from cdp_assets.orchestration.jobs import RUN_EXPORT, is_refresh
from cdp_assets.orchestration.keys import RUN, Prefix, asset_key, named, own_name, table_of
from cdp_assets.orchestration.retries import again
from cdp_assets.orchestration.shown import Shown
from cdp_assets.orchestration.skipped import say_skipped
from cdp_assets.sources.tables import QUARANTINE

PACKAGE = Path(__file__).parent.parent
OWNERS = ["team:data-platform"]
FRESH = dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=48), warn_window=timedelta(hours=30))
RUNS_CODE_OF = {
    "identity": ("governance",),
    "unify": ("identity",),
    "events": ("identity",),
    "contacts": ("identity", "unify", "governance"),
    "governance": ("identity",),
    "engagement": ("microsoft",),
}
"""Stations whose code the steps of a station run beside their own."""
Events = Iterator[dg.AssetCheckResult | dg.MaterializeResult[Any]]


def column_schema(table: Table) -> dg.TableSchema:
    """Columns with types and descriptions as Dagster shows them; personal columns say so."""
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                c.name,
                type=c.type,
                description=c.description + (" (personal)" if c.personal else ""),
                constraints=dg.TableColumnConstraints(nullable=c.nullable and c.name not in table.key),
                tags={"personal": ""} if c.personal else None,
            )
            for c in table.columns
        ]
    )


def column_lineage(origins: Mapping[str, Sequence[tuple[Table, str]]], prefix: Prefix = ()) -> dg.TableColumnLineage:
    """Where each column comes from, as Dagster shows it."""
    return dg.TableColumnLineage(
        {
            column: [dg.TableColumnDep(asset_key=asset_key(table.name, prefix), column_name=c) for table, c in pairs]
            for column, pairs in origins.items()
            if pairs
        }
    )


def column_origins(origins: Mapping[str, Sequence[tuple[Table, str]]]) -> dg.TableMetadataValue:
    """The same as a table: the open-source edition of Dagster's UI stores column lineage without showing it."""
    rows = [(column, ", ".join(f"{table.name}.{c}" for table, c in pairs) or "made by this step") for column, pairs in origins.items()]
    schema = dg.TableSchema([dg.TableColumn("column", "string"), dg.TableColumn("comes_from", "string")])
    return dg.MetadataValue.table([dg.TableRecord({"column": column, "comes_from": origin}) for column, origin in rows], schema)


def code_version(step: Step) -> str:
    """Changes when any Python file of the step's station, of those whose code it runs, or of the lake changes."""
    parts = {step.station, "lake", *RUNS_CODE_OF.get(step.station, ())}
    return "-".join(of_folder(PACKAGE / part)[:8] for part in sorted(parts))


def asset(
    each: Shown, partitions: dg.DailyPartitionsDefinition, prefix: Prefix = (), upstream: Sequence[dg.AssetKey] = ()
) -> dg.AssetsDefinition:
    """The asset of a step, after its inputs and `upstream`, assets of others. All are single-run for backfills: a range is one run."""
    step = each.step
    table, resource = step.table, named(RUN, prefix)

    @dg.asset(
        key=asset_key(table.name, prefix),
        deps=[*(asset_key(name, prefix) for name in each.after), *upstream],
        description=f"{step.description}\n\nA row is {table.grain}.",
        group_name=named(step.station, prefix),
        kinds=set(step.kinds),
        owners=OWNERS,
        code_version=code_version(step),
        partitions_def=partitions if step.by_request else None,
        backfill_policy=dg.BackfillPolicy.single_run(),
        output_required=step.station != "exports",
        freshness_policy=FRESH if step.station in ("sources", "publish") and not step.daily else None,
        metadata={
            "dagster/column_schema": column_schema(table),
            "key": ", ".join(table.key),
            "retention": table.retention,
        },
        tags={"personal": "yes" if any(c.personal for c in table.columns) else "no"},
        check_specs=[
            dg.AssetCheckSpec(check.name, asset=asset_key(table.name, prefix), description=check.description, blocking=True)
            for check in each.all_checks()
        ],
        required_resource_keys={resource},
    )
    def _asset(context: dg.AssetExecutionContext) -> Events:
        yield from execute(each, getattr(context.resources, resource), context, prefix)

    return _asset


def execute(each: Shown, run: Run, context: dg.AssetExecutionContext, prefix: Prefix = ()) -> Events:
    """Run a step and say what Dagster is to record. A failed check is recorded, and nothing is materialised."""
    step = each.step
    if step.station == "exports" and not _asked_for_exports_only(context, prefix):
        yield from _not_sent(step, context, prefix)
        return
    run.progress(step.table.name, "started")
    try:
        with turn(run.place.turn):
            parts = [part.run(run) for part in each.parts]
            result = step.run(run, _days_only(context, prefix) if step.by_request else None)
        numbers = each.measure(run)
        notice = "\n".join([*each.says(run), *([result.notice] if result.notice else [])])
        origins = step.origins(run, result.stages)
    except ChecksFailedError as error:
        _failed(step, run, context)
        yield from _check_results(each, error.table, error.results, prefix)
        raise dg.Failure(error.message, allow_retries=False) from None
    except UserError as error:
        once_more = again(run.run_id, step.table.name, context.retry_number) if isinstance(error, OutsideError) else None
        if once_more is not None:
            context.log.warning(error.message)
            raise once_more from None
        _failed(step, run, context)
        raise dg.Failure(error.message, allow_retries=False) from None
    except Exception:
        _failed(step, run, context)
        raise
    checked = [(made.table.name, made.checks) for made in (*parts, result)]
    yield from (found for table, results in checked for found in _check_results(each, table, results, prefix))
    _went_well(step, run, result, notice)
    _log_days(context, step, result, prefix)
    for other in result.also:
        rows = {"dagster/row_count": run.rows(other.table), "rows_of_this_source": other.rows}
        context.log_event(dg.AssetMaterialization(asset_key(other.table.name, prefix), metadata={**rows, "source": step.table.name}))
    metadata: dict[str, Any] = {
        "dagster/row_count": result.rows,
        "rows": result.rows,
        "unchanged": result.unchanged,
        "as_of": str(run.as_of),
        "lake_version": result.version if result.version is not None else -1,
        **numbers,
        **result.numbers,
    }
    if notice:
        context.log.warning(notice)
        metadata["notice"] = notice
    if step.daily:
        metadata["days_computed"] = len(result.partitions)
    if origins:
        of_assets = {column: [(table, c) for table, c in pairs if table.name not in each.owners] for column, pairs in origins.items()}
        metadata["dagster/column_lineage"] = column_lineage(of_assets, prefix)
        metadata["column_origins"] = column_origins(origins)
    yield dg.MaterializeResult(metadata=metadata, data_version=dg.DataVersion(result.content or "empty"))


def _went_well(step: Step, run: Run, result: StepResult, notice: str | None) -> None:
    """The step has made its table, or kept it."""
    run.made[step.table.name] = None if result.unchanged else result.rows
    if notice or any(other.rows for other in result.also if other.table.name == QUARANTINE.name):
        run.warned.append(step.table.name)
    run.progress(step.table.name, "unchanged" if result.unchanged else "done")


def _failed(step: Step, run: Run, context: dg.AssetExecutionContext) -> None:
    """The step has failed for good in this run: those below it will not be started."""
    run.failed.append(step.table.name)
    run.progress(step.table.name, "failed")
    say_skipped(context)


def _asked_for_exports_only(context: dg.AssetExecutionContext, prefix: Prefix) -> bool:
    """Whether a run is of an export and nothing else: whoever materialises everything did not ask that data leave."""
    selected = context.run.asset_selection or ()
    alone = bool(selected) and all(table_of(key).startswith("export_") for key in selected)
    return own_name(context.job_name, prefix).startswith(RUN_EXPORT) or alone


def _not_sent(step: Step, context: dg.AssetExecutionContext, prefix: Prefix) -> Events:
    job = named(f"run_{step.table.name}", prefix)
    why = f"Nothing was sent: a run of other assets runs no export. Start the job {job}, or materialise this asset alone."
    context.log.info(why)
    for check in step.all_checks():
        yield dg.AssetCheckResult(passed=True, check_name=check.name, asset_key=asset_key(step.table.name, prefix), description=why)


def _check_results(each: Shown, table: str, results: Sequence[CheckResult], prefix: Prefix) -> Iterator[dg.AssetCheckResult]:
    for check in results:
        yield dg.AssetCheckResult(
            passed=check.passed,
            check_name=each.check_name(table, check.name),
            asset_key=asset_key(each.step.table.name, prefix),
            description=check.description,
            metadata={"violations": check.violations},
        )


def _days(context: dg.AssetExecutionContext) -> list[str] | None:
    """The days that the run asks for; None (all that are due) when it asks for none."""
    return list(context.partition_keys) if context.has_partition_key or context.has_partition_key_range else None


def _days_only(context: dg.AssetExecutionContext, prefix: Prefix) -> list[str] | None:
    """The days that the work is limited to. A refresh does all that are due, whatever day its form in the UI asked for."""
    return None if is_refresh(own_name(context.job_name, prefix)) else _days(context)


def _log_days(context: dg.AssetExecutionContext, step: Step, result: StepResult, prefix: Prefix) -> None:
    """Days that were computed because they were due, without being asked for: tell Dagster which."""
    if not step.by_request:
        return
    asked = set(_days(context) or ())
    known = set(context.assets_def.partitions_def.get_partition_keys()) if context.assets_def.partitions_def else set()
    for day in result.partitions:
        if day in known - asked:
            context.log_event(
                dg.AssetMaterialization(asset_key(step.table.name, prefix), partition=day, metadata={"rows": _rows(result, day)})
            )


def _rows(result: StepResult, day: str) -> int:
    return result.rows_by_partition.get(day, 0)
