"""Customers are unified from input that nobody would wish for: through all steps, as a refresh does it."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from cdp_assets.config import ConfigError, Project, load_project, parse_config
from cdp_assets.errors import UserError
from cdp_assets.identity import budget
from cdp_assets_tests.projects import query, run_up_to, small_project

pytestmark = pytest.mark.pipeline

CONFIG = """
version: 1
sources:
  crm: {files: crm.csv, primary_key: {key}, fields: {id: {type}, name: person.full_name, mail: identity.email, town: text}}
  shop: {files: shop.csv, primary_key: id, fields: {id: text, name: person.full_name, mail: identity.email, town: text}}
customers:
  match_order: [crm, shop]
  dedupe: {crm: {rules: [{name: same mail, all: [{field: mail}]}]}}
  match: [{name: same mail, left: crm, right: shop, all: {conditions}}]
"""
HEAD = "id,name,mail,town\n"
CRM = HEAD + "1,Ann Lee,ann@x.example,Rome\n2,Bob Kent,bob@x.example,Bonn\n3,Cy Orr,cy@x.example,Oslo\n"
SHOP = HEAD + "s1,A Lee,ann@x.example,Rome\ns2,Dee Fox,dee@x.example,Bern\n"
MAIL = "[{field: mail}]"


def world(folder: Path, crm: str = CRM, shop: str = SHOP, conditions: str = MAIL, kind: str = "text") -> Project:
    written = CONFIG.replace("{key}", "id").replace("{type}", kind).replace("{conditions}", conditions)
    return small_project(folder, written, {"crm.csv": crm, "shop.csv": shop})


def unified(project: Project) -> list[tuple[object, ...]]:
    """Name and number of records of each profile, after a refresh as far as the keys and the lineage."""
    list(run_up_to(project, "alternate_keys", "profile_lineage", "customer_id_changes", "unification_statistics"))
    return query(project, "select name, records from unified_profiles order by name")


def ids(project: Project) -> dict[object, object]:
    found = query(project, "select source || ':' || record_key, customer_id from customer_ids where held")
    return {row[0]: row[1] for row in found}


def test_sources_without_rows_have_no_profiles(tmp_path: Path) -> None:
    assert unified(world(tmp_path, HEAD, HEAD)) == []


@pytest.mark.parametrize("empty", ["crm", "shop"])
def test_one_source_without_rows_leaves_the_profiles_of_the_other(tmp_path: Path, empty: str) -> None:
    left = [("A Lee", 1), ("Dee Fox", 1)] if empty == "crm" else [("Ann Lee", 1), ("Bob Kent", 1), ("Cy Orr", 1)]
    assert unified(world(tmp_path, **{empty: HEAD})) == left


def test_one_row_is_one_profile(tmp_path: Path) -> None:
    assert unified(world(tmp_path, HEAD + "1,Ann Lee,ann@x.example,Rome\n", HEAD)) == [("Ann Lee", 1)]


def test_rows_of_which_nothing_but_the_key_is_filled_are_profiles_and_match_nothing(tmp_path: Path) -> None:
    assert unified(world(tmp_path, HEAD + "1,,,\n2,,,\n", HEAD + "s1,,,\n")) == [(None, 1)] * 3


def test_a_column_of_one_value_in_an_exact_rule_is_refused_with_advice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "MAX_PAIRS", 12_000)
    people = [HEAD + "".join(f"{n},Person {n},{side}{n}@x.example,Rome\n" for n in range(150)) for side in ("a", "b")]
    with pytest.raises(UserError, match="compare about 22,500 pairs; at most 12,000 are allowed") as caught:
        unified(world(tmp_path, *people, conditions="[{field: town}]"))
    assert "add another exact condition" in caught.value.message
    assert "Rome" not in caught.value.message


def test_a_column_of_one_value_in_a_fuzzy_rule_is_refused_with_advice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The distinct values are two only: what it costs are the pairs of records that they stand for."""
    monkeypatch.setattr(budget, "MAX_PAIRS", 12_000)
    people = [
        HEAD + "".join(f"{n},Person {n},{side}{n}@x.example,{town}\n" for n in range(150)) for side, town in (("a", "Rome"), ("b", "Roma"))
    ]
    with pytest.raises(UserError, match="pairs; at most 12,000 are allowed") as caught:
        unified(world(tmp_path, *people, conditions="[{field: town, precision: medium}]"))
    assert "Rom" not in caught.value.message


