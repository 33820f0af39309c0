"""Old runs of Dagster's instance: which of them say nothing any more that a newer run does not say."""

from datetime import UTC, datetime, timedelta

import dagster as dg

AT_ONCE = 500
# Those that ended. One that waits or works is never old.
ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]


def delete_old_runs(instance: dg.DagsterInstance, keep_days: int) -> int:
    """Delete the runs that ended and were created more than `keep_days` ago; their number.

    A run stays, however old, that was the last to materialise an asset or a partition of one: without it Dagster's
    pages would say that this was never done. Checks are asked by the same runs.
    """
    before = datetime.now(UTC) - timedelta(days=keep_days)
    old: list[str] = []
    cursor = None
    while records := instance.get_run_records(dg.RunsFilter(statuses=ENDED, created_before=before), limit=AT_ONCE, cursor=cursor):
        old += [record.dagster_run.run_id for record in records]
        cursor = records[-1].dagster_run.run_id
    if not old:
        return 0
    needed = _newest_of_anything(instance)
    superseded = [run for run in old if run not in needed]
    for run in superseded:
        instance.delete_run(run)
    return len(superseded)


def _newest_of_anything(instance: dg.DagsterInstance) -> set[str]:
    """The runs that were the last to materialise an asset or a partition of one."""
    keys = instance.all_asset_keys()
    storage = instance.event_log_storage
    ids: set[int] = set()
    for key in keys:
        ids |= set(storage.get_latest_storage_id_by_partition(key, dg.DagsterEventType.ASSET_MATERIALIZATION).values())
    newest = {id_ for id_ in storage.get_latest_materialization_storage_ids(list(keys)).values() if id_ is not None}
    runs: set[str] = set()
    wanted = sorted(ids | newest)
    for begin in range(0, len(wanted), AT_ONCE):
        part = wanted[begin : begin + AT_ONCE]
        records = storage.get_event_records(
            dg.EventRecordsFilter(event_type=dg.DagsterEventType.ASSET_MATERIALIZATION, storage_ids=part), limit=len(part)
        )
        runs |= {record.run_id for record in records}
    return runs
