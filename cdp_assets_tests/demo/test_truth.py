"""Precision and recall over pairs, on groups small enough to count by hand."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cdp_assets.demo import Quality, score
from cdp_assets.errors import UserError

# ann has three records (3 pairs), bob two (1 pair), cleo one.
TRUTH = {"c1": "ann", "c2": "ann", "c3": "ann", "c4": "bob", "c5": "bob", "c6": "cleo"}


@pytest.fixture
def truth(tmp_path: Path) -> Path:
    """Return the file of the truth above."""
    path = tmp_path / "records.parquet"
    table = {"source": ["crm"] * len(TRUTH), "key": list(TRUTH), "person_id": list(TRUTH.values())}
    pq.write_table(pa.table(table), path)
    return path


def assignment(**customer_by_key: str | None) -> pa.Table:
    """Build an assignment of records of crm."""
    keys, customers = list(customer_by_key), pa.array(customer_by_key.values(), pa.string())
    return pa.table({"source": ["crm"] * len(keys), "key": keys, "customer_id": customers})


def test_all_right(truth: Path) -> None:
    quality = score(truth, assignment(c1="1", c2="1", c3="1", c4="2", c5="2", c6="3"))
    assert quality == Quality(true_pairs=4, found_pairs=4, right_pairs=4, records=6, unassigned=0)
    assert (quality.precision, quality.recall, quality.f1) == (1, 1, 1)


def test_a_record_split_off_lowers_recall_only(truth: Path) -> None:
    # Without c3 one of ann's three pairs is left: 2 of 4 pairs are found, both right.
    quality = score(truth, assignment(c1="1", c2="1", c3="9", c4="2", c5="2", c6="3"))
    assert (quality.precision, quality.recall) == (1, 0.5)
    assert quality.f1 == pytest.approx(2 / 3)


def test_two_people_in_one_customer_lower_precision_only(truth: Path) -> None:
    # bob's two and cleo's one make three pairs, one of them right; with ann's three: 4 of 6.
    quality = score(truth, assignment(c1="1", c2="1", c3="1", c4="2", c5="2", c6="2"))
    assert quality.precision == pytest.approx(4 / 6)
    assert quality.recall == 1


def test_a_record_without_a_customer_is_alone(truth: Path) -> None:
    quality = score(truth, assignment(c1="1", c2="1", c3=None, c4="2", c5="2"))
    assert (quality.found_pairs, quality.right_pairs, quality.unassigned) == (2, 2, 2)


def test_records_that_the_truth_does_not_know_do_not_count(truth: Path) -> None:
    right = assignment(c1="1", c2="1", c3="1", c4="2", c5="2", c6="3")
    visitors = pa.table({"source": ["web", "web"], "key": ["c1", "v1"], "customer_id": ["1", "1"]})
    assert score(truth, pa.concat_tables([right, visitors])) == score(truth, right)


def test_nothing_joined_has_no_wrong_pair(truth: Path) -> None:
    quality = score(truth, assignment())
    assert (quality.precision, quality.recall, quality.f1, quality.unassigned) == (1, 0, 0, 6)


def test_a_record_with_two_customers_is_refused(truth: Path) -> None:
    once = assignment(c1="1")
    with pytest.raises(UserError, match="1 records have more than one customer id"):
        score(truth, pa.concat_tables([once, assignment(c1="2")]))


def test_a_missing_truth_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cdp demo"):
        score(tmp_path / "records.parquet", assignment(c1="1"))
