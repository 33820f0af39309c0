"""Which record of a group goes on, whose value it shows in fields with a rule of their own, and where that is said."""

from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cdp_assets.config import ProjectConfig, parse_config
from cdp_assets.identity.tables import MATCH_OVERRIDES
from cdp_assets.sources.tables import table_of
from cdp_assets.unify import deduplicate
from cdp_assets.unify.deduplicated_tables import deduplicated
from cdp_assets.unify.winners import origins
from cdp_assets_tests.identity.checks_on_rows import run_checks_on
from cdp_assets_tests.support import rows, run_tables

PROJECT = """
version: 1
sources:
  crm:
    files: a.csv
    primary_key: id
    fields: {{id: {key}, group_no: integer, mail: identity.email, phone: identity.phone, at: timestamp, points: decimal}}
customers:
  dedupe:
    crm:
      rules: {rules}
      {more}
"""
SAME_GROUP = "[{name: same group, all: [{field: group_no}]}]"


def project(more: str = "keep: most_filled", rules: str = SAME_GROUP, key: str = "text") -> ProjectConfig:
    return parse_config(PROJECT.format(more=more, rules=rules, key=key))


def records(config: ProjectConfig, text: str, buckets: int | None = None) -> dict[str, dict[str, Any]]:
    """The records by key, all of one group but for what the text says; lines count from 2. The checks of the step pass."""
    head, *lines = [line.strip() for line in text.strip().splitlines()]
    numbered = "\n".join(
        [f"source_file | source_line | group_no | id | {head}",
         *(f"{'ab'[n % 2]}.csv | {n + 2} | 1 | {line.split('|')[0]} | {line}" for n, line in enumerate(lines))]
    )  # fmt: skip
    tables = {"crm": rows(numbered, table_of("crm", config.sources["crm"]))}
    tables["duplicate_pairs_crm"] = run_tables(deduplicate.pairs_stages(config, "crm"), tables, buckets)
    tables["match_overrides"] = MATCH_OVERRIDES.arrow_schema().empty_table()
    found = run_tables(deduplicate.stages(config, "crm"), tables, buckets)
    assert run_checks_on(deduplicate.checks("crm"), deduplicated(config, "crm"), found, tables) == [0, 0]
    return {row["record_key"]: row for row in found.to_pylist()}


def winner(config: ProjectConfig, text: str, buckets: int | None = None) -> dict[str, Any]:
    [found] = [row for row in records(config, text, buckets).values() if row["is_winner"]]
    return found


THREE = """
    record_key | mail | phone | at                  | points
    c1         | a@x  | 1     | 2024-01-01 00:00:00 | 5.00
    c2         |      |       | 2024-03-01 00:00:00 | 7.00
    c3         | c@x  |       | 2024-02-01 00:00:00 |
"""


@pytest.mark.parametrize(
    ("keep", "expected"),
    [
        ("most_filled", "c1"),
        ("{most_recent: at}", "c2"),
        ("{least_recent: at}", "c1"),
        ("{most_recent: points}", "c2"),
        ("{least_recent: points}", "c1"),
    ],
)
@pytest.mark.parametrize("buckets", [1, 3])
def test_the_winner_is_the_record_that_keep_says(keep: str, expected: str, buckets: int) -> None:
    found = records(project(f"keep: {keep}"), THREE, buckets)
    assert {row["winner_key"] for row in found.values()} == {expected}
    assert found[expected]["alternates"] == sorted({"c1", "c2", "c3"} - {expected})


@pytest.mark.parametrize("keep", ["{most_recent: at}", "{least_recent: at}"])
def test_a_record_without_a_date_loses_against_any(keep: str) -> None:
    text = "record_key | mail | phone | at\nc1 | | | 2024-01-01 00:00:00\nc2 | b@x | 2 |"
    assert winner(project(f"keep: {keep}"), text)["record_key"] == "c1"


@pytest.mark.parametrize("keep", ["most_filled", "{most_recent: at}", "{least_recent: at}"])
def test_at_a_tie_the_greatest_key_wins(keep: str) -> None:
    text = "record_key | mail | at\n9 | a@x | 2024-01-01 00:00:00\n10 | b@x | 2024-01-01 00:00:00"
    assert winner(project(f"keep: {keep}"), text)["record_key"] == "9", "keys that are text compare as text"
    assert winner(project(f"keep: {keep}", key="integer"), text)["record_key"] == "10", "keys that are numbers compare as numbers"


def test_a_field_with_a_rule_of_its_own_shows_the_value_of_the_record_that_the_rule_says() -> None:
    found = records(
        project(
            "{keep: most_filled, fields: {mail: {most_recent: at}, points: {most_recent: points}}}"[1:-1].replace(
                ", fields", "\n      fields"
            )
        ),
        THREE,
    )
    row = found["c1"]
    # the newest with an address is c3 (c2 has none), the most points has c2
    assert (row["mail"], str(row["points"]), row["phone"]) == ("c@x", "7.00", "1")
    assert [row[name] for name in ("taken_fields", "taken_keys", "taken_files", "taken_lines")] == [
        ["mail", "points"], ["c3", "c2"], ["a.csv", "b.csv"], [4, 3],
    ]  # fmt: skip
    assert row["own_values"] == ["a@x", "5.00"]