def test_a_value_that_all_records_share_beside_one_that_differs_explodes_nothing(tmp_path: Path) -> None:
    people = [HEAD + "".join(f"{n},Person {n},p{n}@x.example,Rome\n" for n in range(150)) for _ in range(2)]
    assert {row[1] for row in unified(world(tmp_path, *people, conditions="[{field: town}, {field: mail}]"))} == {2}


@pytest.mark.parametrize(
    ("name", "other"),
    [
        pytest.param("Ann 😀👩‍👩‍👧", "Ann 😀👩‍👩‍👧", id="emoji"),
        pytest.param("محمد العربي", "محمد العربي", id="arabic"),
        pytest.param("דוד כהן", "כהן דוד", id="hebrew, the words turned round"),
        pytest.param("\u202eeeL nnA\u202c", "\u202eeeL nnA\u202c", id="turned round by a mark"),
        pytest.param("李 小龙", "小龙 李", id="chinese, the words turned round"),
    ],
)
def test_names_in_any_writing_are_matched_and_shown_as_they_are(tmp_path: Path, name: str, other: str) -> None:
    crm, shop = HEAD + f"1,{name},,\n2,Bob Kent,,\n", HEAD + f"s1,{other},,\n"
    found = unified(world(tmp_path, crm, shop, "[{field: name, as: name, precision: high}]"))
    assert sorted(found) == sorted([(name, 2), ("Bob Kent", 1)])


@pytest.mark.parametrize(
    "conditions",
    ["[{field: town}]", "[{field: town, precision: high}]", "[{field: name, precision: high}]"],
    ids=["exact", "as text", "as a name"],
)
def test_values_of_ten_thousand_characters_are_matched_and_kept(tmp_path: Path, conditions: str) -> None:
    long = ("wörd " * 2_000).strip() + "!"
    crm, shop = HEAD + f"1,{long},,{long}\n2,Bob Kent,,Bonn\n", HEAD + f"s1,{long},,{long}\n"
    assert unified(world(tmp_path, crm, shop, conditions)) == [("Bob Kent", 1), (long, 2)]


def test_ids_outlive_a_key_that_becomes_text(tmp_path: Path) -> None:
    project = world(tmp_path, kind="integer")
    unified(project)
    before = ids(project)
    assert len(before) == 5
    unified(world(tmp_path, CRM + "A4,Eve New,eve@x.example,Rome\n"))
    after = ids(project)
    assert before.items() <= after.items()
    assert after.keys() - before.keys() == {"crm:A4"}
    causes = query(project, "select cause, count(*) from customer_id_changes where change_set > 1 group by cause")
    assert causes == [("new record", 1)]


def test_a_source_whose_file_vanished_stops_before_any_customer_changes(tmp_path: Path) -> None:
    project = world(tmp_path)
    before = unified(project)
    held = ids(project)
    (tmp_path / "shop.csv").unlink()
    with pytest.raises(UserError, match=r"shop\.csv"):
        unified(project)
    assert query(project, "select name, records from unified_profiles order by name") == before
    assert ids(project) == held


def test_a_source_that_is_taken_out_of_the_configuration_leaves_the_ids_of_the_others(tmp_path: Path) -> None:
    project = world(tmp_path)
    unified(project)
    held = ids(project)
    alone = "".join(
        line for line in (tmp_path / "cdp.yaml").read_text().splitlines(keepends=True) if "shop" not in line or "match_order" in line
    )
    (tmp_path / "cdp.yaml").write_text(alone.replace("[crm, shop]", "[crm]"))
    project = load_project(tmp_path)
    assert unified(project) == [("Ann Lee", 1), ("Bob Kent", 1), ("Cy Orr", 1)]
    assert ids(project) == {record: its for record, its in held.items() if str(record).startswith("crm")}


