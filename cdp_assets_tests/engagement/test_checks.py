"""The blocking checks of this station pass on right rows and notice wrong ones."""

from typing import Any

import duckdb
import pyarrow as pa
import pytest

from cdp_assets.engagement import score
from cdp_assets.engagement.interactions import CHECKS
from cdp_assets.engagement.tables import ACCOUNT_ENGAGEMENT, INTERACTIONS
from cdp_assets.lake import AS_OF
from cdp_assets_tests.engagement.test_score import DAY, REDIRECTS, engagement, interaction
from cdp_assets_tests.support import rows

ITEMS = [interaction("a", 5, count=2), interaction("b", 40, "to_account", "meeting"), interaction("gone", 3), interaction("a", 400)]
GONE = rows("account_id | surviving_account_id | since\ngone | | ", since="bigint")


def answers(items: list[dict[str, Any]], result: list[dict[str, Any]], redirects: pa.Table = GONE) -> dict[str, int]:
    """The violations that each check counts."""
    with duckdb.connect() as connection:
        connection.register(INTERACTIONS.name, pa.Table.from_pylist(items, schema=INTERACTIONS.arrow_schema()))
        connection.register(ACCOUNT_ENGAGEMENT.name, pa.Table.from_pylist(result, schema=ACCOUNT_ENGAGEMENT.arrow_schema()))
        connection.register(score.REDIRECTS, redirects)
        connection.register(AS_OF.name, pa.table({"day": pa.array([DAY], pa.date32())}))
        return {check.name: int(connection.execute(check.sql).fetchall()[0][0]) for check in (*score.checks(), *CHECKS)}


def test_right_rows_pass() -> None:
    assert set(answers(ITEMS, engagement(ITEMS, GONE)).values()) == {0}
    assert set(answers([], [], REDIRECTS).values()) == {0}


@pytest.mark.parametrize(
    ("level", "change", "noticed"),
    [
        ("year", {"no_of_emails_from_account": 1}, {"conservation", "months_add_up"}),
        ("month", {"no_of_emails_from_account": 9}, {"months_add_up"}),
        ("year", {"engagement_score": 101}, {"score_range"}),
        ("year", {"engagement_score": None}, {"score_range"}),
        ("month", {"engagement_score": 5}, {"score_range"}),
    ],
)
def test_wrong_engagement_is_noticed(level: str, change: dict[str, Any], noticed: set[str]) -> None:
    result = engagement(ITEMS, GONE)
    wrong = next(row for row in result if row["account_id"] == "a" and row["aggregation_level"] == level)
    wrong.update(change)
    assert {name for name, violations in answers(ITEMS, result).items() if violations} == noticed


@pytest.mark.parametrize("change", [{"count": 0}, {"own_people": []}, {"their_people": []}, {"minutes": -1}])
def test_wrong_interactions_are_noticed(change: dict[str, Any]) -> None:
    assert answers([{**ITEMS[0], **change}, *ITEMS[1:]], engagement(ITEMS, GONE))["somebody_on_both_sides"] == 1
