"""Duplicates inside one source: which row stands for a key, which record for a group."""

import pyarrow as pa
import pytest

from cdp_assets.config import ProjectConfig, parse_config
from cdp_assets.identity.tables import MATCH_OVERRIDES
from cdp_assets.lake import Column, Table
from cdp_assets.unify import deduplicate
from cdp_assets.unify.deduplicated_tables import deduplicated, duplicate_pairs
from cdp_assets_tests.identity.checks_on_rows import run_checks_on
from cdp_assets_tests.support import rows, run_tables

FIELDS = "fields: {id: text, name: person.full_name, mail: identity.email, phone: identity.phone}"
PLAIN = parse_config(f"version: 1\nsources:\n  crm: {{files: a.csv, primary_key: id, {FIELDS}}}\n")
RULES = parse_config(
    f"""
version: 1
sources:
  crm: {{files: a.csv, primary_key: id, {FIELDS}}}
customers:
  dedupe:
    crm:
      rules:
        - {{name: same mail, all: [{{field: mail}}]}}
        - {{name: same name, all: [{{field: name, as: name, precision: high}}]}}
"""
)
CRM = Table(
    "crm", "a row", (),
    (Column("source_file", "varchar", ""), Column("source_line", "bigint", ""), Column("record_key", "varchar", ""),
     *(Column(n, "varchar", "") for n in ("id", "name", "mail", "phone"))),
)  # fmt: skip


NOTHING = "entity | origin | entry | verdict | state | left_source | left_key | right_source | right_key"


def given(text: str) -> pa.Table:
    """The rows of crm. One without a file is in `a.csv`, its line is its number."""
    read = rows(text, CRM)
    lines, files = pa.array(range(2, read.num_rows + 2), pa.int64()), read["source_file"].fill_null("a.csv")
    return read.set_column(1, "source_line", lines).set_column(0, "source_file", files)


def records(text: str, config: ProjectConfig = PLAIN, buckets: int | None = None, stated: str = NOTHING) -> dict[str, dict[str, object]]:
    """The records by key; the checks of the step pass."""
    tables = {"crm": given(text)}
    if config is not PLAIN:
        tables["duplicate_pairs_crm"] = run_tables(deduplicate.pairs_stages(config, "crm"), tables, buckets)
    tables["match_overrides"] = rows(stated, MATCH_OVERRIDES)
    found = run_tables(deduplicate.stages(config, "crm"), tables, buckets)
    assert run_checks_on(deduplicate.checks("crm"), deduplicated(config, "crm"), found, tables) == [0, 0]
    return {row["record_key"]: row for row in found.to_pylist()}


def evidence(text: str, config: ProjectConfig) -> list[tuple[object, ...]]:
    """The pairs: both keys, the rule, whether they are used, and why not."""
    found = run_tables(deduplicate.pairs_stages(config, "crm"), {"crm": given(text)}).to_pylist()
    return [tuple(row[name] for name in ("left_key", "right_key", "rule", "status", "reason")) for row in found]


def test_rows_with_one_key_become_the_row_with_the_most_filled_fields() -> None:
    found = records("record_key | id | name | mail\nc1 | c1 | Ann | ann@x\nc1 | c1 | Anna |\nc2 | c2 | Bob |")
    assert (found["c1"]["name"], found["c1"]["source_line"], found["c1"]["duplicate_rows"]) == ("Ann", 2, 2)
    assert found["c2"]["duplicate_rows"] == 1


def test_of_equally_filled_rows_the_last_by_file_and_line_stands() -> None:
    found = records(
        """
        record_key | name       | source_file
        c1         | in b       | b.csv
        c1         | early in c | c.csv
        c1         | late in c  | c.csv
        c1         | in a       | a.csv
        """
    )
    assert found["c1"]["name"] == "late in c"
    assert found["c1"]["duplicate_rows"] == 4


def test_without_rules_every_record_is_its_own_winner() -> None:
    found = records("record_key | name\nc1 | Ann\nc2 | Ann")
    assert [(r["winner_key"], r["is_winner"], r["rule"], r["score"], r["alternates"]) for r in found.values()] == [
        ("c1", True, None, None, []), ("c2", True, None, None, []),
    ]  # fmt: skip


def test_the_most_filled_record_of_a_group_wins_and_knows_the_others() -> None:
    found = records("record_key | mail | phone\nc3 | ann@x |\nc1 | ann@x | 123\nc2 | ann@x |", RULES)
    assert {key: (r["winner_key"], r["is_winner"], r["alternates"]) for key, r in found.items()} == {
        "c1": ("c1", True, ["c2", "c3"]), "c2": ("c1", False, []), "c3": ("c1", False, []),
    }  # fmt: skip


