"""Which rules there are inside a source: its own, those of its match rules where it states none, and the active ones only."""

import pytest

from cdp_assets.config import ProjectConfig, parse_config
from cdp_assets.identity import Rule, budget, dedupe_rules, match_rules
from cdp_assets.identity.budget import BudgetError
from cdp_assets.unify import deduplicate
from cdp_assets_tests.support import rows, run_tables

PROJECT = """
version: 1
sources:
  crm: {{files: a.csv, primary_key: id, fields: {{name: person.full_name, mail: identity.email, born: person.birth_date}}}}
  shop: {{files: b.csv, primary_key: no, fields: {{customer: person.full_name, address: identity.email, crm_id: identity.id}}}}
  till: {{files: c.csv, primary_key: no, fields: {{mail: identity.email, card: text}}}}
customers:
  match_order: [crm, shop, till]
  dedupe: {dedupe}
  match:
    - name: mail
      left: crm
      right: shop
      all: [{{field: mail, normalise: [lower]}}]
      exceptions: [{{field: name, as: name, precision: high, differs: true}}]
    - {{name: name, left: crm, right: shop, all: [{{field: name, as: name, precision: high}}]}}
    - {{name: number, left: crm, right: shop, all: [{{field: {{left: id, right: crm_id}}}}]}}
    - {{name: mail, left: crm, right: till, all: [{{field: mail}}]}}
    - {{name: same mail, left: shop, right: till, all: [{{field: address}}]}}
    - {{name: off, left: crm, right: till, active: false, all: [{{field: mail, normalise: [lower]}}]}}
"""


def project(dedupe: str = "{}") -> ProjectConfig:
    return parse_config(PROJECT.format(dedupe=dedupe))


def written(config: ProjectConfig, source: str) -> list[tuple[str, int, list[str], list[str]]]:
    """Name, rank, compared fields and reasons of exceptions of the rules inside a source; both sides have one field."""
    rules = dedupe_rules(config, source)
    assert all(c.left == c.right for rule in rules for c in rule.comparisons)
    return [(r.name, r.rank, [c.left.field for c in r.comparisons], [e.reason for e in r.exceptions]) for r in rules]


def test_without_rules_a_source_has_those_of_its_match_rules_by_its_own_fields() -> None:
    # rules of one name get their sources; `number` asks for the primary key of crm, so it finds nothing there
    assert written(project(), "crm") == [
        ('as match rule "mail" of crm and shop', 0, ["mail"], ["exception: name not alike"]),
        ('as match rule "name"', 1, ["name"], []),
        ('as match rule "mail" of crm and till', 2, ["mail"], []),
    ]
    assert written(project(), "shop") == [
        ('as match rule "mail"', 0, ["address"], ["exception: customer not alike"]),
        ('as match rule "name"', 1, ["customer"], []),
        ('as match rule "number"', 2, ["crm_id"], []),
        ('as match rule "same mail"', 3, ["address"], []),
    ]


def test_equal_conditions_of_several_match_rules_are_one_rule() -> None:
    assert written(project(), "till") == [('as match rule "mail"', 0, ["mail"], [])]


def test_an_empty_list_of_rules_leaves_the_primary_key_alone() -> None:
    config = project("{crm: {rules: []}, shop: {keep: most_filled}}")
    assert written(config, "crm") == []
    assert len(written(config, "shop")) == 4


def test_rules_of_a_source_stand_in_the_place_of_those_of_its_match_rules() -> None:
    config = project("{crm: {rules: [{name: born, all: [{field: born}]}]}}")
    assert written(config, "crm") == [("born", 0, ["born"], [])]


def test_a_rule_that_is_not_active_is_as_if_it_were_deleted() -> None:
    one, two = "{name: born, all: [{field: born}]}", "{name: mail, all: [{field: mail}]}"
    off = "{name: off, active: false, all: [{field: name}]}"

    def inside(*rules: str) -> list[Rule]:
        return dedupe_rules(project(f"{{crm: {{rules: [{', '.join(rules)}]}}}}"), "crm")

    assert inside(one, off, two) == inside(one, two)
    assert inside(off) == inside() == []
    deleted = "".join(line for line in PROJECT.splitlines(keepends=True) if "active: false" not in line)
    assert match_rules(project()) == match_rules(parse_config(deleted.format(dedupe="{}")))


def test_a_match_rule_that_is_too_much_work_inside_a_source_is_refused_by_its_name_with_a_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "MAX_COMPARISONS", 1)
    given = rows("source_file | source_line | record_key | name | mail | born\na | 2 | c1 | Ann Lee | |\na | 3 | c2 | Bob Kent | |",
                 source_line="bigint", born="date")  # fmt: skip
    given = given.append_column("id", given["record_key"])
    with pytest.raises(BudgetError) as caught:
        run_tables(deduplicate.pairs_stages(project(), "crm"), {"crm": given})
    assert 'customers.match, rule "name", applied inside crm too: it would compare about 4 pairs' in caught.value.message
    assert "Or give crm rules of its own (customers.dedupe.crm.rules); with an empty list, `rules: []`" in caught.value.message


@pytest.mark.parametrize("turned", [False, True])
def test_both_sides_are_compared_in_the_same_way_where_the_type_of_one_only_says_how(turned: bool) -> None:
    left, right = ("person.full_name", "person.last_name") if not turned else ("text", "location.street")
    config = parse_config(f"""
        version: 1
        sources:
          a: {{files: a, primary_key: id, fields: {{one: {left}, zip: text}}}}
          b: {{files: b, primary_key: id, fields: {{other: {right}, zip: text}}}}
        customers:
          match_order: [a, b]
          match:
            - {{name: r, left: a, right: b, all: [{{field: zip}}, {{field: {{left: one, right: other}}, precision: high}}]}}
    """)
    [rule] = match_rules(config)
    kind = "name" if not turned else "address"
    assert [(c.left.kind, c.right.kind) for c in rule.comparisons] == [("text", "text"), (kind, kind)]
