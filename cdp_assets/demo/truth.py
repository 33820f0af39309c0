"""How well records were brought together, measured against the demo's truth. No part of the pipeline imports this."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from cdp_assets.errors import UserError

# Pairs are counted from the sizes of the groups, never listed. A record without a customer is a group of its own.
_PAIRS = """
    with joined as (
        select truth.source, truth.key, truth.person_id, assigned.customer_id
        from read_parquet($records) as truth
        left join assignment as assigned on assigned.source = truth.source and assigned.key = truth.key
    ),
    persons as (select count(*) as n from joined group by person_id),
    customers as (select count(*) as n from joined where customer_id is not null group by customer_id),
    agreed as (select count(*) as n from joined where customer_id is not null group by person_id, customer_id)
    select
        (select coalesce(sum(n * (n - 1) // 2), 0) from persons)::bigint,
        (select coalesce(sum(n * (n - 1) // 2), 0) from customers)::bigint,
        (select coalesce(sum(n * (n - 1) // 2), 0) from agreed)::bigint,
        (select count(*) from joined),
        (select count(*) from joined where customer_id is null)
"""
_REPEATED = "select count(*) from (select source, key from assignment group by all having count(*) > 1)"


@dataclass(frozen=True)
class Quality:
    """Pairs of records: of one person in truth, of one customer as assigned (found), of both (right).

    Beside them the number of records in the truth, and how many of them no customer was assigned to.
    """

    true_pairs: int
    found_pairs: int
    right_pairs: int
    records: int
    unassigned: int

    @property
    def precision(self) -> float:
        """Share of the pairs found that are right, 0 to 1; 1 if none was found."""
        return self.right_pairs / self.found_pairs if self.found_pairs else 1.0

    @property
    def recall(self) -> float:
        """Share of the true pairs that were found, 0 to 1; 1 if there are none."""
        return self.right_pairs / self.true_pairs if self.true_pairs else 1.0

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall, 0 to 1."""
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0


def score(records: Path, assignment: pa.Table) -> Quality:
    """Compare an assignment of records to customers with the truth, over all pairs of records of the same customer.

    `records`: a Parquet file of source, key, person_id; one row a record. `assignment`: source, key, customer_id; at
    most one row a record; rows of sources or keys that the truth does not know (web visitors, say) do not count.
    Raises UserError if the file is missing, or if the assignment gives a record twice.
    """
    if not records.is_file():
        raise UserError(f"{records} does not exist, so there is no truth to compare with. `cdp demo` writes it.")
    with duckdb.connect() as con:
        con.register("assignment", assignment.select(["source", "key", "customer_id"]))
        ((repeated,),) = con.execute(_REPEATED).fetchall()
        if repeated:
            raise UserError(f"{repeated:,} records have more than one customer id: an assignment has one row for each record.")
        ((true, found, right, rows, unassigned),) = con.execute(_PAIRS, {"records": str(records)}).fetchall()
    return Quality(true, found, right, rows, unassigned)
