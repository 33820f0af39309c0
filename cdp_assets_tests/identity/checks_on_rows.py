"""Blocking checks asked of readable rows, without a lake."""

from collections.abc import Mapping, Sequence

import duckdb
import pyarrow as pa

from cdp_assets.lake import Check, Table


def run_checks_on(checks: Sequence[Check], table: Table, found: pa.Table, inputs: Mapping[str, pa.Table]) -> list[int]:
    """How many violations each check counts in the rows of a table, beside the inputs of its step."""
    with duckdb.connect() as connection:
        for name, given in {**inputs, table.name: found}.items():
            connection.register(name, given)
        return [int(connection.execute(check.sql).fetchall()[0][0]) for check in checks]
