"""Steps that are shown with another: one asset runs them all, in order, and stands after all that they read."""

from cdp_assets.lake import Step
from cdp_assets.lake.table import Table, columns
from cdp_assets.orchestration.shown import assets_among, shown


def table(name: str) -> Table:
    return Table(name, f"a row of {name}", ("key",), columns("key | varchar | key"))


def steps() -> list[Step]:
    pairs = Step(table("pairs"), "unify", "Pairs.", {"rows": table("rows"), "words": table("words")}, shown_with="records")
    records = Step(table("records"), "unify", "Records.", {"rows": table("rows"), "pairs": table("pairs")})
    edges = Step(table("edges"), "identity", "Edges.", {"pairs": table("pairs")})
    return [pairs, records, edges]


def test_a_part_runs_before_its_asset_which_stands_after_all_that_both_read() -> None:
    records, edges = shown(steps())
    assert [step.table.name for step in records.steps] == ["pairs", "records"]
    assert (records.after, edges.after) == (["rows", "words"], ["records"])


def test_checks_of_a_part_say_whose_they_are() -> None:
    assert [check.name for check in shown(steps())[0].all_checks()] == ["pairs_schema", "pairs_key", "schema", "key"]


def test_what_reads_a_part_is_found_by_its_asset() -> None:
    assert assets_among(["pairs", "edges"], steps()) == ["edges", "records"]
