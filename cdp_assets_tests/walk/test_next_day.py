"""The same files on the next day: ids, memberships and the model stay."""

import shutil
from datetime import timedelta

import pytest

from cdp_assets.config import Project, load_project
from cdp_assets.orchestration.refresh import Summary
from cdp_assets_tests.projects import AS_OF, query, run

pytestmark = pytest.mark.pipeline


@pytest.fixture(scope="module")
def next_day(walk: Project, tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, Summary]:
    """The refreshed project in a folder of its own, refreshed again on the next day with the same files."""
    folder = tmp_path_factory.mktemp("next") / "walk"
    shutil.copytree(walk.folder, folder)
    project = load_project(folder)
    return project, run(project, AS_OF + timedelta(days=1))


def test_on_the_next_day_all_ids_are_the_same(walk: Project, next_day: tuple[Project, Summary]) -> None:
    project, summary = next_day
    assert summary.ok, summary.failed
    for table, key in (("alternate_keys", "customer_id"), ("account_keys", "account_id"), ("contact_keys", "contact_id")):
        keys = f"select source, record_key, kind, {key} from {table} order by all"
        assert query(project, keys) == query(walk, keys)
    assert query(project, "select * from contact_account_links order by all") == query(
        walk, "select * from contact_account_links order by all"
    )


def test_on_the_next_day_who_stays_in_a_segment_keeps_the_day_of_entering(walk: Project, next_day: tuple[Project, Summary]) -> None:
    project, _ = next_day
    today = AS_OF + timedelta(days=1)
    before = set(query(walk, "select segment, member_id, entered_on from segment_membership"))
    after = query(project, "select segment, member_id, entered_on, left_on from segment_membership")
    assert {row[:3] for row in after if row[2] != today} == before
    assert {row[2] for row in after if row[3] is None} <= {AS_OF, today}
    assert {row[3] for row in after} <= {None, today}
    stayed = [row for row in after if row[2] == AS_OF and row[3] is None]
    assert len(stayed) > 0.9 * len(before)


def test_on_the_next_day_the_model_is_not_trained_again_and_scores_again(walk: Project, next_day: tuple[Project, Summary]) -> None:
    project, _ = next_day
    model = "select trained_on, r, alpha, a, b, p, q, v, grade from clv_model"
    assert query(project, model) == query(walk, model)
    assert query(project, "select distinct trained_on from clv_scores") == [(AS_OF,)]
    last = "select max(cast(time as date)) from unified_activities where type = 'SalesOrder'"
    assert query(project, "select distinct as_of_day from clv_scores") == query(project, last)
