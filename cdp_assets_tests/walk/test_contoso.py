"""The walk on real input: Microsoft's public sample of a shop, with the configuration that lies in data/contoso.

The sample (CC-BY-4.0) is not part of this project. CDP_CONTOSO names the folder with its CSV files; without it the folder
shared/data/contoso beside the checkout is looked for. `pytest -s` prints the figures.
"""

import csv
import os
import shutil
from datetime import date, timedelta
from pathlib import Path

import pytest

from cdp_assets.config import Project, load_project
from cdp_assets.exports import confirm
from cdp_assets.orchestration.export_run import export
from cdp_assets.orchestration.refresh import Summary
from cdp_assets_tests.projects import AS_OF, USER, query, run

CHECKOUT = Path(__file__).parents[2]
SAMPLE = Path(os.environ.get("CDP_CONTOSO", CHECKOUT.parent / "shared" / "data" / "contoso"))
FILES = ("Contact.csv", "Customer-Loyalty.csv", "OnlinePurchases.csv", "POSPurchases.csv", "WebsiteReviews_LinkedToEcommerceContacts.csv")

pytestmark = [
    pytest.mark.pipeline,
    pytest.mark.skipif(
        not all((SAMPLE / file).is_file() for file in FILES), reason="missing data: CDP_CONTOSO does not name the folder of the sample"
    ),
]

# activity, source, file, column with the money
ACTIVITIES = (
    ("online_purchases", "online", "OnlinePurchases.csv", "TotalPrice"),
    ("store_purchases", "stores", "POSPurchases.csv", "TotalPrice"),
    ("reviews", "reviews", "WebsiteReviews_LinkedToEcommerceContacts.csv", None),
)


def rows_of(file: Path) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    with file.open(encoding="utf-8-sig", newline="") as opened:
        return list(csv.DictReader(opened))


@pytest.fixture(scope="module")
def refreshed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, Summary]:
    """The sample as the newcomer puts it beside the configuration, refreshed once."""
    folder = tmp_path_factory.mktemp("contoso")
    for file in FILES:
        shutil.copyfile(SAMPLE / file, folder / file)
    shutil.copyfile(CHECKOUT / "data" / "contoso" / "cdp.yaml", folder / "cdp.yaml")
    project = load_project(folder)
    return project, run(project)


@pytest.fixture(scope="module")
def contoso(refreshed: tuple[Project, Summary]) -> Project:
    """The refreshed project."""
    return refreshed[0]


def test_from_the_files_to_segments_nothing_fails(refreshed: tuple[Project, Summary]) -> None:
    project, summary = refreshed
    assert summary.ok, summary.failed
    assert summary.skipped == ()
    assert {path.name for path in project.folder.glob("*.csv")} == set(FILES), "the configuration names these files and no other"
    assert set(summary.quarantined.values()) == {0}
    assert summary.rows["unified_profiles"] == summary.rows["published_snapshot"] == 5002


def test_every_row_of_purchases_and_reviews_is_an_activity_or_in_quarantine_with_its_reason(contoso: Project) -> None:
    for activity, source, file, money in ACTIVITIES:
        rows = rows_of(contoso.folder / file)
        [(kept, quarantined)] = query(
            contoso,
            f"select (select count(*) from unified_activities where activity = '{activity}'), "
            f"(select count(*) from activity_quarantine where activity = '{activity}')",
        )
        reasons = query(
            contoso, f"select reason, count(*) from activity_quarantine where activity = '{activity}' group by all order by all"
        )
        print(f"\n{activity}: {len(rows):,} rows of {source}, {kept:,} activities, quarantined {dict(reasons)}")  # type: ignore[arg-type,str-format]
        assert isinstance(kept, int)
        assert isinstance(quarantined, int)
        assert len(rows) == kept + quarantined
        if money is not None:
            [(total,)] = query(
                contoso,
                f"select sum(amount) from (select amount from unified_activities where activity = '{activity}' "
                f"union all select amount from activity_quarantine where activity = '{activity}')",
            )
            assert float(str(total)) == pytest.approx(sum(float(row[money]) for row in rows), abs=0.001)
    assert query(contoso, "select type, count(*) from unified_activities group by all order by all") == [
        ("Feedback", 20020 - 17),
        ("SalesOrder", 12369 + 20024 - 9),
    ]


