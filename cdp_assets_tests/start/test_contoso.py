"""`cdp init` on real input: Microsoft's public sample of a shop. What is suggested runs, and unifies as the truth says.

The sample (CC-BY-4.0) is not part of this project. CDP_CONTOSO names the folder with its CSV files; without it the folder
shared/data/contoso beside the checkout is looked for. The loyalty file holds the true contact. It is left out of the copy
that `cdp init` sees, as nothing may be learnt from it; a second test leaves it in, as a newcomer would.
"""

import csv
import os
import shutil
from pathlib import Path

import pytest

from cdp_assets.config import Project, load_project
from cdp_assets.start import config_text, suggest
from cdp_assets_tests.projects import query, run

SAMPLE = Path(os.environ.get("CDP_CONTOSO", Path(__file__).parents[3] / "shared" / "data" / "contoso"))
LOYALTY = "Customer-Loyalty.csv"
FILES = ("Contact.csv", LOYALTY, "OnlinePurchases.csv", "POSPurchases.csv", "WebsiteReviews_LinkedToEcommerceContacts.csv")

pytestmark = [
    pytest.mark.pipeline,
    pytest.mark.skipif(
        not all((SAMPLE / file).is_file() for file in FILES), reason="missing data: CDP_CONTOSO does not name the folder of the sample"
    ),
]


def rows_of(file: Path) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    with file.open(encoding="utf-8-sig", newline="") as opened:
        return list(csv.DictReader(opened))


def started(folder: Path, *, with_truth: bool) -> Project:
    """A folder with the files and what is suggested for them."""
    for file in FILES:
        shutil.copyfile(SAMPLE / file, folder / file)
    if not with_truth:
        rows = rows_of(SAMPLE / LOYALTY)
        with (folder / LOYALTY).open("w", encoding="utf-8", newline="") as opened:
            writer = csv.DictWriter(opened, [column for column in rows[0] if column != "ContactId"], extrasaction="ignore")
            writer.writeheader()
            writer.writerows(rows)
    (folder / "cdp.yaml").write_text(config_text(suggest(folder)))
    return load_project(folder)


def pairs(project: Project) -> tuple[int, int, int]:
    """Pairs of a contact and a loyalty customer that are one profile, how many are true, loyalty customers in them."""
    truth = {row["LoyaltyId"]: row["ContactId"] for row in rows_of(SAMPLE / LOYALTY)}
    found = query(
        project,
        "select l.record_key, c.record_key from alternate_keys as l join alternate_keys as c using (customer_id) "
        "where l.source = 'customer_loyalty' and c.source = 'contact'",
    )
    return len(found), sum(truth[str(loyalty)] == contact for loyalty, contact in found), len({loyalty for loyalty, _ in found})


def test_the_suggested_configuration_runs_and_matches_as_the_truth_says(tmp_path: Path) -> None:
    project = started(tmp_path, with_truth=False)
    config = project.config
    assert config.customers.match_order == ("contact", "customer_loyalty")
    assert config.sources["contact"].fields["date_of_birth"].format == "%m/%d/%Y"
    assert config.sources["customer_loyalty"].fields["date_of_birth"].format is None
    assert {name: activity.type for name, activity in config.activities.items()} == {
        "online_purchases": "SalesOrder", "pos_purchases": "SalesOrder", "website_reviews_linked_to_ecommerce_contacts": "Feedback",
    }  # fmt: skip
    summary = run(project)
    assert summary.ok, summary.failed
    assert set(summary.quarantined.values()) == {0}
    count, right, matched = pairs(project)
    precision, recall = right / count, right / 5000  # two of the 5,002 have no contact
    f1 = 2 * precision * recall / (precision + recall)
    print(f"\nmatched {matched:,} of 5,002 ({matched / 5002:.2%}), precision {precision:.5f}, F1 {f1:.5f}")
    assert matched / 5002 >= 0.998
    assert precision >= 0.9995
    assert f1 >= 0.999
    assert summary.rows["activity_quarantine"] == 26  # of customers that are in no file
    assert query(project, "select grade from clv_results") == [("A",)]


def test_a_column_with_the_key_of_another_file_is_taken_for_the_strongest_rule(tmp_path: Path) -> None:
    """Nothing is run: how good it is could not be told, as the column is the truth itself."""
    rules = started(tmp_path, with_truth=True).config.customers.match
    assert rules[0].name == "contact id of contact and customer_loyalty"
    assert [condition.field for condition in rules[0].all] == ["contact_id"]