def test_records_that_are_no_winner_keep_their_values() -> None:
    found = records(project("fields: {mail: {most_recent: at}}"), THREE)
    assert [(found[key]["mail"], found[key]["taken_fields"]) for key in ("c2", "c3")] == [(None, []), ("c@x", [])]


def test_a_value_is_never_replaced_by_nothing_and_what_is_the_winners_own_is_not_taken() -> None:
    text = "record_key | mail | phone | at\nc1 | a@x | 1 | 2024-01-01 00:00:00\nc2 | | | 2024-02-01 00:00:00"
    row = winner(project("fields: {mail: {most_recent: at}, phone: {most_recent: at}}"), text)
    assert (row["record_key"], row["mail"], row["phone"], row["taken_fields"]) == ("c1", "a@x", "1", [])


def test_of_a_field_that_nobody_has_nothing_is_taken() -> None:
    row = winner(project("fields: {phone: {least_recent: at}}"), "record_key | mail\nc1 | a@x\nc2 | a@x")
    assert (row["phone"], row["taken_fields"]) == (None, [])


def test_most_filled_for_a_field_is_the_most_filled_record_that_has_it() -> None:
    row = winner(project("keep: {most_recent: at}\n      fields: {mail: most_filled}"), THREE)
    assert (row["record_key"], row["mail"], row["taken_keys"]) == ("c2", "a@x", ["c1"])


def test_a_source_with_fields_and_without_rules_takes_nothing() -> None:
    config = project("fields: {mail: {most_recent: at}}", rules="[]")
    given = rows("source_file | source_line | record_key | id | mail\na.csv | 2 | c1 | c1 | a@x", table_of("crm", config.sources["crm"]))
    [row] = run_tables(
        deduplicate.stages(config, "crm"), {"crm": given, "match_overrides": MATCH_OVERRIDES.arrow_schema().empty_table()}
    ).to_pylist()
    assert (row["mail"], row["taken_fields"], row["taken_lines"]) == ("a@x", [], [])


def test_where_a_value_comes_from_is_said_for_every_field() -> None:
    config = project("fields: {mail: {most_recent: at}}")
    made = pa.Table.from_pylist(list(records(config, THREE).values()))
    with duckdb.connect() as connection:
        connection.register("made", made)
        for field, expected in (("mail", ("c3", "a.csv", 4)), ("phone", ("c1", "a.csv", 2))):
            sql = ", ".join(part.sql(dialect="duckdb") for part in origins(config, "crm", field, "d"))
            assert connection.execute(f"select {sql} from made as d where is_winner").fetchall() == [expected]


PEOPLE = st.lists(
    st.tuples(st.sampled_from(["", "1", "2", "3"]), st.sampled_from(["", "a", "b", "c"]), st.integers(1, 3)), min_size=1, max_size=9
)
TWO_RULES = "[{name: group, all: [{field: group_no}]}, {name: mail, all: [{field: mail}]}]"


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(people=PEOPLE, order=st.randoms())
def test_groups_are_the_closure_of_all_rules_whatever_the_order_of_rows(people: list[tuple[str, str, int]], order: Any) -> None:
    config = project("keep: {most_recent: at}\n      fields: {mail: {least_recent: at}}", rules=TWO_RULES)
    lines = [f"a.csv | {n + 2} | k{n} | k{n} | {g} | {m} | 2024-01-0{day} 00:00:00" for n, (g, m, day) in enumerate(people)]
    table = table_of("crm", config.sources["crm"])

    def made(lines: list[str]) -> list[dict[str, Any]]:
        tables = {"crm": rows("\n".join(["source_file | source_line | record_key | id | group_no | mail | at", *lines]), table)}
        tables["duplicate_pairs_crm"] = run_tables(deduplicate.pairs_stages(config, "crm"), tables, 2)
        tables["match_overrides"] = MATCH_OVERRIDES.arrow_schema().empty_table()
        return run_tables(deduplicate.stages(config, "crm"), tables, 2).to_pylist()

    found = made(lines)
    shuffled = list(lines)
    order.shuffle(shuffled)
    assert made(shuffled) == found
    roots = list(range(len(people)))
    for _ in people:  # brute force: the smaller root goes over every pair until nothing changes
        for i, one in enumerate(people):
            for j, other in enumerate(people):
                if any(a and a == b for a, b in zip(one[:2], other[:2], strict=True)):
                    roots[i] = roots[j] = min(roots[i], roots[j])
    groups = {root: [n for n, each in enumerate(roots) if each == root] for root in roots}
    for n, row in enumerate(found):
        group = groups[roots[n]]
        best = max(group, key=lambda m: (people[m][2], f"k{m}"))
        assert row["winner_key"] == f"k{best}"
        having = [m for m in group if people[m][1]]
        oldest = max(having, key=lambda m: (-people[m][2], f"k{m}"), default=n)
        assert row["mail"] == (people[oldest if n == best else n][1] or None)