def test_the_quarantined_rows_are_those_whose_customer_is_in_no_file(contoso: Project) -> None:
    """Counted again from the files: rows of contact ids and of loyalty ids that are not listed."""
    ids = {}
    for file, column in (("Contact.csv", "ContactId"), ("Customer-Loyalty.csv", "LoyaltyId")):
        ids[column] = {row[column] for row in rows_of(contoso.folder / file)}
    missing = {
        "online_purchases": sum(row["ContactId"] not in ids["ContactId"] for row in rows_of(contoso.folder / "OnlinePurchases.csv")),
        "store_purchases": sum(row["LoyaltyId"] not in ids["LoyaltyId"] for row in rows_of(contoso.folder / "POSPurchases.csv")),
        "reviews": sum(row["UserId"] not in ids["ContactId"] for row in rows_of(contoso.folder / ACTIVITIES[2][2])),
    }
    found = query(contoso, "select activity, reason, count(*) from activity_quarantine group by all order by all")
    assert {activity: rows for activity, _, rows in found} == {activity: rows for activity, rows in missing.items() if rows}
    assert {reason for _, reason, _ in found} <= {"customer_unknown", "no_customer_key"}
    assert sum(missing.values()) == 26


@pytest.mark.parametrize(
    ("model", "active", "k", "success", "lift"), [("three_months", 4468, 2058, 0.425, 0.22), ("six_months", None, None, 0.470, 0.23)]
)
def test_predictions_have_the_figures_that_were_measured_apart_from_this_code(
    contoso: Project, model: str, active: int | None, k: int | None, success: float, lift: float
) -> None:
    """Customers active at the origin, K, success rate of the baseline and lift, of both kinds of purchases joined on the person.

    The sample is made up, so the letter says that the arithmetic is right, not that the model is good.
    """
    [found] = query(
        contoso,
        "select grade, test_active, k, baseline_success_rate, lift, interval_low, interval_high, summary "
        f"from clv_results where model = '{model}'",
    )
    grade, found_active, found_k, baseline, found_lift, low, high, summary = found
    print(f"\n{model}: active {found_active:,}, K {found_k:,}, baseline {baseline:.4f}, {summary}")  # type: ignore[str-format]
    assert isinstance(found_lift, float)
    assert isinstance(low, float)
    assert isinstance(high, float)
    assert grade == "A"
    assert baseline == pytest.approx(success, abs=0.005)
    assert found_lift == pytest.approx(lift, abs=0.015)
    assert low < found_lift < high
    if active is not None:
        assert found_active == pytest.approx(active, rel=0.002)
        assert found_k == pytest.approx(k, rel=0.005)


def test_no_check_of_the_input_stops_the_predictions(contoso: Project) -> None:
    assert query(contoso, "select model, check_name from clv_usability where state = 'error'") == []


def test_the_end_of_the_purchases_is_before_the_stray_rows(contoso: Project) -> None:
    """The sample has a few purchases weeks after all others: what is active is counted from the real end."""
    [(end, last)] = query(
        contoso,
        "select (select max(as_of_day) from clv_features), "
        "(select max(cast(time as date)) from unified_activities where type = 'SalesOrder')",
    )
    print(f"\nend of the purchases {end}, last row {last}")
    assert isinstance(end, date)
    assert isinstance(last, date)
    assert last - end > timedelta(days=14)


def test_segments_of_high_value_are_the_scores_and_subscribers_of_them(contoso: Project) -> None:
    high = "select customer_id from clv_scores where model = 'three_months' and high_value"
    subscribers = f"{high} and customer_id in (select customer_id from unified_profiles where email_subscriber = 'Yes')"
    for segment, wanted in (("high_value", high), ("high_value_subscribers", subscribers)):
        members = f"select member_id from segment_membership where segment = '{segment}' and left_on is null"
        both = f"(({wanted}) except ({members})) union all (({members}) except ({wanted}))"
        assert query(contoso, both) == []
        [(size,)] = query(contoso, f"select count(*) from ({members})")
        print(f"\nsegment {segment}: {size:,} members")  # type: ignore[str-format]
        assert isinstance(size, int)
        assert size > 1000


def test_the_export_waits_for_the_administrators_word_and_then_writes_the_file(contoso: Project) -> None:
    """The only test here that runs something: an export adds to the ledger and changes no table that another test reads."""
    refused = export(contoso, USER, "subscribers", as_of=AS_OF)
    assert (refused.state, refused.delivered, refused.files) == ("refused", 0, [])
    confirm(contoso, USER, "files")
    ran = export(contoso, USER, "subscribers", as_of=AS_OF)
    assert (ran.state, ran.ok) == ("done", True), ran.message
    [file] = ran.files
    rows = rows_of(contoso.folder / file)
    [(members,)] = query(contoso, "select members from segments where segment = 'high_value_subscribers'")
    print(f"\nexport: {ran.message}")
    assert len(rows) == ran.delivered == ran.selected == members
    assert list(rows[0]) == ["customer_id", "full_name", "email", "contact_id"]
    ids = {row[0] for row in query(contoso, "select member_id from segment_membership where segment = 'high_value_subscribers'")}
    assert {row["customer_id"] for row in rows} == ids
