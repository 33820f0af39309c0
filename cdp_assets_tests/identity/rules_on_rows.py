"""One rule on readable rows: `pairs_of` gives its pairs, `forms` the comparable forms of values."""

from typing import Any

import pyarrow as pa

from cdp_assets.config import Condition, ProjectConfig, parse_config
from cdp_assets.identity import dedupe_rules, forms_of, forms_stages, match_rules, pair_stages
from cdp_assets_tests.support import Rows, run_stages, run_tables

FIELDS = "{name: person.full_name, mail: identity.email, born: person.birth_date}"
SOURCES = f"""
version: 1
sources:
  crm: {{files: crm.csv, primary_key: id, fields: {FIELDS}}}
  shop: {{files: shop.csv, primary_key: id, fields: {FIELDS}}}
customers:
  match_order: [crm, shop]
  match:
    - {{name: the rule, left: crm, right: shop, all: %s}}
"""
WITHIN = f"""
version: 1
sources:
  crm: {{files: crm.csv, primary_key: id, fields: {FIELDS}}}
customers:
  dedupe: {{crm: {{rules: [{{name: the rule, all: %s}}]}}}}
"""
TYPES = {"record_key": "varchar", "name": "varchar", "mail": "varchar", "born": "date"}


def config(conditions: str) -> ProjectConfig:
    """A project whose only rule has these conditions (YAML)."""
    return parse_config(SOURCES % conditions)


def pairs_of(conditions: str, crm: str, shop: str, buckets: int | None = None) -> list[tuple[str, str, float]]:
    """(key in crm, key in shop, score) of all pairs for which the rule holds."""
    [rule] = match_rules(config(conditions))
    left, right = forms_of([rule], "crm"), forms_of([rule], "shop")
    stages = [*forms_stages({"crm": left, "shop": right}), *pair_stages(rule, left, right, "pairs")]
    found = run_tables(stages, {"crm": typed(crm), "shop": typed(shop)}, buckets).to_pylist()
    return sorted((pair["left_key"], pair["right_key"], pair["score"]) for pair in found)


def duplicates_of(conditions: str, crm: str, buckets: int | None = None) -> list[tuple[str, str, float]]:
    """(smaller key, greater key, score) of all pairs inside crm for which the rule holds."""
    [rule] = dedupe_rules(parse_config(WITHIN % conditions), "crm")
    forms = forms_of([rule], "crm")
    stages = [*forms_stages({"crm": forms}), *pair_stages(rule, forms, forms, "pairs")]
    found = run_tables(stages, {"crm": typed(crm)}, buckets).to_pylist()
    return sorted((pair["left_key"], pair["right_key"], pair["score"]) for pair in found)


def decided(rule: str, crm: str, shop: str | None = None, buckets: int | None = None) -> list[tuple[str, str, str | None]]:
    """(left key, right key, why it is refused) of all pairs of a rule, written `all: ..., exceptions: ...`; without shop inside crm."""
    if shop is None:
        [made] = dedupe_rules(parse_config(WITHIN.replace("all: %s", rule)), "crm")
    else:
        [made] = match_rules(parse_config(SOURCES.replace("all: %s", rule)))
    left, right = forms_of([made], "crm"), forms_of([made], made.right_source)
    stages = forms_stages({"crm": left} if shop is None else {"crm": left, "shop": right})
    tables = {"crm": typed(crm)} if shop is None else {"crm": typed(crm), "shop": typed(shop)}
    found = run_tables([*stages, *pair_stages(made, left, right, "pairs")], tables, buckets).to_pylist()
    assert all((row["status"] == "refused") == (row["reason"] is not None) for row in found)
    return sorted((row["left_key"], row["right_key"], row["reason"]) for row in found)


def typed(text: str) -> pa.Table:
    """Rows with those of record_key, name, mail and born that the text gives; the others are null."""
    from cdp_assets.lake import Column, Table
    from cdp_assets_tests.support import rows

    return rows(text, Table("given", "a row", (), tuple(Column(n, t, n) for n, t in TYPES.items())))


def forms(values: Rows, **condition: Any) -> dict[str, Any]:
    """The comparable form of each value of the column `name`, by record_key, under a condition of a rule."""
    written = Condition.model_validate({"field": "name", **condition})
    rules = [{"name": "the rule", "all": [written.model_dump(by_alias=True)]}]
    customers = {"match_order": ["crm"], "dedupe": {"crm": {"rules": rules}}}
    chosen = ProjectConfig.model_validate(
        {**config("[{field: mail}]").model_dump(by_alias=True, exclude_unset=True), "customers": customers}
    )
    made = forms_of(dedupe_rules(chosen, "crm"), "crm")
    found = run_stages(forms_stages({"crm": made}), crm=values)
    return {row["record_key"]: row["c1"] for row in found}
