"""Column lineage read off statements."""

from pathlib import Path

from cdp_assets.lake import Source, Stage, anyhow, by, intermediate
from cdp_assets.lake.lineage import cached, derive
from cdp_assets.lake.table import Table

OUT = intermediate("out", "k | varchar | key\nn | varchar | name", ("k",))
STAGES = [
    Stage("clean", {"crm": anyhow()}, "select key as k, lower(first) || ' ' || last as n from crm", OUT),
    Stage(
        "joined",
        {"clean": by("k"), "shop": by("id")},
        "select c.k, coalesce(c.n, s.label) as n from clean c left join shop s on s.id = c.k",
        OUT,
    ),
]
COLUMNS = {"crm": ["key", "first", "last"], "shop": ["id", "label"]}


def test_lineage_goes_through_all_stages_down_to_the_inputs() -> None:
    assert derive(STAGES, COLUMNS) == {"k": [("crm", "key")], "n": [("crm", "first"), ("crm", "last"), ("shop", "label")]}


def test_windows_subqueries_and_lists_are_followed() -> None:
    sql = """
        with ranked as (select key, first, row_number() over (partition by last order by key) as place from crm)
        select max(key) as k, array_to_string(list_transform(list(first), x -> upper(x)), ',') as n from ranked where place = 1
    """
    assert derive([Stage("s", {"crm": by("last")}, sql, OUT)], COLUMNS) == {"k": [("crm", "key")], "n": [("crm", "first")]}


def test_a_python_body_declares_its_own() -> None:
    stage = Stage(
        "s", {"crm": by("key")}, lambda tables, _: tables["crm"], OUT, lineage={"k": ("crm.key",), "n": ("crm.first", "crm.last")}
    )
    assert derive([stage], COLUMNS) == {"k": [("crm", "key")], "n": [("crm", "first"), ("crm", "last")]}


def test_lineage_is_remembered_by_the_statements_digest(tmp_path: Path) -> None:
    def source(name: str) -> Source:
        from cdp_assets.lake import Column

        return Source(Table(name, "x", (), tuple(Column(c, "varchar", c) for c in COLUMNS[name])), "")

    inputs = {name: source(name) for name in COLUMNS}
    first = cached(tmp_path, STAGES, inputs)
    assert len(list(tmp_path.iterdir())) == 1
    assert cached(tmp_path, STAGES, inputs) == first