def test_a_rule_that_names_an_unknown_field_is_refused_with_line_and_nearest_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        world(tmp_path, conditions="[{field: mial}]")
    line = next(n for n, text in enumerate((tmp_path / "cdp.yaml").read_text().splitlines(), start=1) if "mial" in text)
    assert f"cdp.yaml:{line}" in caught.value.message
    assert 'found "mial"' in caught.value.message
    assert 'Did you mean "mail"?' in caught.value.message


HOSTILE = st.text(st.sampled_from("a'\"`;|:,$\\-()[]{}%?/*_ \u00e9\u202e\U0001f600"), min_size=1, max_size=12).map(lambda text: f"x{text}x")
WORST = "x'); drop table crm; --"


@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.generate])
@example(rule=WORST, value='$value "{name}" :key ? %s', key="a|b;c", nobody="'; select 1; --", listed="x'||'y")
@example(rule='a "quoted" \\ rule', value="x' or '1'='1", key="k';--", nobody='"', listed="$$; attach 'x'; $$")
@given(rule=HOSTILE, value=HOSTILE, key=HOSTILE, nobody=HOSTILE, listed=HOSTILE)
def test_names_keys_values_and_lists_never_become_code(
    tmp_path_factory: pytest.TempPathFactory, rule: str, value: str, key: str, nobody: str, listed: str
) -> None:
    """Rules, exceptions and lists called anything; records that hold anything: everything arrives as it was written."""
    folder = tmp_path_factory.mktemp("hostile")
    quoted = {
        name: json.dumps(text, ensure_ascii=False)
        for name, text in {"rule": rule, "value": value, "listed": listed, "nobody": f"nobody {nobody}"}.items()
    }
    text = f"""
version: 1
sources:
  crm: {{files: crm.jsonl, primary_key: id, fields: {{id: text, name: person.full_name, town: text}}}}
  shop: {{files: shop.jsonl, primary_key: id, fields: {{id: text, name: person.full_name, town: text}}}}
customers:
  match_order: [crm, shop]
  aliases: {{same: {{pairs: [[{quoted["value"]}, {quoted["listed"]}]]}}}}
  bypass: {{nobody: {{values: [{quoted["nobody"]}]}}}}
  dedupe: {{crm: {{rules: [{{name: {quoted["rule"]}, all: [{{field: town}}]}}]}}}}
  match:
    - name: {quoted["rule"]}
      left: crm
      right: shop
      all: [{{field: name, as: text, alias: same, bypass: nobody}}]
      exceptions: [{{field: town}}]
"""
    rows = {
        "crm.jsonl": [{"id": key, "name": value, "town": "Rome"}, {"id": "other", "name": "Bob", "town": listed}],
        "shop.jsonl": [{"id": key, "name": listed, "town": value}],
    }
    files = {name: "".join(json.dumps(row) + "\n" for row in each) for name, each in rows.items()}
    project = small_project(folder, text, files)
    unified(project)
    assert query(project, "select rule, left_key, right_key, status from match_edges") == [(rule, key, key, "joined")]
    assert sorted(query(project, "select name, records from unified_profiles")) == sorted([(value, 2), ("Bob", 1)])
    assert sorted(query(project, "select source, record_key from alternate_keys")) == sorted(
        [("crm", key), ("crm", "other"), ("shop", key)]
    )


@pytest.mark.parametrize("name", ["crm'; drop", 'c"rm', "crm;--", "c|rm", "Crm", "c rm", "1crm", ""], ids=repr)
@pytest.mark.parametrize("where", ["source", "field"])
def test_sources_and_fields_have_plain_names_only(name: str, where: str) -> None:
    source, field = (name, "mail") if where == "source" else ("crm", name)
    with pytest.raises(ConfigError, match="is not a name for a"):
        parse_config(
            f"version: 1\nsources:\n  {json.dumps(source)}: {{files: a, primary_key: id, fields: {{{json.dumps(field)}: text}}}}\n"
        )
