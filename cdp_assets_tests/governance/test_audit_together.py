"""The audit log under two writers at once."""

import multiprocessing
from pathlib import Path

import duckdb
import pytest

from cdp_assets.governance import record
from cdp_assets.governance.tables import AUDIT_LOG
from cdp_assets.lake import Place


def _write(store: Path, user: str) -> None:
    for _ in range(5):
        record(Place(store), user=user, action="try", outcome="done")


@pytest.mark.pipeline
def test_two_processes_that_write_at_once_lose_nothing(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_write, args=(tmp_path, user)) for user in ("ann", "bob", "cid")]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
        assert process.exitcode == 0
    sql = Place(tmp_path).newest(AUDIT_LOG).sql
    assert duckdb.execute(f"select user_name, count(*) from ({sql}) group by 1 order by 1").fetchall() == [
        ("ann", 5),
        ("bob", 5),
        ("cid", 5),
    ]
