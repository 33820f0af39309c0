"""Groups of duplicates under what people state and under the limits of a profile."""

from cdp_assets.config import parse_config
from cdp_assets_tests.unify.test_deduplicate import FIELDS, NOTHING, PLAIN, RULES, records

THREE = "record_key | id | name | mail\nc1 | c1 | Ann Lee | ann@x\nc2 | c2 | Ann Lee | ann@x\nc3 | c3 | Bob | bob@x"


def winners(text: str, config: object = RULES, stated: str = "") -> dict[str, object]:
    """The winner of each record; `stated` are lines of verdict and two keys of crm."""
    lines = [f"customers | list | {n} | {line.split()[0]} | used | crm | {line.split()[1]} | crm | {line.split()[2]}"
             for n, line in enumerate(stated.splitlines())]  # fmt: skip
    found = records(text, config, None, "\n".join([NOTHING, *lines]))  # type: ignore[arg-type]
    return {key: row["winner_key"] for key, row in found.items()}


def test_records_that_are_never_one_are_no_duplicates() -> None:
    assert winners(THREE) == {"c1": "c2", "c2": "c2", "c3": "c3"}
    assert winners(THREE, stated="never c1 c2") == {"c1": "c1", "c2": "c2", "c3": "c3"}


def test_records_that_are_always_one_are_duplicates_without_any_rule() -> None:
    assert winners(THREE, PLAIN, "always c2 c3") == {"c1": "c1", "c2": "c3", "c3": "c3"}


def test_a_record_that_does_not_exist_joins_nobody() -> None:
    assert winners(THREE, PLAIN, "always c1 gone\nalways c2 gone") == {"c1": "c1", "c2": "c2", "c3": "c3"}


def test_a_group_keeps_to_the_limits_of_a_profile() -> None:
    limited = parse_config(
        f"""
version: 1
sources:
  crm: {{files: a.csv, primary_key: id, {FIELDS}}}
customers:
  guards: {{largest_cluster: 2}}
  dedupe: {{crm: {{rules: [{{name: same mail, all: [{{field: mail}}]}}]}}}}
"""
    )
    text = "record_key | id | mail\nc1 | c1 | x@x\nc2 | c2 | x@x\nc3 | c3 | x@x"
    assert winners(text, limited) == {"c1": "c2", "c2": "c2", "c3": "c3"}
