"""The bench's measure of ids that jump, on a small world: a second drop, other rules, and all as it was before."""

from pathlib import Path

import pytest

from cdp_assets.config import load_project
from cdp_assets_tests.bench.churn import History, Id, churn
from cdp_assets_tests.bench.rules import project_of_records

pytestmark = pytest.mark.pipeline
PEOPLE = 200


def test_a_second_drop_and_other_rules_change_only_the_ids_that_the_partition_implies(tmp_path: Path) -> None:
    project_of_records(tmp_path / "world", PEOPLE)
    drop, rules, again = churn(tmp_path / "copy", PEOPLE, tmp_path / "world")
    assert [each.unexplained for each in (drop, rules, again)] == [0, 0, 0]
    assert {"new record", "record gone"} <= drop.causes.keys()
    assert rules.changed > 0
    assert rules.causes["split"] > 0
    assert {"merged", "came back"} <= again.causes.keys()


def test_an_id_that_nothing_implies_is_counted(tmp_path: Path) -> None:
    project_of_records(tmp_path / "world", 50)
    history = History(load_project(tmp_path / "world"))
    history.refresh("first drop")
    of_one = min(identity for _, identity in history.registry)
    other = Id("crm|somebody else", 0, 1)
    history.registry = {(record, other if its == of_one else its): row for (record, its), row in history.registry.items()}
    assert history.refresh("the same drop").unexplained > 0
