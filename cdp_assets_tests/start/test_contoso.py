"""`cdp init` on real input: Microsoft's public sample of a shop. What is suggested runs, and unifies as the truth says.

The loyalty file holds the true contact. It is left out of the copy that `cdp init` sees, as nothing may be learnt from it; a
second test leaves it in, as a newcomer would.
"""

from pathlib import Path

import pytest

from cdp_assets_tests.contoso import MISSING, THERE, Score, score, started, unified, with_typos, without_mail
from cdp_assets_tests.projects import query, run

pytestmark = [pytest.mark.pipeline, pytest.mark.skipif(not THERE, reason=MISSING)]


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
    found = score(project)
    print(f"\n{found.told()}")
    assert found.share >= 0.998
    assert found.precision >= 0.9995
    assert found.f1 >= 0.999
    assert summary.rows["activity_quarantine"] == 26  # of customers that are in no file
    assert query(project, "select grade from clv_results") == [("A",)]


def test_a_column_with_the_key_of_another_file_is_taken_for_the_strongest_rule(tmp_path: Path) -> None:
    """Nothing is run: how good it is could not be told, as the column is the truth itself."""
    rules = started(tmp_path, with_truth=True).config.customers.match
    assert rules[0].name == "contact id of contact and customer_loyalty"
    assert [condition.field for condition in rules[0].all] == ["contact_id"]


def test_without_e_mail_the_suggested_configuration_finds_nearly_all_by_name_telephone_and_birth_date(tmp_path: Path) -> None:
    found = unified(without_mail(tmp_path))
    print(f"\n{found.told()}")
    assert found.precision >= 0.9995
    assert found.recall >= 0.998
    assert_every_error_has_a_kind(found)


def test_typos_and_dropped_e_mails_cost_recall_and_not_precision(tmp_path: Path) -> None:
    found = unified(with_typos(tmp_path))
    print(f"\n{found.told()}")
    assert found.precision >= 0.999
    assert found.recall >= 0.98
    assert_every_error_has_a_kind(found)


def assert_every_error_has_a_kind(found: Score) -> None:
    assert found.missed.total() == found.true - found.right
    assert found.wrong.total() == found.pairs - found.right
    assert all(": " in each for each in found.missed | found.wrong)
