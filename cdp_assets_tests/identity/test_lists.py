"""Lists that conditions name: values that mean the same, and values that are alike to nothing."""

from typing import Any

import pytest

from cdp_assets.config import ProjectConfig, parse_config
from cdp_assets.identity import dedupe_rules, forms_of, forms_stages, list_sources, pair_stages
from cdp_assets.orchestration.catalogue import steps_of
from cdp_assets_tests.identity.rules_on_rows import typed
from cdp_assets_tests.support import rows, run_tables

CONFIG = """
version: 1
sources:
  crm: {files: crm.csv, primary_key: id, fields: {name: person.full_name, mail: identity.email, born: person.birth_date}}
  words: {files: words.csv, primary_key: nr, fields: {word: text, means: text}}
customers:
  match_order: [crm]
  dedupe: {crm: {rules: [{name: the rule, all: [%s]}]}}
"""
CRM = """
    record_key | name
    c1         | Contoso
    c2         | CONTOSO GROUP
    c3         | Fabrikam
    c4         | n/a
    c5         | n/a
    c6         | unknown
    c7         | unknown
    c8         | Contoso
"""


def project(condition: str, lists: str) -> ProjectConfig:
    return parse_config(CONFIG % condition + "".join(f"  {line.strip()}\n" for line in lists.strip().splitlines()))


def pairs(condition: str, lists: str, crm: str = CRM, words: str = "word | means\na | b") -> list[str]:
    """The pairs of a rule with one condition on the name, as c1-c2."""
    [rule] = dedupe_rules(project(condition, lists), "crm")
    forms = forms_of([rule], "crm")
    tables: dict[str, Any] = {"crm": typed(crm), "words": rows(words)}
    reads = ["crm", *list_sources([rule])]
    found = run_tables([*forms_stages({"crm": forms}), *pair_stages(rule, forms, forms, "pairs")], {n: tables[n] for n in reads})
    return sorted(f"{row['left_key']}-{row['right_key']}" for row in found.to_pylist())


ALIASES = "aliases: {same: {pairs: [[Contoso, Contoso Group], [Contoso Group, Fabrikam]]}}"


def test_two_values_of_a_pair_are_equal_and_so_are_those_of_a_chain() -> None:
    only = "{field: name, alias: same, normalise: [lower], bypass: nobody}"
    lists = f"{ALIASES}\nbypass: {{nobody: {{values: [n/a, unknown]}}}}"
    assert pairs(only, lists) == ["c1-c2", "c1-c3", "c1-c8", "c2-c3", "c2-c8", "c3-c8"]


def test_without_a_list_the_same_values_are_two() -> None:
    assert pairs("{field: name, normalise: [lower]}", ALIASES) == ["c1-c8", "c4-c5", "c6-c7"]


@pytest.mark.parametrize(
    "given",
    [
        "[[a, b], [b, c], [c, a]]",
        "[[c, b], [b, a]]",
        "[[b, a], [a, b], [c, a], [a, a]]",
    ],
    ids=["circle", "chain", "twice and itself"],
)
def test_a_list_of_aliases_with_a_circle_says_no_more_than_without(given: str) -> None:
    crm = "record_key | name\nc1 | a\nc2 | b\nc3 | c\nc4 | d"
    assert pairs("{field: name, alias: same}", f"aliases: {{same: {{pairs: {given}}}}}", crm) == ["c1-c2", "c1-c3", "c2-c3"]


def test_values_of_a_list_are_normalised_as_the_values_that_are_compared() -> None:
    crm = "record_key | name\nc1 | Contoso Ltd\nc2 | FABRIKAM, Inc.\nc3 | Fabrikam\nc4 | None Ltd\nc5 | none"
    lists = "aliases: {same: {pairs: [[contoso, Fabrikam Corp]]}}\nbypass: {nobody: {values: [NONE]}}"
    condition = "{field: name, normalise: [organization], alias: same, bypass: nobody}"
    assert pairs(condition, lists, crm) == ["c1-c2", "c1-c3", "c2-c3"]


def test_a_value_to_bypass_and_its_aliases_are_alike_to_nothing() -> None:
    condition = "{field: name, normalise: [lower], bypass: nobody, alias: same}"
    lists = "aliases: {same: {pairs: [[unknown, n/a]]}}\nbypass: {nobody: {values: [N/A]}}"
    assert pairs(condition, lists) == ["c1-c8"]


def test_lists_work_on_values_that_may_differ_too() -> None:
    crm = "record_key | name\nc1 | Ann Lee\nc2 | Lee Smith, Ann\nc3 | Nobody Known\nc4 | Known Nobody"
    lists = "aliases: {same: {pairs: [[Ann Lee, Ann Lee Smith]]}}\nbypass: {nobody: {values: [Nobody Known]}}"
    # an alias stands for the value as it is written, not for its words in another order
    assert pairs("{field: name, precision: high, alias: same, bypass: nobody}", lists, crm) == []
    written = "record_key | name\nc1 | Ann Lee\nc2 | ann lee-smith\nc3 | Nobody Known\nc4 | Nobody  Known"
    assert pairs("{field: name, precision: high, alias: same, bypass: nobody}", lists, written) == ["c1-c2"]


def test_a_list_may_be_kept_in_a_source() -> None:
    lists = "aliases: {same: {source: words, value: word, same_as: means}}\nbypass: {nobody: {source: words, value: word}}"
    words = "word | means\nContoso | Contoso Group\nFabrikam | Contoso\n | Fabrikam\nContoso |"
    crm = "record_key | name\nc1 | Contoso\nc2 | Contoso Group\nc3 | Fabrikam\nc4 | Adatum\nc5 | Adatum"
    assert pairs("{field: name, alias: same}", lists, crm, words) == ["c1-c2", "c1-c3", "c2-c3", "c4-c5"]
    assert pairs("{field: name, bypass: nobody}", lists, crm, words) == ["c4-c5"]


def test_an_empty_list_in_a_source_changes_nothing() -> None:
    lists = "aliases: {same: {source: words, value: word, same_as: means}}\nbypass: {nobody: {source: words, value: word}}"
    assert pairs("{field: name, alias: same, bypass: nobody}", lists, words="word | means") == ["c1-c8", "c4-c5", "c6-c7"]


def test_values_with_quotes_and_statements_are_values() -> None:
    hostile = "x'); drop table crm; --"
    crm = f'record_key | name\nc1 | {hostile}\nc2 | ann "$value"\nc3 | bob'
    lists = f"""aliases: {{same: {{pairs: [["{hostile}", 'ann "$value"']]}}}}"""
    assert pairs("{field: name, alias: same}", lists, crm) == ["c1-c2"]


def test_a_source_of_lists_has_no_people_and_the_steps_that_use_it_read_it() -> None:
    from pathlib import Path

    from cdp_assets.config import Project

    lists = "aliases: {same: {source: words, value: word, same_as: means}}"
    written = CONFIG.replace("  match_order: [crm]\n", "") % "{field: name, alias: same}"
    config = parse_config(f"{written}  {lists}\n")
    assert config.customers.match_order == ("crm",)
    steps = {step.table.name: step for step in steps_of(Project(Path(), Path("cdp.yaml"), config, ""))}
    assert set(steps["duplicate_pairs_crm"].reads) == {"crm", "words", "term_frequencies"}
    assert "words" not in steps["match_edges"].reads
