"""Accounts and contacts are customers under other names: declarations, statements, checks and Python bodies."""

import re

import pytest

from cdp_assets.contacts.assets import steps
from cdp_assets.contacts.entity import ACCOUNTS, CONTACTS, Entity, statement, view
from cdp_assets.identity import match_rules, registry
from cdp_assets.identity.assets import steps as identity_steps
from cdp_assets.lake import Stage, Step
from cdp_assets.lake.lineage import derive
from cdp_assets.unify import statistics
from cdp_assets.unify.assets import steps as unify_steps
from cdp_assets_tests.contacts.world import project

STEPS = {step.table.name: step for step in steps(project())}
OWN = ("contact_account_links", "contact_quarantine", "contact_profiles", "unification_statistics")  # the last is of customers too
RENAMED = [name for name in STEPS if name not in OWN]
GENERIC = re.compile(r"\b(customer_id|surviving_customer_id|previous_customer_ids?|customer_ids\w*|customer_id_redirects)\b")


CONSTANTS = (
    "kind",
    "type",
    "source",
    "origin",
    "left_source",
    "right_source",
    "attribute",
    "rule",
    "of",
    "step",
    "figure",
)  # names of sources, fields and rules, not values of an input
TABLE = re.compile(r"\b(?:from|join)\s+(match_edges|clusters|unified_profiles|profile_lineage|alternate_keys)\b", re.IGNORECASE)


def columns_in(stage: Stage) -> list[str]:
    rows = [c for table in (stage.nasty() if stage.nasty else {}).values() for c in table.column_names]
    meets = [c for meet in stage.reads.values() for c in meet.columns]
    return [
        *stage.writes.column_names,
        *meets,
        *rows,
        *(stage.lineage or {}),
        *(o for each in (stage.lineage or {}).values() for o in each),
    ]


def tables_in(stage: Stage) -> list[str]:
    return [stage.name, stage.writes.name, *stage.reads, *(stage.nasty() if stage.nasty else {})]


@pytest.mark.parametrize("name", RENAMED)
def test_no_name_of_customers_remains(name: str) -> None:
    step = STEPS[name]
    stages = step.stages()
    sql = [*step.numbers.values(), *(check.sql for check in step.checks()), *(stage.sql() or "" for stage in stages)]
    columns = [*step.table.column_names, *(c for stage in stages for c in columns_in(stage))]
    tables = [step.table.name, *step.reads, *(t for stage in stages for t in tables_in(stage))]
    assert [text for text in (*sql, *columns, *tables) if GENERIC.search(text)] == []
    assert [text for text in sql if TABLE.search(text)] == []
    assert [text for text in tables if TABLE.fullmatch(f"from {text}")] == []


@pytest.mark.parametrize("entity", [ACCOUNTS, CONTACTS])
def test_the_figures_of_an_entity_are_counted_in_its_own_tables(entity: Entity) -> None:
    sql = statement(statistics.statement(view(project(), entity).config), entity)
    assert not GENERIC.search(sql)
    assert not TABLE.search(sql)
    assert sql in (STEPS["unification_statistics"].stages()[0].sql() or "")


@pytest.mark.parametrize("name", STEPS)
def test_a_step_writes_what_it_declares_and_reads_what_its_stages_name(name: str) -> None:
    step = STEPS[name]
    stages = step.stages()
    assert stages[-1].writes == step.table
    outer = {n for stage in stages for n in stage.reads} - {stage.name for stage in stages}
    assert outer <= set(step.reads)


@pytest.mark.parametrize("name", STEPS)
def test_every_column_has_its_lineage(name: str) -> None:
    step = STEPS[name]
    found = derive(list(step.stages()), {n: table.column_names for n, table in step.reads.items()})
    assert [c for c in step.table.key if not found[c] and c not in CONSTANTS] == []


def test_accounts_and_contacts_have_the_tables_of_the_design() -> None:
    accounts = "match_edges clusters ids id_redirects profiles lineage keys".split()
    contacts = "term_frequencies match_edges clusters ids id_redirects lineage keys".split()
    expected = {*(f"account_{n}" for n in accounts), *(f"contact_{n}" for n in contacts), "contacts", *OWN}
    assert {n for n in STEPS if not n.startswith(("deduplicated_", "duplicate_pairs_"))} == expected


def test_customers_stay_as_they_are_and_no_table_is_made_twice() -> None:
    made: list[Step] = [*identity_steps(project()), *unify_steps(project()), *steps(project())]
    names = [step.table.name for step in made]
    assert len(names) == len(set(names))
    assert {"customer_ids", "unified_profiles", "alternate_keys"} <= set(names)


def test_a_statement_keeps_its_text_but_for_the_names() -> None:
    sql = """select k.customer_id, "customer_id", 'customer_id', lambda x: x.clusters, clusters
        from  clusters as k /* ä */ left join customer_ids as h on h.customer_id = clusters.customer_id"""
    assert (
        statement(sql, ACCOUNTS)
        == """select k.account_id, "account_id", 'customer_id', lambda x: x.clusters, clusters
        from  account_clusters as k /* ä */ left join account_ids as h on h.account_id = account_clusters.account_id"""
    )


def test_the_wrapper_of_a_python_body_does_not_hide_its_code_from_the_digest() -> None:
    settle = next(stage for stage in STEPS["account_ids"].stages() if stage.name == "settled")
    original = next(stage for stage in registry.stages() if stage.name == "settled")
    assert settle.params["code"].endswith("settle")
    assert "code" not in original.params


@pytest.mark.parametrize("entity", [ACCOUNTS, CONTACTS])
def test_descriptions_speak_of_the_entity(entity: Entity) -> None:
    assert not [s.description for s in STEPS.values() if re.search(r"\ba account|person", s.description)]
    told = [c.description for s in STEPS.values() for c in s.table.columns] + [s.table.grain for s in STEPS.values()]
    assert not [each for each in told if re.search(rf"{entity.section} (decide|state|say)", each)]
    assert any(each.endswith("people decide") for each in told)
    assert entity.words("Where a customer id leads, and whose person it is.").startswith(("Where an account", "Where a contact"))


@pytest.mark.parametrize(("entity", "place"), [(ACCOUNTS, "accounts.match"), (CONTACTS, "contacts.match")])
def test_a_message_about_a_rule_names_the_section_of_the_entity(entity: Entity, place: str) -> None:
    assert [rule.where.split(",")[0] for rule in match_rules(view(project(), entity).config)] == [place]