def test_of_equally_filled_records_the_greatest_key_wins() -> None:
    found = records("record_key | mail\nc1 | ann@x\nc2 | ann@x", RULES)
    assert found["c1"]["winner_key"] == found["c2"]["winner_key"] == "c2"


@pytest.mark.parametrize("buckets", [1, 3])
def test_groups_are_connected_through_different_rules(buckets: int) -> None:
    # c1 - c2 by mail, c2 - c3 by name: one group; c4 is nobody's duplicate
    found = records(
        """
        record_key | name      | mail  | phone
        c1         | Zoe Quist | ann@x |
        c2         | Ann Lee   | ann@x | 123
        c3         | Lee Anne  | b@x   |
        c4         | Tom Ott   | c@x   |
        """,
        RULES, buckets,
    )  # fmt: skip
    assert {key: r["winner_key"] for key, r in found.items()} == {"c1": "c2", "c2": "c2", "c3": "c2", "c4": "c4"}
    assert {key: (r["rule"], r["score"]) for key, r in found.items()} == {
        "c1": ("same mail", 1.0), "c2": ("same mail", 1.0), "c3": ("same name", 0.875), "c4": (None, None),
    }  # fmt: skip


TWINS = parse_config(
    f"""
version: 1
sources:
  crm: {{files: a.csv, primary_key: id, {FIELDS}}}
customers:
  dedupe:
    crm:
      rules:
        - {{name: same mail, all: [{{field: mail}}], exceptions: [{{field: name, as: name, differs: true, precision: high}}]}}
        - {{name: same phone, all: [{{field: phone}}]}}
"""
)


def test_twins_stay_apart_and_the_refused_pair_is_kept_with_its_reason() -> None:
    text = "record_key | name | mail\nc1 | Ann Lee | lee@x\nc2 | Tom Lee | lee@x\nc3 | Anne Lee | lee@x"
    found = records(text, TWINS)
    assert {key: row["winner_key"] for key, row in found.items()} == {"c1": "c3", "c2": "c2", "c3": "c3"}
    assert evidence(text, TWINS) == [
        ("c1", "c2", "same mail", "refused", "exception: name not alike"),
        ("c1", "c3", "same mail", "used", None),
        ("c2", "c3", "same mail", "refused", "exception: name not alike"),
    ]


def test_a_pair_that_one_rule_refuses_may_be_joined_by_another() -> None:
    text = "record_key | name | mail | phone\nc1 | Ann Lee | lee@x | 1\nc2 | Tom Lee | lee@x | 1"
    found = records(text, TWINS)
    assert {key: (row["winner_key"], row["rule"]) for key, row in found.items()} == {"c1": ("c2", "same phone"), "c2": ("c2", "same phone")}
    assert [row[2:4] for row in evidence(text, TWINS)] == [("same mail", "refused"), ("same phone", "used")]


def test_values_that_are_missing_do_not_make_duplicates() -> None:
    found = records("record_key | mail\nc1 |\nc2 |", RULES)
    assert all(r["is_winner"] for r in found.values())


def test_every_rule_is_evaluated_on_every_pair() -> None:
    tables = {"crm": given("record_key | name | mail\nc1 | Ann Lee | ann@x\nc2 | Ann Lee | ann@x")}
    found = run_tables(deduplicate.pairs_stages(RULES, "crm"), tables).to_pylist()
    assert [(p["left_key"], p["right_key"], p["rule"], p["rule_rank"], p["score"]) for p in found] == [
        ("c1", "c2", "same mail", 0, 1.0), ("c1", "c2", "same name", 1, 1.0),
    ]  # fmt: skip


def test_the_records_have_the_fields_of_the_configuration_with_their_types_and_who_they_are_about() -> None:
    table = deduplicated(RULES, "crm")
    assert table.column_names[-4:] == ("id", "name", "mail", "phone")
    assert {column.name for column in table.columns if column.personal} >= {"name", "mail", "phone", "record_key", "alternates"}
    assert duplicate_pairs("crm").key == ("left_key", "right_key", "rule")


def test_a_broken_group_fails_the_check() -> None:
    broken = rows(
        "record_key | winner_key | is_winner | duplicate_rows | alternates\nc1 | c2 | false | 1 | []\nc2 | c3 | false | 1 | []",
        deduplicated(PLAIN, "crm"),
    )
    violations = run_checks_on(deduplicate.checks("crm"), deduplicated(PLAIN, "crm"), broken, {"crm": rows("record_key\nc1\nc2\nc3")})
    assert violations == [1, 4]
