"""What people state of two records: which way round, what is of no use and why, and that never wins."""

import duckdb
import pyarrow as pa

from cdp_assets.config import parse_config
from cdp_assets.governance.tables import DECISIONS
from cdp_assets.identity import overrides
from cdp_assets.lake import Table, columns
from cdp_assets_tests.support import rows, run_tables

CONFIG = """
version: 1
sources:
  crm: {files: a, primary_key: id, fields: {mail: identity.email}}
  loyalty: {files: b, primary_key: id, fields: {mail: identity.email}}
  web: {kind: events, files: d, visitor: v, time: t, known_as: {user: crm.id}}
  links: {files: c, primary_key: nr, fields: {left_source: text, left_key: text, right_source: text, right_key: text}}
  splits: {files: e, primary_key: nr, fields: {left_source: text, left_key: text, right_source: text, right_key: text}}
customers:
  match_order: [crm, loyalty, web]
  match: [{name: mail, left: crm, right: loyalty, all: [{field: mail}]}]
  always_match: [links]
  never_match: [splits]
"""
LIST = Table(
    "list",
    "a pair",
    (),
    columns(
        """
        record_key   | varchar | key of the row
        source_file  | varchar | file
        source_line  | bigint  | line
        left_source  | varchar | source
        left_key     | varchar | key
        right_source | varchar | source
        right_key    | varchar | key
        """
    ),
)
HEAD = "record_key | source_file | source_line | left_source | left_key | right_source | right_key"
DECIDED = "decision_id | at | kind | subject | verdict | left_source | left_key | right_source | right_key"


def made(links: str = HEAD, splits: str = HEAD, decisions: str = DECIDED) -> pa.Table:
    tables = {
        "links": rows(links, LIST), "splits": rows(splits, LIST), "decisions": rows(decisions, DECISIONS),
    }  # fmt: skip
    return run_tables(overrides.stages([parse_config(CONFIG)]), tables)


def states(found: pa.Table) -> dict[str, str]:
    return {row["entry"]: row["state"] for row in found.to_pylist()}


def test_the_left_record_is_the_one_of_the_higher_source_and_inside_one_source_the_smaller_key() -> None:
    found = made(
        links=f"{HEAD}\n1 | c.csv | 2 | loyalty | l1 | crm | c1\n2 | c.csv | 3 | crm | c2 | crm | c1\n3 | c.csv | 4 | web | v1 | crm | c2"
    )
    ends = [tuple(row[c] for c in ("left_source", "left_key", "right_source", "right_key")) for row in found.to_pylist()]
    assert ends == [("crm", "c1", "loyalty", "l1"), ("crm", "c1", "crm", "c2"), ("crm", "c2", "web", "v1")]
    assert set(found["state"].to_pylist()) == {"used"}


def test_rows_of_no_use_stay_with_the_reason() -> None:
    found = made(
        links=f"""
        {HEAD}
        1 | c.csv | 2 | CRM | c1 | loyalty | l1     # names of sources are case-sensitive
        3 | c.csv | 4 | crm | c1 | crm     | c1
        4 | c.csv | 5 | crm |    | loyalty | l1
        5 | c.csv | 6 | crm | c1 | loyalty | l1
        """
    )
    assert states(found) == {"1": "unknown_source", "3": "same_record", "4": "incomplete", "5": "used"}


def test_of_always_and_never_never_wins_and_the_other_row_is_named() -> None:
    found = made(links=f"{HEAD}\n1 | c.csv | 2 | crm | c1 | loyalty | l1", splits=f"{HEAD}\n9 | e.csv | 7 | loyalty | l1 | crm | c1")
    by_entry = {row["entry"]: row for row in found.to_pylist()}
    assert (by_entry["1"]["state"], by_entry["1"]["contradicted_by"]) == ("contradicted", "e.csv line 7")
    assert by_entry["9"]["state"] == "used"


def test_the_newest_decision_on_two_records_stands_and_undo_takes_it_away() -> None:
    def decided(*verdicts: str) -> list[tuple[str, str]]:
        lines = [
            f"d{n} | 2026-01-0{n} 00:00:00 | match_customers | pair 1 | {v} | crm | c1 | loyalty | l1"
            for n, v in enumerate(verdicts, start=1)
        ]
        return [(row["verdict"], row["state"]) for row in made(decisions="\n".join([DECIDED, *lines])).to_pylist()]

    assert decided("accept") == [("always", "used")]
    assert decided("accept", "reject") == [("never", "used")]
    assert decided("accept", "reject", "undo") == []


def test_a_decision_of_another_entity_is_none_here() -> None:
    assert made(decisions=f"{DECIDED}\nd1 | 2026-01-01 00:00:00 | match_accounts | pair 1 | accept | crm | c1 | loyalty | l1").num_rows == 0


def told(found: pa.Table) -> str | None:
    with duckdb.connect() as connection:
        connection.register("match_overrides", found)
        lines = connection.execute(overrides.NOTICE).fetchall()
    return lines[0][0] if lines else None


def test_people_are_told_of_rows_of_no_use_by_line_and_without_any_key() -> None:
    said = told(
        made(
            links=f"""
            {HEAD}
            1 | c.csv | 2 | crm | c1 | loyalty | l1
            2 | c.csv | 3 | crm | c9 | crm     | c9
            3 | c.csv | 10 | crm | c8 | crm    | c8
            """,
            splits=f"{HEAD}\n9 | e.csv | 7 | loyalty | l1 | crm | c1",
        )
    )
    assert said == (
        "Of the pairs that people stated, 1 is always and never one; never counts (first: c.csv line 2 against e.csv line 7); "
        "2 name one record twice (first: c.csv line 3)."
    )


def test_nothing_is_told_when_all_is_of_use() -> None:
    assert told(made(links=f"{HEAD}\n1 | c.csv | 2 | crm | c1 | loyalty | l1")) is None
